import type { PathKind } from "../../protocol/report";
import { CAUSE_CANCELLED, CAUSES } from "../../protocol/stream";
import { noticed, openStep, stepIndex } from "../queries";
import { type Pool, StepFlag } from "../store/steps";
import { TaskFlag } from "../store/tasks";
import type { Trace } from "../trace";
import { Turns } from "./pools";
import { before } from "./times";
import { waitOf } from "./waits";

/** Stretches of the path alike in what they were and where, as one. */
export interface PathPart {
  kind: PathKind;
  /** Of the longest stretch: its task, and the row of the step that it was, or whose suspension; -1: none, or not ended. */
  task: number;
  row: number;
  since: number;
  longest: number;
  seconds: number;
  count: number;
  /** How many of the waits a cancellation ended, such as a timeout's. */
  cancelled: number;
  tasks: Set<number>;
}

/** Why a task took as long as it did: the parts add up to all of its time. */
export interface CriticalPath {
  task: number;
  seconds: number;
  /** The longest first. */
  parts: PathPart[];
  /** Objects (rows) and pools by which one stretch had to wait for another, and how often. */
  through: Map<number | Pool, number>;
}

/** A turn of the loop (seconds) in which others did so little that nothing needs to be said of them. */
const TURN = 0.001;

/** A longer path is told from its end; the rest is "unknown". */
const MOST = 300_000;

/**
 * The chain of steps and waits that made a task take as long as it did, told from its end back to its creation: where it
 * waited for another task, whether it awaited it or was handed a lock or an item of a queue by it, or for its turn in a pool of
 * threads that this other kept busy, that task's own chain takes the place of the wait. What is on this chain, and nothing else, must become shorter.
 */
export function criticalPath(trace: Trace, task: number): CriticalPath {
  const { tasks } = trace;
  const begin = tasks.created.get(task);
  const end = Number.isNaN(tasks.ended.get(task)) ? trace.endTime : tasks.ended.get(task);
  const walk = new Walk(trace, begin);
  walk.back(task, end);
  const parts = [...walk.parts.values()].sort((a, b) => b.seconds - a.seconds);
  return { task, seconds: Math.max(0, end - begin), parts, through: walk.through };
}

class Walk {
  readonly parts = new Map<string, PathPart>();
  readonly through = new Map<number | Pool, number>();
  private readonly turns: Turns;
  /** Suspensions in which the awaited task was followed though it had not ended. */
  private readonly followed = new Set<number>();

  /** `begin`: what was before is not asked for. */
  constructor(
    private readonly trace: Trace,
    private readonly begin: number,
  ) {
    this.turns = new Turns(trace);
  }

  /** From an instant in the life of a task back to the beginning. */
  back(task: number, t: number): void {
    const { tasks, steps } = this.trace;
    const index = stepIndex(this.trace);
    const asked = task;
    for (let left = MOST; left > 0 && t > this.begin; left--) {
      const open = openStep(this.trace, task);
      if (open !== null && open.begin < t) {
        this.add("run", task, -1, open.begin, t);
        t = open.begin;
        continue;
      }
      const row = index.lastBegun(task, before(t));
      if (row < 0) {
        // Before its first step, a task waits for the loop; before that, its creator was to create it.
        const created = tasks.created.get(task);
        if (tasks.flags.get(task) & TaskFlag.adopted || !(created <= t)) break;
        this.add("ready", task, -1, created, t);
        t = created;
        const parent = tasks.parent.get(task);
        // A callback of the loop made it, as a server's does for a request: what the task that is asked about did until then is why.
        if (parent < 0 && task === asked) break;
        task = parent < 0 ? asked : parent;
        continue;
      }
      if (t <= steps.end.get(row)) {
        if (steps.flags.get(row) & StepFlag.parked) break;
        this.add("run", task, row, steps.begin.get(row), t);
        t = steps.begin.get(row);
        continue;
      }
      [task, t] = this.wait(task, row, t);
    }
    if (t > this.begin) this.add("unknown", task, -1, this.begin, t);
  }

  /** The suspension after a step, up to `t`: who is to be asked next, and for which instant. */
  private wait(task: number, row: number, t: number): [number, number] {
    const { steps, tasks } = this.trace;
    const from = steps.end.get(row);
    const ready = Number.isNaN(steps.ready.get(row)) ? t : Math.min(t, noticed(this.trace, row));
    // After a yield, a turn of the loop is what was asked for, unless others made it long.
    const asked = steps.flags.get(row) & StepFlag.yielded && t - ready < TURN;
    this.add(asked ? "wait" : "ready", task, row, ready, t);
    const waker = this.wakerOf(task, row, ready);
    if (waker >= 0) {
      const { object } = waitOf(this.trace, row);
      if (object >= 0) this.count(object);
      // What it awaited has ended a moment before: callbacks of the loop passed that on.
      const ended = tasks.ended.get(waker);
      const told = ended > from && ended < ready ? ended : ready;
      this.add("ready", task, row, told, ready);
      return [waker, told];
    }
    const turn = this.turns.before(row, ready);
    if (turn !== null) this.count(turn.pool);
    this.add("wait", task, row, turn?.t ?? from, ready);
    return turn === null ? [task, from] : [turn.task, turn.t];
  }

  private count(through: number | Pool): void {
    this.through.set(through, (this.through.get(through) ?? 0) + 1);
  }

  /** The task that let a suspended one go on, if that is what it waited for; else -1. */
  private wakerOf(task: number, row: number, ready: number): number {
    const { steps, tasks } = this.trace;
    const cause = this.causeOf(row);
    const by = steps.by.get(row);
    // What ended the wait later, does not matter.
    if (steps.ready.get(row) <= ready) {
      if (CAUSES[cause % CAUSE_CANCELLED] === "task" && by >= 0 && by !== task) return by;
      if (cause & CAUSE_CANCELLED) return -1;
    }
    const { tasks: awaited } = waitOf(this.trace, row);
    let last = -1;
    for (const each of awaited) {
      const ended = tasks.ended.get(each);
      if (each !== task && ended <= ready && (last < 0 || ended > tasks.ended.get(last))) last = each;
    }
    if (last >= 0 || awaited.length !== 1 || awaited[0] === task || this.followed.has(row)) return last;
    // It was not waited for to its end, as `wait_for` of CPython 3.11 gives up: what it did all the while is why. In a circle, once.
    this.followed.add(row);
    return tasks.ended.get(awaited[0]) <= ready ? -1 : awaited[0];
  }

  private causeOf(row: number): number {
    return this.trace.wakes.cause.get(this.trace.steps.wake.get(row));
  }

  private add(kind: PathKind, task: number, row: number, from: number, to: number): void {
    const since = Math.max(from, this.begin);
    const seconds = to - since;
    if (!(seconds > 0)) return;
    const key = `${kind} ${this.alike(kind, task, row)}`;
    let part = this.parts.get(key);
    if (!part) {
      part = { kind, task, row, longest: 0, since, seconds: 0, count: 0, cancelled: 0, tasks: new Set() };
      this.parts.set(key, part);
    }
    part.seconds += seconds;
    part.count++;
    if (kind === "wait" && this.causeOf(row) & CAUSE_CANCELLED) part.cancelled++;
    part.tasks.add(task);
    if (seconds > part.longest) Object.assign(part, { task, row, since, longest: seconds });
  }

  /** Stretches of a kind that are alike: waits at the same lines of the program for the same sort of thing, steps of a coroutine. */
  private alike(kind: PathKind, task: number, row: number): string {
    const { steps, stacks, tasks } = this.trace;
    if (kind === "run") return `${tasks.code.get(task)}`;
    if (kind !== "wait") return "";
    const stack = steps.stack.get(row);
    return `${stacks.userPart(stack) || stack} ${waitOf(this.trace, row).kind}`;
  }
}
