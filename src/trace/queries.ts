import { CAUSE_CANCELLED, CAUSES, WAIT } from "../protocol/stream";
import { firstWhere } from "./store/columns";
import type { Loop, OpenStep } from "./store/loops";
import { StepIndex } from "./store/stepIndex";
import { StepFlag } from "./store/steps";
import { TaskFlag } from "./store/tasks";
import { TaskTree } from "./store/taskTree";
import type { Trace } from "./trace";

export type State =
  | "absent"
  | "pending"
  | "ready"
  | "running"
  | "suspended"
  | "returned"
  | "raised"
  | "cancelled";

export interface TaskState {
  /** "pending": created, its first step is still to come. "absent": not created yet, or not a task after all. */
  state: State;
  /** Since when, seconds. */
  since: number;
  /** Row of the step whose suspension this is (suspended, or ready after it), else -1. */
  suspension: number;
  /** Row of the running step; -1 when not running, or when the step has not ended yet. */
  step: number;
}

const ABSENT: TaskState = { state: "absent", since: Number.NaN, suspension: -1, step: -1 };
const indices = new WeakMap<Trace, StepIndex>();

/** The index of a trace's steps by task, brought up to date. */
export function stepIndex(trace: Trace): StepIndex {
  let index = indices.get(trace);
  if (!index) {
    index = new StepIndex(trace);
    indices.set(trace, index);
  }
  index.update();
  return index;
}

const trees = new WeakMap<Trace, TaskTree>();

/** The tasks that were created while `task` was running, in order. */
export function childrenOf(trace: Trace, task: number): number[] {
  let tree = trees.get(trace);
  if (!tree) {
    tree = new TaskTree(trace.tasks);
    trees.set(trace, tree);
  }
  return tree.children(task);
}

/** The step a task is in right now, not ended yet, or null. */
export function openStep(trace: Trace, task: number): OpenStep | null {
  const open = trace.loops[trace.tasks.loop.get(task)]?.open ?? null;
  return open !== null && open.task === task ? open : null;
}

/** The state of a task at an instant (default: the latest known). */
export function taskState(trace: Trace, task: number, t = trace.endTime): TaskState {
  const { tasks, steps } = trace;
  if (tasks.flags.get(task) & TaskFlag.void || tasks.created.get(task) > t) return ABSENT;
  const ended = tasks.ended.get(task);
  if (ended <= t) {
    const state = (["returned", "raised", "cancelled"] as const)[tasks.outcome.get(task)] ?? "returned";
    return { state, since: ended, suspension: -1, step: -1 };
  }
  const row = stepIndex(trace).lastBegun(task, t);
  const open = openStep(trace, task);
  if (open !== null && open.begin <= t && (row < 0 || steps.end.get(row) <= open.begin)) {
    return { state: "running", since: open.begin, suspension: -1, step: -1 };
  }
  if (row < 0) return { state: "pending", since: tasks.created.get(task), suspension: -1, step: -1 };
  const end = steps.end.get(row);
  if (t < end) return { state: "running", since: steps.begin.get(row), suspension: -1, step: row };
  const ready = steps.ready.get(row);
  if (ready <= t) return { state: "ready", since: ready, suspension: row, step: -1 };
  const due = Number.isNaN(ready) ? overdueSince(trace, row) : Number.NaN;
  if (due <= t) return { state: "ready", since: due, suspension: row, step: -1 };
  return { state: "suspended", since: end, suspension: row, step: -1 };
}

/** uvloop does not say what it waits for: there may be timers and sockets of which nothing is known. */
export function tellsPolls(loop: Loop): boolean {
  return loop.polls.begin.length > 0 || loop.iterations.t.length > 0;
}

/** The poll a loop was last in at `t`, or -1. */
export function pollAt(loop: Loop, t: number): number {
  const { begin } = loop.polls;
  return firstWhere(0, begin.length, (i) => begin.get(i) > t) - 1;
}

/**
 * When the loop of the task that the suspension of a row has been made ready in got to know of that: another thread that does not
 * say so, as `call_soon_threadsafe` does, lets a loop that waits go on waiting.
 */
export function noticed(trace: Trace, row: number): number {
  const { steps, wakes } = trace;
  const ready = steps.ready.get(row);
  const loop = trace.loopOf(steps.task.get(row), -1);
  if (loop === null || CAUSES[wakes.cause.get(steps.wake.get(row)) % CAUSE_CANCELLED] !== "thread")
    return ready;
  const poll = pollAt(loop, ready);
  const end = poll < 0 ? Number.NaN : loop.polls.end.get(poll);
  return end > ready ? end : ready;
}

/** When a sleeper that has not been woken yet should have been, because its loop is busy; else NaN. */
export function overdueSince(trace: Trace, row: number): number {
  const { steps, tasks } = trace;
  const loop = trace.loops[tasks.loop.get(steps.task.get(row))];
  const due = steps.end.get(row) + delayOf(trace, row);
  return loop?.open && loop.open.begin <= due && due <= trace.endTime ? due : Number.NaN;
}

/** Row of the last suspension of a task, whether it has ended or not; -1 when it never was suspended. */
export function lastSuspension(trace: Trace, task: number): number {
  const { steps, tasks } = trace;
  const last = tasks.lastStep.get(task);
  if (last < 0 || !(steps.flags.get(last) & StepFlag.last)) return last;
  const first = tasks.firstStep.get(task);
  if (first === last) return -1;
  let row = first;
  while (steps.next.get(row) !== last) row = steps.next.get(row);
  return row;
}

/** When the suspension of a row ended: begin of the task's next step, or NaN. */
export function resumed(trace: Trace, row: number): number {
  const next = trace.steps.next.get(row);
  if (next >= 0) return trace.steps.begin.get(next);
  const task = trace.steps.task.get(row);
  return (task < 0 ? null : openStep(trace, task))?.begin ?? Number.NaN;
}

export interface LoopState {
  state: "absent" | "idle" | "running" | "stopped";
  since: number;
  /** The task whose step runs, -1 for a callback or none. */
  task: number;
  /** Row of the running step, -1 when none runs or it has not ended yet. */
  step: number;
  /** Number of the iteration, from 0; -1 before the first. */
  iteration: number;
  /** Tasks that wait for the loop, the longest first. */
  ready: number[];
  /** Tasks that sleep, with the instant they are due, soonest first. */
  timers: { task: number; due: number }[];
  /** How many timers and file descriptors the loop waited on in its last poll; -1 not known. */
  timerCount: number;
  watched: number;
}

/** What a loop does at an instant: the textbook's picture of it. */
export function loopState(trace: Trace, loop: Loop, t = trace.endTime): LoopState {
  const running = runningStep(trace, loop, t);
  const { iterations, polls } = loop;
  const iteration = firstWhere(0, iterations.t.length, (i) => iterations.t.get(i) > t) - 1;
  const poll = firstWhere(0, polls.begin.length, (i) => polls.begin.get(i) > t) - 1;
  const idle = poll >= 0 && !(polls.end.get(poll) <= t);
  const change = firstWhere(0, loop.states.length, (i) => loop.states[i].t > t) - 1;
  const stopped = change >= 0 && loop.states[change].state !== 1;
  const absent = loop.seen > t;
  const state = absent ? "absent" : running ? "running" : stopped ? "stopped" : idle ? "idle" : "running";
  const since =
    running?.begin ??
    (stopped
      ? loop.states[change].t
      : idle
        ? polls.begin.get(poll)
        : iteration >= 0
          ? iterations.t.get(iteration)
          : loop.seen);
  const result: LoopState = {
    state,
    since,
    task: running?.task ?? -1,
    step: running?.step ?? -1,
    iteration,
    ready: [],
    timers: [],
    timerCount: poll < 0 ? 0 : polls.timers.get(poll),
    watched: poll < 0 ? -1 : polls.watched.get(poll),
  };
  if (!absent) addWaiting(trace, loop, t, result);
  return result;
}

function addWaiting(trace: Trace, loop: Loop, t: number, into: LoopState): void {
  const since = new Map<number, number>();
  for (let task = 0; task < trace.tasks.count; task++) {
    if (trace.tasks.loop.get(task) !== loop.row || trace.tasks.ended.get(task) <= t) continue;
    const state = taskState(trace, task, t);
    if (state.state === "ready" || state.state === "pending") {
      into.ready.push(task);
      since.set(task, state.since);
    } else if (state.state === "suspended") {
      const delay = delayOf(trace, state.suspension);
      if (!Number.isNaN(delay)) into.timers.push({ task, due: state.since + delay });
    }
  }
  into.ready.sort((a, b) => (since.get(a) ?? 0) - (since.get(b) ?? 0));
  into.timers.sort((a, b) => a.due - b.due);
}

/** Seconds a suspension sleeps for, NaN when it does not, or when it is not known. */
export function delayOf(trace: Trace, row: number): number {
  const wait = trace.steps.wait.get(row);
  return wait < 0 && trace.waits.kind.get(-wait) === WAIT.sleep ? trace.waits.delay.get(-wait) : Number.NaN;
}

/** The step a loop runs at an instant; for eager tasks, the innermost. */
function runningStep(
  trace: Trace,
  loop: Loop,
  t: number,
): { task: number; step: number; begin: number } | null {
  const { steps } = trace;
  const { open } = loop;
  if (open !== null && open.begin <= t) return { task: open.task, step: -1, begin: open.begin };
  let row = firstStepAfter(trace, loop, t);
  while (row >= 0) {
    const begin = steps.begin.get(row);
    if (begin <= t) return { task: steps.task.get(row), step: row, begin };
    if (!(steps.flags.get(row) & StepFlag.nested)) return null;
    row = nextOfLoop(loop, row);
  }
  return null;
}

/** The loop's first row that ends after `t`, or -1. */
export function firstStepAfter(trace: Trace, loop: Loop, t: number): number {
  const { runFirst, runEnd } = loop;
  const { end } = trace.steps;
  const run = firstWhere(0, runEnd.length, (i) => end.get(runEnd[i] - 1) > t);
  if (run === runEnd.length) return -1;
  return firstWhere(runFirst[run], runEnd[run], (row) => end.get(row) > t);
}

/** The row of the loop's next step, or -1. */
export function nextOfLoop(loop: Loop, row: number): number {
  const run = firstWhere(0, loop.runEnd.length, (i) => loop.runEnd[i] > row);
  if (row + 1 < loop.runEnd[run]) return row + 1;
  return run + 1 < loop.runFirst.length ? loop.runFirst[run + 1] : -1;
}

/** Who holds an object and who waits for it, at an instant. Task rows; holders that are not known are left out. */
export function objectState(
  trace: Trace,
  object: number,
  t = trace.endTime,
): { holders: number[]; waiters: number[] } {
  const holders =
    t >= trace.endTime ? [...trace.objects.holders(object)] : trace.objects.holdersAt(object, t);
  const waiters = waitersByObject(trace, t).get(object) ?? [];
  return { holders: holders.filter((task) => task >= 0), waiters };
}

/** The tasks suspended on each object at an instant, by object row. */
export function waitersByObject(trace: Trace, t = trace.endTime): Map<number, number[]> {
  const waiters = new Map<number, number[]>();
  for (let task = 0; task < trace.tasks.count; task++) {
    if (trace.tasks.ended.get(task) <= t) continue;
    const { state, suspension } = taskState(trace, task, t);
    const object = state === "suspended" ? objectOf(trace, suspension) : -1;
    if (object < 0) continue;
    const list = waiters.get(object);
    if (list) list.push(task);
    else waiters.set(object, [task]);
  }
  return waiters;
}

/** The object a suspension waits on, or -1. */
export function objectOf(trace: Trace, row: number): number {
  const wait = trace.steps.wait.get(row);
  return wait < 0 ? trace.waits.object.get(-wait) : -1;
}
