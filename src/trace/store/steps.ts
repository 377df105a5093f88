import { Float64Column, Int32Column, Uint8Column } from "./columns";
import { PairMap } from "./pairMap";

export const StepFlag = {
  /** The task yielded without a future (`sleep(0)`): ready again at the step's end. */
  yielded: 1,
  /** The task ended with this step: no suspension follows. */
  last: 2,
  /** A callback that is no task's step. */
  callback: 4,
  /** An eager first step, inside a step of its creator: the creator's row comes later and covers it. */
  nested: 8,
  /** Outer frames of the await chain were lost. */
  incomplete: 16,
  /** Only a suspension: where a task that was adopted is parked. Nothing ran. */
  parked: 32,
  /** What woke the task was not recorded (light detail): `ready` is when it was at the latest, as its iteration began. */
  unwoken: 64,
} as const;

/**
 * One row a step, and with it the suspension that follows it: a suspension's row is the row of the step
 * that ended in it. Rows of one loop are in order of `end`. Times in seconds, -1 is "none".
 */
export class StepTable {
  /** -1 for a callback. */
  readonly task = new Int32Column();
  readonly begin = new Float64Column();
  /** End of the step, begin of the suspension. */
  readonly end = new Float64Column();
  /** When the suspended task became ready (`unwoken`: at the latest); NaN: not yet, or not known. */
  readonly ready = new Float64Column();
  /** The task's next step, -1 when there is none yet. Its begin is when the suspension ended. */
  readonly next = new Int32Column();
  /** Await chain of the suspension (for a callback: its function); 0 when it was not recorded. */
  readonly stack = new Int32Column();
  /** 0: judge by the chain; greater: task row + 1; less: minus the row in `waits`. */
  readonly wait = new Int32Column();
  /** Row in `wakes`; 0 when not known. */
  readonly wake = new Int32Column();
  /** The task that woke it (callback: that scheduled it), or -1. */
  readonly by = new Int32Column();
  readonly flags = new Uint8Column();

  get count(): number {
    return this.task.length;
  }

  push(task: number, begin: number, end: number, stack: number, wait: number, flags: number): number {
    this.begin.push(begin);
    this.end.push(end);
    this.ready.push(flags & StepFlag.yielded ? end : Number.NaN);
    this.next.push(-1);
    this.stack.push(stack);
    this.wait.push(wait);
    this.wake.push(0);
    this.by.push(-1);
    this.flags.push(flags);
    return this.task.push(task);
  }

  get bytes(): number {
    const { task, begin, end, ready, next, stack, wait, wake, by, flags } = this;
    return [task, begin, end, ready, next, stack, wait, wake, by, flags].reduce((sum, c) => sum + c.bytes, 0);
  }
}

/** Threads or processes that begin what they are handed in that order, at most so many at a time. */
export interface Pool {
  workers: number;
  processes: boolean;
  /** asyncio's own, of `to_thread`. */
  own: boolean;
}

/** Work that was handed to a pool. */
export interface Job {
  pool: Pool;
  submitted: number;
}

/** What suspensions wait on, where the chain alone does not say. Row 0 is "nothing known". */
export class WaitTable {
  /** Index in WAITS. */
  readonly kind = new Uint8Column();
  /** Object row, or -1. */
  readonly object = new Int32Column();
  /** Seconds, NaN when there is none. */
  readonly delay = new Float64Column();
  /** Index in `lists` of the tasks waited on; 0 is the empty list. */
  readonly list = new Int32Column();
  /** What runs in the thread or process; string id. */
  readonly label = new Int32Column();
  readonly lists: number[][] = [[]];
  /** The work in a pool that is waited for, by row. */
  readonly jobs = new Map<number, Job>();
  private readonly plain = new PairMap();

  constructor() {
    this.push(0, -1, Number.NaN, 0, 0);
  }

  push(kind: number, object: number, delay: number, list: number, label: number): number {
    this.object.push(object);
    this.delay.push(delay);
    this.list.push(list);
    this.label.push(label);
    return this.kind.push(kind);
  }

  /** Bytes of the columns. */
  get bytes(): number {
    const { kind, object, delay, list, label } = this;
    return [kind, object, delay, list, label].reduce((sum, column) => sum + column.bytes, 0);
  }

  /** A row for a kind and an object only, shared by all suspensions that say the same. */
  intern(kind: number, object: number): number {
    const known = this.plain.get(kind, object);
    if (known >= 0) return known;
    const row = this.push(kind, object, Number.NaN, 0, 0);
    this.plain.set(kind, object, row);
    return row;
  }
}

/** Causes of waking with the frames that did it, interned. Row 0 is "not known". */
export class WakeTable {
  /** Index in CAUSES, plus CAUSE_CANCELLED. */
  readonly cause = new Int32Column();
  /** The waker's stack, innermost frame last. */
  readonly stack = new Int32Column();
  private readonly interned = new PairMap();

  constructor() {
    this.intern(0, 0);
  }

  intern(cause: number, stack: number): number {
    const known = this.interned.get(cause, stack);
    if (known >= 0) return known;
    this.stack.push(stack);
    const row = this.cause.push(cause);
    this.interned.set(cause, stack, row);
    return row;
  }
}
