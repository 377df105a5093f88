import { basename } from "node:path";
import type * as vscode from "vscode";
import { sourceFindings } from "../../cli/page";
import {
  type HostAction,
  type HostMessage,
  isMessage,
  VIEW_PROTOCOL,
  type ViewConfig,
  type ViewMessage,
} from "../../protocol/view";
import { readSetting } from "../contributions";
import { Disposables } from "../disposables";
import type { OpenTrace } from "../runs/openTrace";
import { Pager } from "./pager";

/** What a view asks of the rest of the extension. */
export interface ViewServices {
  openPlace(place: { file: string; line: number }, preserveFocus: boolean): Promise<void>;
  action(action: HostAction, view: GraphView): Promise<void>;
  /** The buttons that make sense for a trace now. */
  actions(trace: OpenTrace | null): HostAction[];
  help(page: string): Promise<void>;
  save(name: string, text: string): Promise<void>;
  log(line: string): void;
  /** Tells the user about a failure. */
  report(error: unknown): void;
}

type Handlers = {
  [T in ViewMessage["type"]]: (message: Extract<ViewMessage, { type: T }>) => Promise<void> | void;
};

/** The host's half of the conversation with one webview, whatever panel or editor it sits in. */
export class GraphView {
  private readonly disposables = new Disposables();
  private readonly pager: Pager;
  private trace: OpenTrace | null = null;
  private compared: OpenTrace | null = null;
  private ready = false;
  /** The trace whose findings that take its source the view has been told, or that it has none of. */
  private judged: OpenTrace | null = null;
  /** A task to be shown once the view has taken in the bytes of the trace that there were when it was asked for. */
  private pendingReveal: { task: number; after: number } | null = null;

  constructor(
    private readonly vs: Pick<typeof vscode, "workspace" | "env" | "l10n">,
    private readonly webview: vscode.Webview,
    private readonly services: ViewServices,
  ) {
    this.pager = new Pager({
      post: (message) => this.post(message),
      later: (call, ms) => setTimeout(call, ms),
      clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
      failed: (error) => this.fail(error),
    });
    this.disposables.push(this.pager);
    this.disposables.push(webview.onDidReceiveMessage((message) => this.receive(message)));
    this.disposables.push(
      vs.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration("loopscope")) this.post({ type: "config", config: this.config() });
      }),
    );
  }

  /** Shows a trace from its first byte. */
  show(trace: OpenTrace | null): void {
    this.trace = trace;
    this.compared?.dispose();
    this.compared = null;
    this.pendingReveal = null;
    if (this.ready) this.initialize();
  }

  compare(other: OpenTrace | null): void {
    this.compared?.dispose();
    this.compared = other;
    if (this.ready) this.sendCompared();
  }

  get shown(): OpenTrace | null {
    return this.trace;
  }

  /** Selects a task, by its id in the report, and brings it into view. */
  reveal(task: number): void {
    this.pendingReveal = { task, after: this.trace?.bytes.size ?? 0 };
    this.revealPending();
  }

  refreshActions(): void {
    if (this.ready) this.post({ type: "actions", actions: this.services.actions(this.trace) });
  }

  setVisible(visible: boolean): void {
    this.pager.setVisible(visible);
  }

  dispose(): void {
    this.disposables.dispose();
    this.compared?.dispose();
  }

  private readonly handlers: Handlers = {
    ready: ({ protocol }) => {
      if (protocol !== VIEW_PROTOCOL) {
        throw new Error(
          `the view speaks protocol ${protocol}, the extension ${VIEW_PROTOCOL}; reload the window to load both anew`,
        );
      }
      this.ready = true;
      this.initialize();
    },
    ack: ({ seq }) => {
      this.pager.ack(seq);
      this.revealPending();
      this.sendSourceFindings();
    },
    open: ({ at }) => this.services.openPlace(at, at.preserveFocus === true),
    select: () => {},
    copy: async ({ text, what }) => {
      await this.vs.env.clipboard.writeText(text);
      this.services.log(`copied ${what}`);
    },
    save: ({ name, text }) => this.services.save(basename(name), text),
    help: ({ page }) => this.services.help(page),
    action: ({ action }) => this.services.action(action, this),
    error: ({ message, stack }) =>
      this.services.log(`the view: ${message}${stack === null ? "" : `\n${stack}`}`),
  };

  private async receive(message: unknown): Promise<void> {
    try {
      if (!isMessage(message) || !Object.hasOwn(this.handlers, message.type)) {
        throw new Error(
          `the view sent something that is no message: ${JSON.stringify(message)?.slice(0, 200)}`,
        );
      }
      const handler = this.handlers[message.type as ViewMessage["type"]] as (
        message: unknown,
      ) => Promise<void> | void;
      await handler(message);
    } catch (error) {
      this.fail(error);
    }
  }

  private initialize(): void {
    this.post({
      type: "init",
      protocol: VIEW_PROTOCOL,
      source: this.trace?.source ?? null,
      config: this.config(),
      actions: this.services.actions(this.trace),
    });
    this.judged = null;
    this.pager.restart(this.trace === null ? [] : [{ slot: "a", source: this.trace.bytes }]);
    void this.trace?.read.then(() => this.sendSourceFindings());
    if (this.compared !== null) this.sendCompared();
  }

  private revealPending(): void {
    if (!this.ready || this.pendingReveal === null || this.pager.taken("a") < this.pendingReveal.after)
      return;
    this.post({ type: "reveal", task: this.pendingReveal.task, object: null, time: null });
    this.pendingReveal = null;
  }

  /** Once host and view have read all of a trace: what is found in the source of the program, which only the host can read. */
  private sendSourceFindings(): void {
    const { trace } = this;
    if (trace === null || trace.live || trace === this.judged) return;
    if (this.pager.taken("a") < trace.bytes.size || trace.position < trace.bytes.size) return;
    this.judged = trace;
    // After forgetting, the ids of tasks are not the same on both sides.
    if (trace.trace.forgotten.until > 0) return;
    void import("../../cli/reading").then(({ newReading }) => {
      if (trace !== this.trace) return;
      this.post({ type: "findings", slot: "a", findings: sourceFindings(trace.trace, newReading()) });
    });
  }

  private sendCompared(): void {
    this.post({ type: "compare", source: this.compared?.source ?? null });
    if (this.compared === null) this.pager.remove("b");
    else this.pager.add("b", this.compared.bytes);
  }

  private config(): ViewConfig {
    return {
      blockMs: readSetting(this.vs.workspace, "blockMs"),
      folders: (this.vs.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath),
      helpBase: null,
      messages: this.vs.l10n.bundle,
      historyMb: readSetting(this.vs.workspace, "historyMb"),
    };
  }

  private fail(error: unknown): void {
    this.services.report(error);
    this.post({ type: "error", message: error instanceof Error ? error.message : String(error) });
  }

  private post(message: HostMessage): void {
    // A view that is gone takes no messages; there is nobody left to tell.
    void this.webview.postMessage(message);
  }
}
