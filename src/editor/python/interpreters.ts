import type * as vscode from "vscode";
import { readSetting } from "../contributions";
import { l10n } from "../l10n";

/** Where an interpreter was named, for messages: "the setting loopscope.pythonPath". */
export interface Candidate {
  path: string;
  source: string;
}

/** The parts of the `vscode` API the search needs, so that it is tested without an editor. */
export interface InterpreterHost {
  extensions: Pick<typeof vscode.extensions, "getExtension">;
  workspace: Pick<typeof vscode.workspace, "getConfiguration">;
  log(line: string): void;
}

/** The environments extension's API (ms-python.vscode-python-envs), as far as it is used. */
interface EnvironmentsApi {
  getEnvironment?(
    scope: vscode.Uri | undefined,
  ): Promise<
    { execInfo?: { activatedRun?: { executable?: string }; run?: { executable?: string } } } | undefined
  >;
}

/** The Python extension's API (ms-python.python), as far as it is used. */
interface PythonApi {
  environments?: {
    getActiveEnvironmentPath(scope?: vscode.Uri): { path: string };
    resolveEnvironment(
      path: { path: string } | string,
    ): Promise<{ executable?: { uri?: vscode.Uri }; version?: unknown } | undefined>;
  };
}

/**
 * The interpreters that may run a file, best first: the user's own setting, the environments API, the Python
 * extension's choice, then what PATH calls `python3` and `python`. Neither extension has to be there.
 */
export async function candidates(host: InterpreterHost, file: vscode.Uri | undefined): Promise<Candidate[]> {
  const found: Candidate[] = [];
  const add = (path: string | undefined, source: string) => {
    if (path !== undefined && path !== "") found.push({ path, source });
  };
  const setting = readSetting(host.workspace, "pythonPath", file);
  if (setting !== "") return [{ path: setting, source: l10n.t("the setting loopscope.pythonPath") }];
  add(await fromEnvironments(host, file), l10n.t("the Python Environments extension"));
  if (found.length === 0) add(await fromPythonExtension(host, file), l10n.t("the Python extension"));
  // A choice made in the editor is the user's: when it is broken they are told, and not given another.
  if (found.length > 0) return found;
  const names = process.platform === "win32" ? ["python", "python3"] : ["python3", "python"];
  for (const name of names) add(name, "PATH");
  return found;
}

async function fromEnvironments(host: InterpreterHost, file: vscode.Uri | undefined) {
  const api = await activated<EnvironmentsApi>(host, "ms-python.vscode-python-envs");
  const environment = await guarded(host, "ms-python.vscode-python-envs", () => api?.getEnvironment?.(file));
  return environment?.execInfo?.activatedRun?.executable ?? environment?.execInfo?.run?.executable;
}

async function fromPythonExtension(host: InterpreterHost, file: vscode.Uri | undefined) {
  const environments = (await activated<PythonApi>(host, "ms-python.python"))?.environments;
  if (environments === undefined) return undefined;
  return guarded(host, "ms-python.python", async () => {
    const active = environments.getActiveEnvironmentPath(file);
    const resolved = await environments.resolveEnvironment(active);
    return resolved?.executable?.uri?.fsPath ?? active.path;
  });
}

async function activated<T>(host: InterpreterHost, id: string): Promise<T | undefined> {
  const extension = host.extensions.getExtension<T>(id);
  if (extension === undefined) return undefined;
  return guarded(host, id, () => extension.activate());
}

/** Another extension's failure is logged and means that it has no answer. */
async function guarded<T>(
  host: InterpreterHost,
  id: string,
  ask: () => Thenable<T> | T | undefined,
): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    host.log(`${id} could not say which interpreter to use: ${error}`);
    return undefined;
  }
}
