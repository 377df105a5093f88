import type { Finding } from "../../protocol/report";
import { isMeantToEnd } from "../describe/cancellation";
import { coroutineName } from "../describe/creation";
import { awaitPlace, waitOf } from "../describe/waits";
import { PENDING } from "../store/tasks";
import type { Trace } from "../trace";
import { finding, listed, where } from "./finding";

/** A task that is pending this long (seconds) after it was cancelled is not cleaning up any more. */
const CLEANING_UP = 1;
const RETURNED = 0;

/** A cancellation that did not end its task: the row of the suspension it interrupted. */
interface Swallowed {
  task: number;
  row: number;
  /** The task waited again afterwards. */
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
  const outcome = tasks.outcome.get(task);
  if (outcome !== RETURNED && outcome !== PENDING) return null;
  for (let row = tasks.firstStep.get(task); row >= 0; row = steps.next.get(row)) {
    const next = steps.next.get(row);
    if (next < 0) break;
    if (!told && (!isMeantToEnd(trace, row) || isOwnTask(trace, row))) continue;
    if (outcome === PENDING && !told && trace.endTime - steps.begin.get(next) < CLEANING_UP) return null;
    return { task, row, wentOn: next !== tasks.lastStep.get(task) || outcome === PENDING };
  }
  return null;
}

/** A task it awaited was cancelled, not it: catching that is what one does. */
function isOwnTask(trace: Trace, row: number): boolean {
  const { kind } = waitOf(trace, row);
  return kind === "task" || kind === "tasks" || kind === "future";
}

function describe(trace: Trace, group: Swallowed[]): Finding {
  const [{ task, row }] = group;
  const wentOn = group.some((each) => each.wentOn);
  const at = awaitPlace(trace, row);
  const names = listed(group.map((each) => trace.tasks.name(each.task)));
  return finding(trace, "cancellation-swallowed", {
    severity: wentOn ? "warning" : "info",
    message:
      `${names} (${coroutineName(trace, task)}) ${group.length === 1 ? "was" : "were"} cancelled at ${where(at)}, in ${waitOf(trace, row).label}, ` +
      `and ${wentOn ? "went on as if nothing had happened: whoever cancelled waits in vain" : "returned as if nothing had happened: whoever cancelled cannot tell"}. ` +
      "Catch CancelledError only to clean up, and raise it again; do not catch BaseException around an await.",
    at,
    stack: trace.steps.stack.get(row),
    task,
    tasks: group.map((each) => each.task),
    from: trace.steps.ready.get(row),
  });
}
