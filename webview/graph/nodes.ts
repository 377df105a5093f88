import { select } from "../state/model";
import type { Card } from "./build";
import { expanded, more } from "./state";

/** Opens a group, or shows more of what was left out. */
export function expandCard(card: Card): void {
  if (card.node.kind === "group") expanded.value = new Set([...expanded.value, card.node.key]);
  if (card.node.kind === "more") {
    const key = card.node.key.slice(0, -":more".length);
    const next = new Map(more.value);
    next.set(key, (next.get(key) ?? 0) + 100);
    more.value = next;
  }
}

export function selectCard(card: Card): void {
  const { node } = card;
  if (node.kind === "task") select({ kind: "task", task: node.tasks[0] });
  else select({ kind: "group", key: node.key, tasks: node.tasks });
}
