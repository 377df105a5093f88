import { RecordKind } from "../../protocol/stream";
import type { Loop } from "../store/loops";
import type { Program } from "../store/program";
import type { Trace } from "../trace";
import { Damage } from "./bytes";
import type { Reducer } from "./reducer";

/**
 * The records of docs/trace-format.md, field by field in the order of its table. How a field lies among the
 * ints differs between the two forms of a batch, and is left to the subclasses.
 */
export abstract class RecordReader {
  protected program!: Program;
  protected loop!: Loop;
  /** The key read last, in two halves: keys stay 64 bits wide and no BigInt is made. */
  protected low = 0;
  protected high = 0;
  /** Index in `places.codes` of a record's own code, read with its frames. */
  private own = 0;
  private scratch = new Int32Array(64);

  constructor(
    protected readonly trace: Trace,
    protected readonly reducer: Reducer,
  ) {}

  protected abstract int(): number;
  /** Seconds of the trace. */
  protected abstract time(): number;
  /** Seconds; less than 0 is "none". */
  protected abstract duration(): number;
  /** Reads a key into `low` and `high`. */
  protected abstract key(): void;
  /** The runtime's id of the next code object. */
  protected abstract nextCode(): number;
  protected abstract string(): string;
  /** How many ints are left. */
  protected abstract left(): number;

  /**
   * Applies all records of the batch just opened. What follows a damaged one is skipped, for nothing says
   * where the next begins.
   */
  protected readAll(): void {
    while (this.left() > 0) {
      this.record(this.int());
      this.trace.events++;
    }
  }

  /** A number of things that follow, each of at least one int. */
  private count(): number {
    const n = this.int();
    if (n < 0 || n > this.left()) throw new Damage("a count beyond its end");
    return n;
  }

  private codeIndex(): number {
    const table = this.program.codes.get(this.nextCode());
    return table === undefined ? 0 : this.trace.places.codeOfTable(table);
  }

  private place(code: number, offset: number): number {
    const table = this.program.codes.get(code);
    return table === undefined ? 0 : this.trace.places.at(table, offset);
  }

  /** n frames, outermost first, below `base`. */
  private inward(base: number, n: number): number {
    let stack = base;
    for (let i = 0; i < n; i++) {
      const code = this.nextCode();
      stack = this.trace.stacks.push(stack, this.place(code, this.int()));
    }
    return stack;
  }

  /** n, then n frames, innermost first. */
  private outward(): number {
    return this.outwardFrames(this.count());
  }

  /** The same where the record has a code of its own, which goes to `own`. */
  private outwardWithOwn(): number {
    const n = this.count();
    this.own = this.codeIndex();
    return this.outwardFrames(n);
  }

  private outwardFrames(n: number): number {
    if (n === 0) return 0;
    if (n > this.scratch.length) this.scratch = new Int32Array(n * 2);
    const { scratch } = this;
    for (let i = 0; i < n; i++) {
      const code = this.nextCode();
      scratch[i] = this.place(code, this.int());
    }
    let stack = 0;
    for (let i = n - 1; i >= 0; i--) stack = this.trace.stacks.push(stack, scratch[i]);
    return stack;
  }

  /** A task by its key: -1 for key 0, a row made for a key never met. */
  private task(): number {
    this.key();
    return this.reducer.taskOf(this.program, this.loop, this.low, this.high);
  }

  /** A task that may not be one: -1 when the key is not known. */
  private knownTask(): number {
    this.key();
    return this.program.tasks.get(this.low, this.high);
  }

  private object(): number {
    this.key();
    return this.program.objects.get(this.low, this.high);
  }

  /** keep and n, then the n frames that follow the first `keep` of the chain before. */
  private chain(task: number): number {
    const keep = this.int();
    const n = this.count();
    if (keep < 0) throw new Damage("a negative number of frames");
    if (n === 0 && keep === 0) return 0;
    const { stacks } = this.trace;
    const before = this.reducer.chainOf(task);
    this.reducer.incomplete = keep > stacks.depth(before);
    return this.inward(stacks.cut(before, keep), n);
  }

  /** n, then n keys: the tasks among them, and how many there were. */
  private keys(): { count: number; tasks: number[] } {
    const count = this.count();
    const tasks: number[] = [];
    for (let i = 0; i < count; i++) {
      this.key();
      this.reducer.tasksOfFuture(this.program, this.low, this.high, tasks);
    }
    return { count, tasks };
  }

  /** A stack of one frame: the first line of a function. */
  private functionStack(code: number): number {
    const table = this.program.codes.get(code);
    if (table === undefined) return 0;
    const { places, stacks } = this.trace;
    return stacks.push(0, places.atLine(table, places.codes[places.codeOfTable(table)].firstLine));
  }

  private record(kind: number): void {
    const { reducer, program, loop } = this;
    switch (kind) {
      case RecordKind.STEP: {
        const task = this.task();
        const begin = this.time();
        const end = this.time();
        this.key();
        const { low, high } = this;
        reducer.step(program, loop, task, begin, end, low, high, this.chain(task));
        break;
      }
      case RecordKind.YIELD: {
        const task = this.task();
        const begin = this.time();
        const end = this.time();
        reducer.yielded(loop, task, begin, end, this.chain(task));
        break;
      }
      case RecordKind.DONE: {
        const task = this.task();
        const begin = this.time();
        const end = this.time();
        reducer.done(loop, task, begin, end, this.int());
        break;
      }
      case RecordKind.WAKE: {
        const task = this.task();
        const t = this.time();
        const cause = this.int();
        const by = this.knownTask();
        reducer.wake(program, task, t, cause, by, this.outward());
        break;
      }
      case RecordKind.ITER: {
        const t = this.time();
        reducer.iteration(loop, t, this.int());
        break;
      }
      case RecordKind.POLL: {
        const t = this.time();
        const timeout = this.duration();
        const timers = this.int();
        reducer.poll(loop, t, timeout < 0 ? Number.POSITIVE_INFINITY : timeout, timers, this.int());
        break;
      }
      case RecordKind.ON: {
        const task = this.task();
        const wait = this.int();
        const object = this.object();
        const delay = this.duration();
        reducer.on(task, wait, object, delay < 0 ? Number.NaN : delay, this.keys().tasks);
        break;
      }
      case RecordKind.NEW: {
        this.key();
        const { low, high } = this;
        const t = this.time();
        const parent = this.knownTask();
        const stack = this.outwardWithOwn();
        reducer.created(program, loop, low, high, t, parent, this.own, stack, this.string());
        break;
      }
      case RecordKind.CALLBACK: {
        const begin = this.time();
        const end = this.time();
        const by = this.knownTask();
        const code = this.count() > 0 ? this.nextCode() : 0;
        reducer.callback(loop, begin, end, by, this.functionStack(code));
        break;
      }
      case RecordKind.HOLD: {
        const object = this.object();
        const t = this.time();
        const task = this.knownTask();
        reducer.hold(object, t, task, this.int());
        break;
      }
      default:
        this.rareRecord(kind);
    }
  }

  private rareRecord(kind: number): void {
    const { reducer, program, loop } = this;
    switch (kind) {
      case RecordKind.OBJECT: {
        this.key();
        const { low, high } = this;
        const t = this.time();
        const objectKind = this.int();
        const stack = this.outward();
        reducer.object(program, low, high, t, objectKind, stack, this.string());
        break;
      }
      case RecordKind.GATHER: {
        this.key();
        const { low, high } = this;
        reducer.gather(program, low, high, this.keys());
        break;
      }
      case RecordKind.FUTURE: {
        this.key();
        const { low, high } = this;
        this.time();
        const wait = this.int();
        reducer.future(program, low, high, wait, this.string());
        break;
      }
      case RecordKind.LINK: {
        this.key();
        const { low, high } = this;
        this.key();
        reducer.link(program, low, high, this.low, this.high);
        break;
      }
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
        reducer.run(loop, t, this.int());
        break;
      }
      case RecordKind.CHAIN: {
        const task = this.task();
        this.time();
        reducer.chain(task, this.inward(0, this.count()));
        break;
      }
      case RecordKind.EAGER: {
        this.key();
        const { low, high } = this;
        const t = this.time();
        const parent = this.knownTask();
        const stack = this.outwardWithOwn();
        reducer.eager(program, loop, low, high, t, parent, this.own, stack);
        break;
      }
      case RecordKind.EAGER_END:
        this.eagerEnd();
        break;
      case RecordKind.ADOPT: {
        this.key();
        const { low, high } = this;
        const t = this.time();
        this.key();
        const future = { low: this.low, high: this.high };
        this.int();
        const n = this.count();
        this.own = this.codeIndex();
        const stack = this.inward(0, n);
        reducer.adopt(program, loop, low, high, t, future, this.own, stack, this.string());
        break;
      }
      default:
        this.incidentRecord(kind);
    }
  }

  private eagerEnd(): void {
    const { reducer, program, loop } = this;
    const placeholder = this.knownTask();
    program.tasks.set(this.low, this.high, -1);
    this.key();
    const { low, high } = this;
    const t = this.time();
    const outcome = this.int();
    this.key();
    const future = { low: this.low, high: this.high };
    const stack = this.inward(0, this.count());
    const task = reducer.eagerEnd(program, placeholder, low, high, outcome, this.string());
    if (outcome <= 3) reducer.eagerStep(program, loop, task, t, outcome, future, stack);
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
        const task = this.knownTask();
        const stack = this.outwardWithOwn();
        reducer.incident({ ...at, kind: "never-awaited", task, t, stack, code: this.own });
        break;
      }
      case RecordKind.UNRETRIEVED: {
        const task = this.knownTask();
        const t = this.time();
        const stack = this.outward();
        const what = this.string();
        reducer.incident({ ...at, kind: "unretrieved", task, t, stack, what, detail: this.string() });
        break;
      }
      case RecordKind.UNSAFE: {
        const t = this.time();
        this.int();
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
        const task = this.knownTask();
        const t = this.time();
        reducer.unasked(task, t, this.int() !== 0);
        break;
      }
      default:
        throw new Damage(`a record of unknown kind ${kind}`);
    }
  }
}
