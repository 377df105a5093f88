import type { MenuItem } from "../panes/menu";
import { copyText, openPlace } from "../state/actions";
import { select, trace } from "../state/model";
import { change, setting } from "../state/settings";
import type { Card } from "./build";
import { expandCard } from "./nodes";
import { expanded, tidy } from "./state";

/** The right-click menu of a node, or of the empty canvas. */
export function menuOf(card: Card | null, fit: () => void): MenuItem[] {
  const items: MenuItem[] = [];
  if (card && card.node.kind !== "more") {
    const { tasks, stacks, places } = trace.value;
    const first = card.node.tasks[0];
    const created = stacks.userPlace(tasks.creationStack.get(first));
    const { place } = card;
    if (place) items.push({ label: `Open ${card.link}`, run: () => openPlace(place) });
    if (created) items.push({ label: "Open where it was created", run: () => openPlace(created) });
    if (card.node.kind === "group") {
      items.push({ label: `Show each of the ${card.node.tasks.length} tasks`, run: () => expandCard(card) });
    }
    const parent = tasks.parent.get(first);
    if (parent >= 0) {
      items.push({ label: "Select its creator", run: () => select({ kind: "task", task: parent }) });
    }
    const coroutine = places.codes[tasks.code.get(first)].qualname;
    items.push({ label: `Show only ${coroutine}`, run: () => change({ filter: `coro:"${coroutine}"` }) });
    items.push({ label: "Copy its name", run: () => copyText(card.title, "the name") });
    items.push("separator");
  }
  const fold = setting.fold.value;
  const finished = setting.finished.value;
  items.push({ label: "Fold alike tasks", checked: fold, run: () => change({ fold: !fold }) });
  items.push({ label: "Show finished tasks", checked: finished, run: () => change({ finished: !finished }) });
  if (expanded.value.size > 0) {
    items.push({
      label: "Fold all groups again",
      run: () => {
        expanded.value = new Set();
      },
    });
  }
  items.push("separator");
  items.push({ label: "Fit everything", keys: "0", run: fit });
  items.push({ label: "Tidy", keys: "T", run: tidy });
  return items;
}
