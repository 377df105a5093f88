import type { Place } from "../protocol/report";
import {
  coroutineName,
  digits,
  isPackage,
  libraryOf,
  loopState,
  objectState,
  StepFlag,
  stallPlace,
  type TaskState,
  type Trace,
  taskState,
  type Wait,
  waitOf,
} from "../trace";
import { plain, type Style } from "./style";
import { count, location } from "./summary";

/** A task that has not ended, at one instant. */
interface Live {
  task: number;
  state: TaskState;
  wait: Wait | null;
  /** Outermost frame first; what it awaits, or, while it holds the loop, where it was last seen. */
  stack: Place[];
  /** Live tasks it waits for. */
  on: number[];
}

/** How it is told. */
interface How {
  now: number;
  paint: Style;
  /** Frames of libraries, too. */
  all: boolean;
}

/** Tasks alike are listed once; this many of their names are told. */
const NAMED = 3;

/**
 * Where every task of a trace is parked at its end, and what for: tasks below the one that awaits them,
 * with the frames of their awaits; of libraries only how many there are, unless `all` are asked for. `now` is the
 * present in seconds of the trace.
 */
export function* awaitTree(trace: Trace, now: number, paint: Style, all = false): Generator<string> {
  for (const loop of trace.loops) {
    if (loop.id === 0) continue;
    const state = loopState(trace, loop);
    const kind = `${plain(loop.kind)} in ${plain(loop.thread)}`;
    const live = liveTasks(trace, loop.row);
    const doing =
      state.state === "running" && state.task >= 0
        ? `held by ${plain(trace.tasks.name(state.task))} for ${elapsed(now - state.since)}`
        : state.state;
    yield `${paint.bold(`loop ${loop.id}`)} (${kind}): ${doing}, ${count(live.size, "task")}`;
    yield* forest(trace, live, { now, paint, all });
  }
}

function liveTasks(trace: Trace, loop: number): Map<number, Live> {
  const found = new Map<number, Live>();
  for (let task = 0; task < trace.tasks.count; task++) {
    if (trace.tasks.loop.get(task) !== loop) continue;
    const state = taskState(trace, task);
    if (!["pending", "ready", "running", "suspended"].includes(state.state)) continue;
    const wait = state.suspension < 0 ? null : waitOf(trace, state.suspension);
    found.set(task, { task, state, wait, stack: stackOf(trace, task, state), on: wait?.tasks ?? [] });
  }
  for (const live of found.values()) live.on = live.on.filter((task) => found.has(task));
  return found;
}

function stackOf(trace: Trace, task: number, state: TaskState): Place[] {
  if (state.suspension >= 0) return trace.stacks.frames(trace.steps.stack.get(state.suspension));
  if (state.state !== "running") return [];
  const stall = stallPlace(trace, trace.loops[trace.tasks.loop.get(task)], state.since);
  // The sample holds the interpreter's whole stack: the loop's own frames say nothing.
  return stall === null ? [] : trace.stacks.frames(stall.stack).filter(({ user }) => user);
}

/** Tasks nobody awaits first; then those that are only reached in a circle. */
function* forest(trace: Trace, live: Map<number, Live>, how: How): Generator<string> {
  const awaited = new Set([...live.values()].flatMap(({ on }) => on));
  const shown = new Set<number>();
  const roots = [...live.keys()].filter((task) => !awaited.has(task));
  yield* branches(trace, live, roots, shown, "", how);
  for (const task of live.keys()) {
    if (!shown.has(task)) yield* branches(trace, live, [task], shown, "", how);
  }
}

function* branches(
  trace: Trace,
  live: Map<number, Live>,
  tasks: number[],
  shown: Set<number>,
  indent: string,
  how: How,
): Generator<string> {
  const groups = alike(trace, live, tasks, shown);
  for (const [i, group] of groups.entries()) {
    const last = i === groups.length - 1;
    const first = live.get(group[0])!;
    const known = shown.has(first.task);
    for (const task of group) shown.add(task);
    yield `${indent}${last ? "└─" : "├─"} ${heading(trace, first, group, how.now, how.paint)}${known ? " (see above)" : ""}`;
    if (known) continue;
    const below = `${indent}${last ? "  " : "│ "} `;
    const bar = first.on.length > 0 ? "│  " : "   ";
    for (const frame of frames(first.stack, how.all)) yield how.paint.dim(`${below}${bar}${frame}`);
    yield* branches(trace, live, first.on, shown, below, how);
  }
}

/**
 * A line for each frame of the program; of libraries how many there are, for a server's request has dozens. Of a task that
 * runs none of the program's code, the innermost one of an installed package, which says most.
 */
export function* frames(stack: Place[], all: boolean): Generator<string> {
  const own = stack.some(({ user }) => user);
  const most = own ? null : (stack.findLast(({ file }) => isPackage(file)) ?? stack.at(-1));
  let hidden: Place[] = [];
  for (const place of stack) {
    if (!all && !place.user && place !== most) {
      hidden.push(place);
      continue;
    }
    yield* counted(hidden);
    hidden = [];
    yield `${location(place)} in ${plain(place.function)}`;
  }
  // What the last line calls of asyncio is what the task is said to wait for.
  if (!hidden.every(({ file }) => libraryOf(file) === "asyncio")) yield* counted(hidden);
}

/** "… 3 frames of starlette, fastapi" */
function* counted(hidden: Place[]): Generator<string> {
  if (hidden.length === 0) return;
  const names = [...new Set(hidden.map(({ file }) => libraryOf(file)))].slice(0, NAMED).map(plain);
  yield `… ${count(hidden.length, "frame")} of ${names.join(", ")}`;
}

/** Tasks that differ in nothing but their name and their time. */
function alike(trace: Trace, live: Map<number, Live>, tasks: number[], shown: Set<number>): number[][] {
  const groups = new Map<string, number[]>();
  for (const task of tasks) {
    const { state, wait, stack, on } = live.get(task)!;
    const alone = on.length > 0 || shown.has(task) ? task : -1;
    const where = stack.map(({ file, line }) => `${file}:${line}`);
    const object = wait !== null && wait.object >= 0 ? wait.label + holders(trace, task, wait) : "";
    const key = JSON.stringify([coroutineName(trace, task), state.state, object, where, alone]);
    const group = groups.get(key);
    if (group) group.push(task);
    else groups.set(key, [task]);
  }
  return [...groups.values()];
}

function heading(trace: Trace, live: Live, group: number[], now: number, paint: Style): string {
  const names = group.slice(0, NAMED).map((task) => plain(trace.tasks.name(task)));
  if (group.length > NAMED) names.push("..");
  const times = group.length > 1 ? ` ×${digits(group.length)}` : "";
  const coroutine = plain(coroutineName(trace, live.task));
  return `${paint.bold(names.join(", "))} (${coroutine})${times}: ${doing(trace, live, now, paint)}`;
}

function doing(trace: Trace, { task, state, wait }: Live, now: number, paint: Style): string {
  const time = elapsed(now - state.since);
  // Where tracing found it: since when it is there is not known.
  const parked = state.suspension >= 0 && (trace.steps.flags.get(state.suspension) & StepFlag.parked) > 0;
  switch (state.state) {
    case "running":
      return paint.red(`runs, and holds the loop, for ${time}`);
    case "ready":
      return paint.yellow(`ready, but waiting for the loop for ${time}`);
    case "pending":
      return paint.yellow(`created ${time} ago, not started yet`);
    default:
      return `${plain(wait?.label ?? "")}${parked ? "" : ` for ${time}`}${holders(trace, task, wait)}`;
  }
}

function holders(trace: Trace, task: number, wait: Wait | null): string {
  if (wait === null || wait.object < 0 || !["lock", "semaphore", "condition"].includes(wait.kind)) return "";
  const names = objectState(trace, wait.object).holders.map((holder) => {
    return holder === task ? "itself" : plain(trace.tasks.name(holder));
  });
  return names.length > 0
    ? `, held by ${names.slice(0, NAMED).join(", ")}${names.length > NAMED ? ", .." : ""}`
    : "";
}

function elapsed(seconds: number): string {
  return seconds < 1 ? `${Math.max(0, seconds * 1000).toFixed(0)} ms` : `${seconds.toFixed(1)} s`;
}
