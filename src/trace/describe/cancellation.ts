import type { CancelInfo } from "../../protocol/report";
import { CAUSE_CANCELLED, CAUSES } from "../../protocol/stream";
import { Outcomes } from "../store/tasks";
import type { Trace } from "../trace";
import {
  type Cancel,
  cancelAt,
  cancelInHand,
  cancelWhileReady,
  lastCancel,
  MAX_PATH,
  timedOut,
} from "./cancels";
import { placesInsideLoop, userPlace } from "./creation";
import { asyncioModule, asyncioName, isAnyioBackend } from "./library";
import { where } from "./text";
import { awaitPlace, waitOf } from "./waits";

/** Functions of asyncio, and of anyio's scopes and groups, that cancel on somebody's behalf. */
const CANCELLERS: Record<string, CancelInfo["kind"]> = {
  "timeouts._on_timeout": "timeout",
  "timeouts.reschedule": "timeout",
  "tasks.wait_for": "timeout",
  "tasks._cancel_and_wait": "timeout",
  "taskgroups._abort": "taskgroup",
  "taskgroups._on_task_done": "taskgroup",
  "taskgroups._aexit": "taskgroup",
  "taskgroups.__aexit__": "taskgroup",
  "anyio.task_done": "taskgroup",
  "anyio.__aexit__": "taskgroup",
  "runners._cancel_all_tasks": "shutdown",
  "runners._on_sigint": "shutdown",
  "runners.close": "shutdown",
};

/** Those that a task's failure makes a group call. */
const FAILED = new Set(["taskgroups._on_task_done", "anyio.task_done"]);

type Origin = Omit<CancelInfo, "shielded">;

/** Who cancelled a task: its cancellation followed back through the tasks it passed. Null when it was not cancelled. */
export function cancelledBy(trace: Trace, task: number): CancelInfo | null {
  if (Outcomes[trace.tasks.outcome.get(task)] !== "cancelled") return null;
  const shielded = shieldedBy(trace, task).map((each) => each + 1);
  return { ...canceller(trace, task, []), shielded };
}

/** The task that a cancelled one awaited and that was not cancelled with it: `asyncio.shield` stood between. */
function shieldedBy(trace: Trace, task: number): number[] {
  const row = lastCancel(trace, task)?.row ?? -1;
  if (row < 0) return [];
  const { kind, tasks } = waitOf(trace, row);
  if (kind !== "task") return [];
  const { ready, by } = trace.steps;
  // What wait_for runs is cancelled by the task itself, later.
  return tasks.filter(
    (each) =>
      by.get(row) !== each &&
      !(trace.tasks.ended.get(each) <= ready.get(row)) &&
      lastCancel(trace, each)?.by !== task,
  );
}

/** Who cancelled, in words that go after "cancelled by". */
export function cancellerName(trace: Trace, { kind, task, at, through, signal }: CancelInfo): string {
  const name = (id: number) => trace.tasks.name(id - 1);
  const passed = through.length === 0 ? "" : `, through ${through.map(name).join(", ")}`;
  const line = at === null ? "" : ` at ${where(at)}`;
  switch (kind) {
    case "task":
      return `${task === null ? "a task" : name(task)}${line}${passed}`;
    case "timeout":
      return `a timeout${task === null ? "" : ` in ${name(task)}`}${line}${passed}`;
    case "taskgroup":
      return `its TaskGroup${task === null ? "" : `, because ${name(task)} failed${line}`}${passed}`;
    case "shutdown":
      return `${signal ? "Ctrl-C" : "asyncio.run at its end"}${passed}`;
    case "loop":
      return `a callback of the loop${line}${passed}`;
    default:
      return `somebody unknown${passed}`;
  }
}

/** The functions of asyncio and anyio in the frames of a wake, up to the user's code, innermost first. */
function ownFunctions(trace: Trace, stack: number): string[] {
  const names: string[] = [];
  for (const place of placesInsideLoop(trace, stack)) {
    const code = trace.places.codeAt(place);
    if (code.user) break;
    names.push(asyncioModule(code) ? asyncioName(code) : isAnyioBackend(code) ? `anyio.${code.name}` : "");
  }
  return names;
}

/** The function that cancelled on somebody's behalf; "" when the user's code did. */
const cancellerOf = (names: string[]) => names.find((name) => CANCELLERS[name]) ?? "";

/** Those that cancel a task in order to end it. Other timeouts and task groups cancel the task they are in, to be caught. */
const ENDING = new Set(["tasks._cancel_and_wait", "taskgroups._abort"]);

/**
 * Whether the wake of a row was a cancellation of its task that is meant to end it: by the user's own call
 * of `cancel()`, by the TaskGroup it is in, by wait_for around it, or by the runner at the end.
 */
export function isMeantToEnd(trace: Trace, row: number): boolean {
  const { steps, wakes, stacks, places } = trace;
  const wake = cancelWhileReady(trace, row)?.wake ?? steps.wake.get(row);
  if (!(wakes.cause.get(wake) & CAUSE_CANCELLED)) return false;
  const stack = wakes.stack.get(wake);
  if (stack === 0) return false;
  if (places.get(stacks.leaf(stack)).user) return true;
  const by = cancellerOf(ownFunctions(trace, stack));
  return ENDING.has(by) || CANCELLERS[by] === "shutdown";
}

/** Who caused the cancellation that ended the suspension of a row, or came before the task went on. */
export function cancellerAt(trace: Trace, row: number): CancelInfo {
  const cancel = cancelWhileReady(trace, row) ?? cancelAt(trace, row);
  return { ...origin(trace, trace.steps.task.get(row), cancel, []), shielded: [] };
}

function canceller(trace: Trace, task: number, through: number[]): Origin {
  const cancel = lastCancel(trace, task);
  if (cancel !== null) return origin(trace, task, cancel, through);
  // Such as one by C code while it was ready, of which nothing is recorded.
  return { kind: "unknown", task: null, at: null, signal: false, through };
}

/** `through`: ids of the tasks that passed it on, the one cancelled first in front. */
function origin(trace: Trace, task: number, cancel: Cancel, through: number[]): Origin {
  const { tasks, steps, wakes } = trace;
  const stack = wakes.stack.get(cancel.wake);
  const { by } = cancel;
  const names = ownFunctions(trace, stack);
  const name = cancellerOf(names);
  const kind = name === "" ? null : CANCELLERS[name];
  const at = userPlace(trace, stack);
  const from = by < 0 ? null : by + 1;
  // The timer of an asyncio.timeout has no frames: told is where the task was that it stands around.
  const row = name.startsWith("timeouts.") && at === null ? timedOut(trace, task, cancel) : -1;
  if (row >= 0) {
    return {
      kind: "timeout",
      task: steps.task.get(row) + 1,
      at: awaitPlace(trace, row),
      signal: false,
      through,
    };
  }
  if (kind === "taskgroup" && by >= 0 && by !== task) {
    // The group's own task was cancelled, and so cancels its children.
    const failed = names.some((each) => FAILED.has(each));
    const inHand = failed ? null : cancelInHand(trace, by, cancel.t);
    if (inHand !== null && through.length < MAX_PATH) return origin(trace, by, inHand, [by + 1, ...through]);
    return { kind, task: from, at: trace.exceptions.get(by)?.at ?? at, signal: false, through };
  }
  // Until 3.11 wait_for ends what it runs when it is cancelled itself, too.
  if (name === "tasks._cancel_and_wait" && by >= 0 && by !== task) {
    const inHand = cancelInHand(trace, by, cancel.t);
    if (inHand !== null && through.length < MAX_PATH) return origin(trace, by, inHand, [by + 1, ...through]);
  }
  if (kind !== null) return { kind, task: from, at, signal: isSignal(trace, task, name), through };
  // `move_on_after`, `fail_after`: a timer cancels all that is in the scope; which task has it is not recorded.
  if (names[0] === "anyio._deliver_cancellation" && isTimer(trace, cancel.wake))
    return { kind: "timeout", task: null, at, signal: false, through };
  // What it awaited was cancelled and passed it on: ask who cancelled that.
  const passedOn = at === null && by >= 0 && by !== task && Outcomes[tasks.outcome.get(by)] === "cancelled";
  if (passedOn && through.length < MAX_PATH) return canceller(trace, by, [by + 1, ...through]);
  if (by >= 0) return { kind: "task", task: from, at, signal: false, through };
  const known = stack !== 0 || isFromLoop(trace, cancel.wake);
  return { kind: known ? "loop" : "unknown", task: null, at, signal: false, through };
}

function isTimer(trace: Trace, wake: number): boolean {
  return CAUSES[trace.wakes.cause.get(wake) & ~CAUSE_CANCELLED] === "timer";
}

/** Whether the loop called `cancel` itself, as a callback, timer or reader: that has no frames. */
function isFromLoop(trace: Trace, wake: number): boolean {
  const cause = CAUSES[trace.wakes.cause.get(wake) & ~CAUSE_CANCELLED];
  return cause !== "unknown" && cause !== "task";
}

/** Ctrl-C: from Python 3.11 on the runner handles it; before, it ends the loop, and the runner cancels what is left. */
function isSignal(trace: Trace, task: number, name: string): boolean {
  if (name === "runners._on_sigint") return true;
  const program = trace.programs[trace.loops[trace.tasks.loop.get(task)].program];
  if (name !== "runners._cancel_all_tasks" || !program.hello?.version.startsWith("3.10.")) return false;
  return program.end?.signal === "SIGINT" || program.end?.exitCode === 130;
}
