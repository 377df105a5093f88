import { CAUSE_CANCELLED } from "../../protocol/stream";
import { resumed } from "../queries";
import type { Trace } from "../trace";
import { chainInfo } from "./chain";

/** A cancellation as it reached a task. */
export interface Cancel {
  t: number;
  /** Row of `wakes`. */
  wake: number;
  /** The task that ran, or whose end passed it on; -1 none. */
  by: number;
  /** The suspension it ended; -1 when it came in the step before. */
  row: number;
}

const CANCELLED = 2;

/** Whether the wake of a suspension was a cancellation: by `cancel()`, or passed on by what was awaited. */
function isCancel(trace: Trace, row: number): boolean {
  const { steps, wakes, tasks } = trace;
  if (wakes.cause.get(steps.wake.get(row)) & CAUSE_CANCELLED) return true;
  // A gather passes a cancellation on as an exception; who waits for several tasks to end, or for one that it cancelled itself, does not.
  const by = steps.by.get(row);
  if (by < 0 || by === steps.task.get(row) || tasks.outcome.get(by) !== CANCELLED) return false;
  return !/\b(wait|as_completed|TaskGroup|cancelling)\b/.test(chainInfo(trace, steps.stack.get(row)).call);
}

/** The cancellation that ended the suspension of a row. */
export function cancelAt(trace: Trace, row: number): Cancel {
  const { steps } = trace;
  return { t: steps.ready.get(row), wake: steps.wake.get(row), by: steps.by.get(row), row };
}

/**
 * The call of `cancel()` that came while a task ran the step of a row, or was ready at its end: it raises where that
 * step was suspended. Null when there was none.
 */
export function cancelWhileReady(trace: Trace, row: number): Cancel | null {
  const { steps } = trace;
  const early = trace.earlyCancels.get(steps.task.get(row));
  const next = steps.next.get(row);
  if (!early || early.t < steps.begin.get(row) || (next >= 0 && steps.begin.get(next) <= early.t))
    return null;
  return { ...early, row };
}

/**
 * The last cancellation that reached a task before `until`: what ended one of its suspensions, or came while it was
 * ready, ran, or had not begun. It may have waited several times since, to clean up.
 */
export function lastCancel(trace: Trace, task: number, until = Number.POSITIVE_INFINITY): Cancel | null {
  const { steps, tasks } = trace;
  const early = trace.earlyCancels.get(task);
  let last: Cancel | null = early && early.t <= until ? { ...early, row: -1 } : null;
  for (let row = tasks.firstStep.get(task); row >= 0; row = steps.next.get(row)) {
    if (last !== null && last.row < 0) last = cancelWhileReady(trace, row) ?? last;
    const ready = steps.ready.get(row);
    if (Number.isNaN(ready) || ready > until) break;
    // One that came in a step is passed on as that ends: who called knows more.
    const passedOn = last?.row === row && steps.by.get(row) === task;
    if (isCancel(trace, row) && !passedOn && !(last !== null && last.t > ready)) last = cancelAt(trace, row);
  }
  return last;
}

/** The cancellation that a task was dealing with at `t`: that ended it later, or with which its step had begun; else null. */
export function cancelInHand(trace: Trace, task: number, t: number): Cancel | null {
  const cancel = lastCancel(trace, task, t);
  if (cancel === null || cancel.row < 0) return cancel;
  const { steps, tasks } = trace;
  if (tasks.outcome.get(task) === CANCELLED && lastCancel(trace, task)?.row === cancel.row) return cancel;
  const step = steps.next.get(cancel.row);
  const ended = step < 0 ? Number.NaN : steps.end.get(step);
  return resumed(trace, cancel.row) <= t && !(ended < t) ? cancel : null;
}

interface Awaiters {
  version: number;
  /** By a cancelled task, the suspension that its end ended. */
  rows: Map<number, number>;
  /** By a task that was gathered with such a one, the same. */
  gathered: Map<number, number>;
}

const awaiters = new WeakMap<Trace, Awaiters>();

/**
 * The suspension that a task's cancellation at `t` ended: as the task ended by it, or another did that was gathered
 * with it; -1 when there is none.
 */
function passedTo(trace: Trace, task: number, t: number): number {
  let known = awaiters.get(trace);
  if (known?.version !== trace.version) {
    const rows = new Map<number, number>();
    const gathered = new Map<number, number>();
    const { steps, tasks, waits } = trace;
    for (let row = 0; row < steps.count; row++) {
      const by = steps.by.get(row);
      if (by < 0 || tasks.outcome.get(by) !== CANCELLED || rows.has(by)) continue;
      const last = tasks.lastStep.get(by);
      // uvloop's wakes come a little before the end of the step that causes them.
      if (last >= 0 && steps.ready.get(row) >= steps.begin.get(last) && isCancel(trace, row)) {
        rows.set(by, row);
        const info = -steps.wait.get(row);
        for (const each of info > 0 ? waits.lists[waits.list.get(info)] : []) gathered.set(each, row);
      }
    }
    known = { version: trace.version, rows, gathered };
    awaiters.set(trace, known);
  }
  const { steps } = trace;
  const row = known.rows.get(task) ?? known.gathered.get(task) ?? -1;
  return row >= 0 && steps.end.get(row) <= t && t <= steps.ready.get(row) ? row : -1;
}

/** How far a cancellation is followed from victim to victim. */
export const MAX_PATH = 64;

/**
 * The suspension around which an `asyncio.timeout` stood that struck a task by a cancellation: its own, or that of a task which awaited it, and so on; the first that the cancellation did not end is the one that had
 * the timeout. -1: not known.
 */
export function timedOut(trace: Trace, task: number, cancel: Cancel): number {
  const { steps, tasks } = trace;
  let at = cancel.row;
  let struck = task;
  for (let i = 0; i < MAX_PATH; i++) {
    const outer = tasks.outcome.get(struck) === CANCELLED ? passedTo(trace, struck, cancel.t) : -1;
    if (outer < 0) break;
    at = outer;
    struck = steps.task.get(outer);
  }
  return at;
}
