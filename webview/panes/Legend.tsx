import { graphCommand } from "../graph/commands";
import { graph, tidy } from "../graph/state";
import { Icon } from "../icons";
import { plural } from "../util/format";
import { narrow } from "./narrow";

/** What the lines of the graph mean, and how much of the program is on screen. */
export function Legend() {
  if (narrow.value) {
    return (
      <div class="legend">
        <Shown />
        <ZoomButtons />
      </div>
    );
  }
  return (
    <div class="legend">
      <span>
        <svg width="26" height="10" aria-hidden="true">
          <path d="M0 5H26" class="line created" />
        </svg>
        created by
      </span>
      <span>
        <svg width="26" height="10" aria-hidden="true">
          <path d="M0 5H19" class="line awaits" />
          <path d="M26 5L18 1V9Z" class="head awaits" />
        </svg>
        awaits
      </span>
      <span>
        <svg width="26" height="10" aria-hidden="true">
          <path d="M0 5H19" class="line held" />
          <path d="M26 5L18 1V9Z" class="head held" />
        </svg>
        held by
      </span>
      <span>
        <svg width="26" height="10" aria-hidden="true">
          <path d="M0 5H19" class="line deadlock" />
          <path d="M26 5L18 1V9Z" class="head deadlock" />
        </svg>
        deadlock
      </span>
      <Shown />
      <ZoomButtons />
    </div>
  );
}

function Shown() {
  const model = graph.value;
  return (
    <span class="shown">
      {plural(model.shown, "task")} in {plural(model.cards.length, "node")}
      {model.shown < model.tasks ? ` (${model.tasks - model.shown} hidden)` : ""}
    </span>
  );
}

const BUTTONS = [
  { name: "in", icon: "zoom-in", label: "Zoom in (+)" },
  { name: "out", icon: "zoom-out", label: "Zoom out (−)" },
  { name: "fit", icon: "screen-full", label: "Fit everything (0)" },
] as const;

/** Beside the graph, not over it: nothing may cover a node. */
function ZoomButtons() {
  const ask = (name: "in" | "out" | "fit") => {
    graphCommand.value = { name, id: performance.now() };
  };
  return (
    <span class="zoom" role="toolbar" aria-label="Zoom of the graph">
      {BUTTONS.map(({ name, icon, label }) => (
        <button
          key={name}
          type="button"
          class="plain"
          title={label}
          aria-label={label}
          onClick={() => ask(name)}
        >
          <Icon name={icon} size={15} />
        </button>
      ))}
      <button
        type="button"
        class="plain"
        title="Tidy: lay the nodes out anew (T)"
        aria-label="Tidy: lay the nodes out anew"
        onClick={() => {
          tidy();
          ask("fit");
        }}
      >
        <Icon name="type-hierarchy-sub" size={15} />
      </button>
    </span>
  );
}
