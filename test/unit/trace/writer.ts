import {
  FrameType,
  FutureArg,
  KEYS,
  NEW_NEXT,
  NEW_NUMBER,
  NEW_SAME,
  OBJECT_KINDS,
  OFFSETS,
  PollArg,
  RecordKind,
  StepArg,
  WAIT,
  WAITS,
  WakeArg,
} from "../../../src/protocol/stream";
import { Trace, type TraceOptions } from "../../../src/trace";
import { frame, header, json } from "./frames";

/** A frame of a stack: "file:line function", with a leading "lib:" for code that is not the user's. */
export type FrameText = string;

interface CodeId {
  id: number;
  line: number;
}

const CAUSE_TASK = 3;
const START_NS = 5_000_000_000_000;
const WAIT_INDEX = Object.fromEntries(
  WAITS.map((name, i) => [name, name === "other" ? WAITS.length - 1 : i]),
);

/** What a suspension is for: an object, a delay, tasks or futures. */
type On = [kind: (typeof WAITS)[number] | "", object?: number, delay?: number, keys?: number[] | null];

/**
 * Writes streams of docs/trace-format.md, as a runtime would: the other side of the decoder, for its tests.
 * Times are seconds since the program started; keys any integers; records go to the loop named last.
 */
export class StreamWriter {
  readonly parts: Uint8Array[] = [];
  /** The batch being written. */
  private values: number[] = [];
  private records = 0;
  /** Where the last STEP or ADOPT of a task begins among them, and where it ends. */
  private readonly suspensions = new Map<number, { begin: number; end: number }>();
  /** Where the next step of the loop begins, if nothing says otherwise. */
  private clock = Number.NaN;
  private strings: string[] = [];
  private nextString = 1;
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
    const [, place, name = "?"] = /^(?:lib:)?(.*?)(?: ([^ ]+))?$/.exec(text) ?? [];
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

  private put(...values: number[]): this {
    this.values.push(...values);
    return this;
  }

  private head(kind: number, subject = 0, arg = 0): this {
    this.records++;
    return this.put(-((arg * 32 + kind) * KEYS + subject));
  }

  private seconds(...times: number[]): this {
    return this.put(...times.map((t) => START_NS / 1e9 + t));
  }

  private text(...strings: string[]): this {
    for (const each of strings) this.put(this.nextString + this.strings.push(each) - 1);
    return this;
  }

  private place(text: FrameText): number {
    const { id, line } = this.code(text);
    return id * OFFSETS + line;
  }

  /** n, then the frames. */
  private frames(frames: FrameText[]): this {
    return this.put(frames.length, ...frames.map((text) => this.place(text)));
  }

  /** The record's own code, then its frames. */
  private ownAndFrames(own: FrameText, frames: FrameText[]): this {
    return this.put(this.code(own).id).frames(frames);
  }

  private begins(t: number): this {
    if (t !== this.clock) this.head(RecordKind.CLOCK).seconds(t);
    return this;
  }

  private suspended(task: number, begin: number, arg: number, end: number, fields: number[]): this {
    this.begins(begin);
    const at = this.values.length;
    this.head(RecordKind.STEP, task, arg)
      .seconds(end)
      .put(...fields);
    this.clock = end;
    this.suspensions.set(task, { begin: at, end: this.values.length });
    return this;
  }

  private chain(frames: FrameText[], keep: number): number[] {
    return [keep, frames.length, ...frames.map((text) => this.place(text))];
  }

  step(task: number, begin: number, end: number, future: number, frames: FrameText[] = [], keep = 0): this {
    const arg = StepArg.future | StepArg.chain;
    return this.suspended(task, begin, arg, end, [future, ...this.chain(frames, keep)]);
  }

  /** A step whose chain has a number; `frames`: it is given to that one. */
  numbered(
    task: number,
    begin: number,
    end: number,
    future: number,
    number: number,
    frames?: FrameText[],
  ): this {
    const arg = StepArg.future | StepArg.number | (frames ? StepArg.chain : 0);
    const chain = frames ? this.chain(frames, 0) : [];
    return this.suspended(task, begin, arg, end, [future, ...chain, number]);
  }

  /** A step that ends where the one before ended, on another future. */
  again(task: number, begin: number, end: number, future: number): this {
    return this.suspended(task, begin, StepArg.future, end, [future]);
  }

  yield(task: number, begin: number, end: number, frames: FrameText[] = [], keep = 0): this {
    return this.suspended(task, begin, WAIT.yield | StepArg.chain, end, this.chain(frames, keep));
  }

  /** A step that yields where the one before did. */
  yieldAgain(task: number, begin: number, end: number): this {
    return this.suspended(task, begin, WAIT.yield, end, []);
  }

  /** A step as light detail has it: neither where it ends nor what on. */
  bare(task: number, begin: number, end: number): this {
    return this.suspended(task, begin, 0, end, []);
  }

  done(task: number, begin: number, end: number, outcome = 0): this {
    this.begins(begin);
    this.clock = end;
    return this.head(RecordKind.DONE, task, outcome).seconds(end);
  }

  /** Without `by`, a wake of cause 3 is by nobody; see `wakeHere`. */
  wake(task: number, t: number, cause: number, by = 0, frames: FrameText[] = []): this {
    const explicit = by !== 0 || cause % 16 === CAUSE_TASK;
    const stack = frames.length === 0 ? 0 : frames.length === 1 ? WakeArg.place : WakeArg.frames;
    this.head(RecordKind.WAKE, task, cause | WakeArg.time | (explicit ? WakeArg.by : 0) | stack).seconds(t);
    if (explicit) this.put(by);
    if (frames.length === 1) this.put(this.place(frames[0]));
    else if (frames.length > 1) this.frames(frames);
    return this;
  }

  /** `cancel()` was called of a task that does not wait. */
  cancel(task: number, t: number, cause: number, by = 0, frames: FrameText[] = []): this {
    return this.head(RecordKind.CANCEL, task, cause).seconds(t).put(by).frames(frames);
  }

  /** A wake by the task whose step ends next: at `t`, or as it ends. */
  wakeHere(task: number, t?: number): this {
    if (t === undefined) return this.head(RecordKind.WAKE, task, CAUSE_TASK);
    return this.head(RecordKind.WAKE, task, CAUSE_TASK | WakeArg.time).seconds(t);
  }

  new(
    task: number,
    t: number,
    parent: number,
    coroutine: FrameText,
    name: string,
    frames: FrameText[] = [],
  ): this {
    return this.head(RecordKind.NEW, task).seconds(t).put(parent).ownAndFrames(coroutine, frames).text(name);
  }

  /** A task made as the one before was. */
  newSame(task: number, t: number, name: string): this {
    return this.head(RecordKind.NEW, task, NEW_SAME).seconds(t).text(name);
  }

  /** The same with a name of asyncio's: `Task-` and a number, or without one the number after the last. */
  newNumbered(task: number, t: number, number?: number): this {
    const next = number === undefined;
    this.head(RecordKind.NEW, task, NEW_SAME | (next ? NEW_NEXT : NEW_NUMBER)).seconds(t);
    return next ? this : this.put(number);
  }

  callback(begin: number, end: number, by = 0, code: FrameText | null = null): this {
    this.clock = end;
    this.head(RecordKind.CALLBACK, by, code ? 1 : 0).seconds(begin, end);
    return code ? this.put(this.place(code)) : this;
  }

  poll(t: number, timeout: number, timers: number, watched = 0): this {
    const arg = (timeout < 0 ? PollArg.forEver : 0) | (watched < 0 ? PollArg.notKnown : 0);
    return this.head(RecordKind.POLL, Math.max(0, watched), arg).seconds(t).put(Math.max(0, timeout), timers);
  }

  iter(t: number, ready: number): this {
    this.clock = t;
    return this.head(RecordKind.ITER, ready).seconds(t);
  }

  /** Says what the last suspension of a task is for. */
  waits(task: number, ...on: On): this {
    const at = this.suspensions.get(task);
    if (at === undefined) throw new Error("the task is not suspended in this batch");
    const { arg, fields } = this.fieldsOf(...on);
    this.values[at.begin] -= arg * 32 * KEYS;
    this.values.splice(at.end, 0, ...fields);
    for (const other of this.suspensions.values()) {
      if (other.begin >= at.end) {
        other.begin += fields.length;
        other.end += fields.length;
      }
    }
    return this;
  }

  /** The same as a record of its own. */
  waitsOn(task: number, ...on: On): this {
    const { arg, fields } = this.fieldsOf(...on);
    return this.head(RecordKind.ON, task, arg).put(...fields);
  }

  private fieldsOf(...[kind, object = 0, delay = -1, keys = null]: On) {
    const fields = [];
    let arg = kind ? WAIT_INDEX[kind] : WAIT_INDEX.other;
    if (object !== 0) {
      arg |= StepArg.object;
      fields.push(object);
    }
    if (delay >= 0) {
      arg |= StepArg.delay;
      fields.push(delay);
    }
    if (keys !== null) {
      arg |= StepArg.keys;
      fields.push(keys.length, ...keys);
    }
    return { arg, fields };
  }

  object(
    key: number,
    t: number,
    kind: (typeof OBJECT_KINDS)[number],
    label: string,
    frames: FrameText[] = [],
  ): this {
    const index = OBJECT_KINDS.indexOf(kind);
    return this.head(RecordKind.OBJECT, key, index).seconds(t).frames(frames).text(label);
  }

  hold(object: number, t: number, task: number, change: 1 | -1): this {
    return this.head(RecordKind.HOLD, object, change > 0 ? 1 : 0)
      .seconds(t)
      .put(task);
  }

  gather(future: number, keys: number[]): this {
    return this.head(RecordKind.GATHER, future).put(keys.length, ...keys);
  }

  future(
    future: number,
    t: number,
    kind: (typeof WAITS)[number],
    label: string,
    pool?: [key: number, workers: number],
  ): this {
    const arg = WAIT_INDEX[kind] + (pool ? FutureArg.pool : 0);
    return this.head(RecordKind.FUTURE, future, arg)
      .seconds(t)
      .put(...(pool ?? []))
      .text(label);
  }

  link(future: number, key: number): this {
    return this.head(RecordKind.LINK, future).put(key);
  }

  raised(task: number, type: string, message: string, frames: FrameText[] = []): this {
    return this.head(RecordKind.RAISED, task).frames(frames).text(type, message);
  }

  eager(
    placeholder: number,
    t: number,
    parent: number,
    coroutine: FrameText,
    frames: FrameText[] = [],
  ): this {
    return this.head(RecordKind.EAGER, placeholder).seconds(t).put(parent).ownAndFrames(coroutine, frames);
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
    this.head(RecordKind.EAGER_END, placeholder, outcome).put(task).seconds(t).put(future);
    return this.frames(frames).text(name);
  }

  /** The first step of a task runs inside the step that makes it; without `end`, it goes on. */
  atOnce(task: number, end?: number, future?: number, frames: FrameText[] = []): this {
    this.head(RecordKind.AT_ONCE, task);
    if (end === undefined) return this;
    if (future === undefined) return this.head(RecordKind.DONE, task, 0).seconds(end);
    this.head(RecordKind.STEP, task, StepArg.future | StepArg.chain)
      .seconds(end)
      .put(future)
      .put(0);
    return this.frames(frames);
  }

  rename(task: number, name: string): this {
    return this.head(RecordKind.NAME, task).text(name);
  }

  run(t: number, state: 1 | 0 | -1): this {
    return this.head(RecordKind.RUN, 0, state < 0 ? 2 : state).seconds(t);
  }

  chainOf(task: number, t: number, frames: FrameText[]): this {
    return this.head(RecordKind.CHAIN, task).seconds(t).frames(frames);
  }

  lostTask(task: number, t: number, message = "Task was destroyed but it is pending!"): this {
    return this.head(RecordKind.LOST, task).seconds(t).text(message);
  }

  neverAwaited(t: number, task: number, coroutine: FrameText, frames: FrameText[] = []): this {
    return this.head(RecordKind.NEVER_AWAITED, task).seconds(t).ownAndFrames(coroutine, frames);
  }

  unretrieved(future: number, t: number, type: string, message: string, frames: FrameText[] = []): this {
    return this.head(RecordKind.UNRETRIEVED, future).seconds(t).frames(frames).text(type, message);
  }

  unsafe(t: number, what: string, thread: string, frames: FrameText[] = []): this {
    return this.head(RecordKind.UNSAFE, 99).seconds(t).frames(frames).text(what, thread);
  }

  swallowed(task: number, t: number, frames: FrameText[] = []): this {
    return this.head(RecordKind.SWALLOWED, task).seconds(t).frames(frames);
  }

  adopt(
    task: number,
    t: number,
    future: number,
    coroutine: FrameText,
    name: string,
    frames: FrameText[] = [],
  ): this {
    return this.head(RecordKind.ADOPT, task)
      .seconds(t)
      .put(future)
      .ownAndFrames(coroutine, frames)
      .text(name);
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

  garbage(since: number, t: number, late: number): this {
    return this.json(FrameType.garbage, { t: this.ns(t), since: this.ns(since), late: late * 1e9 });
  }

  /** The end of the program; one that ended by itself has said so before. */
  end(exitCode: number | null, signal: string | null = null, wallSeconds = 1): this {
    if (exitCode !== null) this.json(FrameType.bye, { t: this.ns(wallSeconds) });
    return this.broken(exitCode, signal, wallSeconds);
  }

  /** The end of a program that has not announced it. */
  broken(exitCode: number | null, signal: string | null = null, wallSeconds = 1): this {
    return this.json(FrameType.end, { exitCode, signal, wallNs: wallSeconds * 1e9 });
  }

  /** Ends the batch: what was recorded since the last one becomes a frame. */
  flush(): this {
    if (this.values.length === 0) return this;
    const sequence = (this.sequence.get(this.loopNumber) ?? 0) + 1;
    this.sequence.set(this.loopNumber, sequence);
    if (this.strings.length > 0) {
      this.parts.push(json(FrameType.strings, [this.nextString, ...this.strings], this.program));
    }
    const body = new Uint8Array(24 + this.values.length * 8);
    const view = new DataView(body.buffer);
    const words = [this.loopNumber, sequence, this.values.length, this.records, this.lost];
    for (const [i, word] of words.entries()) view.setUint32(i * 4, word, true);
    for (const [i, value] of this.values.entries()) view.setFloat64(24 + i * 8, value, true);
    this.parts.push(frame(FrameType.records, body, this.program));
    this.nextString += this.strings.length;
    this.values = [];
    this.strings = [];
    this.records = 0;
    this.suspensions.clear();
    return this;
  }

  /** Batches of this loop are lost. */
  gap(): this {
    this.flush();
    this.sequence.set(this.loopNumber, (this.sequence.get(this.loopNumber) ?? 0) + 1);
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
