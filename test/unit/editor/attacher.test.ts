import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Attacher, choices } from "../../../src/editor/attach/attacher";
import type { OpenTrace } from "../../../src/editor/runs/openTrace";
import { type PythonProcess, pythonProcesses, tracedEnvironment } from "../../../src/session";

const PROGRAM = `import asyncio
async def main():
    print("ready", flush=True)
    while True:
        await asyncio.sleep(0.005)
asyncio.run(main())
`;

describe("attaching in the editor", () => {
  let folder: string;
  let child: ChildProcess | null = null;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "attach-"));
  });
  afterEach(() => {
    child?.kill("SIGKILL");
    child = null;
    rmSync(folder, { recursive: true, force: true });
  });

  /** An editor whose user picks the process with that id, and none when it is 0. */
  function attacher(pid: () => number, offered: ReturnType<typeof choices>[] = []): Attacher {
    const window = {
      showQuickPick: async (items: ReturnType<typeof choices>) => {
        offered.push(items);
        return items.find((item) => item.process.pid === pid());
      },
    };
    const workspace = { getConfiguration: () => ({ get: () => undefined }) };
    const vs = { window, workspace } as unknown as ConstructorParameters<typeof Attacher>[0];
    return new Attacher(vs, join(folder, "runs"), () => {});
  }

  async function start(env: NodeJS.ProcessEnv): Promise<number> {
    writeFileSync(join(folder, "app.py"), PROGRAM);
    child = spawn("python3", [join(folder, "app.py")], { env, stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout!, "data");
    return child.pid!;
  }

  it("records the chosen program live, until it is let go, and again", async () => {
    const pid = await start({ ...process.env, ...tracedEnvironment(process.env, null) });
    const one = attacher(() => pid);
    for (const _ of [1, 2]) {
      const begun = new Promise<OpenTrace>((resolve) => one.onDidStart(resolve));
      await one.attach();
      const open = await begun;
      assert.match(open.title, /^python\S* .*app\.py/);
      await open.caughtUp();
      assert.equal(open.live, true);
      assert.equal(open.trace.tasks.name(0), "Task-1");
      assert.equal(one.detach(open), true);
      await open.read;
      assert.deepEqual([open.live, open.error, one.detach(open)], [false, null, false]);
      open.dispose();
    }
    assert.equal(child?.exitCode, null);
    one.dispose();
  });

  it("shows every Python program, and says what to do for one that cannot be attached to", async function () {
    const pid = await start(process.env);
    const offered: ReturnType<typeof choices>[] = [];
    const one = attacher(() => pid, offered);
    const version = offered.flat().find(({ process }) => process.pid === pid)?.process.version;
    if (Number(version?.split(".")[1]) >= 14) this.skip(); // it lets us in
    await assert.rejects(one.attach(), {
      message: new RegExp(`^Process ${pid} cannot be attached to: start it with loopscope run --dormant`),
    });
    const item = offered.flat().find(({ process }) => process.pid === pid);
    assert.match(item?.label ?? "", /^\$\(circle-slash\) python\S* .*app\.py/);
    assert.match(item?.description ?? "", new RegExp(`^${pid} · Python 3\\.\\d+ · \\w+$`));
    assert.match(item?.detail ?? "", /^\/.* — Not attachable: start it with/);
  });

  it("does nothing when nothing is chosen", async () => {
    const one = attacher(() => 0);
    one.onDidStart(() => assert.fail("nothing was chosen"));
    await one.attach();
  });

  it("says on Windows that it cannot, and what can be done instead", async () => {
    const { platform } = process;
    Object.defineProperty(process, "platform", { value: "win32" });
    try {
      await assert.rejects(
        attacher(() => 0).attach(),
        /^Error: Attaching to a program that runs already is not possible on Windows yet\. Start the program with/,
      );
      assert.throws(() => pythonProcesses(), /not possible on Windows yet: start it with loopscope run/);
    } finally {
      Object.defineProperty(process, "platform", { value: platform });
    }
  });

  it("describes a process that tells little about itself", () => {
    const bare: PythonProcess = {
      pid: 7,
      argv: [],
      cwd: null,
      user: "root",
      version: null,
      executable: null,
      how: "dormant",
      why: "",
    };
    const [item] = choices([bare]);
    assert.deepEqual(
      [item.label, item.description, item.detail],
      ["$(debug-disconnect) process 7", "7 · Python ? · root", ""],
    );
  });
});
