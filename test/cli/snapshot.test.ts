import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Folder, loopscope } from "./cli";
import { BLOCKED, lockOrder } from "./stuckPrograms";

const MANY = lockOrder(['tasks += [asyncio.create_task(idler(), name=f"idler-{i}") for i in range(100)]']);

describe("loopscope snapshot", function () {
  this.timeout(60_000);
  let folder: Folder;
  beforeEach(() => {
    folder = new Folder();
  });
  afterEach(() => folder.remove());

  /** Runs a program that hangs, does something meanwhile, and stops it. */
  async function hanging(
    source: string,
    meanwhile: (pid: string, run: ChildProcess) => Promise<void>,
  ): Promise<void> {
    await loopscope(["run", "-q", "--trace", folder.at("t.loopscope"), folder.file("hangs.py", source)], {
      env: { TMPDIR: folder.path },
      on: {
        // The whole line: an unbuffered Python writes it in pieces.
        text: "\n",
        act: async (child, stdout) => {
          try {
            await meanwhile(/ready (\d+)/.exec(stdout)?.[1] ?? "", child);
          } finally {
            child.kill("SIGTERM");
          }
        },
      },
    });
  }

  const snapshot = (which: string, locale = "C.UTF-8") =>
    loopscope(["snapshot", which], { env: { TMPDIR: folder.path, LC_ALL: locale } });

  it("shows where every task is parked, who holds what, and the deadlock", () =>
    hanging(MANY, async (pid) => {
      const { code, stdout, stderr } = await snapshot(pid);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(stdout, /hangs\.py \(cpython \S+, pid \d+\), \d+\.\d s after its start\n/);
      assert.match(stdout, /loop 1 \(asyncio\.\S+ in MainThread\): idle, 103 tasks\n/);
      assert.match(stdout, /─ Task-1 \(main\): gather of 102 tasks for /);
      assert.match(stdout, /─ ab \(first\): Lock 'b'\.acquire for .*, held by ba\n/);
      assert.match(stdout, /hangs\.py:6 in first\n/);
      assert.match(stdout, /─ idler-0, idler-1, idler-2, \.\. \(idler\) ×100: Event/);
      assert.match(stdout, /error +deadlock/);
      const ascii = await snapshot(pid, "C");
      assert.match(ascii.stdout, /`- idler-0, idler-1, idler-2, \.\. \(idler\) x100: Event/);
      assert.ok(
        [...ascii.stdout].every((char) => char < "\u0080"),
        ascii.stdout,
      );
    }));

  it("counts the frames of libraries, and shows them when asked", () =>
    hanging(MANY, async (pid) => {
      const { stdout } = await snapshot(pid);
      assert.ok(!/locks\.py/.test(stdout), stdout);
      const whole = await loopscope(["snapshot", "--frames", pid], { env: { TMPDIR: folder.path } });
      assert.match(whole.stdout, /hangs\.py:6 in first\n.*locks\.py:\d+ in (__aenter__|acquire)\n/);
    }));

  it("shows of a task that is a library's its innermost line, and counts the others", async () => {
    const library = folder.at("lib/python3.12/site-packages/server");
    mkdirSync(library, { recursive: true });
    writeFileSync(
      join(library, "core.py"),
      "import asyncio\nasync def accept():\n    await asyncio.sleep(30)\nasync def serve():\n    await accept()\n" +
        "async def call(handler):\n    await handler()\nasync def run(handler):\n    await call(handler)\n",
    );
    const source = lockOrder([
      `import sys; sys.path.insert(0, ${JSON.stringify(join(library, ".."))})`,
      "import server.core",
      "tasks += [asyncio.create_task(server.core.serve(), name='server')]",
      "tasks += [asyncio.create_task(server.core.run(idler), name='request')]",
    ]);
    await hanging(source, async (pid) => {
      const { stdout } = await snapshot(pid);
      assert.match(stdout, /─ server \(serve\): .*\n.*… 1 frame of server\n.*core\.py:3 in accept\n[^\n]*─/);
      assert.match(stdout, /─ request \(run\): .*\n.*… 2 frames of server\n.*hangs\.py:\d+ in idler\n/);
    });
  });

  it("shows the line that holds the loop, and who waits for it", () =>
    hanging(BLOCKED, async (pid) => {
      const { code, stdout, stderr } = await snapshot(pid);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(stdout, /: held by Task-3 for /);
      assert.match(
        stdout,
        /Task-3 \(blocks\): runs, and holds the loop, for .*\n.*hangs\.py:\d+ in blocks\n/,
      );
      assert.match(stdout, /Task-2 \(waits\): ready, but waiting for the loop for/);
    }));

  it("takes the launcher's process id, the socket, or the trace as well", () =>
    hanging(MANY, async (pid, run) => {
      const session = readdirSync(folder.path).find((name) => name.startsWith("loopscope-run-"));
      const { channel } = JSON.parse(readFileSync(folder.at(`${session}/session.json`), "utf8"));
      for (const which of [String(run.pid), channel.slice("unix:".length), folder.at("t.loopscope")]) {
        const { code, stdout } = await snapshot(which);
        assert.equal(code, 0);
        assert.ok(stdout.includes(`pid ${pid})`));
      }
    }));

  it("says what to do about a process that is not traced, and leaves nothing behind", async () => {
    for (const [which, reason] of [
      ["1", /process 1 is no Python program/],
      ["/no/such/socket", /no traced program at \/no\/such\/socket/],
    ] as const) {
      const { code, stdout, stderr } = await snapshot(which);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, reason);
    }
    await loopscope(["run", "-q", folder.file("ends.py", "pass")], { env: { TMPDIR: folder.path } });
    assert.deepEqual(readdirSync(folder.path), ["ends.py"]);
  });
});
