import { computed, effect, signal, untracked } from "@preact/signals";
import { only } from "../graph/state";
import { beginning } from "../model/loops";
import { findings } from "../state/findings";
import { cursor, selection, tick, trace } from "../state/model";
import { Pace } from "../state/pace";
import { change, setting } from "../state/settings";
import { LaneCache } from "./lane";
import { LoopLane } from "./loopLane";
import { buildRows } from "./rows";

interface Window {
  from: number;
  to: number;
}

/** Groups of lanes that are open. */
export const opened = signal<ReadonlySet<string>>(new Set());
/** A range of time the user selected, seconds. */
export const range = signal<{ from: number; to: number } | null>(null);
/** Heights of a task's lane to choose from, CSS pixels. */
export const DENSITIES = [20, 12, 4, 1] as const;

/** Height there is for lanes, and width there is for time, CSS pixels. */
export const laneRoom = signal(0);
export const plotWidth = signal(0);

const caches = new WeakMap<object, LaneCache>();
const loopLanes = new WeakMap<object, LoopLane>();

export function laneCache(): LaneCache {
  const key = trace.value;
  let cache = caches.get(key);
  if (!cache) {
    cache = new LaneCache(key);
    caches.set(key, cache);
  }
  return cache;
}

export function loopLane(row: number): LoopLane {
  const loop = trace.value.loops[row];
  let lane = loopLanes.get(loop);
  if (!lane) {
    lane = new LoopLane(trace.value, loop, trace.value.blockSeconds);
    loopLanes.set(loop, lane);
  }
  return lane.update();
}

/** The tasks of every deadlock found, each with the instant from which on it could not go on, seconds. */
export const stuck = computed(() => {
  const since = new Map<number, number>();
  for (const { rule, tasks, from } of findings.value) {
    if (rule === "deadlock" && from !== null) for (const id of tasks) since.set(id - 1, from);
  }
  return since as ReadonlyMap<number, number>;
});

/** A selected task gets a lane of its own, and one in a deadlock. */
const apart = computed(() => {
  const set = new Set(stuck.value.keys());
  if (selection.value?.kind === "task") set.add(selection.value.task);
  return set as ReadonlySet<number>;
});

const pace = new Pace();

export const rows = computed(() => {
  pace.tick.value;
  const options = {
    expanded: opened.value,
    foldFrom: setting.fold.value ? 6 : Number.POSITIVE_INFINITY,
    only: only.value,
    height: setting.lane.value,
    apart: apart.value,
    room: laneRoom.value,
  };
  return pace.measure(() => buildRows(trace.value, options));
});

/** The window was put at the end: it moves on with it while the program runs. */
const clinging = signal(false);

/** The end of the trace as of the last refresh, seconds: what is drawn and what is pressed must agree. */
const end = computed(() => {
  tick.value;
  return Math.max(1e-6, trace.value.endTime);
});

/** Where the lanes begin when all is shown, seconds. */
const begin = computed(() => {
  tick.value;
  return beginning(trace.value);
});

/** Room behind the end for the sign of how a task ended, CSS pixels. */
const BEHIND = 18;

const atEnd = (length: number) => ({ from: end.value - length * 0.98, to: end.value + length * 0.02 });

/** The window of time on screen, seconds. */
export const span = computed(() => {
  const window = setting.window.value;
  if (window) return clinging.value ? atEnd(window.to - window.from) : window;
  const behind = Math.max(0.015, Math.min(0.2, BEHIND / Math.max(1, plotWidth.value)));
  const whole = end.value - begin.value;
  return { from: begin.value - whole * 0.005, to: end.value + whole * behind };
});

/** The end is shown, and goes on to be while the program runs. */
export const follows = computed(
  () => cursor.value === null && (setting.window.value === null || clinging.value),
);

/** Brings the end into sight, without zooming. */
export function showEnd(): void {
  const window = setting.window.peek();
  if (!window || clinging.peek()) return;
  const { from, to } = atEnd(window.to - window.from);
  setWindow(from, to);
}

/** The shortest window: a microsecond. */
const SHORTEST = 1e-6;

/** Shows a window; one that holds everything becomes "everything", which follows the end. */
export function setWindow(from: number, to: number): void {
  const last = end.peek();
  const first = begin.peek();
  const whole = last - first;
  const length = Math.min(Math.max(to - from, SHORTEST), whole * 1.1);
  clinging.value = to >= last;
  if (length > whole * 1.02) {
    change({ window: null });
    return;
  }
  const left = Math.min(Math.max(from, first - length * 0.1), last + whole * 0.02 - length * 0.5);
  change({ window: { from: left, to: left + length } });
}

/** Zooms around an instant. */
export function zoomWindow(factor: number, around: number): void {
  const { from, to } = span.value;
  setWindow(around - (around - from) * factor, around + (to - around) * factor);
}

/** Moves the window by a share of its length. */
export function panWindow(share: number): void {
  const { from, to } = span.value;
  const by = (to - from) * share;
  if (setting.window.value === null) return;
  setWindow(from + by, to + by);
}

/** How far from the edge the cursor comes in when the window turns the page for it, a share of its length. */
const PAGE = 0.15;

/** The window that shows `t`: itself, the next page, or one around it. */
export function windowFor(t: number, window: Window): Window {
  const { from, to } = window;
  const length = to - from;
  if (t >= from && t <= to) return window;
  const near = t > to ? t - to < length : from - t < length;
  const begin = t - length * (near ? (t > to ? PAGE : 1 - PAGE) : 0.5);
  return { from: begin, to: begin + length };
}

/** Lets the window go where the cursor goes: an instant that is out of sight cannot be seen. Call once. */
export function watchCursor(): void {
  let before = cursor.peek();
  effect(() => {
    const at = cursor.value;
    untracked(() => goWith(at, before));
    before = at;
  });
}

function goWith(at: number | null, before: number | null): void {
  const window = setting.window.value;
  if (!window) return;
  if (at === null) {
    if (before !== null) showEnd();
    return;
  }
  // One that moved on with the end stays where it is seen.
  const shown = windowFor(at, clinging.value ? atEnd(window.to - window.from) : window);
  clinging.value = false;
  if (shown !== window) change({ window: shown });
}
