import type { Finding } from "../../protocol/report";
import { cancellerAt, cancellerName, isMeantToEnd } from "../describe/cancellation";
import { cancelWhileReady } from "../describe/cancels";
import { coroutineName } from "../describe/creation";
import { isLight } from "../describe/program";
import { awaitPlace, waitOf } from "../describe/waits";
import { PENDING } from "../store/tasks";
import type { Trace } from "../trace";
import { finding, length, listed } from "./finding";
import { awaitedAt, waited } from "./incidents";

/** A task that goes on for this long (seconds) after it was cancelled is not cleaning up any more. */
const CLEANING_UP = 1;
const RETURNED = 0;

/** A cancellation that did not end its task: the row of the suspension it interrupted. */
interface Swallowed {
  task: number;
  row: number;
  /** Seconds the task ran on, so far. */
  after: number;
  /** It did more than clean up: it took long, or came back to where it was cancelled. */
  wentOn: boolean;
}

/** `cancellation-swallowed`: tasks that were cancelled, caught it and went on, one finding a place. */
export function cancellationsSwallowed(trace: Trace): Finding[] {
  const told = new Set(trace.incidents.filter(({ kind }) => kind === "swallowed").map(({ task }) => task));
  const groups = new Map<string, Swallowed[]>();
  for (let task = 0; task < trace.tasks.count; task++) {
    const swallowed = swallowedBy(trace, task, told.has(task));
    if (swallowed === null) continue;
    const at = awaitPlace(trace, swallowed.row);
    const key = `${trace.tasks.code.get(task)} ${at?.file}:${at?.line}`;
    const group = groups.get(key);
    if (group) group.push(swallowed);
    else groups.set(key, [swallowed]);
  }
  return [...groups.values()].map((group) => describe(trace, group));
}

/** `told`: the runtime saw it happen. */
function swallowedBy(trace: Trace, task: number, told: boolean): Swallowed | null {
  const { steps, tasks } = trace;
  // Without chains it is not known whether it was cancelled itself, or only what it awaited; nor whether it came back.
  if (isLight(trace, task)) return null;
  const outcome = tasks.outcome.get(task);
  if (outcome !== RETURNED && outcome !== PENDING) return null;
  for (let row = tasks.firstStep.get(task); row >= 0; row = steps.next.get(row)) {
    const next = steps.next.get(row);
    if (next < 0) break;
    if (!told && (!isMeantToEnd(trace, row) || mayBeWaitedFor(trace, row))) continue;
    const until = outcome === PENDING ? trace.endTime : tasks.ended.get(task);
    const after = until - steps.begin.get(next);
    const wentOn = after >= CLEANING_UP || comesBack(trace, row, next);
    if (!wentOn && (outcome === PENDING || isNobodysLoss(trace, row))) return null;
    return { task, row, after, wentOn };
  }
  return null;
}

/** What it awaited may have been cancelled, and not the task: catching that is what one does. */
function mayBeWaitedFor(trace: Trace, row: number): boolean {
  if (cancelWhileReady(trace, row) !== null) return false;
  const { kind } = waitOf(trace, row);
  return kind === "task" || kind === "tasks" || kind === "future";
}

/** A library's own task, which `asyncio.run` cancelled at its end: all that is waited for is that it ends, and no line of the program could change it. */
function isNobodysLoss(trace: Trace, row: number): boolean {
  return awaitPlace(trace, row)?.user !== true && cancellerAt(trace, row).kind === "shutdown";
}

/** Whether a task waits again, after the cancellation, at the line where it was cancelled: a loop goes round. */
function comesBack(trace: Trace, row: number, from: number): boolean {
  const { steps } = trace;
  const at = awaitPlace(trace, row);
  if (at === null) return false;
  for (let each = from; each >= 0; each = steps.next.get(each)) {
    // A condition takes its lock again before it lets a cancellation through.
    if (waitOf(trace, row).kind === "condition" && waitOf(trace, each).kind === "lock") continue;
    const place = steps.stack.get(each) === 0 ? null : awaitPlace(trace, each);
    if (place !== null && place.line === at.line && place.file === at.file) return true;
  }
  return false;
}

function describe(trace: Trace, group: Swallowed[]): Finding {
  const wentOn = group.some((each) => each.wentOn);
  const { task, row, after } = group.find((each) => each.wentOn === wentOn) ?? group[0];
  const at = awaitPlace(trace, row);
  const names = listed(group.map((each) => trace.tasks.name(each.task)));
  const by = cancellerName(trace, cancellerAt(trace, row));
  const ends = trace.tasks.outcome.get(task) === PENDING ? "has gone on for" : "went on for";
  const what = wentOn
    ? `${ends} ${length(after)} as if nothing had happened: whoever waits for it to end waits in vain`
    : `returned ${length(after)} later as if it had finished: whoever cancelled it cannot tell`;
  return finding(trace, "cancellation-swallowed", {
    severity: wentOn ? "warning" : "info",
    message:
      `${names} (${coroutineName(trace, task)}) ${group.length === 1 ? "was" : "were"} cancelled by ${by} ` +
      `while waiting for ${waited(trace, row)}${awaitedAt(trace, row)}, caught it, and ${what}. ` +
      "Catch CancelledError only to clean up, and raise it again; do not catch BaseException around an await.",
    at,
    stack: trace.steps.stack.get(row),
    task,
    tasks: group.map((each) => each.task),
    seconds: after,
    from: trace.steps.ready.get(row),
  });
}
