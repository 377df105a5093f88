import { computed, signal } from "@preact/signals";
import { STATE_NAMES, State } from "../model/snapshot";
import { parkedAt, waitInfo } from "../model/wait";
import { findings } from "../state/findings";
import { highlighted, live, open, selection, snapshot, tick, trace } from "../state/model";
import { setting } from "../state/settings";
import { type Filterable, parseFilter } from "../util/filter";
import { buildGraph, type GraphModel } from "./build";

/** Groups the user opened, and how many more children of a parent are shown. */
export const expanded = signal<ReadonlySet<string>>(new Set());
export const more = signal<ReadonlyMap<string, number>>(new Map());
/** Width of the panel when it is too narrow for columns, else null. */
export const outlineWidth = signal<number | null>(null);

/** Never more nodes than a person can look at, nor than a frame has time for. */
const NODE_LIMIT = 300;
/** Alike tasks are folded from this many on. */
const FOLD_FROM = 4;
/** A node's place is kept for it this long after it went, milliseconds: states flicker. */
const REMEMBER_MS = 4000;

export const filter = computed(() => parseFilter(setting.filter.value));

/** Whether a task matches the filter; null when everything does. */
export const only = computed<((task: number) => boolean) | null>(() => {
  if (filter.value.empty) return null;
  const parsed = filter.value;
  const { value: state } = snapshot;
  const cache = new Map<number, boolean>();
  return (task) => {
    let known = cache.get(task);
    if (known === undefined) {
      known = parsed.matches(filterable(task, state.state[task], state.row[task]));
      cache.set(task, known);
    }
    return known;
  };
});

function filterable(task: number, state: number, row: number): Filterable {
  const { tasks, stacks, places } = trace.value;
  const parked = state === State.suspended ? parkedAt(trace.value, row) : null;
  const created = stacks.userPlace(tasks.creationStack.get(task));
  return {
    name: tasks.name(task),
    coroutine: places.codes[tasks.code.get(task)].qualname,
    state: STATE_NAMES[state],
    places: [parked, created].filter((place) => place !== null),
    get waits() {
      if (state !== State.suspended || row < 0) return "";
      const info = waitInfo(trace.value, row);
      return `${info.kind} ${info.label}`;
    },
  };
}

/** Tasks and objects that are in a deadlock at the instant shown. */
export const deadlock = computed(() => {
  const tasks = new Set<number>();
  const objects = new Set<number>();
  const { t, state } = snapshot.value;
  for (const finding of findings.value) {
    if (finding.rule !== "deadlock" || (finding.from ?? 0) > t) continue;
    const members = finding.tasks.map((id) => id - 1);
    if (!members.every((task) => state[task] === State.suspended)) continue;
    for (const task of members) {
      tasks.add(task);
      const object = waitInfo(trace.value, snapshot.value.row[task]).object;
      if (object >= 0) objects.add(object);
    }
  }
  return { tasks, objects };
});

/** Where nodes are and were, so that the next layout moves nothing. */
class Places {
  readonly tops = new Map<string, number>();
  private readonly seen = new Map<string, number>();
  private of: unknown = null;

  /** Forgets everything when what is laid out has become something else. */
  begin(identity: string, at: number): ReadonlyMap<string, number> {
    if (this.of !== identity) {
      this.of = identity;
      this.clear();
    }
    for (const [key, last] of this.seen) {
      if (at - last <= REMEMBER_MS) continue;
      this.seen.delete(key);
      this.tops.delete(key);
    }
    return this.tops;
  }

  keep(model: GraphModel, at: number): void {
    const put = (key: string, top: number) => {
      this.tops.set(key, top);
      this.seen.set(key, at);
    };
    for (const card of model.cards) put(card.node.key, card.y);
    for (const resource of model.resources) put(`r:${resource.key}`, resource.y);
  }

  clear(): void {
    this.tops.clear();
    this.seen.clear();
  }
}

const places = new Places();
const NOTHING: ReadonlyMap<string, number> = new Map();
const relaid = signal(0);

/** Lays everything out anew ("Tidy"): the one thing that may move nodes. */
export function tidy(): void {
  places.clear();
  relaid.value++;
}

let identities = 0;
const identityOf = new WeakMap<object, number>();

export const graph = computed<GraphModel>(() => {
  tick.value;
  relaid.value;
  const fold = setting.fold.value;
  const finished = setting.finished.value;
  const at = performance.now();
  if (!identityOf.has(trace.value)) identityOf.set(trace.value, ++identities);
  const identity = [
    identityOf.get(trace.value),
    outlineWidth.value !== null,
    fold,
    finished,
    setting.filter.value,
  ].join("|");
  const apart = new Set(deadlock.value.tasks);
  if (selection.value?.kind === "task") apart.add(selection.value.task);
  const model = buildGraph(trace.value, snapshot.value, {
    foldFrom: fold ? FOLD_FROM : Number.POSITIVE_INFINITY,
    showFinished: finished,
    only: only.value,
    apart,
    expanded: expanded.value,
    limit: NODE_LIMIT,
    more: more.value,
    deadlock: deadlock.value,
    blockSeconds: trace.value.blockSeconds,
    outline: outlineWidth.value,
    // While a file is being read nobody has looked at anything yet: the picture may arrange itself.
    before: open.value && !live.value ? NOTHING : places.begin(identity, at),
  });
  places.keep(model, at);
  return model;
});

/** Keys of the nodes and resources that a highlighted finding is about, or null. */
export const evidence = computed<ReadonlySet<string> | null>(() => {
  const finding = highlighted.value;
  if (!finding) return null;
  const keys = new Set<string>();
  const model = graph.value;
  for (const id of [...finding.tasks, ...(finding.task === null ? [] : [finding.task])]) {
    const node = model.nodeOf[id - 1] ?? -1;
    if (node >= 0) keys.add(model.cards[node].node.key);
  }
  for (const resource of model.resources) {
    const named = finding.object !== null && resource.objects.includes(finding.object - 1);
    if (named || (finding.rule === "deadlock" && resource.deadlock)) keys.add(`r:${resource.key}`);
  }
  return keys.size > 0 ? keys : null;
});

/** Key of the node or resource that the selection is in, or null. */
export const selectedKey = computed<string | null>(() => {
  const chosen = selection.value;
  const model = graph.value;
  if (!chosen) return null;
  if (chosen.kind === "object") {
    const resource = model.resources.find((r) => r.objects.includes(chosen.object));
    return resource ? `r:${resource.key}` : null;
  }
  if (chosen.kind === "group") return chosen.key;
  const node = model.nodeOf[chosen.task] ?? -1;
  return node >= 0 ? model.cards[node].node.key : null;
});
