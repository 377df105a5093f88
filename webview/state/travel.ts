import { computed, signal } from "@preact/signals";
import type { Trace } from "../../src/trace";
import { firstWhere } from "../../src/trace/store/columns";
import { loopLane, showEnd } from "../lanes/state";
import { beginning } from "../model/loops";
import { cursor, now, tick, trace } from "./model";
import { theme } from "./theme";

/** Time travel: the cursor moves from event to event, by loop iteration, or by itself. */
export const SPEEDS = [0.01, 0.1, 1, 10] as const;
export const speed = signal<number>(1);
export const playing = signal(false);

/** Moves the cursor, not before there is anything; at or after the end it lets go, and the view is live again. */
export function goTo(t: number): void {
  const end = trace.value.endTime;
  cursor.value = t >= end ? null : Math.max(beginning(trace.value), t);
}

/** The instant of the next (or previous) begin or end of a step, or iteration, of any loop; null when there is none. */
export function neighbour(it: Trace, t: number, direction: 1 | -1): number | null {
  let best: number | null = null;
  const offer = (at: number) => {
    if (Number.isNaN(at) || (direction > 0 ? at <= t : at >= t)) return;
    if (best === null || (direction > 0 ? at < best : at > best)) best = at;
  };
  const { steps } = it;
  for (const loop of it.loops) {
    const lane = loopLane(loop.row);
    const index = lane.firstEndingAfter(t);
    for (let i = Math.max(0, index - 2); i <= Math.min(lane.count - 1, index + 1); i++) {
      offer(steps.begin.get(lane.row(i)));
      offer(steps.end.get(lane.row(i)));
    }
    const { t: times } = loop.iterations;
    const after = firstWhere(0, times.length, (i) => times.get(i) > t);
    for (let i = Math.max(0, after - 2); i <= Math.min(times.length - 1, after); i++) offer(times.get(i));
    if (loop.open) offer(loop.open.begin);
  }
  return best;
}

export function stepEvent(direction: 1 | -1): void {
  playing.value = false;
  const next = neighbour(trace.value, now.value, direction);
  if (next !== null) goTo(next);
  else goTo(direction > 0 ? trace.value.endTime : 0);
}

/** The loop that iterations are counted of: the first one, or that of more than a glance. */
const mainLoop = computed(() => {
  tick.value;
  const { loops } = trace.value;
  return loops.reduce((a, b) => (b.iterations.t.length > (a?.iterations.t.length ?? -1) ? b : a), loops[0]);
});

/** Which iteration is shown, of how many; null where none were told, as uvloop tells none. */
export const iteration = computed(() => {
  tick.value;
  const loop = mainLoop.value;
  if (!loop || loop.iterations.t.length === 0) return null;
  const { t: times } = loop.iterations;
  const at = now.value;
  return { number: firstWhere(0, times.length, (i) => times.get(i) > at), of: times.length };
});

export function stepIteration(direction: 1 | -1): void {
  playing.value = false;
  const loop = mainLoop.value;
  if (!loop) return;
  const { t: times } = loop.iterations;
  const t = now.value;
  const after = firstWhere(0, times.length, (i) => times.get(i) > t);
  if (direction > 0) goTo(after < times.length ? times.get(after) : trace.value.endTime);
  else {
    let before = after - 1;
    if (before >= 0 && times.get(before) >= t) before--;
    goTo(before >= 0 ? times.get(before) : 0);
  }
}

/** Where motion is unwelcome, playing goes on by jerks this far apart, milliseconds: pictures, not a film. */
const STILL_MS = 1000;

let frame = 0;
let last = 0;

export function togglePlay(): void {
  playing.value = !playing.value;
  cancelAnimationFrame(frame);
  if (!playing.value) return;
  if (cursor.value === null) cursor.value = beginning(trace.value);
  last = performance.now();
  const advance = (at: number) => {
    if (!playing.value) return;
    if (theme.peek().still && at - last < STILL_MS) {
      frame = requestAnimationFrame(advance);
      return;
    }
    const by = Math.max(0, (at - last) / 1000) * speed.value;
    last = at;
    if (cursor.value === null) {
      playing.value = false;
      return;
    }
    goTo(cursor.value + by);
    frame = requestAnimationFrame(advance);
  };
  frame = requestAnimationFrame(advance);
}

/** Back to the end, which is live while the program runs. */
export function goLive(): void {
  playing.value = false;
  cursor.value = null;
  showEnd();
}
