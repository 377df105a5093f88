import assert from "node:assert/strict";
import * as vscode from "vscode";
import { file, parts } from "./support";

/** Resolves once the linter's diagnostics of a file are these, as "line: rule". */
function shown(uri: vscode.Uri, expected: string[]): Promise<void> {
  const wanted = JSON.stringify(expected);
  const now = () =>
    vscode.languages
      .getDiagnostics(uri)
      .filter((each) => each.source === "loopscope")
      .map((each) => `${each.range.start.line + 1}: ${codeOf(each)}`);
  return new Promise((resolve) => {
    const check = () => {
      if (JSON.stringify(now()) !== wanted) return;
      subscription.dispose();
      resolve();
    };
    const subscription = vscode.languages.onDidChangeDiagnostics(check);
    check();
  });
}

function codeOf({ code }: vscode.Diagnostic): string {
  return String(typeof code === "object" ? code.value : code);
}

async function quickFixes(uri: vscode.Uri, line: number): Promise<vscode.CodeAction[]> {
  const range = new vscode.Range(line - 1, 4, line - 1, 4);
  return vscode.commands.executeCommand("vscode.executeCodeActionProvider", uri, range);
}

async function open(name: string, text: string): Promise<vscode.TextEditor> {
  return vscode.window.showTextDocument(await vscode.workspace.openTextDocument(file(name, text)));
}

describe("linting in the editor", () => {
  before(parts);

  it("reports as one types, and its fix makes the finding go away", async () => {
    const editor = await open("typed.py", "import time\n\n\nasync def main():\n    pass\n");
    const { uri } = editor.document;
    await editor.edit((edit) => edit.replace(new vscode.Range(4, 4, 4, 8), "time.sleep(1)"));
    await shown(uri, ["5: blocking-sleep"]);
    const [diagnostic] = vscode.languages.getDiagnostics(uri);
    assert.equal(diagnostic.severity, vscode.DiagnosticSeverity.Error);
    const { target } = diagnostic.code as { target: vscode.Uri };
    assert.match(target.path, /docs\/rules\/blocking-sleep\.md$/);
    await vscode.workspace.fs.stat(target);
    const fix = (await quickFixes(uri, 5)).find((each) => each.isPreferred);
    assert.ok(fix?.edit, "no preferred fix is offered");
    await vscode.workspace.applyEdit(fix.edit);
    await shown(uri, []);
    assert.match(editor.document.getText(), /await asyncio\.sleep\(1\)/);
    await editor.document.save();
  });

  it("shows the helper chain as places to go to, over files, and who reaches the blocking line", async () => {
    const helper = await open("lint_helper.py", "import time\n\n\ndef save():\n    time.sleep(1)\n");
    const editor = await open(
      "lint_main.py",
      "from lint_helper import save\n\n\nasync def main():\n    save()\n",
    );
    await shown(editor.document.uri, ["5: blocking-sleep"]);
    const [diagnostic] = vscode.languages.getDiagnostics(editor.document.uri);
    const [related] = diagnostic.relatedInformation ?? [];
    assert.equal(related.location.uri.toString(), helper.document.uri.toString());
    assert.equal(related.location.range.start.line, 4);
    const reach = (await quickFixes(helper.document.uri, 5)).find((each) => /^Who reaches/.test(each.title));
    assert.equal(reach?.title, "Who reaches this blocking call: async main()");
    await vscode.commands.executeCommand(reach?.command?.command ?? "", ...(reach?.command?.arguments ?? []));
  });

  it("adds an offloader to the settings, and believes it", async () => {
    const editor = await open(
      "lint_pool.py",
      "import time\n\n\ndef in_pool():\n    time.sleep(1)\n\n\nasync def main():\n    in_pool()\n",
    );
    const { uri } = editor.document;
    await shown(uri, ["9: blocking-sleep"]);
    const mark = (await quickFixes(uri, 9)).find((each) => /runs its work in a thread$/.test(each.title));
    assert.equal(mark?.title, "lint_pool.in_pool runs its work in a thread");
    await vscode.commands.executeCommand(mark?.command?.command ?? "", ...(mark?.command?.arguments ?? []));
    await shown(uri, []);
    const settings = vscode.workspace.getConfiguration("loopscope.lint", uri);
    assert.deepEqual(settings.get("offloaders"), ["lint_pool.in_pool"]);
    await settings.update("offloaders", undefined, vscode.ConfigurationTarget.WorkspaceFolder);
    await shown(uri, ["9: blocking-sleep"]);
  });
});
