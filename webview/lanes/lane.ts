import { openStep, StepFlag, type Trace } from "../../src/trace";
import { State } from "../model/snapshot";

/** Slices between two entries of the sparse prefix sums. */
const BLOCK = 16;

/**
 * The life of one task as slices side by side: slice i has a state and lasts from `start[i]` to
 * `start[i + 1]`. Prefix sums of the time running and ready make the exact shares of any pixel column cost
 * what the column costs, not what lies in it.
 */
export class Lane {
  start = new Float64Array(64);
  state = new Uint8Array(64);
  /** Row of the step: of a running slice its own, of a suspended or ready one the step before; -1: none. */
  row = new Int32Array(64);
  /** Number of slices; `start[count]` is the end of the last. */
  count = 0;
  private running = new Float64Array(8);
  private ready = new Float64Array(8);
  private lastRow = -1;
  private closedCount = 0;
  private version = -1;
  private summed = 0;

  constructor(
    private readonly trace: Trace,
    readonly task: number,
  ) {}

  /** Takes in what came since the last time. */
  update(): this {
    const { trace, task } = this;
    if (this.version === trace.version) return this;
    this.version = trace.version;
    const { steps, tasks } = trace;
    // What was open at the end of the trace is drawn anew.
    this.count = this.closedCount;
    let row = this.lastRow < 0 ? tasks.firstStep.get(task) : this.lastRow;
    if (this.lastRow < 0) this.push(tasks.created.get(task), State.pending, -1);
    else if (row >= 0) row = this.afterStep(row);
    while (row >= 0) {
      const flags = steps.flags.get(row);
      if (!(flags & StepFlag.parked)) this.push(steps.begin.get(row), State.running, row);
      this.lastRow = row;
      this.closedCount = this.count;
      row = this.afterStep(row);
    }
    this.close(trace, task);
    this.sum();
    return this;
  }

  /** The suspension after a step that is followed by another; returns that one, or -1. */
  private afterStep(row: number): number {
    const { steps } = this.trace;
    const next = steps.next.get(row);
    if (next < 0) return -1;
    const end = steps.end.get(row);
    const begin = steps.begin.get(next);
    let ready = steps.ready.get(row);
    if (Number.isNaN(ready) || ready > begin) ready = begin;
    if (ready > end) this.push(end, State.suspended, row);
    if (begin > ready) this.push(Math.max(end, ready), State.ready, row);
    return next;
  }

  /** The state the task is in at the end of the trace, up to there. */
  private close(trace: Trace, task: number): void {
    const { steps, tasks } = trace;
    const ended = tasks.ended.get(task);
    const row = this.lastRow;
    const over = !Number.isNaN(ended);
    const until = over ? ended : trace.endTime;
    if (row >= 0 && !(steps.flags.get(row) & StepFlag.last)) {
      const end = steps.end.get(row);
      const ready = steps.ready.get(row);
      if (end < until) this.push(end, State.suspended, row);
      if (ready < until) this.push(Math.max(end, ready), State.ready, row);
    }
    const open = openStep(trace, task);
    if (open && !over && open.begin < until) this.push(open.begin, State.running, -1);
    const last = this.count > 0 ? this.start[this.count - 1] : 0;
    this.reserve(this.count + 1);
    this.start[this.count] = Math.max(last, row >= 0 && over ? Math.max(ended, steps.end.get(row)) : until);
  }

  private push(start: number, state: number, row: number): void {
    this.reserve(this.count + 2);
    const at = this.count++;
    this.start[at] = at > 0 ? Math.max(start, this.start[at - 1]) : start;
    this.state[at] = state;
    this.row[at] = row;
  }

  private reserve(slices: number): void {
    if (slices < this.start.length) return;
    const size = slices * 2;
    const grow = <A extends Float64Array | Uint8Array | Int32Array>(old: A, made: A): A => {
      made.set(old as never);
      return made;
    };
    this.start = grow(this.start, new Float64Array(size));
    this.state = grow(this.state, new Uint8Array(size));
    this.row = grow(this.row, new Int32Array(size));
  }

  private sum(): void {
    const blocks = Math.floor(this.count / BLOCK) + 1;
    if (blocks > this.running.length) {
      const size = blocks * 2;
      const running = new Float64Array(size);
      running.set(this.running);
      this.running = running;
      const ready = new Float64Array(size);
      ready.set(this.ready);
      this.ready = ready;
    }
    // Blocks whose slices have all closed do not change any more.
    let block = Math.max(0, Math.min(this.summed, blocks) - 1);
    let running = this.running[block];
    let ready = this.ready[block];
    for (let i = block * BLOCK; i < this.count; i++) {
      if (i % BLOCK === 0) {
        block = i / BLOCK;
        this.running[block] = running;
        this.ready[block] = ready;
      }
      const length = this.start[i + 1] - this.start[i];
      if (this.state[i] === State.running) running += length;
      else if (this.state[i] === State.ready || this.state[i] === State.pending) ready += length;
    }
    if (this.count % BLOCK === 0) {
      this.running[this.count / BLOCK] = running;
      this.ready[this.count / BLOCK] = ready;
    }
    this.summed = Math.floor(this.closedCount / BLOCK);
  }

  /** The slice at an instant: the last one that starts at or before it; -1 before the first. */
  at(t: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.start[middle] <= t) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The same, searching forward from a slice that starts before it: cheap for neighbouring pixels. */
  gallop(from: number, t: number): number {
    const { start, count } = this;
    let at = Math.max(0, from);
    if (at >= count || start[at] > t) return at - 1;
    let step = 1;
    while (at + step < count && start[at + step] <= t) {
      at += step;
      step <<= 1;
    }
    let high = Math.min(count, at + step);
    let low = at + 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (start[middle] <= t) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Seconds running and ready from the beginning to `t`, where `slice` is `at(t)`. */
  sums(slice: number, t: number, out: { running: number; ready: number }): void {
    if (slice < 0) {
      out.running = 0;
      out.ready = 0;
      return;
    }
    const { start, state } = this;
    const block = Math.floor(slice / BLOCK);
    let running = this.running[block];
    let ready = this.ready[block];
    for (let i = block * BLOCK; i <= slice; i++) {
      const length = (i === slice ? Math.min(t, start[i + 1]) : start[i + 1]) - start[i];
      if (state[i] === State.running) running += length;
      else if (state[i] === State.ready || state[i] === State.pending) ready += length;
    }
    out.running = running;
    out.ready = ready;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.start.length * 13 + this.running.length * 16;
  }
}

/** Lanes that were drawn lately; the oldest are dropped when they hold more than this many bytes. */
const CACHE_BYTES = 160 * 1024 * 1024;

export class LaneCache {
  private lanes = new Map<number, Lane>();
  private bytes = 0;

  constructor(private readonly trace: Trace) {}

  get(task: number): Lane {
    let lane = this.lanes.get(task);
    if (!lane) {
      lane = new Lane(this.trace, task).update();
      this.lanes.set(task, lane);
      this.bytes += lane.bytes;
      if (this.bytes > CACHE_BYTES) this.drop();
    }
    return lane.update();
  }

  private drop(): void {
    const all = [...this.lanes];
    this.lanes = new Map(all.slice(all.length >> 1));
    this.bytes = [...this.lanes.values()].reduce((sum, lane) => sum + lane.bytes, 0);
  }
}
