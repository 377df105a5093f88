import type { CriticalPath as PathInfo, Place } from "../../protocol/report";
import { stepIndex } from "../queries";
import { TaskFlag } from "../store/tasks";
import type { Trace } from "../trace";
import { coroutineName } from "./creation";
import { type CriticalPath, criticalPath, type PathPart } from "./criticalPath";
import { heldBy, longestAt } from "./holders";
import { poolLabel } from "./pools";
import { isLight } from "./program";
import { stallPlace } from "./stalls";
import { before } from "./times";
import { awaitPlace, waitOf } from "./waits";

/** A program that took less time (seconds) needs no explanation. */
const WORTH_TELLING = 0.1;

/** Parts of less than this share of the time are not told. */
const SHARE = 0.02;

/** How many of the objects are told by which one task had to wait for another. */
const OBJECTS = 2;

/** False also where most of the time is a wait in installed code with no line of the program below it: a server that serves. */
export function isWorthTelling({ seconds, parts: [first] }: PathInfo): boolean {
  return seconds >= WORTH_TELLING && (first?.kind !== "wait" || first.at === null || first.at.user);
}

/** What of a path is told to people: its greatest parts, and the objects that were in the way more than once. */
export function mainOf(
  { parts, seconds, through }: PathInfo,
  most: number,
): Pick<PathInfo, "parts" | "through"> {
  return {
    parts: parts.filter((part) => part.seconds >= seconds * SHARE).slice(0, most),
    through: through.filter(({ count }) => count > 1).slice(0, OBJECTS),
  };
}

/** A path in words, for the report and for people; ids in place of rows. */
export function pathInfo(trace: Trace, path: CriticalPath): PathInfo {
  return {
    task: path.task + 1,
    name: trace.tasks.name(path.task),
    coroutine: coroutineName(trace, path.task),
    seconds: path.seconds,
    parts: path.parts.map((part) => ({
      kind: part.kind,
      label: partLabel(trace, part),
      at: partPlace(trace, part),
      stack: partStack(trace, part),
      seconds: part.seconds,
      count: part.count,
      cancelled: part.cancelled,
      tasks: [...part.tasks].map((task) => task + 1),
    })),
    through: [...path.through].map(([what, count]) =>
      typeof what === "number"
        ? { object: what + 1, label: trace.objects.label(what), count }
        : { object: null, label: poolLabel(what), count },
    ),
  };
}

/** The path of the task that a program is about: of those that nothing of it made, the one that lived longest, once it has ended; null
 * with light detail, which does not tell what was waited for. */
export function programPath(trace: Trace): CriticalPath | null {
  const { tasks } = trace;
  let longest = -1;
  let most = 0;
  for (let task = 0; task < tasks.count; task++) {
    if (tasks.parent.get(task) >= 0 || tasks.flags.get(task) & (TaskFlag.void | TaskFlag.adopted)) continue;
    const ended = tasks.ended.get(task);
    const lived = (Number.isNaN(ended) ? trace.endTime : ended) - tasks.created.get(task);
    if (lived > most) [longest, most] = [task, lived];
  }
  if (longest < 0 || Number.isNaN(tasks.ended.get(longest)) || isLight(trace, longest)) return null;
  return criticalPath(trace, longest);
}

function partLabel(trace: Trace, part: PathPart): string {
  if (part.kind === "run") return coroutineName(trace, part.task);
  if (part.kind === "wait") return waitOf(trace, part.row).label;
  return part.kind === "ready" ? busyWith(trace, part) : "";
}

/** "fetch, between app.py:12 and app.py:19": what ran for most of the longest time that a task was ready; "" when nothing did. */
function busyWith(trace: Trace, { task, since, longest }: PathPart): string {
  const loop = trace.loopOf(task, -1);
  const [first] = loop === null ? [] : heldBy(trace, loop, since, since + longest);
  if (loop === null || first === undefined || first.seconds < longest / 2) return "";
  const lines = longestAt(trace, loop, first);
  return lines === "" ? first.name : `${first.name}, ${lines}`;
}

/** Of a wait, where it is; of a step, the line that held it up, or else where it began. */
function partPlace(trace: Trace, { kind, task, row }: PathPart): Place | null {
  const { steps, places } = trace;
  if (kind === "wait") return awaitPlace(trace, row);
  if (kind !== "run") return null;
  const loop = trace.loopOf(task, -1);
  const begin = row < 0 ? loop?.open?.begin : steps.begin.get(row);
  if (loop === null || begin === undefined) return null;
  const stall = stallPlace(trace, loop, begin)?.place ?? 0;
  if (stall > 0) return places.get(stall);
  const previous = stepIndex(trace).lastBegun(task, before(begin));
  return previous < 0 ? null : awaitPlace(trace, previous);
}

function partStack(trace: Trace, { kind, row }: PathPart): Place[] {
  if (kind !== "wait") return [];
  const { stacks, steps } = trace;
  return stacks.frames(stacks.userPart(steps.stack.get(row))).filter(({ user }) => user);
}
