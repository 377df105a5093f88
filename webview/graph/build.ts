import type { Place } from "../../src/protocol/report";
import type { Trace } from "../../src/trace";
import type { IconName } from "../icons";
import { STATE_ICONS, waitIcon } from "../model/look";
import { isOver, type Snapshot, State } from "../model/snapshot";
import { parkedPlace, waitInfo } from "../model/wait";
import { displayName, duration, fileLine, taskTitle } from "../util/format";
import { t } from "../util/l10n";
import { buildEdges, type Edge } from "./edges";
import { type FoldNode, type FoldOptions, foldSnapshot } from "./fold";
import { type Layout, layoutAround, layoutForest, type Spacing } from "./layout";
import { buildResources, placeResources, type Resource } from "./resources";

/** Sizes in CSS pixels at scale 1. */
export const CARD = { width: 208, height: 42, small: 24, column: 240, between: 32, gap: 8, indent: 18 };

/** A node as it is drawn. */
export interface Card {
  node: FoldNode;
  x: number;
  y: number;
  width: number;
  height: number;
  icon: IconName;
  title: string;
  /** The name asyncio gave it ("Task-7"), where the title is the coroutine; else "". */
  suffix: string;
  /** How long it has been in its state (groups: the longest), or its whole life when it has ended. */
  time: string;
  /** What it waits on, or how it ended. */
  detail: string;
  /** "shop.py:97", the line it is parked at. */
  link: string;
  place: Place | null;
  /** Descendants that have ended and are not drawn. */
  finished: number;
  alarm: "blocked" | "deadlock" | "failed" | "overdue" | null;
}

export interface GraphModel {
  cards: Card[];
  resources: Resource[];
  edges: Edge[];
  width: number;
  height: number;
  /** Tasks shown in the nodes, and tasks there are at this instant. */
  shown: number;
  tasks: number;
  nodeOf: Int32Array;
  outline: boolean;
}

export interface GraphOptions extends FoldOptions {
  /** Tasks in a deadlock at this instant, and the objects in it. */
  deadlock: { tasks: ReadonlySet<number>; objects: ReadonlySet<number> };
  /** Seconds from which on a running step blocks. */
  blockSeconds: number;
  /** Width of an outline, when the panel is too narrow for columns; else null. */
  outline: number | null;
  /** Where the nodes were: top edges by key. Empty: lay out anew. */
  before: ReadonlyMap<string, number>;
}

/** Everything the graph draws for one instant. */
export function buildGraph(trace: Trace, snapshot: Snapshot, options: GraphOptions): GraphModel {
  const { tasks } = trace;
  const folded = foldSnapshot(
    snapshot,
    {
      parent: (task) => tasks.parent.get(task),
      coroutine: (task) => tasks.code.get(task),
      place: (task) =>
        snapshot.state[task] === State.suspended ? parkedPlace(trace, snapshot.row[task]) : 0,
    },
    options,
  );
  const outline = options.outline !== null;
  const spacing: Spacing = outline
    ? { column: CARD.indent, gap: 6, outline: true }
    : { column: CARD.column, gap: CARD.gap, outline: false };
  const cards = folded.nodes.map((node, i) => makeCard(trace, snapshot, node, options, i, folded.finished));
  const items = cards.map((card) => ({ key: card.node.key, parent: card.node.parent, height: card.height }));
  const layout: Layout =
    options.before.size === 0 ? layoutForest(items, spacing) : layoutAround(items, spacing, options.before);
  cards.forEach((card, i) => {
    card.x = layout.x[i];
    card.y = layout.y[i];
    card.width = options.outline === null ? CARD.width : Math.max(140, options.outline - card.x);
  });
  const resources = buildResources(trace, snapshot, folded.nodeOf, options.deadlock);
  const right = placeResources(resources, cards, layout, options);
  return {
    cards,
    resources,
    edges: buildEdges(trace, snapshot, cards, resources, folded.nodeOf, options.deadlock),
    width: right,
    height: Math.max(layout.height, ...resources.map((resource) => resource.y + resource.height)),
    shown: folded.shown,
    tasks: snapshot.count - snapshot.totals[State.absent],
    nodeOf: folded.nodeOf,
    outline,
  };
}

function makeCard(
  trace: Trace,
  snapshot: Snapshot,
  node: FoldNode,
  options: GraphOptions,
  index: number,
  finished: Int32Array,
): Card {
  const { tasks } = trace;
  const first = node.tasks[0];
  const { state } = node;
  const coroutine = trace.places.codes[node.coroutine].qualname;
  const card: Card = {
    node,
    x: 0,
    y: 0,
    width: CARD.width,
    height: isOver(state) && state !== State.raised ? CARD.small : CARD.height,
    icon: STATE_ICONS[state],
    ...(node.kind === "group"
      ? { title: displayName(coroutine), suffix: "" }
      : taskTitle(tasks.name(first), coroutine)),
    time: "",
    detail: "",
    link: "",
    place: null,
    finished: finished[index],
    alarm: null,
  };
  if (node.kind === "more") {
    return {
      ...card,
      height: CARD.small,
      icon: "add",
      title: t("{n} more", { n: node.tasks.length }),
      suffix: "",
    };
  }
  const longest = node.tasks.reduce((a, b) => (snapshot.since[b] < snapshot.since[a] ? b : a));
  const elapsed = snapshot.t - snapshot.since[longest];
  card.time = isOver(state)
    ? lifetime(trace, node.tasks)
    : `${node.tasks.length > 1 ? "≤ " : ""}${duration(elapsed)}`;
  switch (state) {
    case State.suspended: {
      const info = waitInfo(trace, snapshot.row[longest]);
      card.icon = waitIcon(info.kind);
      card.detail = node.place > 0 || info.known ? info.label : t("await, line not recorded");
      if (info.due < snapshot.t - 1e-3) {
        card.alarm = "overdue";
        card.detail = t("timer overdue by {time}", { time: duration(snapshot.t - info.due) });
      }
      if (node.place > 0) card.place = trace.places.get(node.place);
      break;
    }
    case State.running:
      card.detail = t("running");
      card.place = blockedAt(trace, first, snapshot) ?? null;
      if (elapsed > options.blockSeconds) {
        card.alarm = "blocked";
        card.detail = t("BLOCKS THE LOOP");
      }
      break;
    case State.ready:
      card.detail = t("waits for the loop");
      if (node.kind === "task") card.place = trace.places.get(parkedPlace(trace, snapshot.row[first]));
      break;
    case State.pending:
      card.detail = t("not started yet");
      card.place = trace.stacks.userPlace(tasks.creationStack.get(first));
      break;
    case State.raised: {
      const exception = trace.exceptions.get(first);
      card.detail = exception ? displayName(`${exception.type}: ${exception.message}`) : t("raised");
      card.place = exception?.at ?? null;
      card.alarm = "failed";
      break;
    }
  }
  if (node.tasks.some((task) => options.deadlock.tasks.has(task))) card.alarm = "deadlock";
  if (card.place && card.place.line > 0) card.link = fileLine(card.place.file, card.place.line);
  return card;
}

/** How long finished tasks lived: the longest of a group. */
function lifetime(trace: Trace, tasks: readonly number[]): string {
  let longest = 0;
  for (const task of tasks) {
    longest = Math.max(longest, trace.tasks.ended.get(task) - trace.tasks.created.get(task));
  }
  return `${tasks.length > 1 ? "≤ " : ""}${duration(longest)}`;
}

/** The user's line a running step was last seen at, from the samples taken while it holds the loop. */
export function blockedAt(trace: Trace, task: number, snapshot: Snapshot): Place | null {
  const stalls = trace.loops[trace.tasks.loop.get(task)]?.stalls ?? [];
  for (let i = stalls.length - 1; i >= 0; i--) {
    const stall = stalls[i];
    if (stall.task !== task || Math.abs(stall.begin - snapshot.since[task]) > 1e-6) continue;
    if (stall.t <= snapshot.t || i === 0 || stalls[i - 1].begin !== stall.begin) {
      return trace.stacks.userPlace(stall.stack);
    }
  }
  return null;
}
