import assert from "node:assert/strict";
import * as vscode from "vscode";
import { file, runToEnd, setting } from "./support";

const BLOCKS = `import asyncio, time

def compute():
    time.sleep(0.2)

async def main():
    await asyncio.sleep(0)
    compute()

asyncio.run(main())
`;

/** A task is ready while another holds the loop. */
const WAITS = `import asyncio, time

async def wait():
    await asyncio.sleep(0.01)

async def main():
    waits = asyncio.create_task(wait())
    await asyncio.sleep(0)
    time.sleep(0.2)
    await waits

asyncio.run(main())
`;

const ours = (uri: vscode.Uri) =>
  vscode.languages.getDiagnostics(uri).filter((one) => one.source === "Loopscope, in this run");

/** Resolves once what is reported of a file, by runs, is as `accept` wants it. */
function reported(
  uri: vscode.Uri,
  accept: (found: vscode.Diagnostic[]) => boolean,
): Promise<vscode.Diagnostic[]> {
  return new Promise((resolve) => {
    const look = () => {
      const found = ours(uri);
      if (!accept(found)) return;
      subscription.dispose();
      resolve(found);
    };
    const subscription = vscode.languages.onDidChangeDiagnostics(look);
    look();
  });
}

describe("what goes wrong in a run", () => {
  afterEach(() => setting("problems", undefined));

  it("is shown under its line, with the way there, until the file is edited", async () => {
    const uri = file("blocks.py", BLOCKS);
    const document = await vscode.workspace.openTextDocument(uri);
    await runToEnd(uri);
    // On a busy machine other steps may have held the loop too.
    const isCall = (one: vscode.Diagnostic) => document.getText(one.range) === "time.sleep(0.2)";
    const found = (await reported(uri, (all) => all.some(isCall))).find(isCall);
    assert.ok(found !== undefined);
    assert.match(found.message, /held the event loop/);
    assert.equal(found.severity, vscode.DiagnosticSeverity.Warning);
    assert.deepEqual(
      found.relatedInformation?.map((one) => [one.message, one.location.range.start.line]),
      [["in main", 7]],
    );
    assert.ok(typeof found.code === "object");
    await vscode.workspace.fs.stat(found.code.target); // the page there is
    const edit = new vscode.WorkspaceEdit();
    edit.insert(uri, new vscode.Position(0, 0), "# another line\n");
    await vscode.workspace.applyEdit(edit);
    await reported(uri, (all) => all.length === 0);
    await document.save();
  });

  it("is only information at the line of who had to wait for another's", async () => {
    const uri = file("waits.py", WAITS);
    await runToEnd(uri);
    const isStarved = ({ code }: vscode.Diagnostic) => typeof code === "object" && code.value === "starved";
    const found = (await reported(uri, (all) => all.some(isStarved))).filter(isStarved);
    for (const { severity } of found) assert.equal(severity, vscode.DiagnosticSeverity.Information);
  });

  it("is gone when another program is run", async () => {
    const uri = file("blocks-again.py", BLOCKS);
    await runToEnd(uri);
    await reported(uri, (all) => all.length > 0);
    await runToEnd(file("fine.py", "import asyncio\nasyncio.run(asyncio.sleep(0))\n"));
    await reported(uri, (all) => all.length === 0);
  });

  it("is not shown there when the setting says so", async () => {
    const uri = file("blocks-unseen.py", BLOCKS);
    await runToEnd(uri);
    await reported(uri, (all) => all.length > 0);
    await setting("problems", false);
    await reported(uri, (all) => all.length === 0);
  });
});
