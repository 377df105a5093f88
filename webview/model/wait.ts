import type { Place, WaitKind } from "../../src/protocol/report";
import { WAITS } from "../../src/protocol/stream";
import type { Trace } from "../../src/trace";
import { duration } from "../util/format";

/** What a suspension waits on, ready to be shown. */
export interface WaitInfo {
  kind: WaitKind;
  /** In few words: "sleep 0.5 s", "Lock 'accounts'", "3 tasks". */
  label: string;
  /** Object row, or -1. */
  object: number;
  /** Task rows. */
  tasks: readonly number[];
  /** When its timer is due, seconds; NaN without one. */
  due: number;
  /** What runs in the thread or process, or "". */
  runs: string;
}

/** The innermost frames of the standard library that say what is being waited for. */
const LEAVES: [file: RegExp, name: RegExp, kind: WaitKind][] = [
  [/tasks\.py$/, /^sleep$/, "sleep"],
  [/tasks\.py$/, /^(wait|_wait|gather|as_completed|_wait_for_one)/, "tasks"],
  [/taskgroups\.py$/, /./, "tasks"],
  [/locks\.py$/, /^Lock\./, "lock"],
  [/locks\.py$/, /^Semaphore\./, "semaphore"],
  [/locks\.py$/, /^Event\./, "event"],
  [/locks\.py$/, /^Condition\./, "condition"],
  [/locks\.py$/, /^Barrier\./, "barrier"],
  [/queues\.py$/, /get$/, "queue.get"],
  [/queues\.py$/, /put$/, "queue.put"],
  [/queues\.py$/, /join$/, "queue.join"],
  [/(streams|selector_events|proactor_events|sslproto|base_events)\.py$/, /./, "io"],
  [/threads\.py$/, /./, "thread"],
  [/(subprocess|base_subprocess)\.py$/, /./, "process"],
];

/** What the suspension of a step's row waits on. */
export function waitInfo(trace: Trace, row: number): WaitInfo {
  const { steps, waits } = trace;
  const wait = steps.wait.get(row);
  const known = wait < 0 ? -wait : 0;
  const tasks = wait > 0 ? [wait - 1] : waits.lists[waits.list.get(known)];
  const object = waits.object.get(known);
  let kind: WaitKind = waits.kind.get(known) ? WAITS[waits.kind.get(known)] : wait > 0 ? "task" : "other";
  if (kind === "other") kind = kindByChain(trace, steps.stack.get(row)) ?? "future";
  const delay = waits.delay.get(known);
  const runs = trace.strings.get(waits.label.get(known));
  return {
    kind,
    label: words(trace, kind, object, tasks, delay, runs),
    object,
    tasks,
    due: steps.end.get(row) + delay,
    runs,
  };
}

function kindByChain(trace: Trace, stack: number): WaitKind | null {
  for (let at = stack; at > 0; at = trace.stacks.parent(at)) {
    const code = trace.places.codeAt(trace.stacks.leaf(at));
    if (code.user) return null;
    for (const [file, name, kind] of LEAVES)
      if (file.test(code.file) && name.test(code.qualname)) return kind;
  }
  return null;
}

function words(
  trace: Trace,
  kind: WaitKind,
  object: number,
  tasks: readonly number[],
  delay: number,
  runs: string,
): string {
  const thing = object >= 0 ? trace.objects.label(object) : "";
  switch (kind) {
    case "sleep":
      return Number.isNaN(delay) ? "sleep" : `sleep ${duration(delay)}`;
    case "yield":
      return "yields to the loop";
    case "task":
      return tasks.length ? `task ${trace.tasks.name(tasks[0])}` : "a task";
    case "tasks":
      return tasks.length ? `${tasks.length} tasks` : "several tasks";
    case "queue.get":
      return `get from ${thing || "a queue"}`;
    case "queue.put":
      return `put into ${thing || "a queue"}`;
    case "queue.join":
      return `join ${thing || "a queue"}`;
    case "io":
      return thing || "I/O";
    case "thread":
      return runs ? `thread: ${runs}` : "a thread";
    case "process":
      return runs ? `process: ${runs}` : thing || "a child process";
    case "future":
    case "other":
      return thing || "a future";
    default:
      return thing || `a${/^[aeiou]/.test(kind) ? "n" : ""} ${kind}`;
  }
}

/** The innermost user frame that awaits, else the innermost frame; null when the chain was not recorded. */
export function parkedAt(trace: Trace, row: number): Place | null {
  const id = parkedPlace(trace, row);
  return id > 0 ? trace.places.get(id) : null;
}

/** The same as a place id, 0 when it is not known. */
export function parkedPlace(trace: Trace, row: number): number {
  if (row < 0) return 0;
  const stack = trace.steps.stack.get(row);
  return trace.stacks.leaf(trace.stacks.userPart(stack) || stack);
}
