import type { CreatedBy, Place, WaitKind, WaitsOn, WokenBy } from "../../protocol/report";
import { CAUSE_CANCELLED, CAUSES, WAIT, WAITS } from "../../protocol/stream";
import { childrenOf } from "../queries";
import { StepFlag } from "../store/steps";
import type { Trace } from "../trace";
import { type ChainInfo, chainInfo } from "./chain";
import { createdBy } from "./creation";
import { isPackage } from "./library";
import { poolLabel } from "./pools";
import { isLight } from "./program";
import { digits } from "./text";

/** What the suspension of a row waits on, with rows of tasks and of the object (-1: none). */
export interface Wait {
  kind: WaitKind;
  /** In the words of the source, such as "asyncio.sleep(0.5)". */
  label: string;
  tasks: number[];
  object: number;
  /** Seconds it sleeps, NaN when it does not. */
  delay: number;
}

/** A list of tasks in a label names this many. */
const NAMED = 3;

/** What the suspension that follows a step waits on. */
export function waitOf(trace: Trace, row: number): Wait {
  const { steps, waits, strings } = trace;
  const chain = chainInfo(trace, steps.stack.get(row));
  const encoded = steps.wait.get(row);
  const wait: Wait = { kind: "other", label: "", tasks: [], object: -1, delay: Number.NaN };
  let said: WaitKind | null = null;
  let runs = "";
  if (encoded > 0) wait.tasks = [encoded - 1];
  else if (encoded < 0) {
    const info = -encoded;
    const kind = waits.kind.get(info);
    if (kind > 0 && kind < WAITS.length) said = WAITS[kind];
    wait.object = waits.object.get(info);
    wait.delay = waits.delay.get(info);
    wait.tasks = waits.lists[waits.list.get(info)];
    runs = strings.get(waits.label.get(info));
    const job = waits.jobs.get(info);
    if (job !== undefined && kind === WAIT.tasks) runs += `, in ${poolLabel(job.pool)}`;
  }
  if (steps.flags.get(row) & StepFlag.yielded) said = "yield";
  wait.kind = kindOf(wait, said, chain, steps.stack.get(row) !== 0);
  if (chain.call === AS_COMPLETED) wait.tasks = pending(trace, wait.tasks, steps.end.get(row));
  if (wait.kind === "tasks" && wait.tasks.length === 0) wait.tasks = childrenInGroup(trace, row, chain);
  const untold = wait.kind === "other" && steps.stack.get(row) === 0 && isLight(trace, steps.task.get(row));
  wait.label = untold ? UNTOLD : label(trace, wait, chain, runs);
  return wait;
}

/** What light detail waits for: it tells neither of that nor of where. */
const UNTOLD = "something not recorded";

/**
 * Kinds that are made of others: as_completed waits on a queue, a barrier on a condition. The runtime sees
 * the inner object, the chain shows what the source means.
 */
const OUTER: ReadonlySet<WaitKind> = new Set(["tasks", "barrier", "queue.join", "process"]);

function kindOf(wait: Wait, said: WaitKind | null, chain: ChainInfo, hasChain: boolean): WaitKind {
  if (chain.kind !== null && OUTER.has(chain.kind)) return chain.kind;
  if (said === "task" && wait.tasks.length > 1) return "tasks";
  if (said !== null && said !== "other") return said;
  if (chain.kind !== null) return chain.kind;
  if (wait.tasks.length > 1) return "tasks";
  if (wait.tasks.length === 1) return "task";
  return hasChain && said === null ? "future" : "other";
}

const CANCELLING = "cancelling";
const AS_COMPLETED = "asyncio.as_completed";

/** Those of some tasks that have not ended at `t`: what `as_completed` waits for is told once, and shrinks. */
function pending(trace: Trace, tasks: number[], t: number): number[] {
  return tasks.filter((task) => !(trace.tasks.ended.get(task) <= t));
}

/** What waits for tasks it has created itself. */
const GROUPS: Record<string, CreatedBy> = { TaskGroup: "TaskGroup", [AS_COMPLETED]: "as_completed" };

/** The tasks of a TaskGroup whose block a task is leaving, or of as_completed: its children that live. */
function childrenInGroup(trace: Trace, row: number, chain: ChainInfo): number[] {
  const creator = GROUPS[chain.call];
  if (creator === undefined) return [];
  const { tasks, steps } = trace;
  const from = steps.end.get(row);
  const children = childrenOf(trace, steps.task.get(row)).filter(
    (task) => tasks.created.get(task) <= from && createdBy(trace, task) === creator,
  );
  return pending(trace, children, from);
}

function label(trace: Trace, wait: Wait, chain: ChainInfo, runs: string): string {
  const inner = innerLabel(trace, wait, chain, runs);
  return chain.wrapper ? `${chain.wrapper}(${inner.replace(/^await /, "")})` : inner;
}

function innerLabel(trace: Trace, wait: Wait, chain: ChainInfo, runs: string): string {
  const { kind, tasks, delay } = wait;
  switch (kind) {
    case "sleep":
      return Number.isNaN(delay) ? chain.call || "asyncio.sleep" : `asyncio.sleep(${seconds(delay)})`;
    case "yield":
      return chain.call === "" || chain.kind === "sleep" || chain.kind === "yield"
        ? "asyncio.sleep(0)"
        : chain.call;
    case "task":
      if (chain.call === CANCELLING)
        return `${CANCELLING} ${tasks.length > 0 ? trace.tasks.name(tasks[0]) : "it"}`;
      return tasks.length > 0 ? `await task ${trace.tasks.name(tasks[0])}` : chain.call || "await task";
    case "tasks":
      return tasksLabel(trace, tasks, chain, runs);
    case "thread":
    case "process":
      return chain.call
        ? runs
          ? `${chain.call}(${runs})`
          : chain.call
        : runs
          ? `run_in_executor(${runs})`
          : `await ${kind}`;
    case "future":
      if (chain.call === CANCELLING) return `${CANCELLING} it`;
      return chain.call || (chain.wrapper ? "…" : "await Future");
    case "other":
      return chain.call || (chain.wrapper ? "…" : "await");
    default:
      return objectLabel(trace, wait, chain);
  }
}

function tasksLabel(trace: Trace, tasks: number[], chain: ChainInfo, runs: string): string {
  const what = chain.call === "" ? "gather" : chain.call;
  if (tasks.length === 0) return runs ? `${what} of ${runs}` : what;
  if (tasks.length > NAMED) return `${what} of ${digits(tasks.length)} tasks`;
  // A group keeps its tasks in a set, which has no order.
  const inOrder = [...tasks].sort((a, b) => a - b);
  return `${what} of ${inOrder.map((task) => trace.tasks.name(task)).join(", ")}`;
}

const METHODS: Partial<Record<WaitKind, string>> = {
  lock: "acquire",
  semaphore: "acquire",
  event: "wait",
  condition: "wait",
  barrier: "wait",
  "queue.get": "get",
  "queue.put": "put",
  "queue.join": "join",
};

function objectLabel(trace: Trace, wait: Wait, chain: ChainInfo): string {
  const method = METHODS[wait.kind];
  if (wait.object >= 0 && method) return `${trace.objects.label(wait.object)}.${method}`;
  return chain.call || (method ? `${wait.kind.replace(/\..*/, "")}.${method}` : `await ${wait.kind}`);
}

/** Seconds as source would write them: 0.5, 3600, 0.001. */
export function seconds(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** The same for the report: ids in place of rows. */
export function waitsOn(trace: Trace, row: number): WaitsOn {
  const { kind, label, tasks, object } = waitOf(trace, row);
  return { kind, label, tasks: tasks.map((task) => task + 1), object: object < 0 ? null : object + 1 };
}

/**
 * The innermost user-code place a suspended task awaits at. Of a task without user code, such as a server's, the
 * innermost place in an installed package, else the innermost.
 */
export function awaitPlace(trace: Trace, row: number): Place | null {
  const place = awaitPlaceId(trace, row);
  return place === 0 ? null : trace.places.get(place);
}

/** The same as a place id, 0 when the chain was not recorded. */
export function awaitPlaceId(trace: Trace, row: number): number {
  const { stacks, places } = trace;
  const stack = trace.steps.stack.get(row);
  const user = stacks.userPart(stack);
  if (user !== 0) return stacks.leaf(user);
  for (let at = stack; at !== 0; at = stacks.parent(at)) {
    if (isPackage(places.get(stacks.leaf(at)).file)) return stacks.leaf(at);
  }
  return stacks.leaf(stack);
}

/** Who made a suspended task ready; null while it is not, and where that was not recorded. */
export function wokenBy(trace: Trace, row: number): WokenBy | null {
  const { steps, wakes } = trace;
  if (Number.isNaN(steps.ready.get(row)) || steps.flags.get(row) & StepFlag.unwoken) return null;
  if (steps.flags.get(row) & StepFlag.yielded) return { kind: "callback", task: null };
  const cause = wakes.cause.get(steps.wake.get(row));
  const by = steps.by.get(row);
  const kind = cause & CAUSE_CANCELLED ? "cancel" : (CAUSES[cause] ?? "unknown");
  return { kind, task: by < 0 ? null : by + 1 };
}
