import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { useEditor } from "./support";

describe("Run with Trace, in the window", function () {
  this.timeout(240_000);
  const world = useEditor();

  before("a deadlock that does not give up, and a launch configuration", () => {
    const program = readFileSync(join(world.workspace, "deadlock.py"), "utf8");
    world.write("stuck.py", program.replace("timeout=10", "timeout=3600"));
    // There before the window that reads it.
    const traced = { name: "Traced", type: "loopscope", request: "launch", program: "three-sleepers.py" };
    world.write(".vscode/launch.json", JSON.stringify({ version: "0.2.0", configurations: [traced] }));
  });

  it("palette → Run with Trace → node appears → click → editor at the right line", async () => {
    const { workbench } = world;
    await workbench.openFile("stuck.py");
    await workbench.command("Loopscope: Run with Trace");
    const node = workbench.view().getByRole("treeitem", { name: /^credit,.*stuck\.py:13/ });
    await node.waitFor({ state: "attached" });
    // The canvas draws the node; its twin in the accessible tree is what keyboard and screen reader use.
    const tree = workbench.view().getByRole("tree", { name: /Await graph/ });
    await selectNode(tree, /^credit,/);
    await tree.press("Enter");
    await workbench.cursor().getByText("Ln 13").waitFor();
    assert.equal(await workbench.tab("stuck.py").first().getAttribute("aria-selected"), "true");
    await workbench.command("Loopscope: Stop");
  });

  it("the sidebar lists the tasks with state and parked line; a click opens that line", async () => {
    const { workbench } = world;
    await workbench.openFile("stuck.py");
    await workbench.openSidebar();
    await workbench.page.getByText("See every task of an asyncio program").waitFor();
    await workbench.page.getByRole("button", { name: "Run with Trace" }).first().click();
    const tasks = workbench.tree("Tasks");
    const debit = tasks.getByRole("treeitem", { name: /^debit, (suspended|deadlocked), stuck\.py:20/ });
    await debit.waitFor();
    await debit.click();
    await workbench.cursor().getByText("Ln 20").waitFor();

    const deadlock = workbench.tree("Findings").getByRole("treeitem", { name: /^error, Deadlock/ });
    await deadlock.waitFor();
    await deadlock.click();
    await workbench
      .cursor()
      .getByText(/Ln (13|20)/)
      .waitFor();
    await workbench.command("Loopscope: Stop");
  });

  it("the ▷ menu offers it; the status bar shows it; Stop and Rerun work", async () => {
    const { workbench } = world;
    await workbench.openFile("shop.py");
    await workbench.page.getByRole("button", { name: "Run with Trace" }).first().click();
    const status = workbench.page
      .locator(".statusbar")
      .getByRole("button", { name: /shop\.py: [\d,]+ tasks/ });
    await status.waitFor();
    await workbench.view().getByRole("button", { name: "Stop" }).click();
    await status.waitFor({ state: "detached" });
    await workbench.command("Loopscope: Rerun");
    await status.waitFor();
    await workbench.command("Loopscope: Stop");
    await status.waitFor({ state: "detached" });
  });

  it("the explorer's menu offers it, and a task of the tree is shown in the graph", async () => {
    const { workbench } = world;
    await workbench.chooseFromMenu(
      workbench.page.getByRole("treeitem", { name: "stuck.py" }),
      "Run with Trace",
    );
    await workbench.openSidebar();
    const credit = workbench.tree("Tasks").getByRole("treeitem", { name: /^credit, / });
    await workbench.pressInRow(credit, "Show in Task Graph");
    await workbench
      .view()
      .getByRole("treeitem", { name: /^credit,/, selected: true })
      .waitFor({ state: "attached" });
    await workbench.command("Loopscope: Stop");
  });

  it("the program's output is in the terminal, and Ctrl-C there ends it", async () => {
    const { workbench } = world;
    await workbench.openFile("shop.py");
    await workbench.command("Loopscope: Run with Trace");
    const status = workbench.page
      .locator(".statusbar")
      .getByRole("button", { name: /shop\.py: [\d,]+ tasks/ });
    await status.waitFor();
    // The keys go to the program, so it has to be there.
    await workbench.page
      .locator(".statusbar")
      .getByRole("button", { name: /shop\.py: [1-9][\d,]* tasks/ })
      .waitFor();
    const focusTerminal = async () => {
      await workbench.command("Terminal: Focus Terminal");
      await workbench.page.locator(".terminal.xterm.focus").waitFor();
    };
    await focusTerminal();
    // The way into a graph that is in sight, for who has no mouse.
    await workbench.command("Loopscope: Show Task Graph");
    await workbench.page.waitForFunction(() => document.activeElement?.matches("iframe.webview"));
    await focusTerminal();
    await workbench.page.keyboard.press("Control+c");
    await status.waitFor({ state: "detached" });
  });

  it("F5 runs a launch configuration", async () => {
    const { workbench } = world;
    await workbench.openFile("README.md");
    await workbench.page.keyboard.press("F5");
    await workbench.tab("Tasks: three-sleepers.py").waitFor();
    await workbench.view().getByRole("button", { name: "Rerun" }).waitFor();
  });

  it("of two programs at work either can be looked at, stopped and run again", async () => {
    const { workbench } = world;
    const status = (title: string) =>
      workbench.page.locator(".statusbar").getByRole("button", { name: new RegExp(`${title}: \\d+ task`) });
    for (const name of ["client.py", "server.py"]) {
      const main = `async def main():\n    await asyncio.sleep(3600)\n\nasyncio.run(main())\n`;
      world.write(name, `import asyncio\n\n${main}`);
    }
    await workbench.openFile("server.py");
    await workbench.command("Loopscope: Run with Trace");
    await status("server.py").waitFor();
    await workbench.openFile("client.py");
    await workbench.command("Loopscope: Run with Trace");
    await workbench.tab("Tasks: client.py").waitFor();
    await status("client.py").click();
    await workbench.pick("Show Task Graph", "server", /^server\.py.*running, 1 task/);
    await workbench.tab("Tasks: server.py").waitFor();
    await workbench.view().getByRole("button", { name: "Stop" }).click();
    const rerun = workbench.view().getByRole("button", { name: "Rerun" });
    await rerun.waitFor();
    await status("client.py").waitFor();
    await rerun.click();
    await status("server.py").waitFor();
    await workbench.command("Loopscope: Stop");
  });

  it("after a reload of the window the run is still there to look at", async () => {
    const { workbench } = world;
    await workbench.openFile("three-sleepers.py");
    await workbench.command("Loopscope: Run with Trace");
    await workbench.view().getByRole("button", { name: "Rerun" }).waitFor();
    await workbench.reload();
    await workbench
      .view()
      .getByRole("treeitem", { name: /Task-1\b.*returned/ })
      .waitFor({ state: "attached" });
  });
});

describe("what goes wrong, in the window", function () {
  this.timeout(240_000);
  const world = useEditor();

  it("a file that is not Python", async () => {
    await world.workbench.openFile("README.md");
    await world.workbench.command("Loopscope: Run with Trace");
    await world.workbench.notification(/README\.md is not a Python file .* run again/);
  });

  it("no file at all", async () => {
    await world.workbench.openSidebar();
    await world.workbench.command("Loopscope: Run with Trace");
    await world.workbench.notification(/There is no file to run\. Open a Python file/);
  });

  it("a syntax error", async () => {
    const { workbench } = world;
    world.write("broken.py", "import asyncio\n\nasync def main(:\n    pass\n");
    await workbench.openFile("broken.py");
    await workbench.command("Loopscope: Run with Trace");
    await workbench.notification(/broken\.py ended with exit code 1 before its event loop began/);
  });

  it("a file that is no trace", async () => {
    const { workbench } = world;
    world.write("foreign.loopscope", "this is not a trace, whatever its name says");
    await workbench.openFile("foreign.loopscope");
    await workbench
      .view()
      .getByText(/foreign\.loopscope cannot be opened: not a Loopscope trace/)
      .waitFor();
  });
});

describe("an interpreter that is not there, in the window", function () {
  this.timeout(240_000);
  const world = useEditor({ settings: { "loopscope.pythonPath": "/nowhere/python" } });

  it("is named, with the way to another", async () => {
    const { workbench } = world;
    await workbench.openFile("three-sleepers.py");
    await workbench.command("Loopscope: Run with Trace");
    const message = await workbench.notification(/\/nowhere\/python was not found/);
    await message.getByRole("button", { name: "Open Settings" }).click();
    await workbench.tab("Settings").waitFor();
  });
});

/** Walks the accessible tree with the arrow keys to the node of this name, from the top to the end and again, since the tree grows. */
async function selectNode(tree: Locator, name: RegExp): Promise<void> {
  const wanted = tree.getByRole("treeitem", { name, selected: true });
  const selected = tree.getByRole("treeitem", { selected: true });
  const last = tree.getByRole("treeitem").last();
  await tree.press("Home");
  await selected.waitFor({ state: "attached" });
  while ((await wanted.count()) === 0) {
    const id = await selected.getAttribute("id");
    const atEnd = (await last.getAttribute("id")) === id;
    await tree.press(atEnd ? "Home" : "ArrowDown");
    // Once the tree has answered: another key before that would go past the node.
    await tree
      .locator(`[role=treeitem][aria-selected=true]:not([id="${id}"])`)
      .waitFor({ state: "attached" });
  }
}
