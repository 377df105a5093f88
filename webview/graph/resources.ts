import type { Trace } from "../../src/trace";
import type { IconName } from "../icons";
import { objectIcon } from "../model/look";
import { type Snapshot, State } from "../model/snapshot";
import { waitInfo } from "../model/wait";
import { displayName } from "../util/format";
import { t, tn } from "../util/l10n";
import type { Card, GraphOptions } from "./build";
import type { Layout } from "./layout";

/** Something tasks wait on that is no task: a lock, a queue, a thread; or several alike, folded. */
export interface Resource {
  key: string;
  /** Rows of the objects folded into it; empty for a thread or process that has no object. */
  objects: number[];
  kind: string;
  icon: IconName;
  title: string;
  detail: string;
  /** Nodes that wait for it, and nodes that hold it. */
  waiters: number[];
  holders: number[];
  waiting: number;
  deadlock: boolean;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Sizes in CSS pixels at scale 1; `distance` from the last column of tasks. */
export const RESOURCE = { width: 196, height: 36, gap: 8, distance: 64 };

/** More resources than this are folded by kind. */
const MOST = 24;

/** What the suspended tasks of an instant wait on, with who holds it. */
export function buildResources(
  trace: Trace,
  snapshot: Snapshot,
  nodeOf: Int32Array,
  deadlock: GraphOptions["deadlock"],
): Resource[] {
  const byKey = new Map<string, { objects: number[]; kind: string; label: string; waiters: number[] }>();
  for (let task = 0; task < snapshot.count; task++) {
    if (snapshot.state[task] !== State.suspended || nodeOf[task] < 0) continue;
    const row = snapshot.row[task];
    if (row < 0 || trace.steps.wait.get(row) >= 0) continue;
    const info = waitInfo(trace, row);
    const external = info.kind === "thread" || info.kind === "process";
    if (info.object < 0 && !external) continue;
    const key = info.object >= 0 ? `o${info.object}` : `${info.kind}:${info.label}`;
    const known = byKey.get(key);
    if (known) known.waiters.push(task);
    else {
      const label = info.object >= 0 ? trace.objects.label(info.object) : info.label;
      const kind = info.object >= 0 ? trace.objects.kind(info.object) : info.kind;
      byKey.set(key, { objects: info.object >= 0 ? [info.object] : [], kind, label, waiters: [task] });
    }
  }
  const byKind = byKey.size > MOST;
  const result = new Map<string, Resource & { holdersOf: number[] }>();
  for (const [key, { objects, kind, label, waiters }] of byKey) {
    const alarm = objects.some((object) => deadlock.objects.has(object));
    const name = alarm ? key : foldedKey(trace, key, objects, kind, label, waiters, nodeOf, byKind);
    let resource = result.get(name);
    if (!resource) {
      resource = {
        key: name,
        objects: [],
        kind,
        icon: objectIcon(kind),
        title: displayName(label),
        detail: "",
        waiters: [],
        holders: [],
        waiting: 0,
        deadlock: alarm,
        x: 0,
        y: 0,
        width: RESOURCE.width,
        height: RESOURCE.height,
        holdersOf: [],
      };
      result.set(name, resource);
    }
    resource.objects.push(...objects);
    resource.waiting += waiters.length;
    for (const task of waiters) addOnce(resource.waiters, nodeOf[task]);
    for (const object of objects) {
      for (const holder of holdersAt(trace, object, snapshot)) {
        resource.holdersOf.push(holder);
        if (nodeOf[holder] >= 0) addOnce(resource.holders, nodeOf[holder]);
      }
    }
  }
  for (const resource of result.values()) describe(trace, resource, resource.holdersOf);
  return [...result.values()];
}

/** Resources of one name that the same nodes wait for, and nobody holds, are one; when there are many, all of a kind. */
function foldedKey(
  trace: Trace,
  key: string,
  objects: readonly number[],
  kind: string,
  label: string,
  waiters: readonly number[],
  nodeOf: Int32Array,
  byKind: boolean,
): string {
  if (byKind) return `${kind}*`;
  if (objects.length === 0 || trace.objects.holders(objects[0]).length > 0) return key;
  return `${label}|${[...new Set(waiters.map((task) => nodeOf[task]))].join()}`;
}

/** Tasks known to hold an object at the snapshot's instant. */
export function holdersAt(trace: Trace, object: number, snapshot: Snapshot): number[] {
  const { objects } = trace;
  const holders =
    snapshot.t >= trace.endTime ? objects.holders(object) : objects.holdersAt(object, snapshot.t);
  return holders.filter((task) => task >= 0 && task < snapshot.count);
}

function describe(trace: Trace, resource: Resource, holders: readonly number[]): void {
  if (resource.objects.length > 1) {
    const alike = new Set(resource.objects.map((object) => trace.objects.label(object)));
    const name = alike.size === 1 ? [...alike][0] : trace.objects.noun(resource.objects[0]);
    resource.title = `${displayName(name)} ×${resource.objects.length}`;
  }
  // Who holds it comes first: that is what a narrow column must not cut off.
  const parts: string[] = [];
  if (holders.length === 1)
    parts.push(t("held by {name}", { name: displayName(trace.tasks.name(holders[0]), 60) }));
  else if (holders.length > 1) parts.push(tn(new Set(holders).size, "held by {n} task", "held by {n} tasks"));
  if (holders.length === 0 || resource.waiting > 1) parts.push(t("{n} waiting", { n: resource.waiting }));
  resource.detail = parts.join(" · ");
}

/**
 * Puts the resources into a column of their own, each near the nodes that wait for it. Returns the right
 * edge of everything. In an outline they come below the tasks.
 */
export function placeResources(
  resources: Resource[],
  cards: readonly Card[],
  layout: Layout,
  options: GraphOptions,
): number {
  const right = Math.max(0, ...cards.map((card) => card.x + card.width));
  if (options.outline !== null) {
    let y = layout.height + 18;
    for (const resource of resources) {
      resource.x = 0;
      resource.width = options.outline;
      resource.y = y;
      y += resource.height + 6;
    }
    return options.outline;
  }
  if (resources.length === 0) return right;
  const x = right + RESOURCE.distance;
  for (const resource of resources) {
    resource.x = x;
    const before = options.before.get(`r:${resource.key}`);
    const near = resource.waiters.reduce((sum, node) => sum + cards[node].y, 0) / resource.waiters.length;
    resource.y = before ?? near + 3;
  }
  const fixed = (resource: Resource) => (options.before.has(`r:${resource.key}`) ? 0 : 1);
  const taken: Resource[] = [];
  const step = RESOURCE.height + RESOURCE.gap;
  for (const resource of [...resources].sort((a, b) => fixed(a) - fixed(b) || a.y - b.y)) {
    while (true) {
      const clash = taken.find((other) => Math.abs(other.y - resource.y) < step);
      if (!clash) break;
      resource.y = clash.y + step;
    }
    taken.push(resource);
  }
  return x + RESOURCE.width;
}

function addOnce(list: number[], value: number): void {
  if (!list.includes(value)) list.push(value);
}
