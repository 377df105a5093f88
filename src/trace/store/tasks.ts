import { Float64Column, firstWhere, Int32Column, Uint8Column } from "./columns";
import type { StringTable } from "./strings";

/** `outcome` of a task. */
export const Outcomes = ["returned", "raised", "cancelled", "pending"] as const;
export const PENDING = 3;

export const TaskFlag = {
  /** Existed before tracing began, or its creation was lost. */
  adopted: 1,
  /** Met only in passing: nothing told that it exists. */
  implied: 2,
  /** A task factory made it and its creation record is still to come. */
  announced: 4,
  /** Not a task after all: a task factory's placeholder. Views leave it out. */
  void: 8,
  /** It is in its first step, inside of its creator's. */
  atOnce: 16,
} as const;

/** One row a task, in the order they were met. The id in the report is row + 1. -1 is "none", NaN "not yet" or "not known". */
export class TaskTable {
  private readonly names = new Int32Column();
  /** Index in `places.codes` of the coroutine function; 0 is not known. */
  readonly code = new Int32Column();
  /** The task that was running when this one was created. */
  readonly parent = new Int32Column();
  readonly loop = new Int32Column();
  /** Seconds. */
  readonly created = new Float64Column();
  readonly ended = new Float64Column();
  /** Index in Outcomes. */
  readonly outcome = new Uint8Column();
  readonly flags = new Uint8Column();
  /** Innermost frame last, library frames included. */
  readonly creationStack = new Int32Column();
  /** First and last row in the steps; -1 before the first step. */
  readonly firstStep = new Int32Column();
  readonly lastStep = new Int32Column();
  readonly steps = new Int32Column();

  /** Numbers of the rows that were taken over from an earlier trace, ascending; the rows after them are in sequence. */
  private taken: Int32Array = new Int32Array(0);
  /** Number of the first row that was not taken over. */
  private fresh = 0;

  constructor(private readonly strings: StringTable) {}

  /**
   * The number of a task in the order in which the stream told of them, from 0: the row, unless the trace
   * has forgotten its oldest part. Equal in every reader of one stream.
   */
  serial(task: number): number {
    return task < this.taken.length ? this.taken[task] : this.fresh + task - this.taken.length;
  }

  /** The row of a task by its number, or -1 when it has been forgotten. */
  rowOf(serial: number): number {
    if (serial >= this.fresh) return this.taken.length + serial - this.fresh;
    const row = firstWhere(0, this.taken.length, (at) => this.taken[at] >= serial);
    return this.taken[row] === serial ? row : -1;
  }

  /** Says which numbers the rows there are have, and which the next one gets. */
  renumber(taken: Int32Array, next: number): void {
    this.taken = taken;
    this.fresh = next;
  }

  get count(): number {
    return this.code.length;
  }

  name(task: number): string {
    return this.strings.get(this.names.get(task));
  }

  rename(task: number, name: string): void {
    this.names.set(task, this.strings.intern(name));
  }

  push(loop: number, created: number, parent: number, code: number, stack: number, name: string): number {
    this.names.push(this.strings.intern(name));
    this.code.push(code);
    this.parent.push(parent);
    this.loop.push(loop);
    this.created.push(created);
    this.ended.push(Number.NaN);
    this.outcome.push(PENDING);
    this.flags.push(0);
    this.creationStack.push(stack);
    this.firstStep.push(-1);
    this.lastStep.push(-1);
    return this.steps.push(0);
  }

  /** Takes back the row pushed last. */
  pop(): void {
    for (const column of this.columns()) column.pop();
  }

  get bytes(): number {
    return this.columns().reduce((sum, column) => sum + column.bytes, 0);
  }

  private columns() {
    return [
      this.names,
      this.code,
      this.parent,
      this.loop,
      this.created,
      this.ended,
      this.outcome,
      this.flags,
      this.creationStack,
      this.firstStep,
      this.lastStep,
      this.steps,
    ];
  }
}
