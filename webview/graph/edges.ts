import type { Trace } from "../../src/trace";
import { type Snapshot, State } from "../model/snapshot";
import { waitInfo } from "../model/wait";
import type { Card, GraphOptions } from "./build";
import type { Resource } from "./resources";

/** `created`: creator to child. `awaits`: waiter to task or resource. `held`: resource to holder. */
export interface Edge {
  kind: "created" | "awaits" | "held";
  /** Index of a card; the other end is a card or a resource. */
  from: number;
  to: number;
  /** Which end is a resource. */
  resource: "none" | "to" | "from";
  deadlock: boolean;
}

/** Awaited tasks of one suspension that get an edge; `gather` of ten thousand needs no more to be understood. */
const MOST_TARGETS = 200;

export function buildEdges(
  trace: Trace,
  snapshot: Snapshot,
  cards: readonly Card[],
  resources: readonly Resource[],
  nodeOf: Int32Array,
  deadlock: GraphOptions["deadlock"],
): Edge[] {
  const awaits = new Map<string, Edge>();
  for (let from = 0; from < cards.length; from++) {
    if (cards[from].node.state !== State.suspended || cards[from].node.kind === "more") continue;
    for (const task of cards[from].node.tasks)
      addTargets(trace, snapshot, task, from, nodeOf, deadlock, awaits);
  }
  const edges: Edge[] = [];
  cards.forEach(({ node }, to) => {
    if (node.parent < 0 || awaits.has(`${node.parent}>${to}`)) return;
    edges.push({ kind: "created", from: node.parent, to, resource: "none", deadlock: false });
  });
  edges.push(...awaits.values());
  resources.forEach((resource, at) => {
    for (const from of resource.waiters) {
      const alarm = resource.deadlock && cards[from].alarm === "deadlock";
      edges.push({ kind: "awaits", from, to: at, resource: "to", deadlock: alarm });
    }
    for (const to of resource.holders) {
      const alarm = resource.deadlock && cards[to].alarm === "deadlock";
      edges.push({ kind: "held", from: at, to, resource: "from", deadlock: alarm });
    }
  });
  return edges;
}

function addTargets(
  trace: Trace,
  snapshot: Snapshot,
  task: number,
  from: number,
  nodeOf: Int32Array,
  deadlock: GraphOptions["deadlock"],
  awaits: Map<string, Edge>,
): void {
  const row = snapshot.row[task];
  if (row < 0 || trace.steps.wait.get(row) === 0) return;
  for (const target of waitInfo(trace, row).tasks.slice(0, MOST_TARGETS)) {
    const to = nodeOf[target] ?? -1;
    if (to < 0 || to === from || snapshot.state[target] >= State.returned) continue;
    const alarm = deadlock.tasks.has(task) && deadlock.tasks.has(target);
    const key = `${from}>${to}`;
    const known = awaits.get(key);
    if (known) known.deadlock ||= alarm;
    else awaits.set(key, { kind: "awaits", from, to, resource: "none", deadlock: alarm });
  }
}
