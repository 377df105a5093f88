import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { cli, execute, Folder, loopscope } from "./cli";
import { interpreters, python } from "./pythons";

/** Says how often it was interrupted; the second time would end it for good. */
const COUNTS = `
import asyncio, signal, sys
seen = []
async def main():
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    for name in sys.argv[1:]:
        def handler(name=name):
            if name == "SIGCONT":
                return print("continued", flush=True)
            seen.append(name)
            loop.call_later(0.3, done.set)
        loop.add_signal_handler(getattr(signal, name), handler)
    print("ready", flush=True)
    await done.wait()
    print("seen", *seen, flush=True)
asyncio.run(main())
sys.exit(12)
`;

/**
 * Says so in one piece, and only once main is parked: a signal that came earlier would find it elsewhere. It has lived for a while by
 * then, for what a killed program did last may be lost; a loop whose records are late sends them itself as it begins to wait again.
 */
const WAITS = `
import asyncio, os
async def main():
    for _ in range(3):
        await asyncio.sleep(0.1)
    asyncio.get_running_loop().call_soon(os.write, 1, b"ready\\n")
    try:
        await asyncio.sleep(60)
    finally:
        print("cleaned up", flush=True)
asyncio.run(main())
`;

interface Session {
  output: string;
  code: number;
  signal: number | null;
}

/** What a person sees who types this at a terminal. */
async function atTerminal(
  steps: ["expect" | "send", string][],
  command: string[],
  cwd: string,
): Promise<Session> {
  const driver = resolve(__dirname, "terminal.py");
  const { stdout, stderr } = await execute(python(), [driver, JSON.stringify(steps), ...command], { cwd });
  assert.ok(stdout, stderr);
  return JSON.parse(stdout) as Session;
}

describe("signals", function () {
  this.timeout(60_000);
  let folder: Folder;
  let counts: string;
  let waits: string;
  before(() => {
    folder = new Folder();
    counts = folder.file("counts.py", COUNTS);
    waits = folder.file("waits.py", WAITS);
  });
  after(() => folder.remove());

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const) {
    it(`${signal} sent to loopscope reaches the program once`, async () => {
      const result = await loopscope(["run", "-q", counts, signal], {
        on: { text: "ready", act: (child) => child.kill(signal) },
      });
      assert.deepEqual(result, { code: 12, stdout: `ready\nseen ${signal}\n`, stderr: "" });
    });
  }

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`${signal} sent to the process group reaches the program once`, async () => {
      const child = spawn(process.execPath, [cli(), "run", "-q", counts, signal], {
        detached: true,
        stdio: ["ignore", "pipe", "inherit"],
      });
      let stdout = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        stdout += text;
        if (text.includes("ready")) process.kill(-(child.pid as number), signal);
      });
      const code = await new Promise((done) => child.on("close", done));
      assert.equal(stdout, `ready\nseen ${signal}\n`);
      assert.equal(code, 12);
    });
  }

  it("a program that a signal kills gives 128+n, and its report is written", async () => {
    for (const [signal, status] of [
      ["SIGTERM", 143],
      ["SIGHUP", 129],
    ] as const) {
      const report = folder.at("killed.json");
      const result = await loopscope(["run", "-q", "--report", report, waits], {
        on: { text: "ready", act: (child) => child.kill(signal) },
      });
      assert.equal(result.code, status);
      const { program, tasks } = JSON.parse(readFileSync(report, "utf8"));
      assert.equal(program.exitCode, null);
      assert.equal(program.signal, signal);
      assert.equal(tasks.length, 1);
    }
  });

  for (const { path, version } of interpreters()) {
    it(`Ctrl-C at a terminal does what it does under Python ${version}`, async () => {
      const steps = (): ["expect" | "send", string][] => [
        ["expect", "ready"],
        ["send", "\u0003"],
      ];
      const plain = await atTerminal(steps(), [path, waits], folder.path);
      const command = [process.execPath, cli(), "run", "-q", "--python", path, waits];
      const traced = await atTerminal(steps(), command, folder.path);
      // The terminal echoes ^C before or after what the program prints meanwhile.
      const lines = (text: string) =>
        text
          .replace("^C", "")
          .split("\r\n")
          .filter((line) => !/^ |^$/.test(line));
      assert.deepEqual(lines(traced.output), lines(plain.output));
      // A shell shows the signal that ended python, and the 130 that loopscope exits with, alike.
      assert.equal(plain.signal === 2 ? 130 : plain.code, traced.code);
      assert.ok(traced.output.includes("cleaned up"));
    });
  }

  it("Ctrl-C at a terminal reaches the program once", async () => {
    const command = [process.execPath, cli(), "run", "-q", counts, "SIGINT"];
    const { output, code } = await atTerminal(
      [
        ["expect", "ready"],
        ["send", "\u0003"],
      ],
      command,
      folder.path,
    );
    assert.match(output, /seen SIGINT\r\n/);
    assert.equal(code, 12);
  });

  it("Ctrl-Z stops it, and fg goes on", async () => {
    const { output } = await atTerminal(
      [
        [
          "send",
          `${process.execPath} ${cli()} run -q ${JSON.stringify(counts)} SIGINT SIGCONT; echo status $?\n`,
        ],
        ["expect", "ready\r"],
        ["send", "\u001a"],
        ["expect", "Stopped"],
        ["expect", "status 148\r"],
        ["send", "fg\n"],
        ["expect", "continued\r"],
        ["send", "\u0003"],
        ["expect", "seen SIGINT\r"],
        ["send", "exit\n"],
      ],
      ["bash", "--norc", "--noprofile", "-i"],
      folder.path,
    );
    assert.match(output, /Stopped/);
    assert.match(output, /seen SIGINT\r\n/);
  });

  it("the program is asked on a terminal, and answers there", async () => {
    const asks = folder.file(
      "asks.py",
      "import os, sys\nprint('hello', input('name? '), os.isatty(0), os.isatty(1), os.isatty(2))",
    );
    const { output, code } = await atTerminal(
      [
        ["expect", "name? "],
        ["send", "Ada\n"],
      ],
      [process.execPath, cli(), "run", asks],
      folder.path,
    );
    assert.match(output, /hello Ada True True True/);
    assert.equal(code, 0);
  });
});
