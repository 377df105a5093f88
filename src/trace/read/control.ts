import type { Hello } from "../../protocol/stream";
import type { Program } from "../store/program";
import type { Trace } from "../trace";
import { Damage } from "./bytes";
import type { Reducer } from "./reducer";

// The JSON frames. Each field is checked, because a trace may come from anywhere.

type Fields = Record<string, unknown>;

function fields(json: unknown): Fields {
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw new Damage("not an object");
  return json as Fields;
}

function list(json: unknown): unknown[] {
  if (!Array.isArray(json)) throw new Damage("not a list");
  return json;
}

function num(value: unknown, otherwise = 0): number {
  return typeof value === "number" && Number.isFinite(value) ? value : otherwise;
}

function text(value: unknown, otherwise = ""): string {
  return typeof value === "string" ? value : otherwise;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

const mode = (value: unknown) => (value === "fallback" ? "fallback" : "fast");

/** Clocks of two programs whose difference to the wall is this close are one clock (ns). */
const SAME_CLOCK_NS = 1e9;

export function readHello(trace: Trace, reducer: Reducer, program: Program, json: unknown): void {
  const f = fields(json);
  const clock = fields(f.clock ?? {});
  const detail = f.detail === "light" || f.detail === "dormant" ? f.detail : "full";
  const hello: Hello = {
    protocol: num(f.protocol, 1),
    token: null,
    runtime: text(f.runtime, "unknown"),
    version: text(f.version),
    executable: text(f.executable),
    argv: texts(f.argv),
    cwd: text(f.cwd),
    pid: num(f.pid),
    ppid: num(f.ppid),
    clock: { monotonicNs: num(clock.monotonicNs), wallNs: num(clock.wallNs) },
    startNs: num(f.startNs),
    mode: mode(f.mode),
    modeReason: text(f.modeReason),
    patched: texts(f.patched),
    blockNs: num(f.blockNs),
    detail,
    attached: f.attached === true,
    parent: started(f.parent),
  };
  program.hello = hello;
  // Time 0 of the whole trace is the start of its first program.
  const first = trace.programs[0].hello ?? hello;
  const anchor = (h: Hello) => h.clock.wallNs - h.clock.monotonicNs;
  const shift = anchor(first) - anchor(hello);
  program.startNs = Math.round(first.startNs + (Math.abs(shift) < SAME_CLOCK_NS ? 0 : shift));
  // A shell may stand between the two: what the program was told of its parent goes first.
  const pid = hello.parent?.pid ?? hello.ppid;
  program.parent = trace.programs.findLastIndex((p) => p !== program && p.hello?.pid === pid);
  if (hello.parent && program.parent >= 0) {
    program.startedBy = reducer.taskOfNumber(trace.programs[program.parent], hello.parent.task);
  }
}

function started(json: unknown): Hello["parent"] {
  if (typeof json !== "object" || json === null) return null;
  const { pid, task } = json as Fields;
  return { pid: num(pid), task: num(task) };
}

export function readCodes(trace: Trace, program: Program, json: unknown): void {
  for (const item of list(json)) {
    const [id, file, name, qualname, firstLine, user, positions] = list(item);
    if (typeof id !== "number") throw new Damage("a code object without an id");
    const code = {
      file: text(file),
      name: text(name, "?"),
      qualname: text(qualname, text(name, "?")),
      firstLine: num(firstLine),
      user: user === 1 || user === true,
    };
    const pairs = list(positions ?? []).map((value) => num(value));
    program.codes.set(id, trace.places.define(code, pairs));
  }
}

export function readStrings(program: Program, json: unknown): void {
  const [first, ...strings] = list(json);
  if (typeof first !== "number") throw new Damage("strings without a first id");
  for (const [i, value] of strings.entries()) program.strings.set(first + i, text(value));
}

export function readLoop(reducer: Reducer, program: Program, json: unknown): void {
  const f = fields(json);
  const t = program.secondsOf(num(f.t));
  const loop = reducer.loop(program, num(f.loop), t);
  loop.kind = text(f.kind, "unknown");
  loop.thread = text(f.thread);
  loop.threadId = num(f.threadId);
  loop.mode = mode(f.mode);
  loop.modeReason = text(f.modeReason);
  loop.debug = f.debug === true;
  loop.seen = t;
}

export function readStall(trace: Trace, reducer: Reducer, program: Program, json: unknown): void {
  const f = fields(json);
  const t = program.secondsOf(num(f.t));
  const begin = program.secondsOf(num(f.begin));
  let stack = 0;
  for (const frame of list(f.stack).reverse()) {
    const [code, line] = list(frame);
    if (num(line) < 1) continue; // between two lines: it has none
    const table = program.codes.get(num(code));
    stack = trace.stacks.push(stack, table === undefined ? 0 : trace.places.atLine(table, num(line)));
  }
  reducer.seen(t);
  if (stack === 0) return; // taken when no code of the program was running: it accuses nobody
  const task = reducer.taskOfNumber(program, num(f.task));
  reducer.loop(program, num(f.loop), begin).stalls.push({ task, begin, t, stack });
}

export function readNow(reducer: Reducer, program: Program, json: unknown): void {
  for (const item of list(json)) {
    const [number, t, task, begin, , threads] = list(item).map((value) => num(value));
    const at = program.secondsOf(t);
    const loop = reducer.loop(program, number, at);
    loop.open =
      begin > 0 ? { task: reducer.taskOfNumber(program, task), begin: program.secondsOf(begin) } : null;
    if (threads !== undefined && loop.threads.at(-1)?.count !== threads)
      loop.threads.push({ t: at, count: threads });
    reducer.seen(at);
  }
}

export function readStuck(reducer: Reducer, program: Program, json: unknown): void {
  const f = fields(json);
  const keys = (value: unknown) => list(value).map((key) => reducer.taskOfNumber(program, num(key)));
  for (const item of list(f.tasks)) {
    const [key, wakers] = list(item);
    const [task] = keys([key]);
    if (task >= 0)
      reducer.stuck(
        task,
        keys(wakers).filter((waker) => waker >= 0),
      );
  }
  for (const item of list(f.pipes ?? [])) {
    const [key, pid, name] = list(item);
    const [task] = keys([key]);
    if (task >= 0) reducer.fullPipe(task, num(pid), String(name));
  }
  reducer.seen(program.secondsOf(num(f.t)));
}

export function readGarbage(program: Program, json: unknown): void {
  const f = fields(json);
  const t = program.secondsOf(num(f.t));
  program.collections.push({ since: program.secondsOf(num(f.since)), t, late: num(f.late) / 1e9 });
}

export function readStats(trace: Trace, program: Program, json: unknown): void {
  const f = fields(json);
  const notes = texts(f.notes);
  program.stats = {
    t: num(f.t),
    events: num(f.events),
    overheadNs: num(f.overheadNs),
    drainNs: num(f.drainNs),
    dropped: num(f.dropped),
    tasksSeen: num(f.tasksSeen),
    tasksMissed: num(f.tasksMissed),
    notes,
  };
  for (const note of notes) trace.note(note);
}

/** Seconds that a program is silent at most, when its machine is not busy. */
const LOST_AT_A_SIGNAL = 0.1;

export function readEnd(trace: Trace, reducer: Reducer, program: Program, json: unknown): void {
  const f = fields(json);
  program.end = {
    exitCode: typeof f.exitCode === "number" ? f.exitCode : null,
    signal: typeof f.signal === "string" ? f.signal : null,
    wallNs: num(f.wallNs),
  };
  if (program.end.signal !== null && program.bye === null && program.hello) {
    const unheard = Math.max(LOST_AT_A_SIGNAL, (program.wallSeconds ?? 0) - trace.endTime);
    trace.note(
      `${program.end.signal} ended the program: what it did in the last ${Math.ceil(unheard * 10) / 10} s before that may not have been recorded`,
    );
  }
  // What it did after its recording broke off is not known: the step that ran then did not last until the end.
  const known = program.whole || program.end.exitCode === null;
  if (program.wallSeconds !== null && known) reducer.seen(program.wallSeconds);
  if (
    program.end.exitCode !== null &&
    program.bye === null &&
    program.hello &&
    !program.stats?.notes.length
  ) {
    trace.note(
      "the recording broke off before the program ended: it closed the recorder's file descriptor, as daemons do, became another program (exec), or left without the interpreter's exit",
    );
  }
}

export function readBye(program: Program, json: unknown): void {
  const f = fields(json);
  program.bye = program.secondsOf(num(f.t));
  program.whole = f.whole !== false;
}
