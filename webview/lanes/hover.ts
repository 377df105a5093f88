import type { Place } from "../../src/protocol/report";
import { type Trace, wokenBy } from "../../src/trace";
import { causeName, stateName } from "../model/look";
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
}

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
  else if (state === State.running && to - from > trace.blockSeconds) lines.push(t("blocks the loop"));
  if (place && place.line > 0)
    lines.push(
      t("{place} in {function}", { place: fileLine(place.file, place.line), function: place.function }),
    );
  return { title: displayName(trace.tasks.name(lane.task), 100), lines, place };
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
    if (length > trace.blockSeconds) lines.push(t("blocks the loop"));
    return { title: task < 0 ? t("callback") : displayName(tasks.name(task), 100), lines, place: null };
  }
  const after = index < lane.count ? steps.begin.get(lane.row(index)) : trace.endTime;
  if (at < lane.loop.seen || at > trace.endTime || after <= before) return null;
  return {
    title: t("idle"),
    lines: [
      `${t("nothing to do for {time}", { time: duration(after - before) })}: ${between(before, after, span)}`,
    ],
    place: null,
  };
}
