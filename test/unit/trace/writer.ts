import {
  FLAG_DEFLATED,
  FRAME_HEADER_BYTES,
  FrameType,
  MAGIC,
  MAJOR,
  MINOR,
  OBJECT_KINDS,
  RecordKind,
  WAITS,
} from "../../../src/protocol/stream";
import { Trace, type TraceOptions } from "../../../src/trace";

/** A frame of a stack: "file:line function", with a leading "lib:" for code that is not the user's. */
export type FrameText = string;

function setInt64(view: DataView, at: number, value: number): void {
  const high = Math.floor(value / 4294967296);
  view.setUint32(at, value - high * 4294967296, true);
  view.setInt32(at + 4, high, true);
}

/** Seconds as whole units; -1 stays -1. */
const inUnits = (seconds: number, units: number) => (seconds < 0 ? -1 : Math.round(seconds * units));

interface CodeId {
  id: number;
  line: number;
}

/** What a field is: the two forms of a batch write each in their own way. */
const Field = { int: 0, time: 1, key: 2, duration: 3, code: 4, string: 5 } as const;

const START_NS = 5_000_000_000_000;
const WAIT_INDEX = Object.fromEntries(
  WAITS.map((name, i) => [name, name === "other" ? WAITS.length - 1 : i]),
);

export function header(major = MAJOR, minor = MINOR): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes.set(MAGIC);
  new DataView(bytes.buffer).setUint16(8, major, true);
  new DataView(bytes.buffer).setUint16(10, minor, true);
  return bytes;
}

export function frame(type: number, body: Uint8Array, program = 1, flags = 0): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length, true);
  bytes[4] = type;
  bytes[5] = flags;
  view.setUint16(6, program, true);
  bytes.set(body, FRAME_HEADER_BYTES);
  return bytes;
}

export function json(type: number, value: unknown, program = 1): Uint8Array {
  return frame(type, new TextEncoder().encode(JSON.stringify(value)), program);
}

export { FLAG_DEFLATED, FrameType };

/**
 * Writes streams of docs/trace-format.md, as a runtime would: the other side of the decoder, for its tests.
 * Times are seconds since the program started; keys any integers; records go to the loop named last.
 */
export class StreamWriter {
  readonly parts: Uint8Array[] = [];
  /** Fields of the batch being written, with what each is: see `Field`. */
  private values: number[] = [];
  private kinds: number[] = [];
  private strings: string[] = [];
  private nextString = 1;
  private readonly codeIds = new Map<string, number>();
  private sequence = new Map<number, number>();
  private loopNumber = 1;
  lost = 0;
  /** Which of the two forms of a batch to write, and the width of the ints of `records`. */
  form: "batch" | "records" = "records";
  width: 4 | 8 | null = null;

  constructor(
    readonly program = 1,
    hello: Record<string, unknown> = {},
    withHeader = true,
  ) {
    if (withHeader) this.parts.push(header());
    this.json(FrameType.hello, {
      protocol: 1,
      token: null,
      runtime: "cpython",
      version: "3.11.7",
      executable: "/usr/bin/python3",
      argv: ["/app/app.py"],
      cwd: "/app",
      pid: 41,
      ppid: 1,
      clock: { monotonicNs: START_NS, wallNs: 1_700_000_000_000_000_000 },
      startNs: START_NS,
      mode: "fast",
      modeReason: "",
      patched: [],
      blockNs: 50_000_000,
      detail: "full",
      ...hello,
    });
    this.loop(1);
  }

  ns(t: number): number {
    return START_NS + Math.round(t * 1e9);
  }

  json(type: number, value: unknown): this {
    this.flush();
    this.parts.push(json(type, value, this.program));
    return this;
  }

  loop(number: number, kind = "_UnixSelectorEventLoop", thread = "MainThread", t = 0): this {
    this.json(FrameType.loop, {
      loop: number,
      kind,
      thread,
      threadId: 7,
      t: this.ns(t),
      mode: "fast",
      modeReason: "",
      debug: false,
    });
    this.loopNumber = number;
    return this;
  }

  /** Records that follow belong to this loop. */
  on(loop: number): this {
    this.flush();
    this.loopNumber = loop;
    return this;
  }

  /** Id and line of a frame, its code defined on first use. Offsets are lines. */
  code(text: FrameText): CodeId {
    const user = !text.startsWith("lib:");
    const [place, name = "?"] = (user ? text : text.slice(4)).split(" ");
    const colon = place.lastIndexOf(":");
    const file = place.slice(0, colon);
    const key = `${file} ${name}`;
    let id = this.codeIds.get(key);
    if (id === undefined) {
      id = this.codeIds.size + 1;
      this.codeIds.set(key, id);
      const definition = [id, file, name.split(".").pop(), name, 1, user ? 1 : 0, []];
      // Definitions come before the batch that uses them, whatever is buffered already.
      this.parts.push(json(FrameType.codes, [definition], this.program));
    }
    return { id, line: Number(place.slice(colon + 1)) };
  }

  private put(kind: number, ...values: number[]): this {
    for (const value of values) {
      this.values.push(value);
      this.kinds.push(kind);
    }
    return this;
  }

  private int(...values: number[]): this {
    return this.put(Field.int, ...values);
  }

  private key(...values: number[]): this {
    return this.put(Field.key, ...values);
  }

  private time(...seconds: number[]): this {
    return this.put(Field.time, ...seconds.map((t) => this.ns(t)));
  }

  private text(...strings: string[]): this {
    for (const each of strings) this.put(Field.string, this.strings.push(each) - 1);
    return this;
  }

  /** n, the record's own code if it has one, then the frames. */
  private frames(frames: FrameText[], own: FrameText | null = null): this {
    this.int(frames.length);
    if (own !== null) this.put(Field.code, this.code(own).id);
    for (const text of frames) {
      const { id, line } = this.code(text);
      this.put(Field.code, id).int(line);
    }
    return this;
  }

  step(task: number, begin: number, end: number, future: number, frames: FrameText[] = [], keep = 0): this {
    return this.int(RecordKind.STEP).key(task).time(begin, end).key(future).int(keep).frames(frames);
  }

  yield(task: number, begin: number, end: number, frames: FrameText[] = [], keep = 0): this {
    return this.int(RecordKind.YIELD).key(task).time(begin, end).int(keep).frames(frames);
  }

  done(task: number, begin: number, end: number, outcome = 0): this {
    return this.int(RecordKind.DONE).key(task).time(begin, end).int(outcome);
  }

  wake(task: number, t: number, cause: number, by = 0, frames: FrameText[] = []): this {
    return this.int(RecordKind.WAKE).key(task).time(t).int(cause).key(by).frames(frames);
  }

  new(
    task: number,
    t: number,
    parent: number,
    coroutine: FrameText,
    name: string,
    frames: FrameText[] = [],
  ): this {
    return this.int(RecordKind.NEW).key(task).time(t).key(parent).frames(frames, coroutine).text(name);
  }

  callback(begin: number, end: number, by = 0, code: FrameText | null = null): this {
    this.int(RecordKind.CALLBACK)
      .time(begin, end)
      .key(by)
      .int(code ? 1 : 0);
    return code ? this.put(Field.code, this.code(code).id) : this;
  }

  poll(t: number, timeout: number, timers: number, watched = 0): this {
    return this.int(RecordKind.POLL).time(t).put(Field.duration, timeout).int(timers, watched);
  }

  iter(t: number, ready: number): this {
    return this.int(RecordKind.ITER).time(t).int(ready);
  }

  waits(task: number, kind: (typeof WAITS)[number] | "", object = 0, delay = -1, keys: number[] = []): this {
    this.int(RecordKind.ON)
      .key(task)
      .int(kind ? WAIT_INDEX[kind] : 0)
      .key(object)
      .put(Field.duration, delay);
    return this.int(keys.length).key(...keys);
  }

  object(
    key: number,
    t: number,
    kind: (typeof OBJECT_KINDS)[number],
    label: string,
    frames: FrameText[] = [],
  ): this {
    const index = OBJECT_KINDS.indexOf(kind);
    return this.int(RecordKind.OBJECT).key(key).time(t).int(index).frames(frames).text(label);
  }

  hold(object: number, t: number, task: number, change: 1 | -1): this {
    return this.int(RecordKind.HOLD).key(object).time(t).key(task).int(change);
  }

  gather(future: number, keys: number[]): this {
    return this.int(RecordKind.GATHER)
      .key(future)
      .int(keys.length)
      .key(...keys);
  }

  future(future: number, t: number, kind: (typeof WAITS)[number], label: string): this {
    return this.int(RecordKind.FUTURE).key(future).time(t).int(WAIT_INDEX[kind]).text(label);
  }

  link(future: number, key: number): this {
    return this.int(RecordKind.LINK).key(future, key);
  }

  raised(task: number, type: string, message: string, frames: FrameText[] = []): this {
    return this.int(RecordKind.RAISED).key(task).frames(frames).text(type, message);
  }

  eager(
    placeholder: number,
    t: number,
    parent: number,
    coroutine: FrameText,
    frames: FrameText[] = [],
  ): this {
    return this.int(RecordKind.EAGER).key(placeholder).time(t).key(parent).frames(frames, coroutine);
  }

  eagerEnd(
    placeholder: number,
    task: number,
    t: number,
    outcome: number,
    name: string,
    future = 0,
    frames: FrameText[] = [],
  ): this {
    this.int(RecordKind.EAGER_END).key(placeholder, task).time(t).int(outcome).key(future);
    return this.frames(frames).text(name);
  }

  rename(task: number, name: string): this {
    return this.int(RecordKind.NAME).key(task).text(name);
  }

  run(t: number, state: 1 | 0 | -1): this {
    return this.int(RecordKind.RUN).time(t).int(state);
  }

  chain(task: number, t: number, frames: FrameText[]): this {
    return this.int(RecordKind.CHAIN).key(task).time(t).frames(frames);
  }

  lostTask(task: number, t: number, message = "Task was destroyed but it is pending!"): this {
    return this.int(RecordKind.LOST).key(task).time(t).text(message);
  }

  neverAwaited(t: number, task: number, coroutine: FrameText, frames: FrameText[] = []): this {
    return this.int(RecordKind.NEVER_AWAITED).time(t).key(task).frames(frames, coroutine);
  }

  unretrieved(future: number, t: number, type: string, message: string, frames: FrameText[] = []): this {
    return this.int(RecordKind.UNRETRIEVED).key(future).time(t).frames(frames).text(type, message);
  }

  unsafe(t: number, what: string, thread: string, frames: FrameText[] = []): this {
    return this.int(RecordKind.UNSAFE).time(t).int(99).frames(frames).text(what, thread);
  }

  swallowed(task: number, t: number, frames: FrameText[] = []): this {
    return this.int(RecordKind.SWALLOWED).key(task).time(t).frames(frames);
  }

  adopt(
    task: number,
    t: number,
    future: number,
    coroutine: FrameText,
    name: string,
    frames: FrameText[] = [],
  ): this {
    this.int(RecordKind.ADOPT).key(task).time(t).key(future).int(0);
    return this.frames(frames, coroutine).text(name);
  }

  stall(task: number, begin: number, t: number, frames: FrameText[]): this {
    const stack = frames.map((text) => {
      const { id, line } = this.code(text);
      return [id, line];
    });
    const body = { loop: this.loopNumber, task, begin: this.ns(begin), t: this.ns(t), stack };
    return this.json(FrameType.stall, body);
  }

  now(t: number, task: number, begin: number, ready = 0, threads = 0): this {
    return this.json(FrameType.now, [
      [this.loopNumber, this.ns(t), task, begin < 0 ? 0 : this.ns(begin), ready, threads],
    ]);
  }

  end(exitCode: number | null, signal: string | null = null, wallSeconds = 1): this {
    return this.json(FrameType.end, { exitCode, signal, wallNs: wallSeconds * 1e9 });
  }

  /** Ends the batch: what was recorded since the last one becomes a frame. */
  flush(): this {
    if (this.values.length === 0) return this;
    const sequence = (this.sequence.get(this.loopNumber) ?? 0) + 1;
    this.sequence.set(this.loopNumber, sequence);
    this.parts.push(...(this.form === "batch" ? this.batch(sequence) : this.records(sequence)));
    this.values = [];
    this.kinds = [];
    this.strings = [];
    return this;
  }

  private batch(sequence: number): Uint8Array[] {
    const codes = this.values.filter((_, i) => this.kinds[i] === Field.code);
    const inline = (i: number) => this.kinds[i] !== Field.code && this.kinds[i] !== Field.string;
    const ints = this.values.filter((_, i) => inline(i)).length;
    const strings = this.strings.length ? new TextEncoder().encode(JSON.stringify(this.strings)) : [];
    const body = new Uint8Array(24 + ints * 8 + codes.length * 4 + strings.length);
    const view = new DataView(body.buffer);
    for (const [i, word] of [this.loopNumber, sequence, ints, codes.length, this.lost].entries()) {
      view.setUint32(i * 4, word, true);
    }
    let at = 24;
    for (const [i, value] of this.values.entries()) {
      if (!inline(i)) continue;
      setInt64(view, at, this.kinds[i] === Field.duration ? inUnits(value, 1e9) : value);
      at += 8;
    }
    for (const code of codes) {
      view.setUint32(at, code, true);
      at += 4;
    }
    body.set(strings, at);
    return [frame(FrameType.batch, body, this.program)];
  }

  private records(sequence: number): Uint8Array[] {
    const times = this.values.filter((_, i) => this.kinds[i] === Field.time);
    const base = times[0] ?? 0;
    const fits = (value: number, i: number) =>
      this.kinds[i] === Field.time
        ? Math.abs(value - base) < 2e9
        : Math.abs(this.kinds[i] === Field.duration ? inUnits(value, 1e6) : value) < 2 ** 31;
    const width = this.width ?? (this.values.every(fits) ? 4 : 8);
    const body = new Uint8Array(32 + this.values.length * width);
    const view = new DataView(body.buffer);
    for (const [i, word] of [this.loopNumber, sequence, this.values.length, width, this.lost].entries()) {
      view.setUint32(i * 4, word, true);
    }
    setInt64(view, 24, base);
    let at = 32;
    for (const [i, field] of this.values.entries()) {
      const kind = this.kinds[i];
      let value = field;
      if (kind === Field.duration) value = inUnits(field, 1e6);
      else if (kind === Field.string) value += this.nextString;
      if (width === 8) setInt64(view, at, value);
      else view.setUint32(at, value - Math.floor(value / 4294967296) * 4294967296, true);
      at += width;
    }
    const parts = [frame(FrameType.records, body, this.program)];
    if (this.strings.length > 0) {
      parts.unshift(json(FrameType.strings, [this.nextString, ...this.strings], this.program));
    }
    this.nextString += this.strings.length;
    return parts;
  }

  bytes(): Uint8Array {
    this.flush();
    return new Uint8Array(Buffer.concat(this.parts));
  }

  /** The finished trace of what was written. */
  trace(options?: TraceOptions): Trace {
    const trace = new Trace(options);
    trace.feed(this.bytes());
    trace.finish();
    return trace;
  }
}
