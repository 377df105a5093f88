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
  let started: TracedRun | null = null;
  const subscription = runner.onDidStart((run) => {
    started = run;
  });
  await vscode.commands.executeCommand(command, ...args);
  subscription.dispose();
  // The command has told the user why.
  if (started === null) throw new Error(`${command} ${args.join(" ")} started nothing`);
  return started;
}

/** Ends what a test that failed has left running, so that it does not fail the next one too. */
export async function stopAll(): Promise<void> {
  const { runner } = await parts();
  for (const run of runner.running) {
    const finished = run.finished();
    run.stop();
    run.stop(); // now its terminal is closed
    await finished;
  }
}

/** The terminal that a run's program has. Its name comes later than the terminal itself; its process is known. */
export async function terminalOf(run: TracedRun): Promise<vscode.Terminal> {
  const pid = run.open.trace.programs[0]?.hello?.pid;
  for (const terminal of vscode.window.terminals) if ((await terminal.processId) === pid) return terminal;
  throw new Error(`no terminal has the process ${pid}`);
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
