import { effect } from "@preact/signals";
import { render } from "preact";
import { vscodeHost } from "./host/host";
import { pageHost } from "./host/page";
import { watchCursor } from "./lanes/state";
import { App } from "./panes/App";
import { announceSelection, say, useHost } from "./state/actions";
import { watchFindings } from "./state/findings";
import { listenToKeys } from "./state/keys";
import { restoreSelection, selectedTask } from "./state/model";
import { Receiver } from "./state/receive";
import { change, keepSettings, setting, settings } from "./state/settings";
import { watchTheme } from "./state/theme";
import "./style/base.css";
import "./style/layout.css";
import "./style/panes.css";
import "./style/lanes.css";
import "./style/views.css";
import "./style/loop.css";
import "./style/compare.css";
import "./style/help.css";
import "./style/narrow.css";

/** The composition root: finds the host, restores what was kept, draws, and says that it is ready. */
function start(): void {
  const host = globalThis.acquireVsCodeApi
    ? vscodeHost(globalThis.acquireVsCodeApi)
    : pageHost(document, say);
  watchTheme();
  useHost(host);
  keepSettings(host);
  restoreSelection(setting.task.value);
  const root =
    document.getElementById("loopscope") ?? document.body.appendChild(document.createElement("div"));
  root.id = "loopscope";
  render(<App />, root);
  rememberSelection();
  watchFindings();
  watchCursor();
  listenToKeys();
  new Receiver(host).start();
}

/** Keeps the selected task over a reload, and lets the host's own tree follow it. */
function rememberSelection(): void {
  let first = true;
  effect(() => {
    const task = selectedTask.value;
    if (first) {
      first = false;
      return;
    }
    const kept = task >= 0 ? task : null;
    if (settings.peek().task !== kept) change({ task: kept });
    announceSelection(kept === null ? null : kept + 1);
  });
}

start();
