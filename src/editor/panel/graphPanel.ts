import type * as vscode from "vscode";
import { GRAPH_PANEL } from "../contributions";
import { Emitter } from "../emitter";
import { l10n } from "../l10n";
import type { OpenTrace } from "../runs/openTrace";
import { GraphView, type ViewServices } from "./graphView";
import { resourceRoots, viewHtml } from "./html";

/** The panel that lives beside the editor and shows the latest run. There is one; it is made when it is needed. */
export class GraphPanel {
  private panel: vscode.WebviewPanel | null = null;
  private view: GraphView | null = null;
  private trace: OpenTrace | null = null;
  /** A trace that was opened for this panel alone, after a reload. */
  private restored: OpenTrace | null = null;
  private readonly shown = new Emitter<OpenTrace>();
  /** The user has turned to the panel: the trees follow. */
  readonly onDidBecomeActive = this.shown.event;

  constructor(
    private readonly vs: typeof vscode,
    private readonly extension: vscode.Uri,
    private readonly services: ViewServices,
  ) {}

  get current(): GraphView | null {
    return this.view;
  }

  /** The trace it shows, or would show. */
  get shownTrace(): OpenTrace | null {
    return this.trace;
  }

  /** Shows a trace in the panel, beside the editor, and leaves the focus where it is. */
  show(trace: OpenTrace | null): void {
    this.trace = trace;
    if (this.view !== null && this.panel !== null) {
      this.view.show(trace);
      this.panel.title = this.title();
    }
    this.letGoOfRestored();
    this.reveal();
  }

  /** Brings the panel up as it is; who asked for it by a command goes on in it, with the keyboard too. */
  reveal(preserveFocus = true): void {
    if (this.panel === null) this.create(preserveFocus);
    else if (!preserveFocus || !this.panel.visible) this.panel.reveal(undefined, preserveFocus);
  }

  refreshActions(): void {
    this.view?.refreshActions();
  }

  dispose(): void {
    this.panel?.dispose();
    this.letGoOfRestored();
    this.shown.dispose();
  }

  private letGoOfRestored(): void {
    this.restored?.dispose();
    this.restored = null;
  }

  private title(): string {
    return this.trace === null ? l10n.t("Task Graph") : l10n.t("Tasks: {0}", this.trace.title);
  }

  /** Takes over the panel that a window had before it was reloaded, to show the trace it showed. */
  async revive(panel: vscode.WebviewPanel, trace: Promise<OpenTrace | null>): Promise<void> {
    this.panel?.dispose();
    this.restored = await trace;
    this.trace = this.restored;
    this.fill(panel);
    if (this.trace !== null) this.shown.fire(this.trace);
  }

  private create(preserveFocus: boolean): void {
    const { vs } = this;
    const panel = vs.window.createWebviewPanel(
      GRAPH_PANEL,
      this.title(),
      { viewColumn: vs.ViewColumn.Beside, preserveFocus },
      // A hidden view keeps what it has decoded, draws nothing and is sent nothing.
      { retainContextWhenHidden: true },
    );
    this.fill(panel);
  }

  private fill(panel: vscode.WebviewPanel): void {
    const { vs } = this;
    panel.webview.options = { enableScripts: true, localResourceRoots: resourceRoots(vs, this.extension) };
    panel.title = this.title();
    const icon = (theme: string) => vs.Uri.joinPath(this.extension, "media", `panel-${theme}.svg`);
    panel.iconPath = { light: icon("light"), dark: icon("dark") };
    const view = new GraphView(vs, panel.webview, this.services);
    this.panel = panel;
    this.view = view;
    panel.onDidChangeViewState(() => {
      view.setVisible(panel.visible);
      if (panel.active && this.trace !== null) this.shown.fire(this.trace);
    });
    panel.onDidDispose(() => {
      view.dispose();
      this.panel = null;
      this.view = null;
    });
    view.show(this.trace);
    panel.webview.html = viewHtml(vs, this.extension, panel.webview);
  }
}
