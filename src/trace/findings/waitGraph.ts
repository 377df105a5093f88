import { chainInfo } from "../describe/chain";
import { type Wait, waitOf } from "../describe/waits";
import { pollAt, taskState, tellsPolls } from "../queries";
import { firstWhere } from "../store/columns";
import type { Loop } from "../store/loops";
import { TaskFlag } from "../store/tasks";
import type { Trace } from "../trace";
import { forTasks, neverWake } from "./stuck";

/** A suspended task at an instant and what could wake it. */
export interface Waiter {
  task: number;
  /** Row of its suspension. */
  row: number;
  wait: Wait;
  /** The tasks that could wake it. */
  on: number[];
  /** It wakes when all of `on` have ended, or when any of them acts. */
  all: boolean;
  /** Nothing tells who could wake it: any task, or the world outside. */
  open: boolean;
  /** That only `on` could wake it was proved, not concluded from who has done so before. */
  proved: boolean;
}

/** Who waits on whom at an instant, and who can never wake. */
export interface WaitGraph {
  t: number;
  waiters: Map<number, Waiter>;
  /** Waiters that nothing can wake any more. */
  stuck: Set<number>;
  /** Tasks that only a timer will wake, with the seconds until it is due. */
  sleepers: Map<number, number>;
}

/** A timer this far away (seconds) is as good as none: what waits for it is told about. */
export const FAR_TIMER = 60;

const OUTSIDE = new Set(["io", "thread", "process"]);
const FREE = new Set(["sleep", "yield"]);

/** The graph of a program at an instant; `timers` false: as if no far timer would ever go off. */
export function waitGraph(trace: Trace, program: number, t: number, timers = true): WaitGraph {
  const { tasks } = trace;
  const waiters = new Map<number, Waiter>();
  const sleepers = new Map<number, number>();
  const awake = new Set<number>();
  let outside = false;
  for (const loop of trace.programs[program].loops.values()) {
    if (isRunning(loop, t)) outside ||= mayBeWokenFromOutside(trace, loop, t);
  }
  const wakers = new Map<number, number[]>();
  const lost = new Set(
    trace.incidents.filter((each) => each.kind === "lost" && each.t <= t).map((each) => each.task),
  );
  for (let task = 0; task < tasks.count; task++) {
    if (tasks.ended.get(task) <= t || tasks.created.get(task) > t) continue;
    const loop = trace.loops[tasks.loop.get(task)];
    if (
      loop.program !== program ||
      !isRunning(loop, t) ||
      lost.has(task) ||
      tasks.flags.get(task) & TaskFlag.void
    )
      continue;
    const state = taskState(trace, task, t);
    if (state.state === "ready" || state.state === "running" || state.state === "pending") awake.add(task);
    if (state.state !== "suspended") continue;
    const wait = waitOf(trace, state.suspension);
    if (FREE.has(wait.kind)) {
      const left = Number.isNaN(wait.delay) ? 0 : state.since + wait.delay - t;
      sleepers.set(task, left);
      if (timers || left < FAR_TIMER) awake.add(task);
    } else if (OUTSIDE.has(wait.kind) || hasTimeout(trace, loop, state.suspension, t, timers))
      awake.add(task);
    else waiters.set(task, waiter(trace, task, state.suspension, wait, t, wakers));
  }
  outside ||= hasOtherTimers(trace, program, t, sleepers, timers);
  for (const { on } of waiters.values())
    on.sort((a, b) => Number(forTasks(waiters.get(a))) - Number(forTasks(waiters.get(b))) || a - b);
  return { t, waiters, sleepers, stuck: neverWake(waiters, outside || awake.size > 0) };
}

/** Whether a loop has timers that are nobody's sleep, such as a timeout's or call_later's: any may wake or cancel a task. */
function hasOtherTimers(
  trace: Trace,
  program: number,
  t: number,
  sleepers: Map<number, number>,
  far: boolean,
): boolean {
  const asleep = new Map<number, number>();
  for (const task of sleepers.keys()) {
    const loop = trace.tasks.loop.get(task);
    asleep.set(loop, (asleep.get(loop) ?? 0) + 1);
  }
  return [...trace.programs[program].loops.values()].some((loop) => {
    const poll = isRunning(loop, t) ? pollAt(loop, t) : -1;
    if (poll < 0 || !(far || loop.polls.timeout.get(poll) < FAR_TIMER)) return false;
    return loop.polls.timers.get(poll) > (asleep.get(loop.row) ?? 0);
  });
}

function isRunning(loop: Loop, t: number): boolean {
  const change = firstWhere(0, loop.states.length, (i) => loop.states[i].t > t) - 1;
  return loop.id > 0 && (change < 0 || loop.states[change].state === 1);
}

/** I/O it watches, or threads that have spoken to it: any may wake a task. */
function mayBeWokenFromOutside(trace: Trace, loop: Loop, t: number): boolean {
  if (!tellsPolls(loop)) return true;
  const poll = pollAt(loop, t);
  if (poll < 0) return false;
  if (loop.polls.watched.get(poll) !== 0) return true;
  const { threads } = loop;
  const known = firstWhere(0, threads.length, (i) => threads[i].t > t) - 1;
  // Before the first count, only what threads have done before can tell.
  if (known >= 0 ? threads[known].count > 0 : loop.threadWakes > 0) return true;
  const others = [...trace.programs[loop.program].loops.values()].filter(
    (other) => other !== loop && other.id > 0,
  );
  return others.some((other) => isRunning(other, t));
}

/** wait_for ends its wait by a timer of the loop. */
function hasTimeout(trace: Trace, loop: Loop, row: number, t: number, timers: boolean): boolean {
  if (!timers || chainInfo(trace, trace.steps.stack.get(row)).wrapper !== "asyncio.wait_for") return false;
  const poll = pollAt(loop, t);
  return poll >= 0 && loop.polls.timers.get(poll) > 0;
}

function waiter(
  trace: Trace,
  task: number,
  row: number,
  wait: Wait,
  t: number,
  wakers: Map<number, number[]>,
): Waiter {
  const base = { task, row, wait, on: [] as number[], all: false, open: true, proved: false };
  const alive = (other: number) => other >= 0 && !(trace.tasks.ended.get(other) <= t);
  if (wait.kind === "task" || wait.kind === "tasks") {
    const call = chainInfo(trace, trace.steps.stack.get(row)).call;
    // gather and TaskGroup wait for all, asyncio.wait and as_completed perhaps for any.
    const all = !/\b(wait|as_completed)\b/.test(call);
    return wait.tasks.length === 0
      ? base
      : { ...base, on: wait.tasks.filter(alive), all, open: !wait.tasks.some(alive), proved: true };
  }
  if (wait.object < 0) return proven(trace, base, t);
  if (wait.kind === "lock" || wait.kind === "semaphore") {
    const holders = [...new Set(trace.objects.holdersAt(wait.object, t))];
    if (holders.length > 0 && holders.every(alive))
      return { ...base, on: holders, open: false, proved: true };
    return proven(trace, base, t);
  }
  const known = wakersOf(trace, wait.object, wakers).filter((other) => other !== task);
  const sure = proven(trace, base, t);
  if (!sure.open) return sure;
  if (known.length > 0 && known.every(alive)) return { ...base, on: known, open: false };
  return base;
}

/** The waiter with those who could wake it, where the runtime has proved that nobody else can. */
function proven(trace: Trace, waiter: Waiter, t: number): Waiter {
  const known = trace.stuck.get(waiter.task);
  if (known === undefined || known.row !== waiter.row) return waiter;
  const on = known.wakers.filter((other) => other !== waiter.task && !waitsLike(trace, waiter, other, t));
  return on.length === 0 ? waiter : { ...waiter, on, open: false, proved: true };
}

/** Whether a task waits for the same of the same object: two consumers of a queue feed one another as little as anybody. */
function waitsLike(trace: Trace, { wait }: Waiter, other: number, t: number): boolean {
  const { state, suspension } = taskState(trace, other, t);
  if (wait.object < 0 || state !== "suspended") return false;
  const its = waitOf(trace, suspension);
  return its.object === wait.object && its.kind === wait.kind;
}

/** The tasks that have woken a waiter of an object before: its producers, so to speak. -1 among them: others have. */
function wakersOf(trace: Trace, object: number, cache: Map<number, number[]>): number[] {
  if (cache.size === 0) {
    cache.set(-1, []);
    const { steps, waits } = trace;
    const sets = new Map<number, Set<number>>();
    for (let row = 0; row < steps.count; row++) {
      const wait = steps.wait.get(row);
      if (wait >= 0 || Number.isNaN(steps.ready.get(row))) continue;
      const of = waits.object.get(-wait);
      if (of < 0) continue;
      const set = sets.get(of) ?? new Set();
      sets.set(of, set.add(steps.by.get(row)));
    }
    for (const [of, set] of sets) cache.set(of, [...set]);
  }
  return cache.get(object) ?? [];
}
