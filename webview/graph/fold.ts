import { isOver, type Snapshot, State } from "../model/snapshot";

/** What folding needs to know of a task beyond its state. */
export interface FoldSource {
  /** The task that created it, or -1; smaller than the task itself. */
  parent(task: number): number;
  /** Number of its coroutine function. */
  coroutine(task: number): number;
  /** Number of the place it is parked at; 0 when it is not suspended. */
  place(task: number): number;
}

export interface FoldOptions {
  /** Fold groups of at least this many; Infinity folds nothing. */
  foldFrom: number;
  showFinished: boolean;
  /** Only these tasks and their ancestors; null: all. */
  only: ((task: number) => boolean) | null;
  /** Tasks that always stand alone (deadlocked, selected); beside them, those that wait much longer than others alike. */
  apart: ReadonlySet<number>;
  /** Keys of groups the user has opened. */
  expanded: ReadonlySet<string>;
  /** Most nodes drawn. */
  limit: number;
  /** Keys of parents whose "+N more" was clicked, with how many more of their children are shown. */
  more: ReadonlyMap<string, number>;
}

/** A node: one task, a group of alike tasks, or the rest of a parent's children that is not drawn. */
export interface FoldNode {
  key: string;
  /** Index of the node that created it, or -1. */
  parent: number;
  kind: "task" | "group" | "more";
  /** Tasks in it, in order of creation; of "more": those left out. */
  tasks: number[];
  state: number;
  coroutine: number;
  place: number;
  /** Matches the filter itself, rather than being an ancestor of a match. */
  matches: boolean;
}

export interface Folded {
  nodes: FoldNode[];
  /** Node of each task, -1 for tasks that are not shown. A task under a "+N more" has that node. */
  nodeOf: Int32Array;
  /** Tasks shown, in whatever form. */
  shown: number;
  /** Of each node: descendants that have ended and are not shown. */
  finished: Int32Array;
}

/**
 * Folds the tasks of a snapshot into nodes: tasks with the same creator group, coroutine, state and await
 * place become one. Works level by level, since whether a task stands alone depends on its siblings.
 */
export function foldSnapshot(snapshot: Snapshot, source: FoldSource, options: FoldOptions): Folded {
  const { count, state } = snapshot;
  const nodeOf = new Int32Array(count).fill(-1);
  const visible = visibleTasks(snapshot, source, options);
  const levels: number[][] = [];
  const depth = new Int32Array(count);
  let shown = 0;
  for (let task = 0; task < count; task++) {
    if (!visible[task]) continue;
    shown++;
    const parent = source.parent(task);
    depth[task] = parent >= 0 && visible[parent] ? depth[parent] + 1 : 0;
    if (!levels[depth[task]]) levels[depth[task]] = [];
    levels[depth[task]].push(task);
  }
  const nodes: FoldNode[] = [];
  const kinds = new Map<number, number>();
  for (const level of levels) {
    /** By (creator node, kind of task), in order of first appearance. */
    const groups = new Map<number, number[]>();
    for (const task of level) {
      const parent = source.parent(task);
      const above = parent >= 0 && visible[parent] ? nodeOf[parent] : -1;
      const signature = (source.coroutine(task) * 8 + state[task]) * 1048576 + source.place(task);
      let kind = kinds.get(signature);
      if (kind === undefined) {
        kind = kinds.size;
        kinds.set(signature, kind);
      }
      const key = (above + 1) * 4194304 + kind;
      const group = groups.get(key);
      if (group) group.push(task);
      else groups.set(key, [task]);
    }
    for (const tasks of groups.values()) addGroup(nodes, nodeOf, tasks, visible, snapshot, source, options);
  }
  const capped = cap(nodes, nodeOf, snapshot, options);
  return { ...capped, shown, finished: hiddenDescendants(snapshot, source, visible, capped) };
}

/** With no more tasks than this the finished ones are always shown: there is room, and it helps whoever learns. */
const FEW = 20;

/** 2: shown for itself; 1: shown because a descendant is; 0: not. */
function visibleTasks(snapshot: Snapshot, source: FoldSource, options: FoldOptions): Uint8Array {
  const { count, state } = snapshot;
  const visible = new Uint8Array(count);
  const alive = state.some((s) => s !== 0 && !isOver(s)) && count - snapshot.totals[0] > FEW;
  for (let task = count - 1; task >= 0; task--) {
    if (state[task] === 0) continue;
    // When everything is over, the finished tasks are all there is to see.
    const over = isOver(state[task]) && state[task] !== State.raised;
    const wanted = options.showFinished || !alive || !over || options.apart.has(task);
    if (wanted && (!options.only || options.only(task))) visible[task] = 2;
    const parent = source.parent(task);
    if (visible[task] && parent >= 0 && !visible[parent] && state[parent] !== 0) visible[parent] = 1;
  }
  return visible;
}

/** Counts the tasks that are not shown at the nearest ancestor that is. */
function hiddenDescendants(
  snapshot: Snapshot,
  source: FoldSource,
  visible: Uint8Array,
  { nodes, nodeOf }: { nodes: FoldNode[]; nodeOf: Int32Array },
): Int32Array {
  const hidden = new Int32Array(nodes.length);
  const anchor = new Int32Array(snapshot.count).fill(-1);
  for (let task = 0; task < snapshot.count; task++) {
    if (snapshot.state[task] === 0) continue;
    const parent = source.parent(task);
    if (visible[task]) anchor[task] = nodeOf[task];
    else if (parent >= 0) anchor[task] = anchor[parent];
    if (!visible[task] && anchor[task] >= 0 && isOver(snapshot.state[task])) hidden[anchor[task]]++;
  }
  return hidden;
}

function addGroup(
  nodes: FoldNode[],
  nodeOf: Int32Array,
  tasks: number[],
  visible: Uint8Array,
  snapshot: Snapshot,
  source: FoldSource,
  options: FoldOptions,
): void {
  const first = tasks[0];
  const parent = source.parent(first);
  const above = parent >= 0 && visible[parent] ? nodeOf[parent] : -1;
  const late = tasks.length > options.foldFrom ? outliers(tasks, snapshot) : NOBODY;
  const alone = (task: number) => options.apart.has(task) || late.has(task);
  const together = tasks.filter((task) => !alone(task));
  const state = snapshot.state[first];
  const coroutine = source.coroutine(first);
  const place = source.place(first);
  const key = `${above < 0 ? "" : nodes[above].key}/${coroutine}.${state}.${place}`;
  const fold = together.length >= options.foldFrom && !options.expanded.has(key);
  const add = (kind: "task" | "group", members: number[], name: string) => {
    const matches = members.some((task) => visible[task] === 2);
    const index = nodes.push({
      key: name,
      parent: above,
      kind,
      tasks: members,
      state,
      coroutine,
      place,
      matches,
    });
    for (const task of members) nodeOf[task] = index - 1;
  };
  if (!fold) {
    for (const task of tasks) add("task", [task], `t${task}`);
    return;
  }
  for (const task of tasks) if (alone(task)) add("task", [task], `t${task}`);
  add("group", together, key);
}

/** A task is an outlier that has waited this much longer than half of those alike, and at least this many seconds. */
const LATE = { factor: 10, seconds: 1 };
/** Of many outliers the longest ones stand for all. */
const MOST_OUTLIERS = 3;
/** Waits that the usual one is taken from. */
const SAMPLES = 101;
const NOBODY: ReadonlySet<number> = new Set();

/** The tasks that have been parked far longer than the others: one stuck `fetch` among a thousand. */
function outliers(tasks: readonly number[], snapshot: Snapshot): ReadonlySet<number> {
  const { since, t } = snapshot;
  if (snapshot.state[tasks[0]] !== State.suspended) return NOBODY;
  const step = Math.max(1, tasks.length / SAMPLES);
  const samples: number[] = [];
  for (let at = 0; at < tasks.length; at += step) samples.push(t - since[tasks[Math.floor(at)]]);
  samples.sort((a, b) => a - b);
  const usual = samples[samples.length >> 1];
  const before = t - Math.max(LATE.seconds, usual * LATE.factor);
  const late = tasks.filter((task) => since[task] < before);
  if (late.length === 0) return NOBODY;
  return new Set(late.sort((a, b) => since[a] - since[b] || a - b).slice(0, MOST_OUTLIERS));
}

/** Children shown of one parent before the rest becomes "+N more". */
const CHILDREN = 60;

/** Keeps at most `limit` nodes: the rest of each parent's children becomes one "+N more". */
function cap(
  nodes: FoldNode[],
  nodeOf: Int32Array,
  snapshot: Snapshot,
  options: FoldOptions,
): { nodes: FoldNode[]; nodeOf: Int32Array } {
  const children = new Map<number, number[]>();
  nodes.forEach((node, index) => {
    const list = children.get(node.parent);
    if (list) list.push(index);
    else children.set(node.parent, [index]);
  });
  for (let most = CHILDREN; ; most = Math.max(3, Math.floor(most / 2))) {
    const { kept, rest } = keep(nodes, children, most, options);
    if (kept.length + rest.size > options.limit && most > 3) continue;
    if (rest.size === 0 && kept.length === nodes.length) return { nodes, nodeOf };
    return rebuild(nodes, kept.slice(0, options.limit), children, nodeOf, snapshot);
  }
}

function keep(nodes: FoldNode[], children: Map<number, number[]>, most: number, options: FoldOptions) {
  const kept: number[] = [];
  const rest = new Set<number>();
  const queue = [-1];
  for (let at = 0; at < queue.length; at++) {
    const list = children.get(queue[at]) ?? [];
    const allowed = most + (options.more.get(queue[at] < 0 ? "" : nodes[queue[at]].key) ?? 0);
    let room = allowed;
    for (const child of list) {
      const apart = nodes[child].tasks.some((task) => options.apart.has(task));
      if (room <= 0 && !apart) {
        rest.add(queue[at]);
        continue;
      }
      room--;
      kept.push(child);
      queue.push(child);
    }
  }
  return { kept, rest };
}

function rebuild(
  nodes: FoldNode[],
  kept: number[],
  children: Map<number, number[]>,
  nodeOf: Int32Array,
  snapshot: Snapshot,
): { nodes: FoldNode[]; nodeOf: Int32Array } {
  const renumbered = new Int32Array(nodes.length).fill(-1);
  const result: FoldNode[] = [];
  for (const index of kept) {
    const parent = nodes[index].parent;
    renumbered[index] = result.length;
    result.push({ ...nodes[index], parent: parent < 0 ? -1 : renumbered[parent] });
  }
  for (const above of [-1, ...kept]) {
    const left = (children.get(above) ?? []).filter((child) => renumbered[child] < 0);
    if (left.length === 0) continue;
    const tasks = left.flatMap((child) => nodes[child].tasks);
    const parent = above < 0 ? -1 : renumbered[above];
    const key = `${above < 0 ? "" : nodes[above].key}:more`;
    const { state } = nodes[left[0]];
    const node: FoldNode = { key, parent, kind: "more", tasks, state, coroutine: 0, place: 0, matches: true };
    const at = result.push(node) - 1;
    for (const child of left) renumbered[child] = at;
  }
  // Tasks below a child that is not drawn count to its "+N more".
  for (let index = 0; index < nodes.length; index++) {
    if (renumbered[index] < 0 && nodes[index].parent >= 0)
      renumbered[index] = renumbered[nodes[index].parent];
  }
  const mapped = new Int32Array(snapshot.count).fill(-1);
  for (let task = 0; task < snapshot.count; task++)
    if (nodeOf[task] >= 0) mapped[task] = renumbered[nodeOf[task]];
  return { nodes: result, nodeOf: mapped };
}
