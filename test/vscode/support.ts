import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as vscode from "vscode";
import type { RunEnd, TracedRun } from "../../src/editor/runs/tracedRun";
import type { Parts } from "../../src/extension";

/** The workspace folder the tests were started on. */
export function workspace(): string {
  const folder = vscode.workspace.workspaceFolders?.[0];
  if (folder === undefined) throw new Error("the tests need a workspace folder");
  return folder.uri.fsPath;
}

/** Writes a file into the workspace and returns its address. */
export function file(name: string, text: string): vscode.Uri {
  const path = join(workspace(), name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return vscode.Uri.file(path);
}

/** The extension's parts, once it is active. */
export async function parts(): Promise<Parts> {
  const extension = vscode.extensions.getExtension<Parts>("loopscope.loopscope");
  if (extension === undefined) throw new Error("VS Code does not know the extension");
  return extension.activate();
}

/** Runs a file with trace and resolves when it has ended. */
export async function runToEnd(uri: vscode.Uri): Promise<{ run: TracedRun; end: RunEnd }> {
  const run = await start("loopscope.run", uri);
  return { run, end: await run.finished() };
}

/** Runs a program with trace through a command, as a menu does, and resolves when it has been started. */
export async function start(command: string, ...args: unknown[]): Promise<TracedRun> {
  const { runner } = await parts();
  const started = new Promise<TracedRun>((resolve) => {
    const subscription = runner.onDidStart((run) => {
      subscription.dispose();
      resolve(run);
    });
  });
  await vscode.commands.executeCommand(command, ...args);
  return started;
}

/** Resolves once the trace of a run is such that `accept` is true. */
export function until(run: TracedRun, accept: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    if (accept()) return resolve();
    const subscription = run.open.onDidUpdate(() => {
      if (!accept()) return;
      subscription.dispose();
      resolve();
    });
  });
}

/** Sets a setting of the workspace, or takes it away. */
export async function setting(key: string, value: unknown): Promise<void> {
  const settings = vscode.workspace.getConfiguration("loopscope");
  if (value === undefined && settings.inspect(key)?.workspaceValue === undefined) return;
  await settings.update(key, value, vscode.ConfigurationTarget.Workspace);
}
