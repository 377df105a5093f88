import type { Loop } from "../store/loops";
import type { Program } from "../store/program";
import { StepFlag } from "../store/steps";
import { PENDING, TaskFlag } from "../store/tasks";
import type { Trace } from "../trace";
import type { FutureReducer } from "./futures";
import type { Reducer } from "./reducer";

export interface Key {
  low: number;
  high: number;
}

/** Outcome of an eager task's first step: the factory made the task without running it. */
const NOT_STARTED = 4;

/**
 * Tasks that come otherwise than by a NEW: those that an eager task factory ran before they were announced, and those
 * that were alive before anything was recorded.
 */
export class ArrivalReducer {
  constructor(
    private readonly trace: Trace,
    private readonly steps: Pick<Reducer, "seen" | "pushStep" | "finished" | "introduce" | "known">,
    private readonly futures: FutureReducer,
  ) {}

  /** A task factory begins to make a task; until it has, the placeholder names it. */
  begin(
    program: Program,
    loop: Loop,
    low: number,
    high: number,
    t: number,
    parent: number,
    code: number,
    stack: number,
  ): void {
    this.steps.seen(t);
    const row = this.trace.tasks.push(loop.row, t, parent, code, stack, "?");
    this.steps.introduce(program, loop, low, high, row);
  }

  /** The factory returned. With NOT_STARTED the task was not started, and has or will have a NEW of its own; without a key there is none. */
  end(
    program: Program,
    loop: Loop,
    row: number,
    low: number,
    high: number,
    outcome: number,
    name: string,
  ): number {
    const { tasks } = this.trace;
    if (row < 0) return row;
    if (outcome === NOT_STARTED && low === 0 && high === 0) {
      tasks.flags.set(row, TaskFlag.void);
      return row;
    }
    if (name) tasks.rename(row, name);
    const known = this.steps.known(program, loop, low, high);
    const other = known >= 0 && tasks.loop.get(known) === loop.row ? known : -1;
    const isNew = other > row && !tasks.ended.get(other);
    if (outcome !== NOT_STARTED || !isNew) {
      if (outcome === NOT_STARTED) tasks.flags.set(row, TaskFlag.announced);
      this.steps.introduce(program, loop, low, high, row);
      return row;
    }
    if (other === row + 1 && other === tasks.count - 1) {
      tasks.rename(row, tasks.name(other));
      tasks.pop();
      this.steps.introduce(program, loop, low, high, row);
      return row;
    }
    tasks.flags.set(row, TaskFlag.void);
    tasks.parent.set(other, tasks.parent.get(row));
    return other;
  }

  /** The first step of a task began as it was made, inside its creator's: its next step is that. */
  atOnce(task: number): void {
    const { flags } = this.trace.tasks;
    if (task >= 0) flags.set(task, flags.get(task) | TaskFlag.atOnce);
  }

  /** The first step of an eager task, which ran inside its creator's. */
  firstStep(
    program: Program,
    loop: Loop,
    task: number,
    t: number,
    outcome: number,
    yielded: boolean,
    future: Key,
    stack: number,
  ): void {
    if (task < 0) return;
    const left = outcome < PENDING ? StepFlag.last : yielded ? StepFlag.yielded : 0;
    const flags = StepFlag.nested | left;
    const row = this.steps.pushStep(loop, task, this.trace.tasks.created.get(task), t, stack, flags);
    if (outcome < PENDING) this.steps.finished(task, t, outcome);
    else if (!yielded) {
      this.trace.steps.wait.set(row, this.futures.wait(program, task, future.low, future.high));
    }
  }

  /** A task that the runtime found alive; or one that is known, after a gap in what was recorded. */
  adopt(
    program: Program,
    loop: Loop,
    low: number,
    high: number,
    t: number,
    future: Key,
    code: number,
    stack: number,
  ): number {
    const { tasks } = this.trace;
    this.steps.seen(t);
    let task = this.steps.known(program, loop, low, high);
    const elsewhere =
      task >= 0 && tasks.loop.get(task) !== loop.row && !(tasks.flags.get(task) & TaskFlag.implied);
    if (task < 0 || elsewhere || !Number.isNaN(tasks.ended.get(task))) {
      task = tasks.push(loop.row, t, -1, code, 0, "?");
      tasks.flags.set(task, TaskFlag.adopted);
      this.steps.introduce(program, loop, low, high, task);
    } else {
      // After a gap: the task is known, what it did meanwhile is not.
      if (tasks.code.get(task) === 0) tasks.code.set(task, code);
      tasks.flags.set(task, tasks.flags.get(task) & ~(TaskFlag.implied | TaskFlag.atOnce));
    }
    if (stack === 0 && future.low === 0 && future.high === 0) return task;
    const row = this.steps.pushStep(loop, task, t, t, stack, StepFlag.parked);
    this.trace.steps.wait.set(row, this.futures.wait(program, task, future.low, future.high));
    return task;
  }
}
