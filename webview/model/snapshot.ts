import { StepFlag, TaskFlag, type Trace } from "../../src/trace";
import { stepIndex } from "../../src/trace/queries";

/** What a task is doing at an instant. The order is that of the legend and of sorting. */
export const State = {
  /** Not created yet. */
  absent: 0,
  running: 1,
  ready: 2,
  suspended: 3,
  /** Created, and its first step has not run. */
  pending: 4,
  returned: 5,
  raised: 6,
  cancelled: 7,
} as const;
export type State = (typeof State)[keyof typeof State];

export const STATE_NAMES = [
  "absent",
  "running",
  "ready",
  "suspended",
  "pending",
  "returned",
  "raised",
  "cancelled",
] as const;

/** True for a task that has ended. */
export const isOver = (state: number): boolean => state >= State.returned;

const OUTCOME_STATE = [State.returned, State.raised, State.cancelled, State.absent];

/** Every task at one instant. */
export interface Snapshot {
  t: number;
  /** Number of tasks, absent ones included. */
  count: number;
  state: Uint8Array;
  /** When it entered that state, seconds. */
  since: Float64Array;
  /** The step it runs, or whose end suspended it; -1 when there was none. */
  row: Int32Array;
  /** Tasks in each state. */
  totals: number[];
}

/**
 * The state of all tasks at `t`. Linear in the number of tasks, not of events: at the end of the trace each
 * task's last step says it all, before that it is a binary search.
 */
export function takeSnapshot(trace: Trace, t: number): Snapshot {
  const { tasks, steps } = trace;
  const count = tasks.count;
  const state = new Uint8Array(count);
  const since = new Float64Array(count);
  const row = new Int32Array(count).fill(-1);
  const index = t < trace.endTime ? stepIndex(trace) : null;
  const totals = new Array<number>(STATE_NAMES.length).fill(0);
  for (let task = 0; task < count; task++) {
    const created = tasks.created.get(task);
    if (created > t || tasks.flags.get(task) & TaskFlag.void) {
      totals[State.absent]++;
      continue;
    }
    const at = index ? index.lastBegun(task, t) : tasks.lastStep.get(task);
    row[task] = at;
    const ended = tasks.ended.get(task);
    if (ended <= t && (at < 0 || steps.end.get(at) <= t)) {
      state[task] = OUTCOME_STATE[tasks.outcome.get(task)];
      since[task] = ended;
    } else if (at < 0) {
      state[task] = State.pending;
      since[task] = created;
    } else if (t < steps.end.get(at) && !(steps.flags.get(at) & StepFlag.parked)) {
      state[task] = State.running;
      since[task] = steps.begin.get(at);
    } else if (steps.ready.get(at) <= t) {
      state[task] = State.ready;
      since[task] = steps.ready.get(at);
    } else {
      state[task] = State.suspended;
      since[task] = steps.end.get(at);
    }
    totals[state[task]]++;
  }
  for (const { open } of trace.loops) {
    if (!open || open.task < 0 || open.task >= count || open.begin > t) continue;
    const before = state[open.task];
    if (before === State.absent || isOver(before) || since[open.task] > open.begin) continue;
    totals[before]--;
    totals[State.running]++;
    state[open.task] = State.running;
    since[open.task] = open.begin;
  }
  return { t, count, state, since, row, totals };
}
