import type { MenuItem } from "../panes/menu";
import { copyText, openPlace } from "../state/actions";
import { cursor, select, trace } from "../state/model";
import { change, setting } from "../state/settings";
import { displayName, fileLine } from "../util/format";
import { t } from "../util/l10n";
import { toggle } from "./controller";
import type { HoverInfo } from "./hover";
import type { LaneRow } from "./rows";
import { DENSITIES, range, setWindow } from "./state";

/** What can be done with a task, wherever it is shown. */
export function taskMenu(task: number): MenuItem[] {
  const items: MenuItem[] = [];
  const { tasks, places } = trace.value;
  const created = trace.value.stacks.userPlace(tasks.creationStack.get(task));
  if (created) items.push({ label: t("Open where it was created"), run: () => openPlace(created) });
  items.push({ label: t("Select the task"), run: () => select({ kind: "task", task }) });
  items.push({
    label: t("Zoom to its life"),
    run: () => {
      const from = tasks.created.get(task);
      const to = Number.isNaN(tasks.ended.get(task)) ? trace.value.endTime : tasks.ended.get(task);
      setWindow(from - (to - from) * 0.05, to + (to - from) * 0.05);
    },
  });
  items.push({
    label: t("Go to its beginning"),
    run: () => {
      cursor.value = tasks.created.get(task);
    },
  });
  const coroutine = places.codes[tasks.code.get(task)].qualname;
  items.push({
    label: t("Show only {coroutine}", { coroutine: displayName(coroutine, 60) }),
    run: () => change({ filter: `coro:"${coroutine}"` }),
  });
  items.push({
    label: t("Copy its name"),
    run: () => copyText(displayName(tasks.name(task)), t("the name")),
  });
  return items;
}

/** The right-click menu of a lane. */
export function laneMenu(row: LaneRow | null, info: HoverInfo | null): MenuItem[] {
  const items: MenuItem[] = [];
  const place = info?.place;
  if (place)
    items.push({
      label: t("Open {place}", { place: fileLine(place.file, place.line) }),
      run: () => openPlace(place),
    });
  if (row?.kind === "task") {
    items.push(...taskMenu(row.task));
  }
  if (row?.kind === "group") {
    items.push({
      label: row.open ? t("Fold") : t("Show each of the {n} tasks", { n: row.tasks.length }),
      run: () => toggle(row.key),
    });
  }
  if (items.length > 0) items.push("separator");
  if (range.value) {
    const { from, to } = range.value;
    items.push({ label: t("Zoom to the selected range"), keys: "Z", run: () => setWindow(from, to) });
  }
  items.push({ label: t("Show everything"), keys: "0", run: () => change({ window: null }) });
  const fold = setting.fold.value;
  items.push({ label: t("Fold alike tasks"), checked: fold, run: () => change({ fold: !fold }) });
  const names = [t("Normal lanes"), t("Compact lanes"), t("Tiny lanes"), t("Hairline lanes")];
  DENSITIES.forEach((height, i) => {
    items.push({
      label: names[i],
      checked: setting.lane.value === height,
      run: () => change({ lane: height }),
    });
  });
  return items;
}
