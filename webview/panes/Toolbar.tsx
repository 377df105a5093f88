import type { HostAction } from "../../src/protocol/view";
import { Icon, type IconName } from "../icons";
import { STATE_ICONS, stateColour, stateName } from "../model/look";
import { STATE_NAMES, State } from "../model/snapshot";
import { act } from "../state/actions";
import { actions, live, progress, snapshot, source, trace } from "../state/model";
import { change, setting, type ViewName } from "../state/settings";
import { theme } from "../state/theme";
import { count } from "../util/format";
import { t } from "../util/l10n";
import { helpOpen } from "./Help";
import { narrow } from "./narrow";

const tabs = (): { view: ViewName; label: string; icon: IconName }[] => [
  { view: "graph", label: t("Await graph"), icon: "type-hierarchy-sub" },
  { view: "loop", label: t("Event loop"), icon: "sync" },
  { view: "table", label: t("Table"), icon: "table" },
  { view: "timeline", label: t("Timeline"), icon: "list-flat" },
  { view: "compare", label: t("Compare"), icon: "git-compare" },
];

const hostActions = (): Record<HostAction, { label: string; icon: IconName }> => ({
  stop: { label: t("Stop"), icon: "debug-stop" },
  rerun: { label: t("Rerun"), icon: "debug-restart" },
  run: { label: t("Run"), icon: "debug-start" },
  openTrace: { label: t("Open Trace…"), icon: "folder-opened" },
  compare: { label: t("Compare with…"), icon: "git-compare" },
  saveTrace: { label: t("Save Trace…"), icon: "save" },
  exportReport: { label: t("Export HTML Report…"), icon: "export" },
});

export function Toolbar() {
  const known = hostActions();
  return (
    <header class="toolbar">
      <h1 class="unseen">{source.value?.title ?? "Loopscope"}</h1>
      <nav class="tabs" aria-label={t("Views")}>
        {tabs().map(({ view, label, icon }) => (
          <button
            key={view}
            type="button"
            class="tab"
            aria-pressed={setting.view.value === view}
            title={label}
            onClick={() => change({ view })}
          >
            <Icon name={icon} />
            <span class="wide-only">{label}</span>
          </button>
        ))}
      </nav>
      <Search />
      <Counts />
      <div class="actions" role="toolbar" aria-label={t("Program")}>
        {actions.value.map((action) => (
          <button
            key={action}
            type="button"
            class="plain"
            title={known[action].label}
            aria-label={known[action].label}
            onClick={() => act(action)}
          >
            <Icon name={known[action].icon} />
          </button>
        ))}
        <button
          type="button"
          class="plain"
          title={t("Lanes (L)")}
          aria-label={t("Lanes")}
          aria-pressed={setting.lanes.value}
          onClick={() => change({ lanes: !setting.lanes.value })}
        >
          <Icon name="layout-panel" />
        </button>
        <button
          type="button"
          class="plain"
          title={t("Findings and details (P)")}
          aria-label={t("Findings and details")}
          aria-pressed={setting.panel.value}
          onClick={() => change({ panel: !setting.panel.value })}
        >
          <Icon name="layout-sidebar-right" />
        </button>
        <button
          type="button"
          class="plain"
          title={t("Keys and legend (?)")}
          aria-label={t("Keys and legend")}
          onClick={() => {
            helpOpen.value = true;
          }}
        >
          <Icon name="question" />
        </button>
      </div>
    </header>
  );
}

function Search() {
  const filter = setting.filter.value;
  return (
    <search class="search">
      <Icon name="filter" size={14} />
      <input
        id="filter"
        type="text"
        value={filter}
        placeholder={narrow.value ? t("Filter") : t("Filter tasks")}
        title={t("Filter tasks: a name, coro:, state:, on:, at:file:line (/)")}
        aria-label={t("Filter tasks: name, coro:, state:, on:, at:file:line")}
        spellcheck={false}
        onInput={(event) => change({ filter: event.currentTarget.value })}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key !== "Escape") return;
          change({ filter: "" });
          event.currentTarget.blur();
        }}
      />
      {filter ? (
        <button
          type="button"
          class="plain"
          aria-label={t("Clear the filter")}
          onClick={() => change({ filter: "" })}
        >
          <Icon name="close" size={14} />
        </button>
      ) : null}
    </search>
  );
}

/** With more states than this there is room for their words on a wide screen only. */
const MOST_WORDS = 3;

/** How many tasks are in each state, as buttons that filter by it. */
function Counts() {
  const { totals } = snapshot.value;
  const { read, total } = progress.value;
  const shown = totals.filter((n, state) => n > 0 && state !== State.absent).length;
  return (
    <div class={`counts ${shown > MOST_WORDS ? "many" : ""}`} role="status" aria-live="off">
      {live.value ? <span class="live">{t("LIVE")}</span> : null}
      {total !== null && read < total ? (
        <span>{t("reading {n} %", { n: Math.floor((read / total) * 100) })}</span>
      ) : null}
      {source.value && trace.value.tasks.count > 0
        ? STATE_NAMES.map((name, state) =>
            state === State.absent || totals[state] === 0 ? null : (
              <button
                key={name}
                type="button"
                class="count"
                title={t("{n} {state}: show only these", { n: totals[state], state: stateName(state) })}
                onClick={() => change({ filter: `state:${name}` })}
              >
                <span style={{ color: stateColour(theme.value, state) }}>
                  <Icon name={STATE_ICONS[state]} size={14} />
                </span>
                <b>{count(totals[state])}</b>
                <span class="wide-only">{stateName(state)}</span>
              </button>
            ),
          )
        : null}
    </div>
  );
}
