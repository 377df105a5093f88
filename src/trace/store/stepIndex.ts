import type { Trace } from "../trace";
import { firstWhere } from "./columns";

/** Rebuilt when this many more steps have come than the index holds, so that a live trace pays little for it. */
const GROWTH = 1.25;
const SLACK = 4096;

/**
 * The rows of the steps by task, each task's in order: what makes "the state at an instant" a binary search.
 * Covers the rows that were there when it was last built; the few that came since are reached by `next`.
 */
export class StepIndex {
  private rows = new Int32Array(0);
  /** First index in `rows` of each task, and one past the last. */
  private offsets = new Int32Array(1);
  private built = 0;

  constructor(private readonly trace: Trace) {}

  update(): void {
    const { steps } = this.trace;
    if (steps.count > this.built * GROWTH + SLACK) this.build();
  }

  /** The task's last step that has begun at `t`, or -1. */
  lastBegun(task: number, t: number): number {
    const { steps, tasks } = this.trace;
    const last = tasks.lastStep.get(task);
    if (last < 0) return -1;
    if (steps.begin.get(last) <= t) return last;
    let row = -1;
    if (task + 1 < this.offsets.length) {
      const from = this.offsets[task];
      const at = firstWhere(from, this.offsets[task + 1], (i) => steps.begin.get(this.rows[i]) > t);
      if (at < this.offsets[task + 1]) return at === from ? -1 : this.rows[at - 1];
      if (at > from) row = this.rows[at - 1];
    }
    // All indexed rows have begun: follow the ones that came since.
    let next = row < 0 ? tasks.firstStep.get(task) : steps.next.get(row);
    while (next >= 0 && steps.begin.get(next) <= t) {
      row = next;
      next = steps.next.get(row);
    }
    return row;
  }

  private build(): void {
    const { steps, tasks } = this.trace;
    const offsets = new Int32Array(tasks.count + 1);
    for (let row = 0; row < steps.count; row++) {
      const task = steps.task.get(row);
      if (task >= 0) offsets[task + 1]++;
    }
    for (let task = 0; task < tasks.count; task++) offsets[task + 1] += offsets[task];
    const rows = new Int32Array(offsets[tasks.count]);
    const at = offsets.slice();
    for (let row = 0; row < steps.count; row++) {
      const task = steps.task.get(row);
      if (task >= 0) rows[at[task]++] = row;
    }
    this.rows = rows;
    this.offsets = offsets;
    this.built = steps.count;
  }
}
