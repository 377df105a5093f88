/** The trace format's numbers. `docs/trace-format.md` is the specification; the names here are its names. */

export const MAGIC = Uint8Array.of(0x89, 0x4c, 0x53, 0x43, 0x50, 0x0d, 0x0a, 0x1a);
export const MAJOR = 1;
export const MINOR = 0;
export const STREAM_HEADER_BYTES = 16;
export const FRAME_HEADER_BYTES = 8;
/** A longer frame is refused: no runtime writes one, so it is damage or an attack. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;
export const FLAG_DEFLATED = 1;

export const FrameType = {
  hello: 1,
  codes: 2,
  records: 3,
  loop: 4,
  stall: 5,
  now: 6,
  stats: 7,
  bye: 8,
  end: 9,
  strings: 10,
  stuck: 11,
  garbage: 12,
} as const;

export const RecordKind = {
  STEP: 1,
  CLOCK: 2,
  DONE: 3,
  WAKE: 4,
  NEW: 5,
  CALLBACK: 6,
  POLL: 7,
  ITER: 8,
  OBJECT: 10,
  HOLD: 11,
  GATHER: 12,
  FUTURE: 13,
  RAISED: 14,
  EAGER: 15,
  EAGER_END: 16,
  NAME: 17,
  RUN: 18,
  CHAIN: 19,
  LOST: 20,
  NEVER_AWAITED: 21,
  UNRETRIEVED: 22,
  UNSAFE: 23,
  ADOPT: 24,
  LINK: 25,
  SWALLOWED: 26,
  UNASKED: 27,
  AT_ONCE: 28,
  CANCEL: 29,
  ON: 30,
} as const;

/** The first number of a record is -((arg * 32 + kind) * 2^32 + key of its subject). */
export const KEYS = 4294967296;
/** A place is the number of a code object times this, plus an offset in it. */
export const OFFSETS = 16777216;

/** `arg` of STEP, ADOPT and ON: the wait (index in WAITS) in the low five bits, and which fields follow. */
export const StepArg = { future: 32, chain: 64, object: 128, delay: 256, keys: 512, number: 1024 } as const;
/** `arg` of FUTURE: the wait in the low five bits, and whether its pool follows, and is asyncio's own. */
export const FutureArg = { pool: 32, default: 64 } as const;
/** `arg` of WAKE: the cause in the low five bits, and which fields follow. */
export const WakeArg = { by: 32, time: 64, frames: 128, place: 256 } as const;
/** `arg` of NEW: made where, by whom and of what the task before it was made. */
export const NEW_SAME = 1;
export const NEW_NUMBER = 2;
export const NEW_NEXT = 4;
/** `arg` of POLL. */
export const PollArg = { forEver: 1, notKnown: 2 } as const;

/** `cause` of WAKE; `CAUSE_CANCELLED` is added when what was waited on was cancelled. */
export const CAUSES = ["unknown", "timer", "io", "task", "thread", "callback", "unknown"] as const;
export const CAUSE_CANCELLED = 16;

/** `wait` of STEP, ADOPT, ON and FUTURE, by index; index 0 means "judge by the chain". */
export const WAITS = [
  "other",
  "sleep",
  "yield",
  "task",
  "tasks",
  "future",
  "lock",
  "semaphore",
  "event",
  "condition",
  "barrier",
  "queue.get",
  "queue.put",
  "queue.join",
  "io",
  "thread",
  "process",
  "other",
] as const;

/** Indices in WAITS, by name ("other" stands at both ends: the last is meant). */
export const WAIT = Object.fromEntries(WAITS.map((name, index) => [name, index])) as Record<
  (typeof WAITS)[number],
  number
>;

/** `object kind` of OBJECT, by index. */
export const OBJECT_KINDS = [
  "other",
  "lock",
  "semaphore",
  "event",
  "condition",
  "barrier",
  "queue",
  "executor",
  "process",
  "other",
] as const;

export interface Hello {
  protocol: number;
  token: string | null;
  runtime: string;
  version: string;
  executable: string;
  argv: string[];
  cwd: string;
  pid: number;
  ppid: number;
  clock: { monotonicNs: number; wallNs: number };
  startNs: number;
  mode: "fast" | "fallback";
  modeReason: string;
  patched: string[];
  blockNs: number;
  detail: "full" | "light" | "dormant";
  /** Tracing began while the program was running already. */
  attached?: boolean;
  /** The task of another program, by its process id and the task's key, that started this one. */
  parent?: { pid: number; task: number } | null;
}

/** id, file, name, qualname, first line, user (0 or 1), offset/line pairs. */
export type CodeDefinition = [number, string, string, string, number, number, number[]];

export interface LoopDefinition {
  loop: number;
  kind: string;
  thread: string;
  threadId: number;
  t: number;
  mode: "fast" | "fallback";
  modeReason: string;
  debug: boolean;
}

export interface StallSample {
  loop: number;
  task: number;
  begin: number;
  t: number;
  /** Innermost frame first: code id and line. */
  stack: [number, number][];
}

/**
 * loop, t, key of the running task or 0, its step's begin or 0, length of the ready queue, and how many
 * threads could wake the loop unseen.
 */
export type Heartbeat = [number, number, number, number, number, number?];

export interface Stats {
  t: number;
  events: number;
  overheadNs: number;
  drainNs: number;
  dropped: number;
  tasksSeen: number;
  tasksMissed: number;
  notes: string[];
}

export interface End {
  exitCode: number | null;
  signal: string | null;
  wallNs: number;
}
