import type { Place } from "../../src/protocol/report";
import { type Trace, wokenBy } from "../../src/trace";
import { stallPlace } from "../../src/trace/describe/stalls";
import { causeName, stateName } from "../model/look";
import { loopEnd } from "../model/loops";
import { State } from "../model/snapshot";
import { parkedAt, waitInfo } from "../model/wait";
import { displayName, duration, fileLine, instant } from "../util/format";
import { t } from "../util/l10n";
import type { Lane } from "./lane";
import type { LoopLane } from "./loopLane";

/** What lies under the pointer: lines of a tooltip, and the source line a click opens. */
export interface HoverInfo {
  title: string;
  lines: string[];
  place: Place | null;
  /** The task it is about, -1 for none. */
  task: number;
}

const whereIs = (place: Place) =>
  t("{place} in {function}", { place: fileLine(place.file, place.line), function: place.function });

const between = (from: number, to: number, span: number) =>
  t("{from} to {to}", { from: instant(from, span), to: instant(to, span) });

/** A slice of a task's lane. */
export function sliceInfo(trace: Trace, lane: Lane, at: number, span: number): HoverInfo | null {
  const slice = lane.at(at);
  if (slice < 0 || slice >= lane.count || at > lane.start[lane.count]) return null;
  const from = lane.start[slice];
  const to = lane.start[slice + 1];
  const state = lane.state[slice];
  const row = lane.row[slice];
  const lines = [`${stateName(state)} ${duration(to - from)}: ${between(from, to, span)}`];
  let place: Place | null = null;
  if (row >= 0 && (state === State.suspended || state === State.ready)) {
    place = parkedAt(trace, row);
    if (state === State.suspended) lines.push(t("waits for {what}", { what: waitInfo(trace, row).label }));
    const woken = wokenBy(trace, row);
    if (woken) {
      const by = woken.task === null ? null : displayName(trace.tasks.name(woken.task - 1), 60);
      lines.push(t("woken by {what}", { what: by ?? causeName(woken.kind) }));
    }
    if (state === State.ready) lines.push(t("ready: the loop was busy with others"));
  } else if (state === State.pending) lines.push(t("created, waits for its first step"));
  else if (state === State.running && to - from > trace.blockSeconds) {
    lines.push(t("blocks the loop"));
    place = heldAt(trace, trace.loops[trace.tasks.loop.get(lane.task)], from);
  }
  if (place && place.line > 0) lines.push(whereIs(place));
  return { title: displayName(trace.tasks.name(lane.task), 100), lines, place, task: lane.task };
}

/** The user's line that a step which blocks was seen at; null when no sample was taken. */
function heldAt(trace: Trace, loop: LoopLane["loop"] | undefined, begin: number): Place | null {
  const stall = loop ? stallPlace(trace, loop, begin) : null;
  return stall && stall.place > 0 ? trace.places.get(stall.place) : null;
}

/** A step of the loop's lane, or the idle time between two. */
export function loopInfoAt(
  trace: Trace,
  lane: LoopLane,
  at: number,
  span: number,
  slack: number,
): HoverInfo | null {
  const { steps, tasks } = trace;
  const index = lane.firstEndingAfter(at - slack);
  const before = index > 0 ? steps.end.get(lane.row(index - 1)) : lane.loop.seen;
  if (index < lane.count && steps.begin.get(lane.row(index)) <= at + slack) {
    const row = lane.row(index);
    const task = steps.task.get(row);
    const length = steps.end.get(row) - steps.begin.get(row);
    const lines = [
      `${t("step of {time}", { time: duration(length) })}: ${between(steps.begin.get(row), steps.end.get(row), span)}`,
    ];
    let place: Place | null = null;
    if (length > trace.blockSeconds) {
      lines.push(t("blocks the loop"));
      place = heldAt(trace, lane.loop, steps.begin.get(row));
      if (place) lines.push(whereIs(place));
    }
    return { title: task < 0 ? t("callback") : displayName(tasks.name(task), 100), lines, place, task };
  }
  const end = loopEnd(trace, lane.loop);
  const after = index < lane.count ? steps.begin.get(lane.row(index)) : end;
  if (at < lane.loop.seen || at > end || after <= before) return null;
  return {
    title: t("idle"),
    lines: [
      `${t("nothing to do for {time}", { time: duration(after - before) })}: ${between(before, after, span)}`,
    ],
    place: null,
    task: -1,
  };
}
