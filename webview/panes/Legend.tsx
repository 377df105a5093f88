import { graph } from "../graph/state";
import { plural } from "../util/format";
import { narrow } from "./narrow";

/** What the lines of the graph mean, and how much of the program is on screen. */
export function Legend() {
  const model = graph.value;
  if (narrow.value) return null;
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
      <span class="shown">
        {plural(model.shown, "task")} in {plural(model.cards.length, "node")}
        {model.shown < model.tasks ? ` (${model.tasks - model.shown} hidden)` : ""}
      </span>
    </div>
  );
}
