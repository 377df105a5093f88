import type { CancelInfo } from "../../protocol/report";
import { CAUSE_CANCELLED } from "../../protocol/stream";
import { lastSuspension } from "../queries";
import type { Trace } from "../trace";
import { placesInsideLoop, userPlace } from "./creation";
import { asyncioModule, asyncioName } from "./library";
import { where } from "./text";
import { waitOf } from "./waits";

/** Functions of asyncio that cancel on somebody's behalf. */
const CANCELLERS: Record<string, CancelInfo["kind"]> = {
  "timeouts._on_timeout": "timeout",
  "timeouts.reschedule": "timeout",
  "tasks.wait_for": "timeout",
  "tasks._cancel_and_wait": "timeout",
  "taskgroups._abort": "taskgroup",
  "taskgroups._on_task_done": "taskgroup",
  "taskgroups._aexit": "taskgroup",
  "taskgroups.__aexit__": "taskgroup",
  "runners._cancel_all_tasks": "shutdown",
  "runners._on_sigint": "shutdown",
  "runners.close": "shutdown",
};

const CANCELLED = 2;

/** How far a cancellation is followed from victim to victim. */
const MAX_PATH = 64;

type Origin = Omit<CancelInfo, "shielded">;

interface Cancel {
  t: number;
  wake: number;
  by: number;
}

/** The wake that ended a cancelled task's last suspension, or what reached it before its first step. */
function cancelOf(trace: Trace, task: number): Cancel | null {
  const { steps } = trace;
  const early = trace.earlyCancels.get(task) ?? null;
  const row = lastSuspension(trace, task);
  if (row < 0 || Number.isNaN(steps.ready.get(row))) return early;
  if (early !== null && early.t >= steps.ready.get(row)) return early;
  const by = steps.by.get(row);
  const cancelled = trace.wakes.cause.get(steps.wake.get(row)) & CAUSE_CANCELLED;
  // A gather passes a cancellation on as an exception.
  const passedOn = by >= 0 && by !== task && trace.tasks.outcome.get(by) === CANCELLED;
  return cancelled || passedOn ? { t: steps.ready.get(row), wake: steps.wake.get(row), by } : early;
}

/** Who cancelled a task: its cancellation followed back through the tasks it passed. Null when it was not cancelled. */
export function cancelledBy(trace: Trace, task: number): CancelInfo | null {
  if (trace.tasks.outcome.get(task) !== CANCELLED) return null;
  const shielded = shieldedBy(trace, task).map((each) => each + 1);
  return { ...canceller(trace, task, []), shielded };
}

/** The task that a cancelled one awaited and that was not cancelled with it: `asyncio.shield` stood between. */
function shieldedBy(trace: Trace, task: number): number[] {
  const row = lastSuspension(trace, task);
  if (row < 0) return [];
  const { kind, tasks } = waitOf(trace, row);
  if (kind !== "task") return [];
  const { ready, by } = trace.steps;
  return tasks.filter((each) => by.get(row) !== each && !(trace.tasks.ended.get(each) <= ready.get(row)));
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
      return `a timeout${line}${passed}`;
    case "taskgroup":
      return `its TaskGroup${task === null ? "" : `, because ${name(task)} failed`}${passed}`;
    case "shutdown":
      return `${signal ? "Ctrl-C" : "asyncio.run, which was about to end"}${passed}`;
    case "loop":
      return `a callback of the loop${line}${passed}`;
    default:
      return `somebody unknown${passed}`;
  }
}

/** The function of asyncio that cancelled on somebody's behalf, from the frames of the wake; "" when the user's code did. */
function cancellerOf(trace: Trace, stack: number): string {
  for (const place of placesInsideLoop(trace, stack)) {
    const code = trace.places.codeAt(place);
    if (code.user) return "";
    const name = asyncioModule(code) ? asyncioName(code) : "";
    if (CANCELLERS[name]) return name;
  }
  return "";
}

/** Those that cancel a task in order to end it. Other timeouts and task groups cancel the task they are in, to be caught. */
const ENDING = new Set(["tasks._cancel_and_wait", "taskgroups._abort"]);

/**
 * Whether the wake of a row was a cancellation of its task that is meant to end it: by the user's own call
 * of `cancel()`, by the TaskGroup it is in, by wait_for around it, or by the runner at the end.
 */
export function isMeantToEnd(trace: Trace, row: number): boolean {
  const { steps, wakes, stacks, places } = trace;
  const wake = steps.wake.get(row);
  if (!(wakes.cause.get(wake) & CAUSE_CANCELLED)) return false;
  const stack = wakes.stack.get(wake);
  if (stack === 0) return false;
  if (places.get(stacks.leaf(stack)).user) return true;
  const by = cancellerOf(trace, stack);
  return ENDING.has(by) || CANCELLERS[by] === "shutdown";
}

/** Who caused the cancellation that ended the suspension of a row. */
export function cancellerAt(trace: Trace, row: number): CancelInfo {
  const { steps } = trace;
  const cancel = { t: steps.ready.get(row), wake: steps.wake.get(row), by: steps.by.get(row) };
  return { ...origin(trace, steps.task.get(row), cancel, []), shielded: [] };
}

function canceller(trace: Trace, task: number, through: number[]): Origin {
  const cancel = cancelOf(trace, task);
  if (cancel === null) return { kind: "unknown", task: null, at: null, signal: false, through };
  return origin(trace, task, cancel, through);
}

/** `through`: ids of the tasks that passed it on, the one cancelled first in front. */
function origin(trace: Trace, task: number, cancel: Cancel, through: number[]): Origin {
  const { tasks } = trace;
  const stack = trace.wakes.stack.get(cancel.wake);
  const { by } = cancel;
  const at = userPlace(trace, stack);
  const name = cancellerOf(trace, stack);
  const rest = { at, signal: name === "runners._on_sigint", through };
  if (name !== "") return { kind: CANCELLERS[name], task: by < 0 ? null : by + 1, ...rest };
  // What it awaited was cancelled and passed it on: ask who cancelled that.
  const passedOn = at === null && by >= 0 && by !== task && tasks.outcome.get(by) === CANCELLED;
  if (passedOn && through.length < MAX_PATH) return canceller(trace, by, [by + 1, ...through]);
  if (by >= 0) return { kind: "task", task: by + 1, ...rest };
  return { kind: at === null && stack === 0 ? "unknown" : "loop", task: null, ...rest };
}
