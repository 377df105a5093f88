import { Icon } from "../icons";
import { STATE_ICONS, stateColour } from "../model/look";
import { STATE_NAMES, State } from "../model/snapshot";
import { waitInfo } from "../model/wait";
import { select, selection, snapshot, tick, trace } from "../state/model";
import { theme } from "../state/theme";
import { displayName, duration, fileLine } from "../util/format";
import { PlaceLink } from "./PlaceLink";

/** Everything known about what is selected, at the instant shown. */
export function Details() {
  tick.value;
  const chosen = selection.value;
  return (
    <section class="details" aria-label="Details">
      <h2>Selected</h2>
      {chosen?.kind === "task" && chosen.task < trace.value.tasks.count ? (
        <TaskDetails task={chosen.task} />
      ) : (
        <p class="none">Select a task to see where it waits, for what, and who created it.</p>
      )}
    </section>
  );
}

function TaskDetails({ task }: { task: number }) {
  const { tasks, places, stacks, steps } = trace.value;
  const { state, since, row, t } = snapshot.value;
  const its = state[task];
  const wait = its === State.suspended && row[task] >= 0 ? waitInfo(trace.value, row[task]) : null;
  const parent = tasks.parent.get(task);
  return (
    <>
      <h3>
        <span style={{ color: stateColour(theme.value, its) }}>
          <Icon name={STATE_ICONS[its]} />
        </span>
        <span class="name">{displayName(tasks.name(task))}</span>
      </h3>
      <p class="dim">
        {STATE_NAMES[its]} {its === State.absent ? "" : duration(t - since[task])} ·{" "}
        {places.codes[tasks.code.get(task)].qualname}
      </p>
      {wait ? (
        <>
          <h4>Waits for {wait.label}</h4>
          <Stack stack={steps.stack.get(row[task])} />
        </>
      ) : null}
      <h4>
        Created by{" "}
        {parent >= 0 ? (
          <button type="button" class="link" onClick={() => select({ kind: "task", task: parent })}>
            {displayName(tasks.name(parent))}
          </button>
        ) : (
          "the program"
        )}
      </h4>
      <Stack stack={tasks.creationStack.get(task)} />
      <p class="dim">
        {stacks.depth(tasks.creationStack.get(task)) === 0 ? "No creation stack was recorded." : ""}
      </p>
    </>
  );
}

/** Frames, innermost first, as a traceback is read from its end. */
function Stack({ stack }: { stack: number }) {
  const frames = trace.value.stacks.frames(stack).reverse();
  return (
    <ol class="stack-list">
      {frames.map((place, i) => (
        <li key={i} class={place.user ? "user" : "library"}>
          <span title={fileLine(place.file, place.line)}>{place.function}</span>
          <PlaceLink place={place} />
        </li>
      ))}
    </ol>
  );
}
