import type * as vscode from "vscode";
import { Emitter } from "../emitter";
import { UserError } from "../errors";
import { l10n } from "../l10n";
import type { LaunchConfiguration, Runner } from "../runs/runner";
import type { TracedRun } from "../runs/tracedRun";

/** A message of the Debug Adapter Protocol, as far as it is used. */
interface Message {
  seq: number;
  type: string;
  command: string;
  arguments?: Record<string, unknown>;
}

/**
 * What VS Code talks to while a `loopscope` launch configuration runs. It is no debugger: it starts the program with trace in the
 * terminal, says when it has ended, and stops it, so that F5, Shift+F5, restarting and compounds work as they do elsewhere.
 */
export class LaunchAdapter implements vscode.DebugAdapter {
  private readonly sent = new Emitter<vscode.DebugProtocolMessage>();
  readonly onDidSendMessage = this.sent.event as vscode.Event<vscode.DebugProtocolMessage>;
  private seq = 1;
  private run: TracedRun | null = null;

  constructor(
    private readonly runner: Pick<Runner, "launch">,
    private readonly folder: vscode.WorkspaceFolder | undefined,
    /** Keeps the details of a failure that is ours. */
    private readonly log: (line: string) => void,
  ) {}

  handleMessage(message: vscode.DebugProtocolMessage): void {
    const request = message as Message;
    if (request.type !== "request") return;
    this.answer(request).then(
      (body) => this.respond(request, { success: true, body }),
      (error: Error) => {
        if (!(error instanceof UserError)) this.log(error.stack ?? error.message);
        this.respond(request, failure(error));
      },
    );
  }

  dispose(): void {
    this.sent.dispose();
  }

  private async answer({ command, arguments: given = {} }: Message): Promise<object> {
    switch (command) {
      case "initialize":
        return { supportsTerminateRequest: true, supportsConfigurationDoneRequest: true };
      case "launch":
        await this.launch(given as unknown as LaunchConfiguration);
        return {};
      case "threads":
        return { threads: [] };
      case "setBreakpoints":
        // Lines are traced, nothing stops at them: the editor shows them hollow.
        return { breakpoints: ((given.breakpoints ?? []) as []).map(() => ({ verified: false })) };
      case "terminate":
        this.run?.stop();
        return {};
      case "disconnect":
        if (this.run?.running) {
          const finished = this.run.finished();
          this.run.stop();
          await finished;
        }
        return {};
      default:
        return {};
    }
  }

  private async launch(configuration: LaunchConfiguration): Promise<void> {
    const run = await this.runner.launch(configuration, this.folder);
    this.run = run;
    this.send({ type: "event", event: "initialized" });
    void run.finished().then(({ exitCode }) => {
      this.send({ type: "event", event: "exited", body: { exitCode: exitCode ?? 1 } });
      this.send({ type: "event", event: "terminated" });
    });
  }

  private respond({ command, seq }: Message, outcome: object): void {
    this.send({ type: "response", command, request_seq: seq, ...outcome });
  }

  private send(message: object): void {
    this.sent.fire({ seq: this.seq++, ...message } as vscode.DebugProtocolMessage);
  }
}

/** VS Code shows it in a dialog, with a button that opens launch.json. */
function failure(error: Error): object {
  const what =
    error instanceof UserError
      ? error.message
      : l10n.t("Loopscope failed: {0}. Its output has the details.", error.message);
  return {
    success: false,
    message: what,
    // A text with braces would be taken for a format.
    body: { error: { id: 1, format: "{what}", variables: { what }, showUser: true } },
  };
}
