import type { Loop, Trace } from "../../src/trace";
import { StepFlag } from "../../src/trace";
import { firstWhere } from "../../src/trace/store/columns";

/** Rows between two entries of the sparse prefix sums. */
const BLOCK = 32;

/**
 * The steps of one loop, indexed for drawing: busy time up to any instant by prefix sums, and the steps that
 * block by themselves, since they must be seen at any zoom.
 */
export class LoopLane {
  /** Rows of this loop's steps in order, nested ones left out. */
  private rows = new Int32Array(1024);
  count = 0;
  private busyBefore = new Float64Array(64);
  private busy = 0;
  private run = 0;
  private at = -1;
  /** Rows of the steps longer than the threshold. */
  readonly blocks: number[] = [];
  private version = -1;

  constructor(
    private readonly trace: Trace,
    readonly loop: Loop,
    private readonly blockSeconds: number,
  ) {}

  update(): this {
    if (this.version === this.trace.version) return this;
    this.version = this.trace.version;
    const { runFirst, runEnd } = this.loop;
    for (; this.run < runFirst.length; this.run++) {
      if (this.at < runFirst[this.run]) this.at = runFirst[this.run];
      for (; this.at < runEnd[this.run]; this.at++) this.add(this.at);
      if (this.run === runFirst.length - 1) break; // the last run still grows
    }
    return this;
  }

  private add(row: number): void {
    const { steps } = this.trace;
    if (steps.flags.get(row) & (StepFlag.nested | StepFlag.parked)) return;
    if (this.count === this.rows.length) {
      const rows = new Int32Array(this.count * 2);
      rows.set(this.rows);
      this.rows = rows;
    }
    if (this.count % BLOCK === 0) {
      const block = this.count / BLOCK;
      if (block === this.busyBefore.length) {
        const busyBefore = new Float64Array(block * 2);
        busyBefore.set(this.busyBefore);
        this.busyBefore = busyBefore;
      }
      this.busyBefore[block] = this.busy;
    }
    const length = Math.max(0, steps.end.get(row) - steps.begin.get(row));
    this.busy += length;
    if (length > this.blockSeconds) this.blocks.push(row);
    this.rows[this.count++] = row;
  }

  row(index: number): number {
    return this.rows[index];
  }

  /** The first step that ends after `t`, from `from` on. */
  firstEndingAfter(t: number, from = 0): number {
    const { end } = this.trace.steps;
    let step = 1;
    let low = from;
    while (low + step < this.count && end.get(this.rows[low + step]) <= t) {
      low += step;
      step <<= 1;
    }
    return firstWhere(low, Math.min(this.count, low + step + 1), (i) => end.get(this.rows[i]) > t);
  }

  /** Busy seconds up to `t`, where `index` is `firstEndingAfter(t)`. */
  busyUntil(index: number, t: number): number {
    const { begin, end } = this.trace.steps;
    const block = Math.floor(Math.min(index, Math.max(0, this.count - 1)) / BLOCK);
    let busy = this.busyBefore[block];
    for (let i = block * BLOCK; i < index; i++) busy += end.get(this.rows[i]) - begin.get(this.rows[i]);
    if (index < this.count) busy += Math.max(0, t - begin.get(this.rows[index]));
    return busy;
  }

  /** Busy seconds between two instants. */
  busyBetween(from: number, to: number): number {
    const first = this.firstEndingAfter(from);
    return this.busyUntil(this.firstEndingAfter(to, first), to) - this.busyUntil(first, from);
  }
}
