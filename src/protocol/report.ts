/**
 * The report (`loopscope-report/1`): what `loopscope run --report` and `loopscope report --format json`
 * print. Times are seconds since the program started (a monotonic clock), lines are 1-based, `file` is
 * an absolute path. A field that is not known is null and never left out. Extend it, never break it.
 */
export interface Report {
  schema: "loopscope-report/1";
  program: ProgramInfo;
  trust: Trust;
  /** What to know before trusting the rest: truncation, loss, damage. */
  notes: string[];
  loops: LoopInfo[];
  tasks: TaskInfo[];
  objects: ObjectInfo[];
  findings: Finding[];
  /** Why the program's longest task, usually that of `asyncio.run`, took as long as it did; null while it runs, or without one. */
  criticalPath: CriticalPath | null;
}

/** A stretch of a critical path: a step, a wait for what is no task, a wait for the busy loop, or what was not recorded. */
export type PathKind = "run" | "wait" | "ready" | "unknown";

/** The chain of steps and waits, of a task and of those it waited for, that made it take as long as it did. */
export interface CriticalPath {
  task: number;
  name: string;
  coroutine: string;
  seconds: number;
  /** Their seconds add up to all of its time; the longest first. */
  parts: {
    kind: PathKind;
    /** wait: what for, such as "asyncio.sleep(0.5)". run: the coroutine. ready: what the loop was busy with. "": not known. */
    label: string;
    at: Place | null;
    /** The frames of the program's own code, outermost first. */
    stack: Place[];
    seconds: number;
    /** How often that followed one after another, and the tasks that did. */
    count: number;
    /** How many of these waits a cancellation ended, such as a timeout's. */
    cancelled: number;
    tasks: number[];
  }[];
  /** Locks, queues and the like, and pools of threads (object null), by which one task of the path had to wait for another, and how often. */
  through: { object: number | null; label: string; count: number }[];
}

export interface ProgramInfo {
  argv: string[];
  /** Implementation and version, such as "cpython 3.11.7". */
  runtime: string;
  pid: number;
  exitCode: number | null;
  /** Signal name such as "SIGKILL", when a signal ended the program. */
  signal: string | null;
  /** false: it still ran when the recording ended, as one does that was attached to and let go. */
  ended: boolean;
  wallSeconds: number;
}

export interface Trust {
  events: number;
  dropped: number;
  tasksSeen: number;
  tasksMissed: number;
  mode: "fast" | "fallback";
  /** light: of some program steps and lives only were recorded, not what its tasks wait for, nor where. */
  detail: "full" | "light";
  /** Time spent inside the tracer, as it measured it. */
  overheadSeconds: number;
}

export interface LoopInfo {
  id: number;
  thread: string;
  /** Class of the loop, such as "uvloop.Loop". */
  kind: string;
  iterations: number;
  runSeconds: number;
  idleSeconds: number;
}

export interface Place {
  file: string;
  line: number;
  function: string;
  /** True for code that is neither in the standard library nor in site-packages. */
  user: boolean;
}

export type CreatedBy =
  | "create_task"
  | "ensure_future"
  | "gather"
  | "TaskGroup"
  | "wait_for"
  | "wait"
  | "as_completed"
  | "timeout"
  | "run"
  | "run_until_complete"
  | "run_coroutine_threadsafe"
  | "other";

export type Outcome = "returned" | "raised" | "cancelled" | "pending";

export interface TaskInfo {
  id: number;
  loop: number;
  name: string;
  /** Qualified name of the task's coroutine function. */
  coroutine: string;
  /** The task that was running when this one was created. */
  parent: number | null;
  createdBy: CreatedBy;
  /** Innermost frame of user code. */
  createdAt: Place | null;
  outcome: Outcome;
  exception: ExceptionInfo | null;
  cancelledBy: CancelInfo | null;
  created: number;
  started: number | null;
  ended: number | null;
  /** The three states of a live task, in seconds. */
  runSeconds: number;
  readySeconds: number;
  suspendedSeconds: number;
  steps: number;
  suspensions: Suspension[];
}

export interface ExceptionInfo {
  type: string;
  message: string;
  at: Place | null;
}

export interface CancelInfo {
  kind: "task" | "timeout" | "taskgroup" | "shutdown" | "loop" | "unknown";
  task: number | null;
  at: Place | null;
  /** The tasks that were cancelled before and passed it on, in order. */
  through: number[];
  /** Tasks that it awaited under asyncio.shield, and that went on. */
  shielded: number[];
  /** shutdown: by Ctrl-C. */
  signal: boolean;
}

export type WaitKind =
  | "sleep"
  | "yield"
  | "task"
  | "tasks"
  | "future"
  | "lock"
  | "semaphore"
  | "event"
  | "condition"
  | "barrier"
  | "queue.get"
  | "queue.put"
  | "queue.join"
  | "io"
  | "thread"
  | "process"
  | "other";

export interface WaitsOn {
  kind: WaitKind;
  /** In the words of the source, such as "asyncio.sleep(0.5)". */
  label: string;
  tasks: number[];
  object: number | null;
}

export interface WokenBy {
  kind: "timer" | "io" | "task" | "thread" | "cancel" | "callback" | "unknown";
  task: number | null;
}

export interface Suspension {
  from: number;
  ready: number | null;
  resumed: number | null;
  /** The innermost user-code frame that awaits. */
  at: Place | null;
  /** All coroutine frames, outermost first, library frames included. */
  stack: Place[];
  on: WaitsOn;
  wokenBy: WokenBy | null;
}

export interface ObjectInfo {
  id: number;
  kind: string;
  /** Such as "Lock 'accounts'". */
  label: string;
  createdAt: Place | null;
  heldBy: number[];
  waiters: number[];
}

export type FindingRule =
  | "blocking-call"
  | "starved"
  | "deadlock"
  | "never-awaited"
  | "exception-never-retrieved"
  | "task-lost"
  | "unfinished-at-exit"
  | "cancellation-swallowed"
  | "not-thread-safe"
  | "sequential-awaits";

export interface Finding {
  rule: FindingRule;
  severity: "error" | "warning" | "info";
  message: string;
  at: Place | null;
  stack: Place[];
  task: number | null;
  tasks: number[];
  object: number | null;
  seconds: number | null;
  from: number | null;
  /** URL, or a page relative to the documentation folder. */
  help: string;
}
