import { computed, signal } from "@preact/signals";
import { only } from "../graph/state";
import { Icon } from "../icons";
import { taskMenu } from "../lanes/menu";
import { STATE_ICONS, stateColour, stateName } from "../model/look";
import { STATE_NAMES, State } from "../model/snapshot";
import {
  BUCKET_NAMES,
  BUCKETS,
  COLUMNS,
  type Column,
  csvField,
  sortTasks,
  taskTable,
} from "../model/taskTable";
import { parkedAt } from "../model/wait";
import { copyText, saveText } from "../state/actions";
import { select, selectedTask, snapshot, trace } from "../state/model";
import { Pace } from "../state/pace";
import { theme } from "../state/theme";
import { count, displayName, duration } from "../util/format";
import { t, tn } from "../util/l10n";
import { openMenu } from "./menu";
import { PlaceLink } from "./PlaceLink";
import { useWindow } from "./useWindow";

const ROW = 24;
const labels = (): Record<Column, string> => ({
  name: t("Task"),
  coroutine: t("Coroutine"),
  state: t("State"),
  created: t("Created"),
  run: t("Running"),
  ready: t("Ready"),
  suspended: t("Suspended"),
  steps: t("Steps"),
  longest: t("Longest step"),
});
/** What a column's numbers mean, where the name does not say it. */
const hints = (): Partial<Record<Column, string>> => ({
  run: t("Time its code executed"),
  ready: t("Time it could have run while the loop was busy: lost time"),
  suspended: t("Time parked at awaits"),
  longest: t("The longest time it held the loop without a break"),
});

const sorting = signal<{ column: Column; descending: boolean }>({ column: "created", descending: false });

const pace = new Pace();

const table = computed(() => {
  pace.tick.value;
  const it = trace.value;
  return pace.measure(() => taskTable(it));
});

const ordered = computed(() => {
  const { column, descending } = sorting.value;
  const all = table.value.tasks;
  const matching = only.value;
  const rows = matching ? Array.from(all).filter(matching) : all;
  return sortTasks(trace.value, table.value, rows, column, descending, snapshot.value.state);
});

/** Every task, one a row. */
export function TablePane() {
  const rows = ordered.value;
  const { scroller, from, to, before, after } = useWindow(rows.length, ROW);
  const visible = Array.from(rows.subarray(from, to));
  const chosen = selectedTask.value;
  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (by === 0) return;
    const at = rows.indexOf(chosen);
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
    if (next !== undefined) select({ kind: "task", task: next });
    if (scroller.current && at >= 0) scroller.current.scrollTop += at > from && at < to ? 0 : by * ROW;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="pane">
      <div class="pane-bar">
        <span class="dim">{tn(rows.length, "{n} task", "{n} tasks")}</span>
        <button
          type="button"
          class="plain"
          title={t("Copy as CSV")}
          onClick={() => copyText(csv(), tn(rows.length, "{n} row", "{n} rows"))}
        >
          <Icon name="copy" /> {t("Copy as CSV")}
        </button>
        <button
          type="button"
          class="plain"
          title={t("Save as CSV")}
          onClick={() => saveText("tasks.csv", csv())}
        >
          <Icon name="save" /> {t("Save")}
        </button>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a scrolling region that takes the arrow keys, no form field set */}
      <div class="scroll" ref={scroller} onKeyDown={onKeyDown} role="group" aria-label={t("Tasks")}>
        <table class="tasks" aria-rowcount={rows.length + 1}>
          <thead>
            <tr>
              {COLUMNS.map((column) => (
                <HeaderCell key={column} column={column} />
              ))}
              <th scope="col" title={t("How long its steps were, by powers of ten")}>
                {t("Step times")}
              </th>
              <th scope="col">{t("Parked at")}</th>
            </tr>
          </thead>
          <tbody>
            <tr style={{ height: `${before}px` }} />
            {visible.map((task, i) => (
              <Row key={task} task={task} index={from + i + 2} chosen={task === chosen} />
            ))}
            <tr style={{ height: `${after}px` }} />
          </tbody>
        </table>
      </div>
    </div>
  );
}

function HeaderCell({ column }: { column: Column }) {
  const { column: current, descending } = sorting.value;
  const mine = current === column;
  return (
    <th
      scope="col"
      class={column}
      title={hints()[column]}
      aria-sort={mine ? (descending ? "descending" : "ascending") : "none"}
    >
      <button
        type="button"
        onClick={() => {
          const numeric = !["name", "coroutine", "state", "created"].includes(column);
          sorting.value = { column, descending: mine ? !descending : numeric };
        }}
      >
        {labels()[column]}
        {mine ? <Icon name={descending ? "arrow-down" : "arrow-up"} size={12} /> : null}
      </button>
    </th>
  );
}

function Row({ task, index, chosen }: { task: number; index: number; chosen: boolean }) {
  const { tasks, places } = trace.value;
  const { state, row } = snapshot.value;
  const its = state[task] ?? State.absent;
  const values = table.value;
  const coroutine = places.codes[tasks.code.get(task)].qualname;
  return (
    <tr
      class={chosen ? "chosen" : ""}
      aria-rowindex={index}
      aria-selected={chosen}
      onClick={() => select({ kind: "task", task })}
      onContextMenu={(event) => {
        event.preventDefault();
        select({ kind: "task", task });
        openMenu(event.clientX, event.clientY, taskMenu(task));
      }}
    >
      <th scope="row">
        <button type="button" class="link" title={displayName(tasks.name(task))}>
          {displayName(tasks.name(task), 80).trim() || t("unnamed")}
        </button>
      </th>
      <td title={displayName(coroutine)}>{displayName(coroutine, 80)}</td>
      <td class="state">
        <span style={{ color: stateColour(theme.value, its) }}>
          <Icon name={STATE_ICONS[its]} size={13} />
        </span>{" "}
        {stateName(its)}
      </td>
      <td class="number">{tasks.created.get(task).toFixed(3)} s</td>
      <td class="number">{duration(values.run[task])}</td>
      <td class="number">{duration(values.ready[task])}</td>
      <td class="number">{duration(values.suspended[task])}</td>
      <td class="number">{count(values.steps[task])}</td>
      <td class={`number ${values.longest[task] > trace.value.blockSeconds ? "bad" : ""}`}>
        {duration(values.longest[task])}
      </td>
      <td>
        <Histogram task={task} />
      </td>
      <td>
        <PlaceLink place={its === State.suspended ? parkedAt(trace.value, row[task]) : null} />
      </td>
    </tr>
  );
}

/** Six bars: how many of its steps were how long. */
function Histogram({ task }: { task: number }) {
  const { histogram } = table.value;
  const counts = Array.from(histogram.subarray(task * BUCKETS.length, (task + 1) * BUCKETS.length));
  const most = Math.max(1, ...counts);
  const text = counts
    .map((n, i) => (n > 0 ? `${n} ${BUCKET_NAMES[i]}` : ""))
    .filter(Boolean)
    .join(", ");
  return (
    <svg class="histogram" width="62" height="16" role="img" aria-label={text}>
      <title>{text}</title>
      {counts.map((n, i) => {
        const height = n > 0 ? Math.max(2, (14 * Math.log1p(n)) / Math.log1p(most)) : 0;
        return (
          <rect
            key={BUCKET_NAMES[i]}
            class={i === BUCKETS.length - 1 ? "slow" : ""}
            x={i * 10 + 1}
            y={15 - height}
            width={8}
            height={height}
          />
        );
      })}
      <path d="M0 15.5H62" />
    </svg>
  );
}

/** The rows shown, all of them, as a CSV text. Times in seconds. */
function csv(): string {
  const { tasks, places } = trace.value;
  const { state, row } = snapshot.value;
  const values = table.value;
  const lines = [[...COLUMNS, "parkedAt"].join(",")];
  for (const task of ordered.value) {
    const place = state[task] === State.suspended ? parkedAt(trace.value, row[task]) : null;
    lines.push(
      [
        csvField(tasks.name(task)),
        csvField(places.codes[tasks.code.get(task)].qualname),
        STATE_NAMES[state[task] ?? 0],
        tasks.created.get(task),
        values.run[task],
        values.ready[task],
        values.suspended[task],
        values.steps[task],
        values.longest[task],
        csvField(place ? `${place.file}:${place.line}` : ""),
      ].join(","),
    );
  }
  return `${lines.join("\n")}\n`;
}
