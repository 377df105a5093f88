import {
  FutureArg,
  KEYS,
  NEW_NEXT,
  NEW_NUMBER,
  NEW_SAME,
  OFFSETS,
  PollArg,
  RecordKind,
  StepArg,
  WAIT,
  WakeArg,
} from "../../protocol/stream";
import type { Loop } from "../store/loops";
import type { Program } from "../store/program";
import { PENDING } from "../store/tasks";
import type { Trace } from "../trace";
import { aligned, Damage } from "./bytes";
import type { Keys } from "./futures";
import type { Reducer } from "./reducer";

const HEADER_BYTES = 24;
/** No clock shows more seconds than this: 30,000 years. */
const MAX_TIME = 1e12;
/** Low bits of `arg` that hold a wait or a cause. */
const FIVE_BITS = 31;
const CAUSE_TASK = 3;
/** How an eager task left its first step: at a yield. */
const EAGER_YIELDED = 5;

/** The records of docs/trace-format.md, field by field in the order of its table. */
export class RecordReader {
  private program!: Program;
  private loop!: Loop;
  private numbers: Float64Array = new Float64Array(0);
  private at = 0;
  /** Time 0 of the trace on the program's clock, seconds. */
  private start = 0;
  /** Of the record being read: what its first number says beside its kind. */
  private arg = 0;
  private subject = 0;
  /** Index in `places.codes` of a record's own code. */
  private own = 0;
  private scratch = new Int32Array(64);

  constructor(
    private readonly trace: Trace,
    private readonly reducer: Reducer,
  ) {}

  /** Applies the records of a batch. What follows a damaged one is skipped. */
  read(program: Program, body: Uint8Array): void {
    if (body.length < HEADER_BYTES) throw new Damage("too short");
    const bytes = aligned(body);
    const header = new Uint32Array(bytes.buffer, bytes.byteOffset, HEADER_BYTES / 4);
    const [number, sequence, count, , lostLow, lostHigh] = header;
    if (HEADER_BYTES + count * 8 > bytes.length) throw new Damage("shorter than its list");
    this.numbers = new Float64Array(bytes.buffer, bytes.byteOffset + HEADER_BYTES, count);
    this.at = 0;
    this.program = program;
    this.start = program.startNs / 1e9;
    this.loop = this.reducer.batch(program, number, sequence, lostHigh * KEYS + lostLow);
    while (this.at < count) {
      const head = -this.numbers[this.at++];
      if (!(head > 0)) throw new Damage("no record begins where one should");
      const op = Math.floor(head / KEYS);
      this.subject = head | 0;
      this.arg = op >>> 5;
      this.record(op & FIVE_BITS);
      this.trace.events++;
    }
  }

  private next(): number {
    if (this.at >= this.numbers.length) throw new Damage("ends inside a record");
    return this.numbers[this.at++];
  }

  /** Seconds of the trace, to the nanosecond. */
  private time(): number {
    const t = this.next();
    if (!(t >= 0 && t < MAX_TIME)) throw new Damage("an impossible time");
    return Math.round((t - this.start) * 1e9) / 1e9;
  }

  /** 0 or greater. */
  private amount(): number {
    const value = this.next();
    if (!(value >= 0)) throw new Damage("a negative amount");
    return value;
  }

  /** A key: its low 32 bits. */
  private key(): number {
    return this.next() | 0;
  }

  private string(): string {
    return this.program.takeString(this.next());
  }

  /** A number of things that follow. */
  private count(): number {
    const n = this.next();
    if (!(n >= 0 && n <= this.numbers.length - this.at)) throw new Damage("a count beyond its end");
    return n;
  }

  private codeIndex(): number {
    const table = this.program.codes.get(this.next());
    return table === undefined ? 0 : this.trace.places.codeOfTable(table);
  }

  private place(): number {
    const place = this.next();
    const known = this.program.places.get(place);
    if (known !== undefined) return known;
    const code = Math.floor(place / OFFSETS);
    const table = this.program.codes.get(code);
    if (table === undefined) return 0;
    const row = this.trace.places.at(table, place - code * OFFSETS);
    this.program.places.set(place, row);
    return row;
  }

  /** n frames, outermost first, below `base`. */
  private inward(base: number, n: number): number {
    let stack = base;
    for (let i = 0; i < n; i++) stack = this.trace.stacks.push(stack, this.place());
    return stack;
  }

  /** n, then n frames, innermost first. */
  private outward(): number {
    return this.outwardFrames(this.count());
  }

  /** The same where the record has a code of its own, which goes to `own`. */
  private outwardWithOwn(): number {
    this.own = this.codeIndex();
    return this.outward();
  }

  private outwardFrames(n: number): number {
    if (n === 0) return 0;
    if (n > this.scratch.length) this.scratch = new Int32Array(n * 2);
    const { scratch } = this;
    for (let i = 0; i < n; i++) scratch[i] = this.place();
    let stack = 0;
    for (let i = n - 1; i >= 0; i--) stack = this.trace.stacks.push(stack, scratch[i]);
    return stack;
  }

  /** The record's task: -1 for key 0, a row made for a key never met. */
  private task(): number {
    return this.reducer.taskOf(this.program, this.loop, this.subject, 0);
  }

  /** A task by a key that may be none's: then -1. */
  private taskOf(key: number): number {
    return this.program.tasks.get(key, 0);
  }

  /** keep and n, then the n frames that follow the first `keep` of the chain before. */
  private chain(task: number): number {
    const keep = this.amount();
    const n = this.count();
    if (n === 0 && keep === 0) return 0;
    const { stacks } = this.trace;
    const before = this.reducer.chainOf(task);
    this.reducer.incomplete = keep > stacks.depth(before);
    return this.inward(stacks.cut(before, keep), n);
  }

  /** The number of a chain: `stack` if its frames precede it, else the one told before. */
  private numbered(stack: number): number {
    const number = this.amount();
    const { chains } = this.loop.reading;
    if (this.arg & StepArg.chain) {
      if (!this.reducer.incomplete) chains.set(number, stack);
      return stack;
    }
    const known = chains.get(number);
    this.reducer.incomplete = known === undefined;
    return known ?? 0;
  }

  /** n, then n keys: the tasks among them, and how many there were. */
  private keys(): Keys {
    const awaited: Keys = { count: this.count(), tasks: [], futures: [] };
    for (let i = awaited.count; i > 0; i--)
      this.reducer.awaits(this.program, this.loop, this.key(), 0, awaited);
    return awaited;
  }

  private record(kind: number): void {
    const { reducer, program, loop } = this;
    switch (kind) {
      case RecordKind.STEP: {
        const task = this.task();
        const end = this.time();
        const begin = reducer.begin(program, loop, task, end);
        const future = this.arg & StepArg.future ? this.key() : 0;
        let stack = this.arg & StepArg.chain ? this.chain(task) : reducer.chainOf(task);
        if (this.arg & StepArg.number) stack = this.numbered(stack);
        if ((this.arg & FIVE_BITS) === WAIT.yield) reducer.yielded(loop, task, begin, end, stack);
        else {
          reducer.step(program, loop, task, begin, end, future, 0, stack);
          this.waitsOn(task);
        }
        break;
      }
      case RecordKind.CLOCK:
        loop.reading.clock = this.time();
        break;
      case RecordKind.DONE: {
        const task = this.task();
        const end = this.time();
        reducer.done(loop, task, reducer.begin(program, loop, task, end), end, this.arg);
        break;
      }
      case RecordKind.WAKE:
        this.wake();
        break;
      case RecordKind.ITER: {
        const t = this.time();
        reducer.iteration(program, loop, t, this.subject);
        break;
      }
      case RecordKind.POLL: {
        const t = this.time();
        const timeout = this.amount();
        const timers = this.amount();
        const watched = this.arg & PollArg.notKnown ? -1 : this.subject;
        reducer.poll(
          loop,
          t,
          this.arg & PollArg.forEver ? Number.POSITIVE_INFINITY : timeout,
          timers,
          watched,
        );
        break;
      }
      case RecordKind.NEW: {
        const t = this.time();
        const { reading } = loop;
        if (!(this.arg & NEW_SAME)) {
          reading.parent = this.taskOf(this.key());
          reading.stack = this.outwardWithOwn();
          reading.code = this.own;
        }
        const { parent, code, stack } = reading;
        reducer.created(program, loop, this.subject, 0, t, parent, code, stack, this.taskName());
        break;
      }
      case RecordKind.CALLBACK: {
        const begin = this.time();
        const end = this.time();
        const stack = this.arg ? this.inward(0, 1) : 0;
        reducer.callback(loop, begin, end, this.taskOf(this.subject), stack);
        break;
      }
      case RecordKind.HOLD: {
        const t = this.time();
        const task = this.taskOf(this.key());
        reducer.hold(program.objects.get(this.subject, 0), t, task, this.arg ? 1 : -1);
        break;
      }
      default:
        this.rareRecord(kind);
    }
  }

  /** The name of a task that was made: a number is enough for one that asyncio gave it. */
  private taskName(): string {
    const { reading } = this.loop;
    if (this.arg & NEW_NUMBER) reading.number = this.amount();
    else if (this.arg & NEW_NEXT) reading.number++;
    else return this.string();
    return Number.isNaN(reading.number) ? "?" : `Task-${reading.number}`;
  }

  private wake(): void {
    const { reducer, program, loop, arg } = this;
    const task = this.task();
    const t = arg & WakeArg.time ? this.time() : Number.NaN;
    const cause = arg & FIVE_BITS;
    const by = arg & WakeArg.by ? this.taskOf(this.key()) : -1;
    let stack = 0;
    if (arg & WakeArg.place) stack = this.inward(0, 1);
    else if (arg & WakeArg.frames) stack = this.outward();
    const wake = this.trace.wakes.intern(cause, stack);
    if (cause % 16 === CAUSE_TASK && !(arg & WakeArg.by)) loop.reading.wakes.push(task, t, wake);
    else reducer.wake(program, task, t, wake, by);
  }

  /** What a suspension waits on, as `arg` of its record says. */
  private waitsOn(task: number): void {
    const { arg } = this;
    const wait = arg & FIVE_BITS;
    if (wait === 0) return;
    const object = arg & StepArg.object ? this.program.objects.get(this.key(), 0) : -1;
    const delay = arg & StepArg.delay ? this.amount() : Number.NaN;
    const keys = arg & StepArg.keys ? this.keys() : null;
    if (keys?.count === 0) this.reducer.onAgain(task, wait);
    else this.reducer.on(task, wait, object, delay, keys);
  }

  private rareRecord(kind: number): void {
    const { reducer, program, loop } = this;
    switch (kind) {
      case RecordKind.OBJECT: {
        const { subject, arg } = this;
        const t = this.time();
        const stack = this.outward();
        reducer.object(program, subject, 0, t, arg, stack, this.string());
        break;
      }
      case RecordKind.GATHER:
        reducer.gather(program, this.subject, 0, this.keys());
        break;
      case RecordKind.FUTURE: {
        const { subject, arg } = this;
        const submitted = this.time();
        const pool = arg & FutureArg.pool ? program.pool(this.key(), this.amount(), arg) : null;
        reducer.future(program, subject, 0, arg & FIVE_BITS, this.string(), pool && { pool, submitted });
        break;
      }
      case RecordKind.LINK:
        reducer.link(program, this.subject, 0, this.key(), 0);
        break;
      case RecordKind.RAISED: {
        const task = this.task();
        const stack = this.outward();
        const type = this.string();
        reducer.raised(task, stack, type, this.string());
        break;
      }
      case RecordKind.NAME: {
        const task = this.task();
        const name = this.string();
        if (task >= 0) this.trace.tasks.rename(task, name);
        break;
      }
      case RecordKind.RUN: {
        const t = this.time();
        reducer.run(program, loop, t, this.arg === 2 ? -1 : this.arg);
        break;
      }
      case RecordKind.CHAIN: {
        const task = this.task();
        this.time();
        reducer.chain(task, this.inward(0, this.count()));
        break;
      }
      case RecordKind.CANCEL:
        reducer.cancelled(this.task(), this.time(), this.taskOf(this.key()), this.arg, this.outward());
        break;
      case RecordKind.EAGER: {
        const t = this.time();
        const parent = this.taskOf(this.key());
        const stack = this.outwardWithOwn();
        reducer.arrivals.begin(program, loop, this.subject, 0, t, parent, this.own, stack);
        break;
      }
      case RecordKind.AT_ONCE:
        reducer.arrivals.atOnce(this.task());
        break;
      case RecordKind.ON:
        this.waitsOn(this.task());
        break;
      case RecordKind.EAGER_END:
        this.eagerEnd();
        break;
      case RecordKind.ADOPT: {
        const t = this.time();
        const future = { low: this.key(), high: 0 };
        this.own = this.codeIndex();
        const stack = this.inward(0, this.count());
        const task = reducer.arrivals.adopt(program, loop, this.subject, 0, t, future, this.own, stack);
        this.waitsOn(task);
        reducer.named(task, this.string());
        break;
      }
      default:
        this.incidentRecord(kind);
    }
  }

  private eagerEnd(): void {
    const { reducer, program, loop } = this;
    const yielded = this.arg === EAGER_YIELDED;
    const outcome = yielded ? PENDING : this.arg;
    const placeholder = this.taskOf(this.subject);
    // A task of another loop, which is told of later, may have the key by now.
    if (program.tasks.get(this.subject, 0) === placeholder) program.tasks.set(this.subject, 0, -1);
    const key = this.key();
    const t = this.time();
    const future = { low: this.key(), high: 0 };
    const stack = this.inward(0, this.count());
    const task = reducer.arrivals.end(program, loop, placeholder, key, 0, outcome, this.string());
    if (outcome <= PENDING) {
      reducer.arrivals.firstStep(program, loop, task, t, outcome, yielded, future, stack);
    }
  }

  private incidentRecord(kind: number): void {
    const { reducer } = this;
    const at = { program: this.program.row, loop: this.loop.row, code: 0, what: "", detail: "" };
    switch (kind) {
      case RecordKind.LOST: {
        const task = this.task();
        const t = this.time();
        reducer.incident({ ...at, kind: "lost", task, t, stack: 0, what: this.string() });
        break;
      }
      case RecordKind.NEVER_AWAITED: {
        const t = this.time();
        const task = this.taskOf(this.subject);
        const stack = this.outwardWithOwn();
        reducer.incident({ ...at, kind: "never-awaited", task, t, stack, code: this.own });
        break;
      }
      case RecordKind.UNRETRIEVED: {
        const task = this.taskOf(this.subject);
        const t = this.time();
        const stack = this.outward();
        const what = this.string();
        reducer.incident({ ...at, kind: "unretrieved", task, t, stack, what, detail: this.string() });
        break;
      }
      case RecordKind.UNSAFE: {
        const t = this.time();
        const stack = this.outward();
        const what = this.string();
        reducer.incident({ ...at, kind: "unsafe", task: -1, t, stack, what, detail: this.string() });
        break;
      }
      case RecordKind.SWALLOWED: {
        const task = this.task();
        const t = this.time();
        reducer.incident({ ...at, kind: "swallowed", task, t, stack: this.outward() });
        break;
      }
      case RecordKind.UNASKED: {
        const task = this.taskOf(this.subject);
        reducer.unasked(task, this.time(), this.arg !== 0);
        break;
      }
      default:
        throw new Damage(`a record of unknown kind ${kind}`);
    }
  }
}
