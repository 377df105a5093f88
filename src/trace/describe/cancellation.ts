import type { CancelInfo } from "../../protocol/report";
import { CAUSE_CANCELLED } from "../../protocol/stream";
import { lastSuspension } from "../queries";
import type { Trace } from "../trace";
import { placesInsideLoop, userPlace } from "./creation";
import { asyncioModule, asyncioName } from "./library";

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

/** How far a cancellation is followed from victim to victim. */
const MAX_PATH = 64;

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
  const cancelled = trace.wakes.cause.get(steps.wake.get(row)) & CAUSE_CANCELLED;
  if (early !== null && early.t >= steps.ready.get(row)) return early;
  return cancelled ? { t: steps.ready.get(row), wake: steps.wake.get(row), by: steps.by.get(row) } : early;
}

/** Who cancelled a task: its cancellation followed back through the tasks it passed. Null when it was not cancelled. */
export function cancelledBy(trace: Trace, task: number): CancelInfo | null {
  if (trace.tasks.outcome.get(task) !== 2) return null;
  return canceller(trace, task, 0);
}

/** The part of asyncio that cancelled on somebody's behalf, from the frames of the wake; null when the user's code did. */
function cancellerKind(trace: Trace, stack: number): CancelInfo["kind"] | null {
  for (const place of placesInsideLoop(trace, stack)) {
    const code = trace.places.codeAt(place);
    if (code.user) return null;
    const kind = asyncioModule(code) ? CANCELLERS[asyncioName(code)] : undefined;
    if (kind) return kind;
  }
  return null;
}

/**
 * Whether the wake of a row was a cancellation of its task that is meant to end it: by the user's own call
 * of `cancel()`, or by the runner at the end. Timeouts and task groups cancel to be caught.
 */
export function isMeantToEnd(trace: Trace, row: number): boolean {
  const { steps, wakes, stacks, places } = trace;
  const wake = steps.wake.get(row);
  if (!(wakes.cause.get(wake) & CAUSE_CANCELLED)) return false;
  const stack = wakes.stack.get(wake);
  return stack !== 0 && (places.get(stacks.leaf(stack)).user || cancellerKind(trace, stack) === "shutdown");
}

function canceller(trace: Trace, task: number, depth: number): CancelInfo {
  const cancel = cancelOf(trace, task);
  if (cancel === null) return { kind: "unknown", task: null, at: null };
  const { tasks } = trace;
  const stack = trace.wakes.stack.get(cancel.wake);
  const by = cancel.by;
  const at = userPlace(trace, stack);
  const kind = cancellerKind(trace, stack);
  if (kind !== null) return { kind, task: by < 0 ? null : by + 1, at };
  // What it awaited was cancelled and passed it on: ask who cancelled that.
  if (at === null && by >= 0 && by !== task && tasks.outcome.get(by) === 2 && depth < MAX_PATH) {
    return canceller(trace, by, depth + 1);
  }
  if (by >= 0) return { kind: "task", task: by + 1, at };
  return { kind: at === null && stack === 0 ? "unknown" : "loop", task: null, at };
}
