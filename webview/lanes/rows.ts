import { loopName, starterOf, TaskFlag, type Trace } from "../../src/trace";
import { loopsOf } from "../model/loops";
import { displayName, taskTitle } from "../util/format";
import { t } from "../util/l10n";

/** One horizontal lane. */
export type LaneRow =
  | { kind: "loop"; key: string; loop: number; label: string; detail: string; top: number; height: number }
  | { kind: "task"; key: string; task: number; depth: number; label: string; top: number; height: number }
  | {
      kind: "group";
      key: string;
      tasks: number[];
      depth: number;
      label: string;
      open: boolean;
      top: number;
      height: number;
    };

export interface RowOptions {
  expanded: ReadonlySet<string>;
  /** Fold siblings of one coroutine from this many on. */
  foldFrom: number;
  only: ((task: number) => boolean) | null;
  /** Height of a task's lane, CSS pixels. */
  height: number;
  /** Height there is, CSS pixels: groups grow into what is left over. */
  room: number;
  /** Tasks that keep a lane of their own. */
  apart: ReadonlySet<number>;
}

const LOOP_HEIGHT = 34;

/**
 * The lanes from top to bottom: a section for each loop (with its thread, and its process where there are
 * several), in it the tasks in the order of the creation tree, siblings of one coroutine as one lane.
 */
export function buildRows(trace: Trace, options: RowOptions): LaneRow[] {
  const rows: LaneRow[] = [];
  const { tasks } = trace;
  const children = new Map<number, number[]>();
  const roots = new Map<number, number[]>();
  const wanted = matching(trace, options.only);
  for (let task = 0; task < tasks.count; task++) {
    if (!wanted(task)) continue;
    const parent = tasks.parent.get(task);
    const under = parent >= 0 && tasks.loop.get(parent) === tasks.loop.get(task) && wanted(parent);
    const [map, key] = under ? [children, parent] : [roots, tasks.loop.get(task)];
    const list = map.get(key);
    if (list) list.push(task);
    else map.set(key, [task]);
  }
  let top = 0;
  const push = (row: LaneRow) => {
    row.top = top;
    top += row.height;
    rows.push(row);
  };
  const loops = loopsOf(trace);
  for (const loop of loops) {
    push({
      kind: "loop",
      key: `l${loop.row}`,
      loop: loop.row,
      ...titleOf(trace, loop.row, loops.length > 1),
      top,
      height: LOOP_HEIGHT,
    });
    addTasks(trace, roots.get(loop.row) ?? [], children, options, push);
    roots.delete(loop.row);
  }
  // Tasks whose loop is not known.
  for (const orphans of roots.values()) addTasks(trace, orphans, children, options, push);
  spreadGroups(rows, options.room - top);
  return rows;
}

/** Groups are taller by at most this, in whole steps: a lane that comes should not move all others by a hair. */
const GROWTH = { most: 48, step: 6 };

/** Gives the height that is left over to the groups, whose curves say more when they are tall. */
function spreadGroups(rows: LaneRow[], left: number): void {
  const groups = rows.filter((row) => row.kind === "group" && !row.open).length;
  if (groups === 0 || left <= 0) return;
  const more = Math.min(GROWTH.most, Math.floor(left / groups / GROWTH.step) * GROWTH.step);
  let top = 0;
  for (const row of rows) {
    row.top = top;
    if (row.kind === "group" && !row.open) row.height += more;
    top += row.height;
  }
}

function matching(trace: Trace, only: RowOptions["only"]): (task: number) => boolean {
  const { flags } = trace.tasks;
  return (task) => !(flags.get(task) & TaskFlag.void) && (!only || only(task));
}

function titleOf(trace: Trace, row: number, several: boolean): { label: string; detail: string } {
  const loop = trace.loops[row];
  const program = trace.programs[loop.program];
  const parts = [loop.kind.replace(/^asyncio\./, "").replace(/^_/, "")];
  if (several) parts.push(loop.thread);
  if (trace.programs.length > 1 && program?.hello) parts.push(`pid ${program.hello.pid}`);
  if (program?.parent >= 0) parts.push(t("started by {who}", { who: starterOf(trace, program) }));
  return {
    label: several ? loopName(trace, loop) : t("Event loop"),
    detail: parts.join(" · "),
  };
}

type Frame = { group: number[]; depth: number };

function addTasks(
  trace: Trace,
  roots: number[],
  children: Map<number, number[]>,
  options: RowOptions,
  push: (row: LaneRow) => void,
): void {
  // Iterative: a chain of ten thousand tasks, each the child of the last, is a legal program.
  const stack: Frame[] = groupsOf(trace, roots, options).map((group) => ({ group, depth: 0 }));
  stack.reverse();
  while (stack.length > 0) {
    const { group, depth } = stack.pop()!;
    const key = keyOf(trace, group);
    if (group.length === 1) {
      const [task] = group;
      const names = taskTitle(
        trace.tasks.name(task),
        trace.places.codes[trace.tasks.code.get(task)].qualname,
      );
      const label = names.suffix ? `${names.title}  ${names.suffix}` : names.title;
      push({ kind: "task", key: `t${task}`, task, depth, label, top: 0, height: options.height });
    } else {
      const open = options.expanded.has(key);
      const label = displayName(trace.places.codes[trace.tasks.code.get(group[0])].qualname);
      push({ kind: "group", key, tasks: group, depth, label, open, top: 0, height: options.height + 6 });
      if (open) {
        for (let i = group.length - 1; i >= 0; i--) stack.push({ group: [group[i]], depth: depth + 1 });
        continue;
      }
    }
    const below = group.flatMap((task) => children.get(task) ?? []);
    const groups = groupsOf(trace, below, options);
    for (let i = groups.length - 1; i >= 0; i--) stack.push({ group: groups[i], depth: depth + 1 });
  }
}

/** Siblings (of one creator, or of creators that are one lane) by coroutine, in order of first appearance. */
function groupsOf(trace: Trace, siblings: number[], options: RowOptions): number[][] {
  const byCode = new Map<number, number[]>();
  for (const task of siblings) {
    const code = trace.tasks.code.get(task);
    const list = byCode.get(code);
    if (list) list.push(task);
    else byCode.set(code, [task]);
  }
  return [...byCode.values()].flatMap((group) => {
    const together = group.filter((task) => !options.apart.has(task));
    if (together.length < options.foldFrom) return group.map((task) => [task]);
    return [...group.filter((task) => options.apart.has(task)).map((task) => [task]), together];
  });
}

/** Stable while the group grows: its first task and its coroutine. */
const keyOf = (trace: Trace, group: number[]) =>
  group.length === 1 ? `t${group[0]}` : `g${group[0]}.${trace.tasks.code.get(group[0])}`;

/** The row at a height, or the last row; rows are in order of `top`. */
export function rowAt(rows: readonly LaneRow[], y: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle].top <= y) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
