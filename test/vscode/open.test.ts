import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";
import { openTraceFile } from "../../src/editor/panel/traceEditor";
import { taskRows } from "../../src/editor/views/taskRows";
import { file, parts, runToEnd, workspace } from "./support";

const PROGRAM = "import asyncio\nasyncio.run(asyncio.sleep(0.05))\n";

describe("opening", () => {
  it("a line puts the cursor there", async () => {
    const uri = file("lines.py", "a = 1\nb = 2\n    c = 3\n");
    await vscode.commands.executeCommand("loopscope.openPlace", { file: uri.fsPath, line: 3 });
    const editor = vscode.window.activeTextEditor;
    assert.equal(editor?.document.uri.fsPath, uri.fsPath);
    assert.deepEqual([editor?.selection.start.line, editor?.selection.start.character], [2, 4]);
  });

  it("a line past the end of the file goes to its last line", async () => {
    const uri = file("short.py", "a = 1\n");
    await vscode.commands.executeCommand("loopscope.openPlace", { file: uri.fsPath, line: 99 });
    assert.equal(vscode.window.activeTextEditor?.selection.start.line, 1);
  });

  it("a trace file shows it in the custom editor, and the trees follow", async () => {
    const { run } = await runToEnd(file("recorded.py", PROGRAM));
    const path = join(workspace(), "kept.loopscope");
    copyFileSync(run.open.bytes.path, path);
    await vscode.commands.executeCommand("loopscope.openTrace", vscode.Uri.file(path));
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
    assert.ok(tab?.input instanceof vscode.TabInputCustom, `the active tab is ${tab?.label}`);
    assert.equal(tab.input.viewType, "loopscope.trace");
    const { traces } = await parts();
    const { current } = traces;
    assert.equal(current?.title, "kept.loopscope");
    assert.ok(current !== null);
    await current.read;
    assert.equal(taskRows(current.trace).length, 1);
    const changed = new Promise<string>((resolve) =>
      traces.onDidChangeCurrent((trace) => resolve(trace?.title ?? "nothing")),
    );
    await vscode.window.tabGroups.close(tab);
    assert.notEqual(await changed, "kept.loopscope", "the trees still show a trace that is closed");
  });

  it("a trace that was cut off keeps what is whole", async () => {
    const { run } = await runToEnd(file("cut.py", PROGRAM));
    const bytes = await run.open.bytes.read(0, run.open.bytes.size - 5);
    const cut = file("cut.loopscope", "");
    await vscode.workspace.fs.writeFile(cut, bytes);
    const open = await openTraceFile(cut);
    await open.read;
    assert.equal(open.trace.tasks.name(0), "Task-1");
    assert.match(open.trace.notes.join(), /incomplete record/);
    open.dispose();
  });

  for (const [name, content, message] of [
    [
      "foreign.loopscope",
      "PK\u0003\u0004 this is something else",
      /foreign\.loopscope cannot be opened: not a Loopscope trace/,
    ],
    ["empty.loopscope", "", /empty\.loopscope cannot be opened: the trace is empty/],
  ] as const) {
    it(`${name} is refused with a reason`, async () => {
      await assert.rejects(openTraceFile(file(name, content)), (error: Error) => {
        assert.match(error.message, message);
        return true;
      });
    });
  }

  it("a trace that does not exist is refused with a reason", async () => {
    await assert.rejects(
      openTraceFile(vscode.Uri.file(join(workspace(), "none.loopscope"))),
      /none\.loopscope cannot be opened: ENOENT/,
    );
  });
});
