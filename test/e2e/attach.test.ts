import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "../../scripts/lib/paths";
import { pythons } from "../../scripts/lib/pythons";
import { runtimeFolder } from "../../src/session";
import { useEditor } from "./support";

const TICKS = `import asyncio

async def tick():
    while True:
        print("tick", flush=True)
        await asyncio.sleep(0.05)

async def main():
    await asyncio.gather(asyncio.create_task(tick(), name="ticker"))

asyncio.run(main())
`;

const IMPORTS = `import os
import loopscope_runtime
loopscope_runtime.start()
`;

/** A program that was started outside the editor. */
class Program {
  private constructor(
    private readonly child: ChildProcess,
    readonly pid: number,
  ) {}

  /** Starts it and resolves when it has said its process id: by then it has run for a while. */
  static async start(command: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Program> {
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    child.stdout?.setEncoding("utf8");
    const pid = await said(child, /^pid (\d+)$/m);
    return new Program(child, Number(pid[1]));
  }

  /** Resolves once it has printed again. */
  async goesOn(): Promise<void> {
    await said(this.child, /tick/);
  }

  /** The program itself, if it still runs: what started it (the command line tool) ends with it. */
  end(): void {
    try {
      process.kill(this.pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** The first match in what a process prints from now on; rejects when it ends without one. */
function said(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let text = "";
    const read = (part: string) => {
      text += part;
      const match = pattern.exec(text);
      if (match === null) return;
      child.stdout?.off("data", read);
      child.off("exit", ended);
      resolve(match);
    };
    const ended = (code: number | null) => reject(new Error(`it ended with ${code}, after: ${text}`));
    child.stdout?.on("data", read);
    child.once("exit", ended);
  });
}

describe("Attach to Process, in the window", function () {
  this.timeout(240_000);
  const world = useEditor();
  const title = "Attach to Process";
  let program: Program | undefined;
  afterEach(() => {
    program?.end();
    program = undefined;
  });

  const file = (name: string, before = "") =>
    world.write(name, `${before}import os\nprint("pid", os.getpid(), flush=True)\n${TICKS}`);

  /** The list's row of a process: its number may be part of another's number, or of a path. */
  const row = (pid: number) => new RegExp(`(?<!\\d)${pid} · Python`);

  /** Attaches to the program, sees its task with its line, lets go, and sees that it goes on. */
  async function recordAndLetGo({ pid }: Program, parked: RegExp): Promise<void> {
    const { workbench } = world;
    await workbench.openSidebar();
    await workbench.command("Loopscope: Attach to Process…");
    await workbench.pick(title, String(pid), row(pid));
    await workbench.tree("Tasks").getByRole("treeitem", { name: parked }).waitFor();
    const status = workbench.page.locator(".statusbar").getByRole("button", { name: /ticks\.py: 2 tasks/ });
    await status.waitFor();
    await workbench.command("Loopscope: Stop");
    await status.waitFor({ state: "detached" });
    await workbench.view().getByRole("button", { name: "Stop" }).waitFor({ state: "detached" });
    for (const place of [workbench.view(), workbench.page]) {
      assert.equal(
        await place.getByRole("button", { name: "Rerun" }).count(),
        0,
        "it is not ours to run again",
      );
    }
    await program?.goesOn();
  }

  it("records a program that was started dormant, and lets go of it", async () => {
    const cli = join(root, "dist/cli.js");
    program = await Program.start(process.execPath, [
      ...[cli, "run", "--dormant", "--quiet"],
      file("dormant_ticks.py"),
    ]);
    await recordAndLetGo(program, /^ticker, .*dormant_ticks\.py:8/);
  });

  it("records a program that imports the runtime, and lets go of it", async () => {
    program = await Program.start("python3", [file("importing_ticks.py", IMPORTS)], {
      PYTHONPATH: runtimeFolder(),
    });
    await recordAndLetGo(program, /^ticker, .*importing_ticks\.py:11/);
  });

  it("says what to do for a program that lets nobody in", async function () {
    const { workbench } = world;
    const python = pythons().find(({ version }) => Number(version.split(".")[1]) < 14);
    if (python === undefined) return this.skip(); // from 3.14 on every program lets us in
    program = await Program.start(python.command, [file("alone_ticks.py")]);
    await workbench.openSidebar();
    await workbench.command("Loopscope: Attach to Process…");
    await workbench.pick(title, String(program.pid), row(program.pid));
    const message = await workbench.notification(`Process ${program.pid} cannot be attached to`);
    assert.match(
      await message.innerText(),
      new RegExp(
        `Process ${program.pid} cannot be attached to: start it with loopscope run --dormant, ` +
          "or let it call loopscope_runtime\\.start\\(\\): Python 3\\.1\\d lets nobody in otherwise\\.",
      ),
    );
    await program.goesOn();
  });
});
