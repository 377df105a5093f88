import { OBJECT_KINDS } from "../../protocol/stream";
import { Float64Column, Int32Column, Uint8Column } from "./columns";
import type { StringTable } from "./strings";

const NOUNS: Record<string, string> = {
  lock: "Lock",
  semaphore: "Semaphore",
  event: "Event",
  condition: "Condition",
  barrier: "Barrier",
  queue: "Queue",
  executor: "Executor",
  process: "Process",
  other: "Object",
};

/** Locks, queues and so on, one row each; the id in the report is row + 1. */
export class ObjectTable {
  /** Index in OBJECT_KINDS. */
  private readonly kinds = new Uint8Column();
  private readonly labels = new Int32Column();
  readonly created = new Float64Column();
  readonly creationStack = new Int32Column();
  readonly program = new Int32Column();
  private readonly firstHold = new Int32Column();
  private readonly lastHold = new Int32Column();
  /** Acquisitions and releases of all objects, in stream order. */
  private readonly holds = {
    t: new Float64Column(),
    task: new Int32Column(),
    change: new Int32Column(),
    next: new Int32Column(),
  };
  /** Holders now: task rows, -1 for one that is not known. */
  private readonly now = new Map<number, number[]>();

  constructor(private readonly strings: StringTable) {}

  get count(): number {
    return this.kinds.length;
  }

  push(program: number, kind: number, created: number, stack: number, label: string): number {
    this.labels.push(this.strings.intern(label));
    this.created.push(created);
    this.creationStack.push(stack);
    this.program.push(program);
    this.firstHold.push(-1);
    this.lastHold.push(-1);
    return this.kinds.push(kind < OBJECT_KINDS.length ? kind : 0);
  }

  kind(object: number): string {
    return OBJECT_KINDS[this.kinds.get(object)];
  }

  /** Its class, such as "Lock". */
  noun(object: number): string {
    return NOUNS[this.kind(object)];
  }

  /** The variable that holds it, or "". */
  variable(object: number): string {
    return this.strings.get(this.labels.get(object));
  }

  /** Such as "Lock 'accounts'". */
  label(object: number): string {
    const variable = this.variable(object);
    return variable ? `${this.noun(object)} '${variable}'` : this.noun(object);
  }

  /** Notes that `task` acquired (change 1) or released (-1) the object. */
  hold(object: number, t: number, task: number, change: number): void {
    const { holds } = this;
    const last = this.lastHold.get(object);
    holds.t.push(t);
    holds.task.push(task);
    holds.next.push(-1);
    const row = holds.change.push(change);
    if (last < 0) this.firstHold.set(object, row);
    else holds.next.set(last, row);
    this.lastHold.set(object, row);
    let holders = this.now.get(object);
    if (!holders) {
      holders = [];
      this.now.set(object, holders);
    }
    applyHold(holders, task, change);
  }

  /**
   * Takes over an object of another table: who held it at `since`, and what was acquired and released after. Tasks
   * have the rows that `taskRow` says.
   */
  copy(other: ObjectTable, object: number, since: number, taskRow: (row: number) => number): number {
    const row = this.push(
      other.program.get(object),
      other.kinds.get(object),
      other.created.get(object),
      other.creationStack.get(object),
      other.variable(object),
    );
    for (const task of other.holdersAt(object, since)) this.hold(row, since, taskRow(task), 1);
    const { holds } = other;
    for (let at = other.firstHold.get(object); at >= 0; at = holds.next.get(at)) {
      if (holds.t.get(at) > since)
        this.hold(row, holds.t.get(at), taskRow(holds.task.get(at)), holds.change.get(at));
    }
    return row;
  }

  /** Bytes of the columns. */
  get bytes(): number {
    const { holds } = this;
    const columns = [this.kinds, this.labels, this.created, this.creationStack, this.program];
    const ofHolds = [this.firstHold, this.lastHold, holds.t, holds.task, holds.change, holds.next];
    return [...columns, ...ofHolds].reduce((sum, column) => sum + column.bytes, 0);
  }

  /** Tasks that hold the object now, -1 for holders that are not known. */
  holders(object: number): readonly number[] {
    return this.now.get(object) ?? [];
  }

  /** The same at an instant. */
  holdersAt(object: number, t: number): number[] {
    const { holds } = this;
    const holders: number[] = [];
    for (let row = this.firstHold.get(object); row >= 0 && holds.t.get(row) <= t; row = holds.next.get(row)) {
      applyHold(holders, holds.task.get(row), holds.change.get(row));
    }
    return holders;
  }
}

/** A release by a task that is not a known holder releases one that is not known, else the oldest. */
function applyHold(holders: number[], task: number, change: number): void {
  if (change > 0) {
    holders.push(task);
    return;
  }
  let at = holders.indexOf(task);
  if (at < 0) at = holders.indexOf(-1);
  if (holders.length > 0) holders.splice(Math.max(0, at), 1);
}
