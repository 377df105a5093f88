import { basename } from "node:path";
import type * as vscode from "vscode";
import { STREAM_HEADER_BYTES } from "../../protocol/stream";
import { TRACE_EDITOR } from "../contributions";
import { Disposables } from "../disposables";
import { errors, UserError } from "../errors";
import { OpenTrace } from "../runs/openTrace";
import type { Traces } from "../runs/traces";
import { TraceBytes } from "./bytes";
import { GraphView, type ViewServices } from "./graphView";
import { messageHtml, resourceRoots, viewHtml } from "./html";

interface TraceDocument extends vscode.CustomDocument {
  /** What was opened, or why it could not be. */
  readonly open: OpenTrace | UserError;
}

/** Opens a trace file. Throws a UserError when it is not there or is not a trace. */
export async function openTraceFile(file: vscode.Uri): Promise<OpenTrace> {
  const title = basename(file.fsPath);
  if (file.scheme !== "file")
    throw errors.notATrace(title, `it is not on this machine's disk (${file.scheme}).`);
  const bytes = await TraceBytes.open(file.fsPath).catch((error: Error) => {
    throw errors.notATrace(title, `${error.message}.`);
  });
  const open = new OpenTrace(title, "file", bytes);
  await open.begun;
  const why = open.error?.message ?? (bytes.size < STREAM_HEADER_BYTES ? open.trace.notes[0] : undefined);
  if (why === undefined) return open;
  open.dispose();
  throw errors.notATrace(title, `${why}.`);
}

/** Shows `*.loopscope` files, read-only, in the same view as a live run. */
export class TraceEditor implements vscode.CustomReadonlyEditorProvider<TraceDocument> {
  private readonly disposables = new Disposables();
  private readonly views = new Set<GraphView>();
  private active: GraphView | null = null;

  constructor(
    private readonly vs: typeof vscode,
    private readonly extension: vscode.Uri,
    private readonly services: ViewServices,
    private readonly traces: Traces,
  ) {
    this.disposables.push(
      vs.window.registerCustomEditorProvider(TRACE_EDITOR, this, {
        supportsMultipleEditorsPerDocument: true,
        webviewOptions: { retainContextWhenHidden: true },
      }),
    );
  }

  /** The view in the active editor, if it is one of ours. */
  get activeView(): GraphView | null {
    return this.active;
  }

  async openCustomDocument(uri: vscode.Uri): Promise<TraceDocument> {
    const open = await openTraceFile(uri).catch((error) => {
      if (error instanceof UserError) return error;
      throw error;
    });
    const dispose = () => {
      if (open instanceof UserError) return;
      this.traces.forget(open);
      open.dispose();
    };
    return { uri, open, dispose };
  }

  resolveCustomEditor(document: TraceDocument, panel: vscode.WebviewPanel): void {
    const { vs } = this;
    const { open } = document;
    if (open instanceof UserError) {
      // VS Code would say only that there was an unexpected error.
      panel.webview.html = messageHtml(open.message);
      return;
    }
    panel.webview.options = { enableScripts: true, localResourceRoots: resourceRoots(vs, this.extension) };
    const view = new GraphView(vs, panel.webview, this.services);
    this.views.add(view);
    const follow = () => {
      view.setVisible(panel.visible);
      if (panel.active) {
        this.active = view;
        this.traces.show(open);
      } else if (this.active === view) this.active = null;
    };
    panel.onDidChangeViewState(follow);
    panel.onDidDispose(() => {
      this.views.delete(view);
      if (this.active === view) this.active = null;
      view.dispose();
    });
    view.show(open);
    panel.webview.html = viewHtml(vs, this.extension, panel.webview);
    follow();
  }

  dispose(): void {
    this.disposables.dispose();
    for (const view of this.views) view.dispose();
  }
}
