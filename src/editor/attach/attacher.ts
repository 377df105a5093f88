import { mkdirSync } from "node:fs";
import type * as vscode from "vscode";
import { Attachment, type PythonProcess, pythonProcesses, readableCommand } from "../../session";
import { readSetting } from "../contributions";
import { Emitter } from "../emitter";
import { errors } from "../errors";
import { l10n } from "../l10n";
import { Recording } from "../panel/bytes";
import { OpenTrace } from "../runs/openTrace";
import { recordingName } from "../runs/tracedRun";

type Api = Pick<typeof vscode, "window" | "workspace">;

interface Choice extends vscode.QuickPickItem {
  process: PythonProcess;
}

/** Records programs that run already, until they end or are let go. */
export class Attacher {
  private readonly started = new Emitter<OpenTrace>();
  private readonly changed = new Emitter<void>();
  readonly onDidStart = this.started.event;
  /** A program was attached to, or let go of, or has ended. */
  readonly onDidChange = this.changed.event;
  private readonly attached = new Map<OpenTrace, Attachment>();

  constructor(
    private readonly vs: Api,
    /** The folder recordings go to. */
    private readonly storage: string,
    private readonly log: (line: string) => void,
  ) {}

  /** The traces of the programs that are attached to now. */
  get traces(): OpenTrace[] {
    return [...this.attached.keys()];
  }

  /** Lets the user choose a process and attaches to it. Throws UserError. */
  async attach(): Promise<void> {
    if (process.platform === "win32") throw errors.noAttaching();
    const chosen = await this.vs.window.showQuickPick(choices(pythonProcesses()), {
      title: l10n.t("Attach to Process"),
      placeHolder: l10n.t("A Python program, to record until Stop"),
      matchOnDescription: true,
      matchOnDetail: true,
    });
    if (chosen !== undefined) await this.attachTo(chosen.process);
  }

  /** Lets go of the program a trace is of; it goes on as before. False when the trace is of none. */
  detach(trace: OpenTrace | null): boolean {
    const attachment = trace === null ? undefined : this.attached.get(trace);
    void attachment?.detach();
    return attachment !== undefined;
  }

  dispose(): void {
    for (const [open, attachment] of this.attached) {
      void attachment.detach();
      open.dispose();
    }
    this.started.dispose();
    this.changed.dispose();
  }

  private async attachTo(target: PythonProcess): Promise<void> {
    if (target.how === null) throw errors.notAttached(target.pid, target.why);
    const title = readableCommand(target);
    const blockMs = readSetting(this.vs.workspace, "blockMs");
    mkdirSync(this.storage, { recursive: true });
    const recording = new Recording(
      recordingName(this.storage, `process ${target.pid}`, new Date()),
      this.log,
    );
    const open = new OpenTrace(title, "live", recording, blockMs);
    try {
      const attachment = await Attachment.open({
        pid: target.pid,
        blockMs,
        onFrames: (bytes) => recording.append(bytes),
        onProblem: this.log,
      });
      this.attached.set(open, attachment);
      void attachment.finished.then(() => {
        recording.end();
        this.attached.delete(open);
        this.changed.fire();
      });
      this.started.fire(open);
      this.changed.fire();
    } catch (error) {
      open.dispose();
      throw errors.notAttached(target.pid, (error as Error).message);
    }
  }
}

/** What the user sees of each process. */
export function choices(processes: readonly PythonProcess[]): Choice[] {
  return processes.map((process) => ({
    process,
    label: `$(${process.how === null ? "circle-slash" : "debug-disconnect"}) ${readableCommand(process)}`,
    description: `${process.pid} · Python ${process.version ?? "?"} · ${process.user}`,
    detail: [process.cwd, process.why && l10n.t("Not attachable: {0}", process.why)]
      .filter(Boolean)
      .join(" — "),
  }));
}
