import { render } from "preact";
import { vscodeHost } from "./host/host";
import { pageHost } from "./host/page";
import { App } from "./panes/App";
import { say, useHost } from "./state/actions";
import { watchFindings } from "./state/findings";
import { listenToKeys } from "./state/keys";
import { selection } from "./state/model";
import { Receiver } from "./state/receive";
import { keepSettings, settings } from "./state/settings";
import { watchTheme } from "./state/theme";
import "./style/base.css";
import "./style/layout.css";
import "./style/panes.css";
import "./style/lanes.css";
import "./style/views.css";
import "./style/narrow.css";

/** The composition root: finds the host, restores what was kept, draws, and says that it is ready. */
function start(): void {
  const host = globalThis.acquireVsCodeApi
    ? vscodeHost(globalThis.acquireVsCodeApi)
    : pageHost(document, say);
  watchTheme();
  useHost(host);
  keepSettings(host);
  const { task } = settings.value;
  if (task !== null) selection.value = { kind: "task", task };
  const root =
    document.getElementById("loopscope") ?? document.body.appendChild(document.createElement("div"));
  root.id = "loopscope";
  render(<App />, root);
  watchFindings();
  listenToKeys();
  new Receiver(host).start();
}

start();
