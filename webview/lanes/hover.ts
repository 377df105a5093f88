import type { Place } from "../../src/protocol/report";
import { type Trace, wokenBy } from "../../src/trace";
import { STATE_NAMES, State } from "../model/snapshot";
import { parkedAt, waitInfo } from "../model/wait";
import { displayName, duration, fileLine, instant } from "../util/format";
import type { Lane } from "./lane";
import type { LoopLane } from "./loopLane";

/** What lies under the pointer: lines of a tooltip, and the source line a click opens. */
export interface HoverInfo {
  title: string;
  lines: string[];
  place: Place | null;
}

/** A slice of a task's lane. */
export function sliceInfo(trace: Trace, lane: Lane, t: number, span: number): HoverInfo | null {
  const slice = lane.at(t);
  if (slice < 0 || slice >= lane.count || t > lane.start[lane.count]) return null;
  const from = lane.start[slice];
  const to = lane.start[slice + 1];
  const state = lane.state[slice];
  const row = lane.row[slice];
  const lines = [
    `${STATE_NAMES[state]} ${duration(to - from)}: ${instant(from, span)} to ${instant(to, span)}`,
  ];
  let place: Place | null = null;
  if (row >= 0 && (state === State.suspended || state === State.ready)) {
    place = parkedAt(trace, row);
    if (state === State.suspended) lines.push(`waits for ${waitInfo(trace, row).label}`);
    const woken = wokenBy(trace, row);
    if (woken) {
      const by = woken.task === null ? "" : ` ${displayName(trace.tasks.name(woken.task - 1), 60)}`;
      lines.push(`woken by ${woken.kind === "task" ? "task" : woken.kind}${by}`);
    }
    if (state === State.ready) lines.push("ready: the loop was busy with others");
  } else if (state === State.pending) lines.push("created, waits for its first step");
  else if (state === State.running && to - from > trace.blockSeconds) lines.push("blocks the loop");
  if (place && place.line > 0) lines.push(`${fileLine(place.file, place.line)} in ${place.function}`);
  return { title: displayName(trace.tasks.name(lane.task), 100), lines, place };
}

/** A step of the loop's lane, or the idle time between two. */
export function loopInfoAt(
  trace: Trace,
  lane: LoopLane,
  t: number,
  span: number,
  slack: number,
): HoverInfo | null {
  const { steps, tasks } = trace;
  const index = lane.firstEndingAfter(t - slack);
  const before = index > 0 ? steps.end.get(lane.row(index - 1)) : lane.loop.seen;
  if (index < lane.count && steps.begin.get(lane.row(index)) <= t + slack) {
    const row = lane.row(index);
    const task = steps.task.get(row);
    const length = steps.end.get(row) - steps.begin.get(row);
    const lines = [
      `step of ${duration(length)}: ${instant(steps.begin.get(row), span)} to ${instant(steps.end.get(row), span)}`,
    ];
    if (length > trace.blockSeconds) lines.push("blocks the loop");
    return { title: task < 0 ? "callback" : displayName(tasks.name(task), 100), lines, place: null };
  }
  const after = index < lane.count ? steps.begin.get(lane.row(index)) : trace.endTime;
  if (t < lane.loop.seen || t > trace.endTime || after <= before) return null;
  return {
    title: "idle",
    lines: [
      `nothing to do for ${duration(after - before)}: ${instant(before, span)} to ${instant(after, span)}`,
    ],
    place: null,
  };
}
