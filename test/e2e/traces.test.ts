import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/lib/paths";
import type { Workbench } from "../../scripts/lib/workbench";
import { useEditor } from "./support";

/** Two runs of one program: the second time its sleepers sleep together. */
const ONE_BY_ONE = `import asyncio, time

async def sleeper(seconds):
    await asyncio.sleep(seconds)

async def main():
    await sleeper(0.3)
    await sleeper(0.5)
    time.sleep(0.2)

asyncio.run(main())
`;
const TOGETHER = ONE_BY_ONE.replace(
  / {4}await sleeper\(0\.3\)\n {4}await sleeper\(0\.5\)\n {4}time\.sleep\(0\.2\)\n/,
  "    await asyncio.gather(sleeper(0.3), sleeper(0.5))\n",
);

/** Runs a file with trace to its end. */
async function runToEnd(workbench: Workbench, name: string): Promise<void> {
  await workbench.openFile(name);
  await workbench.command("Loopscope: Run with Trace");
  await workbench.view().getByRole("button", { name: "Rerun" }).waitFor();
}

describe("traces, in a folder whose name has spaces and other letters", function () {
  this.timeout(240_000);
  const world = useEditor({ workspaceName: "später 世界 ws" });

  before("two programs, and an earlier run of one", () => {
    const slow = world.write("slow.py", ONE_BY_ONE);
    world.write("quick.py", TOGETHER);
    const trace = join(world.workspace, "earlier.loopscope");
    execFileSync(process.execPath, [join(root, "dist/cli.js"), "run", "--trace", trace, slow], {
      stdio: "ignore",
    });
  });

  it("a run is saved and opens again in the same view, which is there after a reload", async () => {
    const { workbench } = world;
    rmSync(join(world.workspace, "slow.loopscope"), { force: true });
    await runToEnd(workbench, "slow.py");
    await workbench.command("Loopscope: Save Trace As…");
    // Watched from before, since it is shown for a few seconds only.
    const saved = workbench.page.locator(".statusbar").getByText("Saved slow.loopscope").waitFor();
    await Promise.all([saved, workbench.acceptFile("slow.loopscope")]);
    await workbench.command("View: Close All Editors");
    await workbench.command("Loopscope: Open Trace…");
    await workbench.answerFile(join(world.workspace, "slow.loopscope"));
    await workbench.tab("slow.loopscope").waitFor();
    const task = () => workbench.view().getByRole("treeitem", { name: /Task-1\b.*returned/ });
    await task().waitFor({ state: "attached" });
    await workbench.reload();
    await workbench.tab("slow.loopscope").waitFor();
    await task().waitFor({ state: "attached" });
  });

  it("a run is compared with an earlier one", async () => {
    const { workbench } = world;
    await runToEnd(workbench, "quick.py");
    await workbench.command("Loopscope: Compare with Trace…");
    await workbench.answerFile(join(world.workspace, "earlier.loopscope"));
    const view = workbench.view();
    await view.getByText("earlier.loopscope").first().waitFor();
    await view.getByText("Loop blocked").first().waitFor();
  });

  it("a run is exported as one file that needs nothing else", async () => {
    const { workbench } = world;
    rmSync(join(world.workspace, "quick.html"), { force: true });
    await runToEnd(workbench, "quick.py");
    await workbench.command("Loopscope: Export HTML Report…");
    await workbench.acceptFile("quick.html");
    await workbench.notification(/The report is in quick\.html/);
    const page = readFileSync(join(world.workspace, "quick.html"), "utf8");
    assert.match(page, /^<!DOCTYPE html>/);
    assert.match(page, /application\/x-loopscope"/);
  });

  it("a finding of a run leads to its line, and is marked there", async () => {
    const { workbench } = world;
    await workbench.openSidebar();
    await runToEnd(workbench, "slow.py");
    const finding = (name: RegExp) => workbench.tree("Findings").getByRole("treeitem", { name });
    // The last to come, for it takes the source. A row that is clicked while others come may be another's by then.
    await finding(/slow\.py:7/).waitFor();
    await workbench.openFile("quick.py");
    await finding(/held the event loop.*slow\.py:9/).click();
    await workbench.cursor().getByText("Ln 9").waitFor();
    await workbench.command("Problems: Focus on Problems View");
    await workbench.page
      .getByRole("treeitem", { name: /held the event loop.*Loopscope, in this run/ })
      .first()
      .waitFor();
  });

  it("a module is run by its command line", async () => {
    const { workbench } = world;
    world.write("pkg/__init__.py", "");
    world.write(
      "pkg/tool.py",
      ONE_BY_ONE.replace("import asyncio", "import asyncio, sys\nprint(sys.argv[1:])\nimport asyncio"),
    );
    await workbench.openSidebar();
    await workbench.command("Loopscope: Trace Command Line…");
    await workbench.answer("Trace Command Line", `pkg.tool "two words"`);
    await workbench.tab("Tasks: pkg.tool").waitFor();
    await workbench
      .view()
      .getByRole("treeitem", { name: /Task-1\b.*returned/ })
      .waitFor({ state: "attached" });
  });
});

describe("a workspace of two folders, in the window", function () {
  this.timeout(240_000);
  const world = useEditor();

  it("runs a program in the folder it belongs to", async () => {
    const { workbench } = world;
    world.write("first/a.py", "");
    world.write(
      "second/where.py",
      "import asyncio, os\nasync def main():\n    open('here.txt', 'w').close()\nasyncio.run(main())\n",
    );
    const file = world.write(
      "both.code-workspace",
      JSON.stringify({ folders: [{ path: "first" }, { path: "second" }] }),
    );
    const url = new URL(world.server.url(world.workspace));
    url.searchParams.delete("folder");
    url.searchParams.set("workspace", file);
    await workbench.openWorkspace(url.href, "second");
    await workbench.openFile("where.py");
    await workbench.command("Loopscope: Run with Trace");
    await workbench.view().getByRole("button", { name: "Rerun" }).waitFor();
    assert.equal(readFileSync(join(world.workspace, "second/here.txt"), "utf8"), "");
  });
});
