import { WAIT } from "../../protocol/stream";
import type { FutureInfo, Program } from "../store/program";
import type { Trace } from "../trace";

/** A chain of futures that stand for one another is followed this far. */
const MAX_LINKS = 8;
/** Gatherings of gatherings are flattened up to this many tasks. */
const MAX_AWAITED = 100_000;

/** What some keys stand for: tasks, and futures that threads and the like complete. */
export interface Keys {
  /** How many keys. */
  count: number;
  tasks: number[];
  futures: FutureInfo[];
}

/** What is said of a wait for several futures and no task: "8 × run_in_executor(time.sleep)", and the latest work among it. */
export function elsewhere({ tasks, futures }: Keys): Pick<FutureInfo, "label" | "job"> {
  const [first] = futures;
  if (tasks.length > 0 || first === undefined) return { label: "", job: null };
  const runs = futures.every(({ label }) => label === first.label) ? first.label : "";
  return {
    label: `${futures.length} × run_in_executor${runs && `(${runs})`}`,
    job: futures.every(({ job }) => job?.pool === first.job?.pool) ? futures[futures.length - 1].job : null,
  };
}

/** Resolves what a task waits on: the future its step ended on, and what the runtime says about that future. */
export class FutureReducer {
  /** The future a suspended task waits on, where something is known of it: forgotten when the task wakes. */
  private readonly waiting = new Map<number, readonly [number, number]>();

  /** The list of tasks that a task waited for last. */
  private readonly lists = new Map<number, number>();

  constructor(private readonly trace: Trace) {}

  /** Goes on where another is: see `Decoder.takeOver`. */
  takeOver(other: FutureReducer, rowOf: (task: number) => number): void {
    for (const [task, key] of other.waiting) {
      const row = rowOf(task);
      if (row >= 0) this.waiting.set(row, key);
    }
    for (const [task, list] of other.lists) {
      const row = rowOf(task);
      if (row < 0) continue;
      const tasks = other.trace.waits.lists[list].map(rowOf).filter((each) => each >= 0);
      this.lists.set(row, this.trace.waits.lists.push(tasks) - 1);
    }
  }

  /** The `wait` column of a step that ended on a future. */
  wait(program: Program, task: number, low: number, high: number): number {
    if (low === 0 && high === 0) return 0;
    const loop = this.trace.tasks.loop.get(task);
    const awaited = this.liveTask(program, loop, low, high);
    // A task of another loop cannot be waited on: the key is a future's, and that task has it since or had it before.
    if (awaited >= 0 && this.trace.tasks.loop.get(awaited) === loop)
      return awaited === task ? 0 : awaited + 1;
    const info = program.future(low, high);
    if (info === null) return 0;
    this.waiting.set(task, [low, high]);
    return this.waitOf(program, loop, info, 0);
  }

  private waitOf(program: Program, loop: number, info: FutureInfo, depth: number): number {
    if (info.link !== null && info.kind === 0) {
      const [low, high] = info.link;
      const awaited = this.liveTask(program, loop, low, high);
      if (awaited >= 0) return awaited + 1;
      const linked = program.future(low, high);
      return linked === null || depth > MAX_LINKS ? 0 : this.waitOf(program, loop, linked, depth + 1);
    }
    return this.told(info);
  }

  private told({ tasks, kind, label, job }: FutureInfo): number {
    const { waits, strings } = this.trace;
    const list = tasks.length > 0 ? waits.lists.push(tasks) - 1 : 0;
    const row = waits.push(kind, -1, Number.NaN, list, strings.intern(label));
    if (job !== null) waits.jobs.set(row, job);
    return -row;
  }

  /** The `wait` column after an ON: what it says wins, and what the future said is kept beside it. */
  on(
    task: number,
    before: number,
    kind: number,
    object: number,
    delay: number,
    awaited: Keys | null,
  ): number {
    const { waits, strings } = this.trace;
    const tasks = awaited?.tasks ?? [];
    const futures = awaited?.futures ?? [];
    if (kind === WAIT.task && tasks.length === 0) {
      // `wait_for` of what is no task, but may be something told.
      const [info] = futures;
      if (info === undefined) return before === 0 ? -waits.intern(WAIT.future, object) : before;
      return this.told(info);
    }
    if (before === 0 && tasks.length === 0 && futures.length === 0 && Number.isNaN(delay))
      return -waits.intern(kind, object);
    let list = 0;
    let label = 0;
    let knownKind = 0;
    let job = waits.jobs.get(-before) ?? null;
    if (before < 0) {
      list = waits.list.get(-before);
      label = waits.label.get(-before);
      knownKind = waits.kind.get(-before);
    }
    if (tasks.length > 0) {
      list = waits.lists.push(tasks) - 1;
      this.lists.set(task, list);
    } else if (before > 0) list = waits.lists.push([before - 1]) - 1;
    else if (awaited !== null && futures.length > 0) {
      const told = elsewhere(awaited);
      label = strings.intern(told.label);
      job = told.job;
    }
    const row = waits.push(kind === 0 ? knownKind : kind, object, delay, list, label);
    waits.jobs.delete(-before);
    if (job !== null) waits.jobs.set(row, job);
    return -row;
  }

  /** The `wait` column of a task that goes on waiting for those it waited for: they share the list, which may be long. */
  onAgain(task: number, kind: number): number {
    return -this.trace.waits.push(kind, -1, Number.NaN, this.lists.get(task) ?? 0, 0);
  }

  /** The task waits no more. */
  ended(task: number): void {
    this.lists.delete(task);
  }

  /** The task wakes: what it waited on is done, and its key may name another future from now on. */
  woken(program: Program, task: number): void {
    if (this.waiting.size === 0) return;
    const key = this.waiting.get(task);
    if (key === undefined) return;
    this.waiting.delete(task);
    program.forgetFuture(key[0], key[1]);
  }

  /** Adds what a key stands for in the records of a loop (its row) to `into`. */
  awaits(program: Program, loop: number, low: number, high: number, into: Keys, depth = 0): void {
    const task = this.known(program, loop, low, high);
    if (task >= 0) {
      into.tasks.push(task);
      return;
    }
    const info = program.future(low, high);
    if (info === null || depth > MAX_LINKS) return;
    if (info.link !== null) this.awaits(program, loop, info.link[0], info.link[1], into, depth + 1);
    else if (info.tasks.length === 0) into.futures.push(info);
    else for (const each of info.tasks) if (into.tasks.length < MAX_AWAITED) into.tasks.push(each);
  }

  /** A task that has not ended: one that has cannot be waited on, its key names another future by now. */
  private liveTask(program: Program, loop: number, low: number, high: number): number {
    const task = this.known(program, loop, low, high);
    return task >= 0 && Number.isNaN(this.trace.tasks.ended.get(task)) ? task : -1;
  }

  /** As `Reducer.known`. */
  private known(program: Program, loop: number, low: number, high: number): number {
    return this.trace.loops[loop].reading.displaced.get(low) ?? program.tasks.get(low, high);
  }
}
