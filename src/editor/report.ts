import type * as vscode from "vscode";
import { type ErrorAction, UserError } from "./errors";
import { l10n } from "./l10n";

type Api = Pick<typeof vscode, "window" | "commands">;

/** Shows errors to the user, and keeps the details in the output channel. */
export class Reporter {
  constructor(
    private readonly vs: Api,
    private readonly output: Pick<vscode.LogOutputChannel, "info" | "error" | "show">,
  ) {}

  readonly log = (line: string): void => this.output.info(line);

  /** A UserError is shown as it is; anything else is a fault of ours and says where its details are. */
  readonly report = (error: unknown): void => {
    if (error instanceof UserError) void this.show(error.message, error.actions);
    else {
      this.output.error(error instanceof Error ? error : String(error));
      const what = error instanceof Error ? error.message : String(error);
      void this.show(l10n.t("Loopscope failed: {0}. Its output has the details.", what), ["showOutput"]);
    }
  };

  private async show(message: string, actions: readonly ErrorAction[]): Promise<void> {
    const titles: Record<ErrorAction, [title: string, act: () => unknown]> = {
      selectInterpreter: [
        l10n.t("Select Interpreter"),
        () => this.vs.commands.executeCommand("python.setInterpreter").then(undefined, this.openSettings),
      ],
      openSettings: [l10n.t("Open Settings"), this.openSettings],
      showOutput: [l10n.t("Show Output"), () => this.output.show()],
      manageTrust: [l10n.t("Manage Trust"), () => this.vs.commands.executeCommand("workbench.trust.manage")],
    };
    const chosen = await this.vs.window.showErrorMessage(
      message,
      ...actions.map((action) => titles[action][0]),
    );
    const action = actions.find((one) => titles[one][0] === chosen);
    if (action !== undefined) titles[action][1]();
  }

  private readonly openSettings = (): unknown =>
    this.vs.commands.executeCommand("workbench.action.openSettings", "loopscope.pythonPath");
}
