import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";
import { taskRows } from "../../src/editor/views/taskRows";
import { file, parts, runToEnd, setting, start, stopAll, terminalOf, until, workspace } from "./support";

const SLEEPERS = `import asyncio

async def sleeper(seconds):
    await asyncio.sleep(seconds)

async def main():
    await asyncio.gather(*(sleeper(n / 10) for n in (1, 2, 3)))

asyncio.run(main())
`;

const ENDLESS = `import asyncio

async def main():
    try:
        await asyncio.sleep(3600)
    finally:
        open("cleaned-up", "w").close()

asyncio.run(main())
`;

afterEach(async () => {
  await stopAll();
  await setting("args", undefined);
  await setting("pythonPath", undefined);
});

describe("Run with Trace", () => {
  it("runs a program to its end and shows its tasks", async () => {
    const { run, end } = await runToEnd(file("sleepers.py", SLEEPERS));
    assert.deepEqual(end, { exitCode: 0, sawLoop: true, stopped: false });
    const { trace } = run.open;
    const names = Array.from({ length: trace.tasks.count }, (_, task) => trace.tasks.name(task));
    assert.deepEqual(names.slice(0, 4), ["Task-1", "Task-2", "Task-3", "Task-4"]);
    assert.ok(existsSync(run.open.bytes.path), "the run was not recorded");
  });

  it("takes a program to have ended when it did, and not when its terminal says so, 0.3 s later", async () => {
    const { run } = await runToEnd(file("sleepers.py", SLEEPERS));
    const [program] = run.open.trace.programs;
    const after = program.wallSeconds! - program.bye!;
    assert.ok(after < 0.2, `${after} s after its interpreter began to shut down`);
  });

  it("says of one that is stopped before its event loop that it was stopped, which needs no message", async () => {
    const uri = file("imports.py", "import time\ntime.sleep(3600)\n");
    const run = await start("loopscope.run", uri);
    run.stop();
    assert.deepEqual(await run.finished(), { exitCode: null, sawLoop: false, stopped: true });
  });

  it("shows, while it runs, where each task is parked", async () => {
    const run = await start("loopscope.run", file("endless.py", ENDLESS));
    const parked = () =>
      taskRows(run.open.trace)
        .flatMap((loop) => loop.children)
        .some((row) => row.label === "main (Task-1)" && row.place?.line === 5 && row.icon === "sleeping");
    await until(run, parked);
    run.stop();
    const end = await run.finished();
    assert.equal(end.exitCode, null);
    assert.ok(existsSync(join(workspace(), "cleaned-up")), "Stop did not let the program clean up");
  });

  it("gives the program a terminal: stdin, colours, the arguments of the setting", async () => {
    await setting("args", ["--colour", "two words"]);
    const uri = file(
      "asks.py",
      `import asyncio, json, sys

async def main():
    said = await asyncio.to_thread(input, "? ")
    json.dump([said, sys.stdout.isatty(), sys.argv[1:]], open("answer.json", "w"))

asyncio.run(main())
`,
    );
    const run = await start("loopscope.run", uri);
    await until(run, () => run.open.trace.tasks.count > 0);
    (await terminalOf(run)).sendText("hello");
    assert.equal((await run.finished()).exitCode, 0);
    const answer = JSON.parse(readFileSync(join(workspace(), "answer.json"), "utf8"));
    assert.deepEqual(answer, ["hello", true, ["--colour", "two words"]]);
  });

  it("saves a changed file first", async () => {
    const uri = file("changed.py", "raise SystemExit(1)\n");
    const document = await vscode.workspace.openTextDocument(uri);
    const edit = new vscode.WorkspaceEdit();
    edit.replace(uri, new vscode.Range(0, 0, 1, 0), SLEEPERS);
    await vscode.workspace.applyEdit(edit);
    assert.equal(document.isDirty, true);
    const { end } = await runToEnd(uri);
    assert.deepEqual([end.exitCode, document.isDirty], [0, false]);
  });

  it("replaces a run of the same file that still goes on", async () => {
    const uri = file("again.py", ENDLESS);
    const first = await start("loopscope.run", uri);
    await until(first, () => first.open.trace.loops.length > 0);
    const second = await start("loopscope.run", uri);
    assert.equal(first.running, false);
    assert.equal(second.running, true);
    const { runner, traces } = await parts();
    // `equal` would print a whole trace when it fails.
    assert.ok(traces.current === second.open);
    assert.ok(runner.running.length === 1 && runner.running[0] === second);
    await until(second, () => second.open.trace.loops.length > 0);
    await vscode.commands.executeCommand("loopscope.stop");
    await second.finished();
  });

  it("keeps what was recorded when the program is killed", async () => {
    const { run, end } = await runToEnd(
      file(
        "killed.py",
        `${SLEEPERS.replace("asyncio.run(main())", "")}
async def doomed():
    await main()
    await asyncio.sleep(0.3)
    import os, signal
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(doomed())
`,
      ),
    );
    assert.equal(end.exitCode, null);
    assert.equal(run.open.trace.tasks.count, 4);
  });
});

describe("Trace Command Line", () => {
  it("runs a module of the workspace with its arguments, and again", async () => {
    file("shop/__init__.py", "");
    file(
      "shop/tool.py",
      `import asyncio, json, os, sys

async def main():
    with open("ran.json", "w") as out:
        json.dump([sys.argv[1:], os.getcwd(), __name__], out)

asyncio.run(main())
`,
    );
    const run = await start("loopscope.runCommandLine", `-m shop.tool --name "two words"`);
    assert.deepEqual(await run.finished(), { exitCode: 0, sawLoop: true, stopped: false });
    const ran = () => JSON.parse(readFileSync(join(workspace(), "ran.json"), "utf8"));
    assert.deepEqual(ran(), [["--name", "two words"], workspace(), "__main__"]);
    rmSync(join(workspace(), "ran.json"));
    const again = await start("loopscope.rerun");
    await again.finished();
    assert.deepEqual(ran()[0], ["--name", "two words"]);
  });

  it("names what is no program", async () => {
    const { runner } = await parts();
    await assert.rejects(runner.runCommandLine("--help"), /“--help” names no program/);
  });
});

describe("what cannot be run", () => {
  const refused = async (uri: vscode.Uri | undefined, message: RegExp) => {
    const { runner } = await parts();
    await assert.rejects(runner.run(uri), (error: Error) => {
      assert.match(error.message, message);
      return true;
    });
  };

  it("is a file that does not exist", () =>
    refused(vscode.Uri.file(join(workspace(), "gone.py")), /gone\.py does not exist\./));

  it("is a file that is not Python", () =>
    refused(file("notes.txt", "hello"), /notes\.txt is not a Python file/));

  it("is a file of elsewhere, named even while VS Code still loads it: it has a tab by then, but no text editor", async () => {
    let load = (_text: string) => {};
    const text = new Promise<string>((resolve) => {
      load = resolve;
    });
    const provider = vscode.workspace.registerTextDocumentContentProvider("slow", {
      provideTextDocumentContent: () => text,
    });
    const { tabGroups } = vscode.window;
    const isThere = () => tabGroups.activeTabGroup.activeTab?.label === "elsewhere.py";
    const opened = vscode.commands.executeCommand("vscode.open", vscode.Uri.parse("slow:/elsewhere.py"));
    if (!isThere()) {
      await new Promise<void>((resolve) => {
        const listener = tabGroups.onDidChangeTabs(() => {
          if (!isThere()) return;
          listener.dispose();
          resolve();
        });
      });
    }
    assert.equal(vscode.window.activeTextEditor, undefined);
    await refused(undefined, /slow/);
    load("");
    await opened;
    await vscode.commands.executeCommand("workbench.action.closeActiveEditor");
    provider.dispose();
  });

  it("is a folder", () => refused(vscode.Uri.file(workspace()), /is not a Python file/));

  it("is a file with no place on disk", async () => {
    const document = await vscode.workspace.openTextDocument({ language: "python", content: "" });
    await refused(document.uri, /Save it as a \.py file/);
  });

  it("is any file when the interpreter does not exist, is no Python or is too old", async () => {
    const uri = file("fine.py", SLEEPERS);
    const cases: [string, RegExp][] = [
      [
        join(workspace(), "no-python"),
        /no-python was not found\. It was named by the setting loopscope\.pythonPath/,
      ],
      ["/bin/ls", /\/bin\/ls is not a Python interpreter/],
    ];
    for (const [path, message] of cases) {
      await setting("pythonPath", path);
      await refused(uri, message);
    }
  });

  it("is any file when there is no interpreter at all", async () => {
    const { PATH } = process.env;
    process.env.PATH = join(workspace(), "nothing");
    try {
      await refused(
        file("lonely.py", SLEEPERS),
        /No Python interpreter was found \(tried python3 from PATH, python from PATH\)\. Install Python 3\.10/,
      );
    } finally {
      process.env.PATH = PATH;
    }
  });

  it("a program with a syntax error ends with its traceback in the terminal, and without a loop", async () => {
    const { end } = await runToEnd(file("broken.py", "import asyncio\nasync def main(:\n"));
    assert.deepEqual(end, { exitCode: 1, sawLoop: false, stopped: false });
  });
});
