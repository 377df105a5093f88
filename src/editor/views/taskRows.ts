import { basename } from "node:path";
import type { Finding, Place } from "../../protocol/report";
import {
  awaitPlace,
  coroutineName,
  createdAt,
  Outcomes,
  type State,
  TaskFlag,
  type TaskState,
  type Trace,
  taskState,
  waitOf,
} from "../../trace";
import { l10n } from "../l10n";

/** A row of the Tasks tree, ready to be shown: no editor types, so that what it says is tested as text. */
export interface Row {
  /** Stays the same while the tree changes around it, so that VS Code keeps what is open and selected. */
  id: string;
  label: string;
  description: string;
  icon: State | "sleeping" | "deadlocked" | "loop" | "ended";
  /** Where a click leads. */
  place: Place | null;
  /** The task a row stands for; a group's is its first. */
  task: number | null;
  children: Row[];
  /** Open as long as the user has not closed it. */
  expanded: boolean;
}

/** Tasks with the same coroutine, parked at the same line for the same reason, from this number on are one row. */
const FOLD_FROM = 4;
/** More rows than anybody reads; what is left out is counted in the last row. */
const MAX_ROWS = 200;

const OVER: ReadonlySet<State> = new Set(["returned", "raised", "cancelled"]);

interface Seen extends Pick<TaskState, "state" | "suspension"> {
  task: number;
  deadlocked: boolean;
}

/** Rows of the tasks that are in a deadlock, in a report's findings. */
export function deadlocked(findings: readonly Finding[]): ReadonlySet<number> {
  const ids = findings.filter((finding) => finding.rule === "deadlock").flatMap((finding) => finding.tasks);
  return new Set(ids.map((id) => id - 1));
}

/** The tasks of one loop. */
interface OfLoop {
  live: Seen[];
  /** The latest that ended, latest first; a server's would be millions. */
  over: Seen[];
  overCount: number;
  failed: number;
}

/** The tree at the latest instant: loops, in each its live tasks, folded where they are alike, and those that ended. */
export function taskRows(trace: Trace, stuck: ReadonlySet<number> = new Set()): Row[] {
  const loops = byLoop(trace, stuck);
  const rows = trace.loops.map((loop, index) => {
    const ofLoop = loops[index];
    const id = `loop-${index}`;
    const thread = loop.thread || l10n.t("event loop");
    const pid = trace.programs[loop.program]?.hello?.pid ?? "?";
    const children = foldAlike(trace, ofLoop.live, id);
    if (ofLoop.overCount > 0) children.push(endedRow(trace, ofLoop, id));
    return {
      id,
      label: trace.programs.length > 1 ? l10n.t("{0} (process {1})", thread, pid) : thread,
      // "asyncio._UnixSelectorEventLoop" says no more than "UnixSelectorEventLoop".
      description: `${liveCount(ofLoop.live.length)} · ${loop.kind.replace(/^asyncio\./, "").replace(/^.*_/, "")}`,
      icon: "loop" as const,
      place: null,
      task: null,
      children,
      expanded: true,
    };
  });
  // What belongs to no loop has a row of its own only when there is something in it.
  return rows.filter((row, index) => trace.loops[index].id > 0 || row.children.length > 0);
}

/** From the latest task to the first: of those that ended only the latest are looked at, the others are counted. */
function byLoop(trace: Trace, stuck: ReadonlySet<number>): OfLoop[] {
  const { tasks } = trace;
  const loops: OfLoop[] = trace.loops.map(() => ({ live: [], over: [], overCount: 0, failed: 0 }));
  for (let task = tasks.count - 1; task >= 0; task--) {
    const loop = loops[tasks.loop.get(task)];
    if (loop === undefined || tasks.flags.get(task) & TaskFlag.void) continue;
    const ended = !Number.isNaN(tasks.ended.get(task));
    if (ended) {
      loop.overCount++;
      if (Outcomes[tasks.outcome.get(task)] === "raised") loop.failed++;
      if (loop.over.length > MAX_ROWS) continue;
    }
    const { state, suspension } = taskState(trace, task);
    if (state !== "absent") {
      (ended ? loop.over : loop.live).push({ state, suspension, task, deadlocked: stuck.has(task) });
    }
  }
  for (const loop of loops) loop.live.reverse();
  return loops;
}

/** "1 task", "12 tasks". */
export function taskCount(count: number): string {
  return count === 1 ? l10n.t("1 task") : l10n.t("{0} tasks", count.toLocaleString("en"));
}

function liveCount(count: number): string {
  return count === 1 ? l10n.t("1 live task") : l10n.t("{0} live tasks", count.toLocaleString("en"));
}

/** "shop.py:97" of a place, or "". */
export function placeText(place: Place | null): string {
  return place === null ? "" : `${basename(place.file)}:${place.line}`;
}

function foldAlike(trace: Trace, tasks: readonly Seen[], parent: string): Row[] {
  const groups = new Map<string, Seen[]>();
  for (const seen of tasks) {
    const key = likeness(trace, seen);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [seen]);
    else group.push(seen);
  }
  const rows: Row[] = [];
  for (const [key, group] of groups) {
    if (group.length < FOLD_FROM) rows.push(...group.map((seen) => taskRow(trace, seen)));
    else rows.push(groupRow(trace, group, `${parent}/${key}`));
  }
  return capped(rows, parent);
}

/** Equal for tasks of one coroutine, state and place. Numbers, not names: it is made for every task. */
function likeness(trace: Trace, seen: Seen): string {
  const { tasks, steps, stacks } = trace;
  const row = seen.suspension >= 0 ? seen.suspension : tasks.lastStep.get(seen.task);
  const stack = row < 0 ? tasks.creationStack.get(seen.task) : steps.stack.get(row);
  const place = stacks.leaf(stacks.userPart(stack));
  return `${tasks.code.get(seen.task)}.${seen.state}.${place}.${seen.deadlocked}`;
}

function taskRow(trace: Trace, seen: Seen): Row {
  const place = placeOf(trace, seen);
  return {
    id: `task-${seen.task}`,
    label: labelOf(trace, seen.task),
    description: describe(trace, seen, place),
    icon: iconOf(trace, seen),
    place,
    task: seen.task,
    children: [],
    expanded: false,
  };
}

function groupRow(trace: Trace, group: readonly Seen[], id: string): Row {
  const [first] = group;
  const place = placeOf(trace, first);
  return {
    id,
    label: `${coroutineName(trace, first.task)} ×${group.length.toLocaleString("en")}`,
    description: describe(trace, first, place),
    icon: iconOf(trace, first),
    place,
    task: first.task,
    children: capped(
      group.slice(0, MAX_ROWS + 1).map((seen) => taskRow(trace, seen)),
      id,
      group.length,
    ),
    expanded: false,
  };
}

function endedRow(trace: Trace, { over, overCount, failed }: OfLoop, parent: string): Row {
  return {
    id: `${parent}/ended`,
    label: l10n.t("Ended"),
    description: `${taskCount(overCount)}${failed === 0 ? "" : ` · ${l10n.t("{0} failed", failed)}`}`,
    icon: "ended",
    place: null,
    task: null,
    children: capped(
      over.map((seen) => taskRow(trace, seen)),
      `${parent}/ended`,
      overCount,
    ),
    expanded: false,
  };
}

function capped(rows: Row[], parent: string, total = rows.length): Row[] {
  if (rows.length <= MAX_ROWS) return rows;
  const more: Row = {
    id: `${parent}/more`,
    label: l10n.t("{0} more", (total - MAX_ROWS).toLocaleString("en")),
    description: l10n.t("the task graph shows them all"),
    icon: "ended",
    place: null,
    task: null,
    children: [],
    expanded: false,
  };
  return [...rows.slice(0, MAX_ROWS), more];
}

function describe(trace: Trace, seen: Seen, place: Place | null): string {
  const where = placeText(place);
  const what = seen.state === "suspended" ? waitOf(trace, seen.suspension).label : endText(trace, seen);
  const stuck = seen.deadlocked && seen.state === "suspended" ? l10n.t("deadlock") : "";
  return [where, stuck, what].filter((part) => part !== "").join(" · ");
}

function endText(trace: Trace, seen: Seen): string {
  if (seen.state === "ready") return l10n.t("ready, waits for the loop");
  const raised = seen.state === "raised" ? trace.exceptions.get(seen.task)?.type : undefined;
  return raised ?? stateName(seen.state);
}

/** A state, as the user reads it. */
export function stateName(state: Row["icon"]): string {
  const names: Record<Row["icon"], string> = {
    loop: l10n.t("event loop"),
    deadlocked: l10n.t("deadlocked"),
    running: l10n.t("running"),
    ready: l10n.t("ready"),
    suspended: l10n.t("suspended"),
    sleeping: l10n.t("sleeping"),
    pending: l10n.t("pending"),
    absent: l10n.t("absent"),
    returned: l10n.t("returned"),
    raised: l10n.t("raised"),
    cancelled: l10n.t("cancelled"),
    ended: l10n.t("ended"),
  };
  return names[state];
}

/** The name its author gave a task; one that asyncio numbered says less than its coroutine does. */
function labelOf(trace: Trace, task: number): string {
  const name = trace.tasks.name(task);
  return /^Task-\d+$/.test(name) ? `${coroutineName(trace, task)} (${name})` : name;
}

/** Where a task is parked, failed, or else was created. */
function placeOf(trace: Trace, seen: Seen): Place | null {
  if (seen.state === "raised") return trace.exceptions.get(seen.task)?.at ?? createdAt(trace, seen.task);
  const row = seen.suspension >= 0 ? seen.suspension : trace.tasks.lastStep.get(seen.task);
  const parked = row < 0 || OVER.has(seen.state) ? null : awaitPlace(trace, row);
  return parked ?? createdAt(trace, seen.task);
}

function iconOf(trace: Trace, seen: Seen): Row["icon"] {
  if (seen.deadlocked && seen.state === "suspended") return "deadlocked";
  const sleeping = seen.state === "suspended" && waitOf(trace, seen.suspension).kind === "sleep";
  return sleeping ? "sleeping" : seen.state;
}
