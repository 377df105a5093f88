import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../icons";
import { STATE_ICONS, stateColour, stateName, stateWords } from "../model/look";
import { theme } from "../state/theme";
import { t } from "../util/l10n";

export const helpOpen = signal(false);

/** Every key, as it is shown; state/keys.ts acts on them. */
const keys = (): [string, string][] => [
  ["/", t("filter the tasks")],
  ["1 … 5", t("await graph, event loop, table, timeline, compare")],
  ["L  P", t("show or hide the lanes, the side panel")],
  [", .", t("previous, next event")],
  ["[ ]", t("previous, next iteration of the loop")],
  ["Space", t("play or pause")],
  ["Home End", t("to the beginning, back to the end (live)")],
  ["A D", t("move the lanes left, right")],
  ["W S", t("zoom the lanes in, out")],
  ["I O", t("a range of time begins, ends at the cursor")],
  ["Z", t("zoom to the selected range")],
  ["0", t("show everything")],
  ["Arrows", t("in the graph: walk the tasks; right opens a group")],
  ["Enter", t("in the graph: open the line it is parked at")],
  ["Menu", t("in the graph: what can be done with the task")],
  ["T", t("lay the graph out anew")],
  ["+ −", t("zoom the graph")],
  ["Ctrl wheel", t("zoom; Shift wheel moves sideways; drag moves")],
  ["Shift drag", t("select a range of time")],
  ["Esc", t("let go of the selection")],
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
    <dialog ref={dialog} class="help" aria-label={t("Keys and legend")} onClose={close}>
      {shown ? (
        <>
          <header>
            <h2>{t("Keys")}</h2>
            <button type="button" class="plain" aria-label={t("Close")} onClick={close}>
              <Icon name="close" />
            </button>
          </header>
          <dl>
            {keys().map(([names, what]) => (
              <div key={names}>
                <dt>
                  {names
                    .split(" ")
                    .map((key) => (key === "…" || key === "" ? key : <kbd key={key}>{keyName(key)}</kbd>))}
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
          <h2>{t("States")}</h2>
          <dl class="states">
            {stateWords().map(([state, words]) => (
              <div key={state}>
                <dt style={{ color: stateColour(theme.value, state) }}>
                  <Icon name={STATE_ICONS[state]} />
                </dt>
                <dd>
                  <b>{stateName(state)}</b>: {words}
                </dd>
              </div>
            ))}
          </dl>
          <h2>{t("Signs")}</h2>
          <dl class="states">
            <div>
              <dt>✓</dt>
              <dd>{t("how many tasks below it have ended and are not drawn")}</dd>
            </div>
            <div>
              <dt>×</dt>
              <dd>{t("so many alike tasks in one node; a double click shows each")}</dd>
            </div>
            <div>
              <dt>▏</dt>
              <dd>{t("before a lane: the colour of its coroutine in the loop's lane")}</dd>
            </div>
            <div>
              <dt>≤</dt>
              <dd>{t("the longest of them")}</dd>
            </div>
          </dl>
        </>
      ) : null}
    </dialog>
  );
}

/** Names on key caps that are words differ between languages, letters do not. */
function keyName(key: string): string {
  switch (key) {
    case "Space":
      return t("Space");
    case "Home":
      return t("Home");
    case "End":
      return t("End");
    case "Arrows":
      return t("Arrows");
    case "Enter":
      return t("Enter");
    case "Menu":
      return t("Menu");
    case "Ctrl":
      return t("Ctrl");
    case "Shift":
      return t("Shift");
    case "wheel":
      return t("wheel");
    case "drag":
      return t("drag");
    case "Esc":
      return t("Esc");
    default:
      return key;
  }
}
