import { existsSync } from "node:fs";
import type * as vscode from "vscode";
import { GRAPH_PANEL } from "../contributions";
import { OpenTrace } from "../runs/openTrace";
import type { Runner } from "../runs/runner";
import { TraceBytes } from "./bytes";
import type { GraphPanel } from "./graphPanel";

/** Which recording the panel shows, kept with the workspace. */
interface Shown {
  path: string;
  title: string;
}

const KEY = "shownRecording";

/** Brings the panel back after the window was reloaded, with the recording of the run it showed. */
export function restorePanel(
  vs: Pick<typeof vscode, "window">,
  state: vscode.Memento,
  runner: Runner,
  panel: GraphPanel,
): vscode.Disposable {
  const remember = runner.onDidStart(({ open }) => {
    const shown: Shown = { path: open.bytes.path, title: open.title };
    void state.update(KEY, shown);
  });
  const serializer = vs.window.registerWebviewPanelSerializer(GRAPH_PANEL, {
    deserializeWebviewPanel: (old) => panel.revive(old, lastShown(state.get<Shown>(KEY))),
  });
  return {
    dispose: () => {
      remember.dispose();
      serializer.dispose();
    },
  };
}

async function lastShown(shown: Shown | undefined): Promise<OpenTrace | null> {
  if (shown === undefined || !existsSync(shown.path)) return null;
  return new OpenTrace(shown.title, "file", await TraceBytes.open(shown.path));
}
