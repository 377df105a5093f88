import { type End, FutureArg, type Hello, type Stats, WAIT } from "../../protocol/stream";
import type { Loop } from "./loops";
import { PairMap } from "./pairMap";
import type { Job, Pool } from "./steps";

/** A future that is more than a bare one: what its waiter really waits on. */
export interface FutureInfo {
  /** Index in WAITS. */
  kind: number;
  label: string;
  /** The work in a pool that it is the result of. */
  job: Job | null;
  /** Tasks it is done after. */
  tasks: number[];
  /** How many tasks and futures it is done after; 0 when it is not a gathering. */
  count: number;
  /** The key it stands for. */
  link: readonly [low: number, high: number] | null;
}

/** When a full garbage collection was noticed, in seconds. */
export interface Collection {
  /** There had been none until then. */
  since: number;
  t: number;
  /** The thread that notices such things was kept waiting for so long. */
  late: number;
}

/** One traced process: what it said of itself, and how its keys resolve. */
export class Program {
  hello: Hello | null = null;
  stats: Stats | null = null;
  /** Row of the task that started it, in another program; -1 when that is not known. */
  startedBy = -1;
  /** When it announced an orderly end, seconds. */
  bye: number | null = null;
  /** It was recorded up to that end: tracing had not been switched off. */
  whole = false;
  end: End | null = null;
  /** The program whose pid is this one's parent, or -1. */
  parent = -1;
  /** Nanoseconds of this program's clock at time 0 of the trace. */
  startNs = 0;
  readonly loops = new Map<number, Loop>();
  /** In order of time. */
  collections: Collection[] = [];
  /** The runtime's code ids to tables of `places`. */
  readonly codes = new Map<number, number>();
  /** The runtime's numbers of places to those of `places`. */
  readonly places = new Map<number, number>();
  readonly tasks = new PairMap();
  readonly objects = new PairMap();
  readonly futures = new PairMap();
  private readonly pools = new Map<number, Pool>();
  /** Strings that are announced and not used yet. */
  readonly strings = new Map<number, string>();
  readonly futureInfos: (FutureInfo | null)[] = [];
  private readonly freeInfos: number[] = [];

  constructor(
    /** Row in `trace.programs`; the id is row + 1. */
    readonly row: number,
    /** The listener's number for it. */
    readonly number: number,
  ) {}

  /** Seconds from the program's start to its end on the wall clock; null when its end was not seen. */
  get wallSeconds(): number | null {
    const { hello, end } = this;
    if (hello === null || end === null || end.wallNs <= 0 || hello.clock.wallNs <= 0) return null;
    const startWall = hello.clock.wallNs - (hello.clock.monotonicNs - hello.startNs);
    return Math.max(0, (end.wallNs - startWall) / 1e9);
  }

  future(low: number, high: number): FutureInfo | null {
    const at = this.futures.get(low, high);
    return at < 0 ? null : this.futureInfos[at];
  }

  /** The info of a future, made when there is none. */
  futureOf(low: number, high: number): FutureInfo {
    const known = this.future(low, high);
    if (known) return known;
    const info: FutureInfo = { kind: 0, label: "", job: null, tasks: [], count: 0, link: null };
    const at = this.freeInfos.pop() ?? this.futureInfos.length;
    this.futureInfos[at] = info;
    this.futures.set(low, high, at);
    return info;
  }

  forgetFuture(low: number, high: number): void {
    const at = this.futures.get(low, high);
    if (at < 0) return;
    this.futures.set(low, high, -1);
    this.futureInfos[at] = null;
    this.freeInfos.push(at);
  }

  /** The pool of a key that work was handed to, as `arg` of FUTURE says. */
  pool(key: number, workers: number, arg: number): Pool {
    const processes = arg % FutureArg.pool === WAIT.process;
    const own = (arg & FutureArg.default) !== 0;
    const known = this.pools.get(key);
    // Another may have taken the key of one that is gone.
    if (known?.workers === workers && known.processes === processes && known.own === own) return known;
    const pool = { workers, processes, own };
    this.pools.set(key, pool);
    return pool;
  }

  /** Tasks and objects have other rows from now on; -1: they have none any more. */
  remap(taskRow: (row: number) => number, objectRow: (row: number) => number): void {
    this.tasks.remap(taskRow);
    this.objects.remap(objectRow);
    if (this.startedBy >= 0) this.startedBy = taskRow(this.startedBy);
    for (const info of this.futureInfos) {
      if (info !== null) info.tasks = info.tasks.map(taskRow).filter((task) => task >= 0);
    }
  }

  /** The string with an id, which one record uses and no other. */
  takeString(id: number): string {
    const text = this.strings.get(id);
    if (text === undefined) return "";
    this.strings.delete(id);
    return text;
  }

  /** Seconds since time 0 of the trace, from nanoseconds of this program's clock. */
  secondsOf(ns: number): number {
    return (ns - this.startNs) / 1e9;
  }
}
