import type { Finding, WaitKind } from "../../protocol/report";
import { CAUSE_CANCELLED } from "../../protocol/stream";
import { digits } from "../describe/text";
import { awaitPlace, type Wait } from "../describe/waits";
import { lastSuspension, pollAt, tellsPolls } from "../queries";
import type { Trace } from "../trace";
import { failedMeanwhile, failedUser } from "./failedUsers";
import { finding, listed, roundLength } from "./finding";
import { awaitedAt, waited } from "./incidents";
import { circles, forTasks, waitingFor } from "./stuck";
import { FAR_TIMER, type WaitGraph, waitGraph } from "./waitGraph";

/** How many of the longest waits are looked at, and how long (seconds) one must be. */
const LONGEST = 8;
const LONG_WAIT = 0.1;
/** Seconds. */
const JUST_BEFORE = 1e-5;
const CANCELLED = 2;

/** `deadlock`: circles of tasks that wait for one another, and waits that nothing can end. */
export function deadlocks(trace: Trace): Finding[] {
  const found: Finding[] = [];
  for (const program of trace.programs) {
    // What its tasks wait for was not recorded: whom they wait for would be guessed.
    if (program.hello?.detail === "light") continue;
    const told = new Set<number>();
    const seen = instants(trace, program.row);
    for (const { t, idle } of seen) found.push(...deadlocksAt(trace, program.row, t, idle, told));
  }
  return found;
}

/** An instant to look at. `idle`: nothing ran, and nothing was about to; else only circles mean anything. */
interface Instant {
  t: number;
  idle: boolean;
}

/**
 * Now; and, of what is over: before its loops stopped, when they waited longest, and before the longest waits
 * were cancelled. A bounded number, for each looks at every task.
 */
function instants(trace: Trace, program: number): Instant[] {
  const busy = cancelledWaits(trace, program);
  const idle = [trace.endTime];
  for (const loop of trace.programs[program].loops.values()) {
    const stops = loop.states.filter(({ state }) => state !== 1).slice(-LONGEST);
    busy.push(...stops.map(({ t }) => t - JUST_BEFORE));
    const { begin, end } = loop.polls;
    const polls = new Longest();
    for (let poll = 0; poll < begin.length; poll++) {
      const until = Number.isNaN(end.get(poll)) ? trace.endTime : end.get(poll);
      const waited = until - begin.get(poll);
      // In its middle: what came with its end had not happened yet.
      polls.add(begin.get(poll) + waited / 2, waited);
    }
    idle.push(...polls.times());
  }
  const of = (times: number[], idle: boolean) => times.map((t) => ({ t, idle }));
  return [...of(idle, true), ...of(busy, false)].sort((a, b) => b.t - a.t);
}

/** Instants just before the longest waits that only a cancellation ended. */
function cancelledWaits(trace: Trace, program: number): number[] {
  const { tasks, steps, wakes } = trace;
  const waits = new Longest();
  for (let task = 0; task < tasks.count; task++) {
    if (tasks.outcome.get(task) !== CANCELLED || trace.loops[tasks.loop.get(task)].program !== program)
      continue;
    // A wait that lasted until the end of its task, or nearly so: there may have been some cleaning up.
    const ended = tasks.ended.get(task);
    if (ended - tasks.created.get(task) < LONG_WAIT) continue;
    const row = lastSuspension(trace, task);
    const ready = row < 0 ? Number.NaN : steps.ready.get(row);
    if (Number.isNaN(ready) || !(wakes.cause.get(steps.wake.get(row)) & CAUSE_CANCELLED)) continue;
    const waited = ready - steps.end.get(row);
    waits.add(ready - Math.min(JUST_BEFORE, waited / 2), waited);
  }
  return waits.times();
}

/** The instants of the longest of many waits; waits that ended at the same time count once. */
class Longest {
  private kept: { t: number; length: number }[] = [];

  add(t: number, length: number): void {
    if (length < LONG_WAIT) return;
    const { kept } = this;
    if (kept.length === LONGEST && length <= kept[LONGEST - 1].length) return;
    if (kept.some((each) => Math.abs(each.t - t) < JUST_BEFORE)) return;
    kept.push({ t, length });
    kept.sort((a, b) => b.length - a.length);
    if (kept.length > LONGEST) kept.pop();
  }

  times(): number[] {
    return this.kept.map(({ t }) => t);
  }
}

function deadlocksAt(trace: Trace, program: number, t: number, idle: boolean, told: Set<number>): Finding[] {
  const found: Finding[] = [];
  const graph = waitGraph(trace, program, t);
  for (const cycle of circles(graph.waiters, graph.stuck)) {
    if (cycle.some((task) => told.has(task)) || !wasReal(trace, graph, cycle)) continue;
    for (const task of cycle) told.add(task);
    found.push(describeCycle(trace, program, graph, cycle));
  }
  if (!idle) return found;
  const circular = waitingFor(graph.waiters, graph.stuck, told);
  const rest = [...graph.stuck].filter((task) => !circular.has(task) && !told.has(task));
  if (rest.length > 0 && neverWokenFromOutside(trace, graph, rest)) {
    for (const task of rest) told.add(task);
    found.push(describeStuck(trace, graph, rest, Number.POSITIVE_INFINITY));
  }
  if (graph.stuck.size === 0) found.push(...onlyTimers(trace, program, graph, told));
  return found;
}

/** Whether the waits of some tasks never ended, or by cancellations only: that of one wakes those that wait for it. */
function neverWokenFromOutside(trace: Trace, graph: WaitGraph, tasks: number[]): boolean {
  const among = new Set(tasks);
  const by = (task: number) => trace.steps.by.get(graph.waiters.get(task)!.row);
  return tasks.every((task) => neverWoke(trace, graph, task) || among.has(by(task)));
}

/** Whether a task's wait ended only by a cancellation, or not at all. */
function neverWoke(trace: Trace, graph: WaitGraph, task: number): boolean {
  const { steps, wakes, tasks } = trace;
  const { row } = graph.waiters.get(task)!;
  if (Number.isNaN(steps.ready.get(row))) return true;
  // What `gather` waits for is cancelled in the place of the task, which is then woken like any other.
  if (tasks.outcome.get(task) === CANCELLED && lastSuspension(trace, task) === row) return true;
  return (wakes.cause.get(steps.wake.get(row)) & CAUSE_CANCELLED) !== 0;
}

/** Whether the waits of some tasks never ended, or only because somebody cancelled: what ended by itself was no deadlock. */
function wasReal(trace: Trace, graph: WaitGraph, tasks: number[]): boolean {
  const broken = brokenAt(trace, graph, tasks);
  if (Number.isNaN(broken)) return true;
  return tasks.some((task) => {
    const { row } = graph.waiters.get(task)!;
    return trace.steps.ready.get(row) === broken && neverWoke(trace, graph, task);
  });
}

/** What wakes a waiter. */
const ACTS: Partial<Record<WaitKind, string>> = {
  event: "set",
  condition: "notify",
  barrier: "reach",
  "queue.get": "put into",
  "queue.put": "take from",
  "queue.join": "finish",
  lock: "release",
  semaphore: "release",
};

/** "a waits for Lock 'x'.acquire at app.py:12, held by b" */
function describeWait(trace: Trace, graph: WaitGraph, task: number): string {
  const { wait, row, on, proved } = graph.waiters.get(task)!;
  const name = (other: number) => trace.tasks.name(other);
  const text = `${name(task)} waits for ${waited(trace, row)}${awaitedAt(trace, row)}`;
  const lock = wait.kind === "lock" || wait.kind === "semaphore";
  const holders = lock && wait.object >= 0 ? [...new Set(trace.objects.holdersAt(wait.object, graph.t))] : [];
  const known = holders.filter((holder) => holder >= 0);
  const ended = known.filter((holder) => trace.tasks.ended.get(holder) <= graph.t);
  if (ended.length > 0)
    return `${text}, held by ${listed(ended.map(name))}, which ended without releasing it`;
  if (known.length > 0) return `${text}, held by ${listed(known.map(name))}`;
  if (on.length === 0 || wait.kind === "task" || wait.kind === "tasks") return text;
  const who = listed(on.map(name));
  // What did not wake anybody was not seen: others may have put or taken.
  return proved
    ? `${text}, which only ${who} could ${ACTS[wait.kind] ?? "complete"}`
    : `${text}, where so far only ${who} woke anybody`;
}

function describeCycle(trace: Trace, program: number, graph: WaitGraph, cycle: number[]): Finding {
  const first = graph.waiters.get(cycle[0])!;
  const others = waitingFor(graph.waiters, graph.stuck, cycle).size - cycle.length;
  const since = Math.max(...cycle.map((task) => trace.steps.end.get(graph.waiters.get(task)!.row)));
  const broken = brokenAt(trace, graph, cycle);
  const until = Number.isNaN(broken) ? trace.endTime : broken;
  const waits = cycle.map((task) => describeWait(trace, graph, task)).join("; ");
  const kind =
    cycle.length === 1
      ? "A task waits for itself"
      : `${digits(cycle.length)} tasks wait for one another in a circle`;
  const also =
    others > 0
      ? ` ${digits(others)} more ${others === 1 ? "task waits" : "tasks wait"} for ${cycle.length === 1 ? "it" : "them"}.`
      : "";
  const objects = cycle.map((task) => graph.waiters.get(task)!.wait.object).filter((object) => object >= 0);
  const failed = failedUser(trace, objects, graph.t);
  const advice = adviceFor(cycle.map((task) => graph.waiters.get(task)!.wait));
  return finding(trace, "deadlock", {
    severity: Number.isNaN(broken) ? "error" : "warning",
    message: `Deadlock: ${kind.charAt(0).toLowerCase()}${kind.slice(1)}: ${waits}. ${ending(trace, program, graph, cycle, broken)}${also}${failed} ${advice}`,
    at: awaitPlace(trace, first.row),
    stack: trace.steps.stack.get(first.row),
    task: cycle[0],
    tasks: cycle,
    object: objects[0] ?? -1,
    seconds: Math.max(0, until - since),
    from: since,
  });
}

/** What to do about a circle of these waits. */
function adviceFor(waits: Wait[]): string {
  const locks = waits.filter(({ kind }) => kind === "lock" || kind === "semaphore");
  if (waits.length === 1) return "asyncio's locks cannot be taken twice by the same task: release it first.";
  if (locks.length === waits.length)
    return "Take the locks in the same order everywhere, or hold only one at a time.";
  if (locks.length > 0)
    return "Do not wait for another task while holding what it needs: release the lock before, or wait with a timeout.";
  return "Let one of them go on without the other, or give the wait a timeout.";
}

/** When the first wait of a circle ended, NaN when none did. */
function brokenAt(trace: Trace, graph: WaitGraph, cycle: number[]): number {
  const ends = cycle.map((task) => trace.steps.ready.get(graph.waiters.get(task)!.row));
  const known = ends.filter((end) => !Number.isNaN(end));
  return known.length === 0 ? Number.NaN : Math.min(...known);
}

/** What could end a circle: nothing, or a timer of the loop. */
function ending(
  trace: Trace,
  program: number,
  { t, waiters }: WaitGraph,
  cycle: number[],
  broken: number,
): string {
  if (!Number.isNaN(broken)) return "It ended only when one of them was cancelled.";
  const soonest = nextTimer(trace, program, t);
  if (!Number.isFinite(soonest)) return "Nothing can ever wake them.";
  const proved = cycle.every((task) => waiters.get(task)!.proved);
  if (proved) return "Nothing else in the program can wake them: at most a timeout could cancel them.";
  if (soonest < FAR_TIMER)
    return "Nothing that runs can wake them, as far as is known, unless a timeout does.";
  return `Nothing can wake them but a timer due in ${roundLength(soonest)}, if it concerns them at all.`;
}

/** Seconds from the beginning of its loop's wait until a program's next timer is due; 0 where it cannot be known. */
function nextTimer(trace: Trace, program: number, t: number): number {
  const timers = [...trace.programs[program].loops.values()].map((loop) => {
    if (loop.id > 0 && !tellsPolls(loop)) return 0;
    const poll = pollAt(loop, t);
    return poll >= 0 && loop.polls.timers.get(poll) > 0
      ? loop.polls.timeout.get(poll)
      : Number.POSITIVE_INFINITY;
  });
  return Math.min(...timers);
}

function describeStuck(trace: Trace, graph: WaitGraph, tasks: number[], timer: number): Finding {
  const { steps } = trace;
  // The one that waits on a thing, not on another stuck task, is where to look.
  const waiter = (task: number) => graph.waiters.get(task)!;
  const root =
    tasks.find((task) => waiter(task).open) ?? tasks.find((task) => !forTasks(waiter(task))) ?? tasks[0];
  const { row, wait } = graph.waiters.get(root)!;
  const since = Math.max(...tasks.map((task) => steps.end.get(graph.waiters.get(task)!.row)));
  const shown = [root, ...tasks.filter((task) => task !== root)].slice(0, 4);
  const waits = shown.map((task) => describeWait(trace, graph, task)).join("; ");
  const objects = tasks.map((task) => waiter(task).wait.object);
  const began = steps.end.get(row);
  const failed = failedUser(trace, objects, graph.t) || failedMeanwhile(trace, began, graph.t);
  const more =
    tasks.length > shown.length ? `; and ${digits(tasks.length - shown.length)} more tasks wait` : "";
  const never = Number.isFinite(timer)
    ? `Nothing but a timer due in ${roundLength(timer)} can wake this program`
    : "Deadlock: nothing is left that could ever wake this program";
  return finding(trace, "deadlock", {
    severity: Number.isFinite(timer) ? "info" : "error",
    message: `${never}: ${waits}${more}. Whoever was to wake ${trace.tasks.name(root)} has ended, or never will:${failed === "" ? "" : `${failed.slice(0, -1)};`} see who should set, put, notify or release.`,
    at: awaitPlace(trace, row),
    stack: steps.stack.get(row),
    task: root,
    tasks,
    object: wait.object,
    seconds: Math.max(0, trace.endTime - since),
    from: since,
  });
}

/** Nothing is stuck for ever, but nothing happens before a timer that is far away. */
function onlyTimers(trace: Trace, program: number, graph: WaitGraph, told: Set<number>): Finding[] {
  const due = nextTimer(trace, program, graph.t);
  if (due < FAR_TIMER || !Number.isFinite(due)) return [];
  const without = waitGraph(trace, program, graph.t, false);
  const rest = [...without.stuck].filter((task) => !told.has(task));
  // What is over ended by such a timer, or somebody had enough.
  if (rest.length === 0 || !wasReal(trace, without, rest)) return [];
  for (const task of rest) told.add(task);
  return [describeStuck(trace, without, rest, due)];
}
