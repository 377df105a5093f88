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

interface CodeId {
  id: number;
  line: number;
}

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
  private ints: number[] = [];
  private codes: number[] = [];
  private strings: string[] = [];
  private readonly codeIds = new Map<string, number>();
  private sequence = new Map<number, number>();
  private loopNumber = 1;
  lost = 0;

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

  private frames(frames: FrameText[]): void {
    this.ints.push(frames.length);
    for (const text of frames) {
      const { id, line } = this.code(text);
      this.ints.push(line);
      this.codes.push(id);
    }
  }

  private record(kind: number, ...ints: number[]): this {
    this.ints.push(kind, ...ints);
    return this;
  }

  step(task: number, begin: number, end: number, future: number, frames: FrameText[] = [], keep = 0): this {
    this.record(RecordKind.STEP, task, this.ns(begin), this.ns(end), future, keep).frames(frames);
    return this;
  }

  yield(task: number, begin: number, end: number, frames: FrameText[] = [], keep = 0): this {
    this.record(RecordKind.YIELD, task, this.ns(begin), this.ns(end), keep).frames(frames);
    return this;
  }

  done(task: number, begin: number, end: number, outcome = 0): this {
    return this.record(RecordKind.DONE, task, this.ns(begin), this.ns(end), outcome);
  }

  wake(task: number, t: number, cause: number, by = 0, frames: FrameText[] = []): this {
    this.record(RecordKind.WAKE, task, this.ns(t), cause, by).frames(frames);
    return this;
  }

  new(
    task: number,
    t: number,
    parent: number,
    coroutine: FrameText,
    name: string,
    frames: FrameText[] = [],
  ): this {
    this.codes.push(this.code(coroutine).id);
    this.record(RecordKind.NEW, task, this.ns(t), parent).frames(frames);
    this.strings.push(name);
    return this;
  }

  callback(begin: number, end: number, by = 0, code: FrameText | null = null): this {
    if (code) this.codes.push(this.code(code).id);
    return this.record(RecordKind.CALLBACK, this.ns(begin), this.ns(end), by, code ? 1 : 0);
  }

  poll(t: number, timeout: number, timers: number, watched = 0): this {
    return this.record(
      RecordKind.POLL,
      this.ns(t),
      timeout < 0 ? -1 : Math.round(timeout * 1e9),
      timers,
      watched,
    );
  }

  iter(t: number, ready: number): this {
    return this.record(RecordKind.ITER, this.ns(t), ready);
  }

  waits(task: number, kind: (typeof WAITS)[number] | "", object = 0, delay = -1, keys: number[] = []): this {
    const ns = delay < 0 ? -1 : Math.round(delay * 1e9);
    return this.record(RecordKind.ON, task, kind ? WAIT_INDEX[kind] : 0, object, ns, keys.length, ...keys);
  }

  object(
    key: number,
    t: number,
    kind: (typeof OBJECT_KINDS)[number],
    label: string,
    frames: FrameText[] = [],
  ): this {
    this.record(RecordKind.OBJECT, key, this.ns(t), OBJECT_KINDS.indexOf(kind)).frames(frames);
    this.strings.push(label);
    return this;
  }

  hold(object: number, t: number, task: number, change: 1 | -1): this {
    return this.record(RecordKind.HOLD, object, this.ns(t), task, change);
  }

  gather(future: number, keys: number[]): this {
    return this.record(RecordKind.GATHER, future, keys.length, ...keys);
  }

  future(future: number, t: number, kind: (typeof WAITS)[number], label: string): this {
    this.strings.push(label);
    return this.record(RecordKind.FUTURE, future, this.ns(t), WAIT_INDEX[kind]);
  }

  link(future: number, key: number): this {
    return this.record(RecordKind.LINK, future, key);
  }

  raised(task: number, type: string, message: string, frames: FrameText[] = []): this {
    this.strings.push(type, message);
    this.record(RecordKind.RAISED, task).frames(frames);
    return this;
  }

  eager(
    placeholder: number,
    t: number,
    parent: number,
    coroutine: FrameText,
    frames: FrameText[] = [],
  ): this {
    this.codes.push(this.code(coroutine).id);
    this.record(RecordKind.EAGER, placeholder, this.ns(t), parent).frames(frames);
    return this;
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
    this.strings.push(name);
    this.record(RecordKind.EAGER_END, placeholder, task, this.ns(t), outcome, future).frames(frames);
    return this;
  }

  rename(task: number, name: string): this {
    this.strings.push(name);
    return this.record(RecordKind.NAME, task);
  }

  run(t: number, state: 1 | 0 | -1): this {
    return this.record(RecordKind.RUN, this.ns(t), state);
  }

  chain(task: number, t: number, frames: FrameText[]): this {
    this.record(RecordKind.CHAIN, task, this.ns(t)).frames(frames);
    return this;
  }

  lostTask(task: number, t: number, message = "Task was destroyed but it is pending!"): this {
    this.strings.push(message);
    return this.record(RecordKind.LOST, task, this.ns(t));
  }

  neverAwaited(t: number, task: number, coroutine: FrameText, frames: FrameText[] = []): this {
    this.codes.push(this.code(coroutine).id);
    this.record(RecordKind.NEVER_AWAITED, this.ns(t), task).frames(frames);
    return this;
  }

  unretrieved(future: number, t: number, type: string, message: string, frames: FrameText[] = []): this {
    this.strings.push(type, message);
    this.record(RecordKind.UNRETRIEVED, future, this.ns(t)).frames(frames);
    return this;
  }

  unsafe(t: number, what: string, thread: string, frames: FrameText[] = []): this {
    this.strings.push(what, thread);
    this.record(RecordKind.UNSAFE, this.ns(t), 99).frames(frames);
    return this;
  }

  swallowed(task: number, t: number, frames: FrameText[] = []): this {
    this.record(RecordKind.SWALLOWED, task, this.ns(t)).frames(frames);
    return this;
  }

  adopt(
    task: number,
    t: number,
    future: number,
    coroutine: FrameText,
    name: string,
    frames: FrameText[] = [],
  ): this {
    this.codes.push(this.code(coroutine).id);
    this.record(RecordKind.ADOPT, task, this.ns(t), future, 0).frames(frames);
    this.strings.push(name);
    return this;
  }

  stall(task: number, begin: number, t: number, frames: FrameText[]): this {
    const stack = frames.map((text) => {
      const { id, line } = this.code(text);
      return [id, line];
    });
    const body = { loop: this.loopNumber, task, begin: this.ns(begin), t: this.ns(t), stack };
    return this.json(FrameType.stall, body);
  }

  now(t: number, task: number, begin: number, ready = 0): this {
    return this.json(FrameType.now, [
      [this.loopNumber, this.ns(t), task, begin < 0 ? 0 : this.ns(begin), ready],
    ]);
  }

  end(exitCode: number | null, signal: string | null = null, wallSeconds = 1): this {
    return this.json(FrameType.end, { exitCode, signal, wallNs: wallSeconds * 1e9 });
  }

  /** Ends the batch: what was recorded since the last one becomes a frame. */
  flush(): this {
    if (this.ints.length === 0) return this;
    const strings = this.strings.length
      ? new TextEncoder().encode(JSON.stringify(this.strings))
      : new Uint8Array(0);
    const body = new Uint8Array(24 + this.ints.length * 8 + this.codes.length * 4 + strings.length);
    const view = new DataView(body.buffer);
    const sequence = (this.sequence.get(this.loopNumber) ?? 0) + 1;
    this.sequence.set(this.loopNumber, sequence);
    view.setUint32(0, this.loopNumber, true);
    view.setUint32(4, sequence, true);
    view.setUint32(8, this.ints.length, true);
    view.setUint32(12, this.codes.length, true);
    view.setUint32(16, this.lost, true);
    let at = 24;
    for (const value of this.ints) {
      const high = Math.floor(value / 4294967296);
      view.setUint32(at, value - high * 4294967296, true);
      view.setInt32(at + 4, high, true);
      at += 8;
    }
    for (const code of this.codes) {
      view.setUint32(at, code, true);
      at += 4;
    }
    body.set(strings, at);
    this.parts.push(frame(FrameType.batch, body, this.program));
    this.ints = [];
    this.codes = [];
    this.strings = [];
    return this;
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
