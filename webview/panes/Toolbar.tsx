import type { HostAction } from "../../src/protocol/view";
import { Icon, type IconName } from "../icons";
import { STATE_ICONS, stateColour } from "../model/look";
import { STATE_NAMES, State } from "../model/snapshot";
import { act } from "../state/actions";
import { actions, live, progress, snapshot, source, trace } from "../state/model";
import { change, setting, type ViewName } from "../state/settings";
import { theme } from "../state/theme";
import { count } from "../util/format";
import { helpOpen } from "./Help";
import { narrow } from "./narrow";

const TABS: { view: ViewName; label: string; icon: IconName }[] = [
  { view: "graph", label: "Await graph", icon: "type-hierarchy-sub" },
  { view: "loop", label: "Event loop", icon: "sync" },
  { view: "table", label: "Table", icon: "table" },
  { view: "timeline", label: "Timeline", icon: "list-flat" },
  { view: "compare", label: "Compare", icon: "git-compare" },
];

const ACTIONS: Record<HostAction, { label: string; icon: IconName }> = {
  stop: { label: "Stop", icon: "debug-stop" },
  rerun: { label: "Rerun", icon: "debug-restart" },
  run: { label: "Run", icon: "debug-start" },
  openTrace: { label: "Open Trace…", icon: "folder-opened" },
  compare: { label: "Compare with…", icon: "git-compare" },
  saveTrace: { label: "Save Trace…", icon: "save" },
  exportReport: { label: "Export HTML Report…", icon: "export" },
};

export function Toolbar() {
  return (
    <header class="toolbar">
      <nav class="tabs" aria-label="Views">
        {TABS.map(({ view, label, icon }) => (
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
      <div class="actions" role="toolbar" aria-label="Program">
        {actions.value.map((action) => (
          <button
            key={action}
            type="button"
            class="plain"
            title={ACTIONS[action].label}
            aria-label={ACTIONS[action].label}
            onClick={() => act(action)}
          >
            <Icon name={ACTIONS[action].icon} />
          </button>
        ))}
        <button
          type="button"
          class="plain"
          title="Lanes (L)"
          aria-label="Lanes"
          aria-pressed={setting.lanes.value}
          onClick={() => change({ lanes: !setting.lanes.value })}
        >
          <Icon name="layout-panel" />
        </button>
        <button
          type="button"
          class="plain"
          title="Findings and details (P)"
          aria-label="Findings and details"
          aria-pressed={setting.panel.value}
          onClick={() => change({ panel: !setting.panel.value })}
        >
          <Icon name="layout-sidebar-right" />
        </button>
        <button
          type="button"
          class="plain"
          title="Keys and legend (?)"
          aria-label="Keys and legend"
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
        placeholder={narrow.value ? "Filter" : "Filter: name, coro:, state:, on:, at:file:line"}
        aria-label="Filter tasks: name, coro:, state:, on:, at:file:line"
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
          aria-label="Clear the filter"
          onClick={() => change({ filter: "" })}
        >
          <Icon name="close" size={14} />
        </button>
      ) : null}
    </search>
  );
}

/** How many tasks are in each state, as buttons that filter by it. */
function Counts() {
  const { totals } = snapshot.value;
  const { read, total } = progress.value;
  return (
    <div class="counts" role="status" aria-live="off">
      {live.value ? <span class="live">LIVE</span> : null}
      {total !== null && read < total ? <span>reading {Math.floor((read / total) * 100)} %</span> : null}
      {source.value && trace.value.tasks.count > 0
        ? STATE_NAMES.map((name, state) =>
            state === State.absent || totals[state] === 0 ? null : (
              <button
                key={name}
                type="button"
                class="count"
                title={`${totals[state]} ${name}: show only these`}
                onClick={() => change({ filter: `state:${name}` })}
              >
                <span style={{ color: stateColour(theme.value, state) }}>
                  <Icon name={STATE_ICONS[state]} size={14} />
                </span>
                <b>{count(totals[state])}</b>
                <span class="wide-only">{name}</span>
              </button>
            ),
          )
        : null}
    </div>
  );
}
