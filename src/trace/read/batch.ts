import { RecordKind } from "../../protocol/stream";
import type { Loop } from "../store/loops";
import type { Program } from "../store/program";
import type { Trace } from "../trace";
import { Damage } from "./damage";
import type { Reducer } from "./reducer";

const HEADER_BYTES = 24;

/**
 * Reads the records of a batch. Integers are read as two 32-bit halves: times become seconds exactly, keys
 * stay 64 bits wide, and no BigInt is made. (Typed arrays are little endian on every machine that runs
 * JavaScript engines today, as the stream is.)
 */
export class BatchReader {
  private ints: Int32Array = new Int32Array(0);
  /** Next and last int, in ints of 64 bits. */
  private at = 0;
  private end = 0;
  private codes: Uint32Array = new Uint32Array(0);
  private code = 0;
  private strings: unknown[] = [];
  private string = 0;
  private program!: Program;
  private loop!: Loop;
  private readonly text = new TextDecoder();

  constructor(
    private readonly trace: Trace,
    private readonly reducer: Reducer,
  ) {}

  /** Applies every record; what follows a damaged one is skipped, for nothing says where the next begins. */
  read(program: Program, body: Uint8Array): void {
    if (body.length < HEADER_BYTES) throw new Damage("too short");
    const aligned = body.byteOffset % 4 === 0 ? body : body.slice();
    const header = new Uint32Array(aligned.buffer, aligned.byteOffset, HEADER_BYTES / 4);
    const [loopNumber, sequence, intCount, codeCount, lostLow, lostHigh] = header;
    const codesAt = HEADER_BYTES + intCount * 8;
    const stringsAt = codesAt + codeCount * 4;
    if (stringsAt > aligned.length) throw new Damage("shorter than its lists");
    this.ints = new Int32Array(aligned.buffer, aligned.byteOffset + HEADER_BYTES, intCount * 2);
    this.codes = new Uint32Array(aligned.buffer, aligned.byteOffset + codesAt, codeCount);
    this.strings = stringsAt < aligned.length ? this.readStrings(aligned.subarray(stringsAt)) : [];
    this.at = this.code = this.string = 0;
    this.end = intCount;
    this.program = program;
    const first = this.firstTime();
    this.loop = this.reducer.loop(program, loopNumber, first);
    this.reducer.batch(this.loop, sequence, lostHigh * 4294967296 + lostLow, first);
    while (this.at < this.end) {
      if (this.ints[this.at * 2 + 1] !== -1) throw new Damage("a record without a kind");
      const kind = this.ints[this.at * 2];
      this.at++;
      this.record(kind);
      this.trace.events++;
    }
  }

  private readStrings(bytes: Uint8Array): unknown[] {
    const json: unknown = JSON.parse(this.text.decode(bytes));
    if (!Array.isArray(json)) throw new Damage("its strings are not a list");
    return json;
  }

  /** A guess at the instant the batch begins: only used when its loop was never introduced. */
  private firstTime(): number {
    return this.trace.endTime;
  }

  // The fields of a record, in the order of the specification. `key` fields are read as two halves.

  private low(): number {
    if (this.at >= this.end) throw new Damage("ends inside a record");
    return this.ints[this.at * 2];
  }

  private high(): number {
    return this.ints[this.at++ * 2 + 1];
  }

  private time(): number {
    const low = this.low();
    return this.program.seconds(this.high(), low);
  }

  private int(): number {
    const low = this.low();
    const high = this.high();
    return high === low >> 31 ? low : high * 4294967296 + (low >>> 0);
  }

  /** A number of ints that follow. */
  private count(): number {
    const n = this.int();
    if (n < 0 || n > this.end - this.at) throw new Damage("a count beyond its end");
    return n;
  }

  private str(): string {
    const value = this.strings[this.string++];
    return typeof value === "string" ? value : "";
  }

  /** Index in `places.codes` of the next code. */
  private codeIndex(): number {
    const table = this.program.codes.get(this.codes[this.code++]);
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
      stack = this.trace.stacks.push(stack, this.place(this.codes[this.code++], this.int()));
    }
    return stack;
  }

  /** n, then n frames, innermost first. */
  private outward(): number {
    const n = this.count();
    const { ints, codes } = this;
    let stack = 0;
    for (let i = n - 1; i >= 0; i--) {
      stack = this.trace.stacks.push(stack, this.place(codes[this.code + i], ints[(this.at + i) * 2]));
    }
    this.at += n;
    this.code += n;
    return stack;
  }

  /** A task by its key: -1 for key 0, a row made for a key never met. */
  private task(): number {
    const low = this.low();
    return this.reducer.taskOf(this.program, this.loop, low, this.high());
  }

  /** A task that may not be one: -1 when the key is not known. */
  private knownTask(): number {
    const low = this.low();
    return this.program.tasks.get(low, this.high());
  }

  private object(): number {
    const low = this.low();
    return this.program.objects.get(low, this.high());
  }

  /** Frames of a chain: the first `keep` of the one before, then n new ones; then what is waited on. */
  private chain(task: number): number {
    const keep = this.int();
    const n = this.count();
    const { stacks } = this.trace;
    if (n === 0 && keep === 0) return 0;
    const before = this.reducer.chainOf(task);
    this.reducer.incomplete = keep > stacks.depth(before);
    return this.inward(stacks.cut(before, keep), n);
  }

  private record(kind: number): void {
    const { reducer, program, loop } = this;
    switch (kind) {
      case RecordKind.STEP: {
        const task = this.task();
        const begin = this.time();
        const end = this.time();
        const low = this.low();
        const high = this.high();
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
        reducer.done(loop, task, begin, this.time(), this.int());
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
      case RecordKind.NEW: {
        const low = this.low();
        const high = this.high();
        const t = this.time();
        const parent = this.knownTask();
        const code = this.codeIndex();
        reducer.created(program, loop, low, high, t, parent, code, this.outward(), this.str());
        break;
      }
      case RecordKind.CALLBACK: {
        const begin = this.time();
        const end = this.time();
        const by = this.knownTask();
        const n = this.count();
        const code = n > 0 ? this.codes[this.code++] : 0;
        reducer.callback(loop, begin, end, by, this.functionStack(code));
        break;
      }
      case RecordKind.POLL: {
        const t = this.time();
        const timeout = this.int();
        const timers = this.int();
        reducer.poll(loop, t, timeout < 0 ? Number.POSITIVE_INFINITY : timeout / 1e9, timers, this.int());
        break;
      }
      case RecordKind.ITER: {
        const t = this.time();
        reducer.iteration(loop, t, this.int());
        break;
      }
      case RecordKind.ON: {
        const task = this.task();
        const wait = this.int();
        const object = this.object();
        const delay = this.int();
        reducer.on(program, task, wait, object, delay < 0 ? Number.NaN : delay / 1e9, this.keys());
        break;
      }
      case RecordKind.OBJECT: {
        const low = this.low();
        const high = this.high();
        const t = this.time();
        const objectKind = this.int();
        reducer.object(program, low, high, t, objectKind, this.outward(), this.str());
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

  /** Records that are not worth a thought about speed. */
  private rareRecord(kind: number): void {
    const { reducer, program, loop } = this;
    switch (kind) {
      case RecordKind.GATHER: {
        const low = this.low();
        const high = this.high();
        reducer.gather(program, low, high, this.keys());
        break;
      }
      case RecordKind.FUTURE: {
        const low = this.low();
        const high = this.high();
        this.time();
        reducer.future(program, low, high, this.int(), this.str());
        break;
      }
      case RecordKind.RAISED: {
        const task = this.task();
        const stack = this.outward();
        reducer.raised(task, stack, this.str(), this.str());
        break;
      }
      case RecordKind.EAGER: {
        const low = this.low();
        const high = this.high();
        const t = this.time();
        const parent = this.knownTask();
        const code = this.codeIndex();
        reducer.eager(program, loop, low, high, t, parent, code, this.outward());
        break;
      }
      case RecordKind.EAGER_END: {
        const placeholder = this.task();
        const placeholderLow = this.ints[this.at * 2 - 2];
        const placeholderHigh = this.ints[this.at * 2 - 1];
        const low = this.low();
        const high = this.high();
        const t = this.time();
        const outcome = this.int();
        const futureLow = this.low();
        const futureHigh = this.high();
        const stack = this.inward(0, this.count());
        program.tasks.set(placeholderLow, placeholderHigh, -1);
        const task = reducer.eagerEnd(program, placeholder, low, high, outcome, this.str());
        if (outcome <= 3) reducer.eagerStep(program, loop, task, t, outcome, futureLow, futureHigh, stack);
        return;
      }
      case RecordKind.NAME: {
        const task = this.task();
        const name = this.str();
        if (task >= 0) this.trace.tasks.rename(task, name);
        return;
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
      case RecordKind.ADOPT: {
        const low = this.low();
        const high = this.high();
        const t = this.time();
        const futureLow = this.low();
        const futureHigh = this.high();
        this.int();
        const n = this.count();
        const code = this.codeIndex();
        const stack = this.inward(0, n);
        reducer.adopt(program, loop, low, high, t, futureLow, futureHigh, code, stack, this.str());
        break;
      }
      case RecordKind.LINK: {
        const low = this.low();
        const high = this.high();
        const toLow = this.low();
        reducer.link(program, low, high, toLow, this.high());
        break;
      }
      default:
        this.incidentRecord(kind);
    }
  }

  private incidentRecord(kind: number): void {
    const { reducer, program, loop } = this;
    const incident = {
      program: program.row,
      loop: loop.row,
      t: 0,
      task: -1,
      stack: 0,
      code: 0,
      what: "",
      detail: "",
    };
    switch (kind) {
      case RecordKind.LOST:
        incident.task = this.task();
        incident.t = this.time();
        incident.what = this.str();
        reducer.incident({ kind: "lost", ...incident });
        break;
      case RecordKind.NEVER_AWAITED:
        incident.t = this.time();
        incident.task = this.knownTask();
        incident.code = this.codeIndex();
        incident.stack = this.outward();
        reducer.incident({ kind: "never-awaited", ...incident });
        break;
      case RecordKind.UNRETRIEVED:
        incident.task = this.knownTask();
        incident.t = this.time();
        incident.stack = this.outward();
        incident.what = this.str();
        incident.detail = this.str();
        reducer.incident({ kind: "unretrieved", ...incident });
        break;
      case RecordKind.UNSAFE:
        incident.t = this.time();
        this.int();
        incident.stack = this.outward();
        incident.what = this.str();
        incident.detail = this.str();
        reducer.incident({ kind: "unsafe", ...incident });
        break;
      case RecordKind.SWALLOWED:
        incident.task = this.task();
        incident.t = this.time();
        incident.stack = this.outward();
        reducer.incident({ kind: "swallowed", ...incident });
        break;
      default:
        throw new Damage(`a record of unknown kind ${kind}`);
    }
  }

  /** n, then n keys: the tasks among them, and how many there were. */
  private keys(): { count: number; tasks: number[] } {
    const count = this.count();
    const tasks: number[] = [];
    for (let i = 0; i < count; i++) {
      const low = this.low();
      const high = this.high();
      this.reducer.tasksOfFuture(this.program, low, high, tasks);
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
}
