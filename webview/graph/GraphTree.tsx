import { useRef } from "preact/hooks";
import { stateName } from "../model/look";
import { openPlace } from "../state/actions";
import { select } from "../state/model";
import { t, tn } from "../util/l10n";
import type { Card } from "./build";
import { preorder } from "./layout";
import { expandCard, selectCard } from "./nodes";
import { expanded, graph, selectedKey } from "./state";

interface Props {
  /** Brings a node or resource into sight. */
  onReveal: (key: string) => void;
  /** The menu key: the menu of the node that is active, or of the graph. */
  onMenu: (card: Card | null) => void;
}

/**
 * The graph for a screen reader and for the keyboard: an ARIA tree that stands where the canvas is. It holds
 * the focus; the canvas draws the ring around the node that is active.
 */
export function GraphTree({ onReveal, onMenu }: Props) {
  const element = useRef<HTMLDivElement>(null);
  const model = graph.value;
  const items = model.cards.map((card) => ({ key: card.node.key, parent: card.node.parent, height: 0 }));
  const { order } = preorder(items);
  const depth = new Int32Array(model.cards.length);
  const selected = selectedKey.value;
  const keys = [...order].map((index) => model.cards[index].node.key);
  keys.push(...model.resources.map((resource) => `r:${resource.key}`));

  const go = (key: string | undefined) => {
    if (key === undefined) return;
    const card = model.cards.find((c) => c.node.key === key);
    if (card) selectCard(card);
    else {
      const resource = model.resources.find((r) => `r:${r.key}` === key);
      if (resource && resource.objects.length > 0) select({ kind: "object", object: resource.objects[0] });
    }
    onReveal(key);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const at = selected === null ? -1 : keys.indexOf(selected);
    const card = model.cards.find((c) => c.node.key === selected);
    switch (event.key) {
      case "ArrowDown":
        go(keys[Math.min(keys.length - 1, at + 1)]);
        break;
      case "ArrowUp":
        go(keys[Math.max(0, at - 1)]);
        break;
      case "Home":
        go(keys[0]);
        break;
      case "End":
        go(keys[keys.length - 1]);
        break;
      case "ArrowLeft":
        if (card && expanded.value.size > 0 && card.node.kind === "task" && collapse(card)) break;
        if (card && card.node.parent >= 0) go(model.cards[card.node.parent].node.key);
        break;
      case "ArrowRight": {
        if (card && card.node.kind !== "task") expandCard(card);
        else if (card) {
          const index = model.cards.indexOf(card);
          go(model.cards.find((c) => c.node.parent === index)?.node.key);
        }
        break;
      }
      case " ":
        if (card) expandCard(card);
        break;
      case "Enter":
        if (card?.node.kind === "more") expandCard(card);
        else if (card?.place) openPlace(card.place);
        break;
      case "Escape":
        select(null);
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div
      ref={element}
      class="tree"
      role="tree"
      tabIndex={0}
      aria-label={t("Await graph: tasks by creator")}
      aria-activedescendant={selected !== null && keys.includes(selected) ? idOf(selected) : undefined}
      onKeyDown={onKeyDown}
      onContextMenu={(event) => {
        event.preventDefault();
        onMenu(model.cards.find((card) => card.node.key === selected) ?? null);
      }}
      onFocus={() => selected === null && go(keys[0])}
    >
      {[...order].map((index) => {
        const card = model.cards[index];
        if (card.node.parent >= 0) depth[index] = depth[card.node.parent] + 1;
        return (
          <div
            key={card.node.key}
            id={idOf(card.node.key)}
            role="treeitem"
            tabIndex={-1}
            aria-level={depth[index] + 1}
            aria-selected={card.node.key === selected}
            aria-expanded={card.node.kind === "task" ? undefined : false}
          >
            {sentence(card)}
          </div>
        );
      })}
      {model.resources.map((resource) => (
        <div
          key={resource.key}
          id={idOf(`r:${resource.key}`)}
          role="treeitem"
          tabIndex={-1}
          aria-level={1}
          aria-selected={`r:${resource.key}` === selected}
        >
          {`${resource.title}, ${resource.detail}${resource.deadlock ? `, ${t("in a deadlock")}` : ""}`}
        </div>
      ))}
    </div>
  );
}

/** Folds the group that a task was shown from; true when there was one. */
function collapse(card: Card): boolean {
  const { coroutine, state, place } = card.node;
  const suffix = `/${coroutine}.${state}.${place}`;
  const key = [...expanded.value].find((candidate) => candidate.endsWith(suffix));
  if (key === undefined) return false;
  expanded.value = new Set([...expanded.value].filter((other) => other !== key));
  return true;
}

const idOf = (key: string) => `node-${key}`;

/** All that the card shows, as one sentence. */
function sentence(card: Card): string {
  const { node } = card;
  if (node.kind === "more") return t("{n} more tasks", { n: node.tasks.length });
  const parts = [
    node.kind === "group"
      ? `${card.title}, ${tn(node.tasks.length, "{n} task", "{n} tasks")}`
      : `${card.title} ${card.suffix}`.trim(),
  ];
  parts.push(`${stateName(node.state)} ${card.time}`);
  if (card.alarm === "deadlock") parts.push(t("in a deadlock"));
  if (card.detail) parts.push(card.detail);
  if (card.link) parts.push(card.link);
  return parts.join(", ");
}
