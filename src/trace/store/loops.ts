import type { Place } from "../../protocol/report";
import { Float32Column, Float64Column, firstWhere, Int32Column } from "./columns";

/** A sample of the stack taken while one step held the loop. Times in seconds. */
export interface Stall {
  task: number;
  /** Begin of the step. */
  begin: number;
  t: number;
  /** Innermost frame last. */
  stack: number;
}

/** A step that was still running when the loop was last heard of. */
export interface OpenStep {
  task: number;
  begin: number;
}

/** Where the reading of a loop's records is: what later ones leave out because earlier ones said it. */
export class Reading {
  /** Where the next step begins; NaN when that is not known. */
  clock = Number.NaN;
  /** When the iteration began; NaN when that is not known. */
  iteration = Number.NaN;
  /** Wakes by the step that has not ended yet: task, time or NaN (its end), row in `wakes`. */
  readonly wakes: number[] = [];
  /** Of the task made last. */
  parent = -1;
  code = 0;
  stack = 0;
  /** The number in the last name that had one; NaN when that is not known. */
  number = Number.NaN;
  /** The await chains that have a number, by it: rows in `stacks`. */
  readonly chains = new Map<number, number>();
  /**
   * Rows of this loop's tasks by keys that a task of another loop has by now. A key is free again when its task is gone, but
   * loops are told of one after the other: the new task may come before the end of the old one, and what its end raised.
   */
  readonly displaced = new Map<number, number>();

  /** Something was lost. */
  reset(): void {
    this.clock = this.iteration = Number.NaN;
    this.wakes.length = 0;
    this.parent = -1;
    this.code = this.stack = 0;
    this.number = Number.NaN;
    this.chains.clear();
  }

  /** The same where tasks have other rows. */
  moved(taskRow: (row: number) => number): Reading {
    const copy = new Reading();
    copy.clock = this.clock;
    copy.iteration = this.iteration;
    copy.parent = taskRow(this.parent);
    copy.code = this.code;
    copy.stack = this.stack;
    copy.number = this.number;
    for (const [number, stack] of this.chains) copy.chains.set(number, stack);
    for (let i = 0; i < this.wakes.length; i += 3) {
      const task = taskRow(this.wakes[i]);
      if (task >= 0) copy.wakes.push(task, this.wakes[i + 1], this.wakes[i + 2]);
    }
    for (const [key, row] of this.displaced) {
      const task = taskRow(row);
      if (task >= 0) copy.displaced.set(key, task);
    }
    return copy;
  }
}

/** One event loop of one program. */
export class Loop {
  reading = new Reading();
  kind = "unknown";
  thread = "";
  threadId = 0;
  mode: "fast" | "fallback" = "fast";
  modeReason = "";
  debug = false;
  /** Where runs of this loop's rows lie among the steps: first rows and the rows after the last, ascending. */
  readonly runFirst: number[] = [];
  readonly runEnd: number[] = [];
  /** End of the last step; rows are kept in this order. */
  lastEnd = Number.NEGATIVE_INFINITY;
  /** One row an iteration: when its callbacks began to run, how many were ready, and the row of its poll or -1. */
  readonly iterations = { t: new Float64Column(), ready: new Int32Column(), poll: new Int32Column() };
  /** Polls that could wait. `timeout` in seconds, Infinity: for ever; `watched` -1: not known. */
  readonly polls = {
    begin: new Float64Column(),
    /** NaN while it waits. */
    end: new Float64Column(),
    timeout: new Float32Column(),
    timers: new Int32Column(),
    watched: new Int32Column(),
  };
  /** When the loop began (1) and ceased (0) to run, and was closed (-1). */
  readonly states: { t: number; state: number }[] = [];
  readonly stalls: Stall[] = [];
  /** The step that is running now. */
  open: OpenStep | null = null;
  /** From when on how many other threads could wake it unseen; empty when the runtime does not tell. */
  readonly threads: { t: number; count: number }[] = [];
  /** Wakes that came from other threads. */
  threadWakes = 0;
  lastSequence = 0;
  /** Records the runtime dropped on this loop. */
  lost = 0;

  constructor(
    /** Row in `trace.loops`. */
    readonly row: number,
    /** The id in the report, from 1; 0 for what belongs to no loop. */
    readonly id: number,
    readonly program: number,
    /** The program's own number for it. */
    readonly number: number,
    public seen: number,
  ) {}

  /** Notes that a row of the steps is this loop's. */
  addRow(row: number): void {
    const last = this.runEnd.length - 1;
    if (last >= 0 && this.runEnd[last] === row) this.runEnd[last]++;
    else {
      this.runFirst.push(row);
      this.runEnd.push(row + 1);
    }
  }

  /** Bytes of the columns. */
  get bytes(): number {
    const { iterations, polls } = this;
    const columns = [...Object.values(iterations), ...Object.values(polls)];
    return columns.reduce((sum, column) => sum + column.bytes, 0);
  }

  /** Whether a row of the steps is this loop's. */
  has(row: number): boolean {
    const run = firstWhere(0, this.runEnd.length, (i) => this.runEnd[i] > row);
    return run < this.runEnd.length && this.runFirst[run] <= row;
  }

  /** Calls `visit` with each of this loop's rows of the steps, in order of end. */
  forEachStep(visit: (row: number) => void): void {
    for (let i = 0; i < this.runFirst.length; i++) {
      for (let row = this.runFirst[i]; row < this.runEnd[i]; row++) visit(row);
    }
  }
}

/** What the runtime reported once, each with the place it is about. Stacks: innermost frame last. */
export interface Incident {
  kind: "lost" | "never-awaited" | "unretrieved" | "unsafe" | "swallowed";
  program: number;
  loop: number;
  t: number;
  /** Task row or -1. */
  task: number;
  stack: number;
  /** never-awaited: index of the coroutine's code; else 0. */
  code: number;
  /** lost: the message; unretrieved: the exception's type; unsafe: what was called. */
  what: string;
  /** unretrieved: the exception's message; unsafe: name of the thread. */
  detail: string;
}

export interface TaskException {
  type: string;
  message: string;
  at: Place | null;
  stack: number;
}
