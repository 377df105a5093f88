import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";
import type { LaunchConfiguration } from "../../src/editor/runs/runner";
import type { TracedRun } from "../../src/editor/runs/tracedRun";
import { file, parts, stopAll, until, workspace } from "./support";

const TELLS = `import asyncio, json, os, sys

async def main():
    with open("told.json", "w") as out:
        json.dump([sys.argv[1:], os.getcwd(), os.environ.get("COLOUR"), __name__], out)

asyncio.run(main())
`;

const ENDLESS = `import asyncio

async def main():
    try:
        await asyncio.sleep(3600)
    finally:
        open("launched-cleaned-up", "w").close()

asyncio.run(main())
`;

/** Starts a debug session, as F5 does, and resolves with its run and its end. */
async function launch(
  given: LaunchConfiguration,
): Promise<{ run: TracedRun; ended: Promise<void>; session: vscode.DebugSession }> {
  const { runner } = await parts();
  const started = new Promise<TracedRun>((resolve) => {
    const subscription = runner.onDidStart((run) => {
      subscription.dispose();
      resolve(run);
    });
  });
  let session: vscode.DebugSession | undefined;
  const begun = vscode.debug.onDidStartDebugSession((one) => {
    session = one;
  });
  const ended = new Promise<void>((resolve) => {
    const subscription = vscode.debug.onDidTerminateDebugSession(() => {
      subscription.dispose();
      resolve();
    });
  });
  const folder = vscode.workspace.workspaceFolders?.[0];
  const ok = await vscode.debug.startDebugging(folder, {
    name: "traced",
    type: "loopscope",
    request: "launch",
    ...given,
  });
  begun.dispose();
  assert.ok(ok && session !== undefined, "the session did not start");
  return { run: await started, ended, session };
}

describe("a launch configuration", () => {
  afterEach(stopAll);
  const told = (folder = workspace()) => JSON.parse(readFileSync(join(folder, "told.json"), "utf8"));

  it("runs a file with its arguments, folder and environment", async () => {
    file("tells.py", TELLS);
    const cwd = join(workspace(), "elsewhere");
    mkdirSync(cwd, { recursive: true });
    const { run, ended } = await launch({
      program: "$" + "{workspaceFolder}/tells.py",
      args: ["--name", "two words"],
      cwd: "$" + "{workspaceFolder}/elsewhere",
      env: { COLOUR: "blue" },
      python: "python3",
    });
    assert.deepEqual(await run.finished(), { exitCode: 0, sawLoop: true, stopped: false });
    assert.deepEqual(told(cwd), [["--name", "two words"], cwd, "blue", "__main__"]);
    await ended;
  });

  it("runs a module, with arguments as one text, and again by Rerun", async () => {
    file("tool/__init__.py", "");
    file("tool/cli.py", TELLS);
    const { run, ended } = await launch({ module: "tool.cli", args: `--name "two words"` });
    await run.finished();
    assert.deepEqual(told(), [["--name", "two words"], workspace(), null, "__main__"]);
    await ended;
    const { runner } = await parts();
    await runner.rerun();
    assert.equal(runner.running.length, 1);
    await runner.running[0].finished();
    assert.deepEqual(told()[0], ["--name", "two words"]);
  });

  it("is stopped as Ctrl-C does, and its session ends", async () => {
    const { run, ended, session } = await launch({ program: file("launched.py", ENDLESS).fsPath });
    await until(run, () => run.open.trace.tasks.count > 0);
    await vscode.debug.stopDebugging(session);
    await run.finished();
    assert.ok(existsSync(join(workspace(), "launched-cleaned-up")), "the program could not clean up");
    await ended;
  });

  it("is refused with a reason", async () => {
    const { runner } = await parts();
    const folder = vscode.workspace.workspaceFolders?.[0];
    const cases: [LaunchConfiguration, RegExp][] = [
      [{}, /names no program\. Give it either “program”, a Python file, or “module”/],
      [{ program: "a.py", module: "a" }, /names no program/],
      [{ program: "nowhere.py" }, /nowhere\.py does not exist\./],
      [
        { module: "tool.cli", python: "/nowhere/python" },
        /\/nowhere\/python was not found\. .*the launch configuration/,
      ],
    ];
    for (const [given, message] of cases) await assert.rejects(runner.launch(given, folder), message);
  });
});
