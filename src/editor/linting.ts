/** The linter in the editor: starts the language server and carries out what its code actions ask for. */
import { join } from "node:path";
import * as vscode from "vscode";
import { LanguageClient, TransportKind } from "vscode-languageclient/node";

/** The server's commands; `src/server/actions.ts` names them. */
const SHOW_REACHERS = "loopscope.lint.showReachers";
const ADD_SETTING = "loopscope.lint.addSetting";
const RESTART = "loopscope.lint.restart";

interface PlainRange {
  start: { line: number; character: number };
  end: { line: number; character: number };
}

interface ReachersArgument {
  uri: string;
  position: { line: number; character: number };
  locations: { uri: string; range: PlainRange }[];
}

interface SettingArgument {
  uri: string;
  setting: "blocking" | "offloaders";
  name: string;
}

/** Starts the linter; it stops with the extension. A server that cannot start is reported by the client. */
export function registerLinting(context: vscode.ExtensionContext): LanguageClient {
  const module = context.asAbsolutePath(join("dist", "server.js"));
  const storage = context.storageUri ?? context.globalStorageUri;
  const client = new LanguageClient(
    "loopscope.lint",
    "Loopscope Linter",
    { module, transport: TransportKind.ipc },
    {
      documentSelector: [
        { scheme: "file", language: "python" },
        { scheme: "untitled", language: "python" },
      ],
      initializationOptions: {
        storage: vscode.Uri.joinPath(storage, "lint").fsPath,
        pages: vscode.Uri.joinPath(context.extensionUri, "docs", "rules").toString(),
        commands: true,
      },
    },
  );
  context.subscriptions.push(
    vscode.commands.registerCommand(SHOW_REACHERS, showReachers),
    vscode.commands.registerCommand(ADD_SETTING, addSetting),
    vscode.commands.registerCommand(RESTART, () => client.restart()),
    client,
  );
  void client.start();
  return client;
}

/** Peeks at the async functions from which the loop reaches a call. */
async function showReachers({ uri, position, locations }: ReachersArgument): Promise<void> {
  await vscode.commands.executeCommand(
    "editor.action.showReferences",
    vscode.Uri.parse(uri),
    new vscode.Position(position.line, position.character),
    locations.map((each) => new vscode.Location(vscode.Uri.parse(each.uri), toRange(each.range))),
  );
}

function toRange({ start, end }: PlainRange): vscode.Range {
  return new vscode.Range(start.line, start.character, end.line, end.character);
}

/** Adds a name to one of the lint settings, of the folder where there is one. */
async function addSetting({ uri, setting, name }: SettingArgument): Promise<void> {
  const scope = vscode.Uri.parse(uri);
  const settings = vscode.workspace.getConfiguration("loopscope.lint", scope);
  const before = settings.get<string[]>(setting) ?? [];
  if (before.includes(name)) return;
  const folder = vscode.workspace.getWorkspaceFolder(scope);
  const target = folder ? vscode.ConfigurationTarget.WorkspaceFolder : vscode.ConfigurationTarget.Global;
  await settings.update(setting, [...before, name], target);
}
