import { graphCommand } from "../graph/commands";
import { tidy } from "../graph/state";
import { panWindow, range, setWindow, span, zoomWindow } from "../lanes/state";
import { helpOpen } from "../panes/Help";
import { now, select, trace } from "./model";
import { change, setting, VIEWS } from "./settings";
import { goLive, goTo, stepEvent, stepIteration, togglePlay } from "./travel";

const centre = () => {
  const { from, to } = span.value;
  return now.value >= from && now.value <= to ? now.value : (from + to) / 2;
};

/** Begins or ends the selected range at the cursor; the other end stays, or is that of the trace. */
function markRange(end: "from" | "to"): void {
  const old = range.value ?? { from: 0, to: trace.value.endTime };
  const at = now.value;
  const next = { ...old, [end]: at };
  if (next.to > next.from) range.value = next;
  else range.value = end === "from" ? { from: at, to: trace.value.endTime } : { from: 0, to: at };
}

/** Keys of the whole view; the graph's own arrow keys are in its tree. Shown by `?` (panes/Help.tsx). */
const KEYS: Record<string, () => void> = {
  "/": () => document.getElementById("filter")?.focus(),
  "?": () => {
    helpOpen.value = true;
  },
  ",": () => stepEvent(-1),
  ".": () => stepEvent(1),
  "[": () => stepIteration(-1),
  "]": () => stepIteration(1),
  " ": togglePlay,
  Home: () => goTo(0),
  End: goLive,
  a: () => panWindow(-0.15),
  d: () => panWindow(0.15),
  w: () => zoomWindow(0.7, centre()),
  s: () => zoomWindow(1 / 0.7, centre()),
  i: () => markRange("from"),
  o: () => markRange("to"),
  z: () => range.value && setWindow(range.value.from, range.value.to),
  l: () => change({ lanes: !setting.lanes.value }),
  p: () => change({ panel: !setting.panel.value }),
  t: () => {
    tidy();
    graphCommand.value = { name: "fit", id: performance.now() };
  },
  "0": () => {
    change({ window: null });
    graphCommand.value = { name: "fit", id: performance.now() };
  },
  "+": () => {
    graphCommand.value = { name: "in", id: performance.now() };
  },
  "=": () => {
    graphCommand.value = { name: "in", id: performance.now() };
  },
  "-": () => {
    graphCommand.value = { name: "out", id: performance.now() };
  },
  Escape: () => {
    if (range.value) range.value = null;
    else select(null);
  },
};
VIEWS.forEach((view, i) => {
  KEYS[String(i + 1)] = () => change({ view });
});

export function listenToKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    // Asked of the page: that it is closed a dialog tells later.
    if (document.querySelector("dialog[open]")) return;
    const target = event.target as HTMLElement;
    // Not a dialog: one that has just closed may hold the focus until the next frame.
    if (target.closest("input, select, textarea, [role=menu]")) return;
    // A focused button takes its own Space and Enter.
    if (event.key === " " && target.closest("button")) return;
    const action = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
