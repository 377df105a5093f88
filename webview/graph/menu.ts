import type { MenuItem } from "../panes/menu";
import { copyText, openPlace } from "../state/actions";
import { select, trace } from "../state/model";
import { change, setting } from "../state/settings";
import { t } from "../util/l10n";
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
    if (place) items.push({ label: t("Open {place}", { place: card.link }), run: () => openPlace(place) });
    if (created) items.push({ label: t("Open where it was created"), run: () => openPlace(created) });
    if (card.node.kind === "group") {
      items.push({
        label: t("Show each of the {n} tasks", { n: card.node.tasks.length }),
        run: () => expandCard(card),
      });
    }
    const parent = tasks.parent.get(first);
    if (parent >= 0) {
      items.push({ label: t("Select its creator"), run: () => select({ kind: "task", task: parent }) });
    }
    const coroutine = places.codes[tasks.code.get(first)].qualname;
    items.push({
      label: t("Show only {coroutine}", { coroutine }),
      run: () => change({ filter: `coro:"${coroutine}"` }),
    });
    items.push({ label: t("Copy its name"), run: () => copyText(card.title, t("the name")) });
    items.push("separator");
  }
  const fold = setting.fold.value;
  const finished = setting.finished.value;
  items.push({ label: t("Fold alike tasks"), checked: fold, run: () => change({ fold: !fold }) });
  items.push({
    label: t("Show finished tasks"),
    checked: finished,
    run: () => change({ finished: !finished }),
  });
  if (expanded.value.size > 0) {
    items.push({
      label: t("Fold all groups again"),
      run: () => {
        expanded.value = new Set();
      },
    });
  }
  items.push("separator");
  items.push({ label: t("Fit everything"), keys: "0", run: fit });
  items.push({ label: t("Tidy"), keys: "T", run: tidy });
  return items;
}
