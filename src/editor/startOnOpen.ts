import type * as vscode from "vscode";
import { type CommandHandlers, View } from "./contributions";

/** Names a file that is run with trace as soon as the extension is active: how `npm start` shows a running program. */
const START_VARIABLE = "LOOPSCOPE_RUN_ON_START";

/** Runs the file that the environment names, if it names one. */
export function startOnOpen(
  vs: Pick<typeof vscode, "Uri" | "commands">,
  handlers: CommandHandlers,
  report: (error: unknown) => void,
): void {
  const file = process.env[START_VARIABLE];
  if (file === undefined || file === "") return;
  // Once: the programs and windows started from here must not do the same.
  delete process.env[START_VARIABLE];
  const start = async () => {
    await vs.commands.executeCommand(`${View.tasks}.open`, { preserveFocus: true });
    await handlers["loopscope.run"](vs.Uri.file(file));
  };
  start().catch(report);
}
