import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../icons";
import { STATE_ICONS, STATE_WORDS, stateColour } from "../model/look";
import { STATE_NAMES } from "../model/snapshot";
import { theme } from "../state/theme";

export const helpOpen = signal(false);

/** Every key, as it is shown; state/keys.ts acts on them. */
const KEYS: [string, string][] = [
  ["/", "filter the tasks"],
  ["1 … 5", "await graph, event loop, table, timeline, compare"],
  ["L  P", "show or hide the lanes, the side panel"],
  [", .", "previous, next event"],
  ["[ ]", "previous, next iteration of the loop"],
  ["Space", "play or pause"],
  ["Home End", "to the beginning, back to the end (live)"],
  ["A D", "move the lanes left, right"],
  ["W S", "zoom the lanes in, out"],
  ["Z", "zoom to the selected range"],
  ["0", "show everything"],
  ["Arrows", "in the graph: walk the tasks; right opens a group"],
  ["Enter", "in the graph: open the line it is parked at"],
  ["T", "lay the graph out anew"],
  ["+ −", "zoom the graph"],
  ["Ctrl wheel", "zoom; Shift wheel moves sideways; drag moves"],
  ["Shift drag", "select a range of time"],
  ["Esc", "let go of the selection"],
];

/** The keys and the legend of states. */
export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  const shown = helpOpen.value;
  useEffect(() => {
    if (shown) dialog.current?.showModal();
    else dialog.current?.close();
  }, [shown]);
  const close = () => {
    helpOpen.value = false;
  };
  return (
    <dialog ref={dialog} class="help" aria-label="Keys and legend" onClose={close}>
      {shown ? (
        <>
          <header>
            <h2>Keys</h2>
            <button type="button" class="plain" aria-label="Close" onClick={close}>
              <Icon name="close" />
            </button>
          </header>
          <dl>
            {KEYS.map(([keys, what]) => (
              <div key={keys}>
                <dt>
                  {keys
                    .split(" ")
                    .map((key) => (key === "…" || key === "" ? key : <kbd key={key}>{key}</kbd>))}
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
          <h2>States</h2>
          <dl class="states">
            {Object.entries(STATE_WORDS).map(([state, words]) => (
              <div key={state}>
                <dt style={{ color: stateColour(theme.value, Number(state)) }}>
                  <Icon name={STATE_ICONS[Number(state)]} />
                </dt>
                <dd>
                  <b>{STATE_NAMES[Number(state)]}</b>: {words}
                </dd>
              </div>
            ))}
          </dl>
        </>
      ) : null}
    </dialog>
  );
}
