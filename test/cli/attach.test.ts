import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, statSync } from "node:fs";
import { connect } from "node:net";
import { pythons } from "../../scripts/lib/pythons";
import { controlFolder } from "../../src/session";
import { cli, Folder, outside, type Result } from "./cli";
import { interpreters } from "./pythons";
import { BLOCKED, lockOrder } from "./stuckPrograms";

const SERVES = `import asyncio, os, signal, sys

async def worker(queue):
    while True:
        await queue.get()
        await asyncio.sleep(0.001)

async def main():
    queue = asyncio.Queue()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, sys.exit, 7)
    workers = [asyncio.create_task(worker(queue), name=f"worker-{i}") for i in range(3)]
    print("ready", os.getpid(), flush=True)
    while True:
        await queue.put(1)
        await asyncio.sleep(0.005)

asyncio.run(main())
`;

/** A process whose output is waited for. */
class Running {
  stdout = "";
  stderr = "";
  readonly ended: Promise<Result>;

  constructor(readonly child: ChildProcess) {
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.ended = once(child, "close").then(([code, signal]) => ({
      code: code ?? (signal === null ? -1 : 128),
      stdout: this.stdout,
      stderr: this.stderr,
    }));
  }

  /** Resolves with the match once the output has it. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
      if (match) return match;
      const more = [once(this.child.stdout!, "data"), once(this.child.stderr!, "data")];
      const over = await Promise.race([...more, this.ended]);
      if ("code" in over) assert.fail(`it ended before it said ${pattern}: ${this.stdout}${this.stderr}`);
    }
  }
}

describe("loopscope attach", function () {
  this.timeout(60_000);
  let folder: Folder;
  let started: ChildProcess[];
  /** Process ids of the programs, which outlive a `loopscope run` that is killed and keep its pipes open. */
  let programs: number[];

  beforeEach(() => {
    folder = new Folder();
    started = [];
    programs = [];
  });
  afterEach(() => {
    for (const child of started) child.kill("SIGKILL");
    for (const pid of programs) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended, as most have.
      }
    }
    folder.remove();
  });

  function start(command: string, args: string[], env: NodeJS.ProcessEnv = {}): Running {
    const child = spawn(command, args, {
      env: { ...outside, PYTHONDONTWRITEBYTECODE: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
      cwd: folder.path,
    });
    started.push(child);
    return new Running(child);
  }

  const loopscope = (...args: string[]) => start(process.execPath, [cli(), ...args]);

  /** A program that is ready, started dormant; with its process id. */
  async function dormant(source: string, python?: string): Promise<{ run: Running; pid: string }> {
    const chosen = python === undefined ? [] : ["--python", python];
    const run = loopscope("run", "--dormant", ...chosen, folder.file("app.py", source));
    const [, pid] = await run.says(/^ready (\d+)\n/m);
    programs.push(Number(pid));
    return { run, pid };
  }

  for (const { path, version } of interpreters()) {
    it(`records a dormant program for as long as it is attached, twice (CPython ${version})`, async () => {
      const { run, pid } = await dormant(SERVES, path);
      for (const turn of [1, 2]) {
        const [trace, report] = [folder.at(`${turn}.loopscope`), folder.at(`${turn}.json`)];
        // A machine under load holds every program now and then: what is tested here is not speed.
        const attach = loopscope("attach", pid, "--block-ms", "5000", "--out", trace, "--report", report);
        await attach.says(new RegExp(`attached to process ${pid}: 1 loop, 4 tasks; Ctrl-C detaches`));
        attach.child.kill("SIGINT");
        const { code, stderr } = await attach.ended;
        assert.equal(code, 0, stderr);
        assert.match(
          stderr,
          /loopscope: 4 tasks on 1 loop \(asyncio\._\w+\) in .*; still running at the end\n/,
        );
        const { program, trust, tasks, findings, loops } = JSON.parse(readFileSync(report, "utf8"));
        assert.deepEqual([program.exitCode, program.signal, program.ended], [null, null, false]);
        assert.deepEqual([trust.tasksSeen, trust.tasksMissed, loops.length], [4, 0, 1]);
        assert.deepEqual(findings, []);
        const names = tasks.map(({ name }: { name: string }) => name);
        assert.deepEqual(names, ["Task-1", "worker-0", "worker-1", "worker-2"]);
        const main = tasks[0];
        assert.equal(main.outcome, "pending");
        assert.equal(main.suspensions[0].at.function, "main");
        assert.ok(existsSync(trace));
      }
      process.kill(Number(pid), "SIGTERM");
      assert.equal((await run.ended).code, 7);
    });
  }

  it("detaches after --duration, and ends by itself when the program does", async () => {
    const { run, pid } = await dormant(SERVES);
    // The process id that a shell knows is the launcher's.
    for (const given of process.platform === "linux" ? [pid, String(run.child.pid)] : [pid]) {
      const brief = await loopscope("attach", given, "--duration", "0.05").ended;
      assert.equal(brief.code, 0);
      assert.match(
        brief.stderr,
        new RegExp(`attached to process ${pid}: .*; for 0\\.05 s\n.*4 tasks on 1 loop`),
      );
    }
    const attach = loopscope("attach", pid);
    await attach.says(/attached to/);
    process.kill(Number(pid), "SIGKILL");
    const { code, stderr } = await attach.ended;
    assert.equal(code, 0);
    // Whose child it was, was told how it ended.
    assert.match(stderr, /4 tasks on 1 loop.*; exit code not known\n/);
  });

  it("leaves the program dormant when it is killed itself", async () => {
    const { pid } = await dormant(SERVES);
    const attach = loopscope("attach", pid);
    await attach.says(/attached to/);
    attach.child.kill("SIGKILL");
    await attach.ended;
    // The runtime notices at its next flush; an attach that comes before is told so.
    for (let code = 2; code !== 0; ) {
      const again = await loopscope("attach", pid, "--duration", "0.05").ended;
      code = again.code;
      if (code !== 0) assert.match(again.stderr, /is being recorded already|is being traced already/);
    }
  });

  it("lists the Python programs with their command lines, and says why one cannot be attached to", async () => {
    const { pid } = await dormant(SERVES);
    const [python] = interpreters();
    const plain = start(python.path, [folder.file("plain app.py", SERVES), "--port", "80"]);
    const [, other] = await plain.says(/^ready (\d+)\n/m);
    const { code, stdout } = await loopscope("attach").ended;
    assert.equal(code, 0);
    const lines = stdout.split("\n");
    const at = (id: string) => lines.findIndex((line) => line.startsWith(`${id} `));
    assert.match(lines[at(pid)], /^\d+ +3\.\d+ +\S+ +python\S* \S*".*app\.py" \(in .*\)$/);
    assert.doesNotMatch(lines[at(pid) + 1], /not attachable/);
    assert.match(lines[at(other)], /python\S* ".*plain app\.py" --port 80 \(in /);
    assert.match(lines[at(other) + 1], /not attachable: start it with loopscope run --dormant/);
    assert.ok(at(pid) < at(other));

    for (const [target, reason] of [
      [
        other,
        /cannot be attached to: start it with loopscope run --dormant, or .*loopscope_runtime\.start\(\)/,
      ],
      ["1", /process 1 is no Python program/],
      ["4194999", /there is no process 4194999/],
      ["x", /attach needs a process id, not "x"/],
    ] as const) {
      const refused = await loopscope("attach", target).ended;
      assert.deepEqual([refused.code, refused.stdout], [2, ""]);
      assert.match(refused.stderr, reason);
    }
  });

  it("opens its socket for its user alone, and refuses a wrong token", async () => {
    const { pid } = await dormant(SERVES);
    const path = `${controlFolder()}/${pid}`;
    assert.equal(statSync(controlFolder()).mode & 0o777, 0o700);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(`${path}.json`).mode & 0o777, 0o600);
    const { token } = JSON.parse(readFileSync(`${path}.json`, "utf8"));
    for (const [given, answer] of [
      [token.replace(/^./, token.startsWith("0") ? "1" : "0"), '{"error":"the token is wrong"}\n'],
      [token, '{"ok":true,"recording":false}\n'],
    ]) {
      const socket = connect(path);
      socket.write(`command=status\ntoken=${given}\n\n`);
      const [text] = await once(socket.setEncoding("utf8"), "data");
      assert.equal(text, answer);
    }
    process.kill(Number(pid), "SIGTERM");
    await once(started[0], "close");
    assert.deepEqual([existsSync(path), existsSync(`${path}.json`)], [false, false]);
  });

  it("finds a program that calls start() itself, once or twice", async () => {
    const { stdout } = await loopscope("attach", "--runtime-path").ended;
    const source = `import loopscope_runtime\nloopscope_runtime.start()\nloopscope_runtime.start()\n${SERVES}`;
    const [python] = interpreters();
    const program = start(python.path, [folder.file("app.py", source)], { PYTHONPATH: stdout.trim() });
    const [, pid] = await program.says(/^ready (\d+)\n/m);
    const { code, stderr } = await loopscope("attach", pid, "--duration", "0.05").ended;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /attached to process \d+: 1 loop, 4 tasks/);
  });

  it("does not let a dormant program see that it is one", async () => {
    const source = folder.file(
      "app.py",
      "import os, sys, threading, asyncio\n" +
        "print(sorted(os.environ), sys.path, sorted(sys.modules), threading.enumerate(), sys.argv, sys.meta_path)\n" +
        "print(asyncio.BaseEventLoop.__init__, asyncio.Handle._run.__code__.co_filename, vars(asyncio.Lock).keys())\n" +
        "sys.exit(5)\n",
    );
    const [python] = interpreters();
    const untraced = await start(python.path, [source, "x"]).ended;
    const run = await loopscope("run", "--dormant", "-q", "--python", python.path, source, "x").ended;
    const clean = (text: string) => text.replace(/0x[0-9a-f]+/g, "0x").replace(/started \d+/g, "started");
    assert.deepEqual([run.code, clean(run.stdout), run.stderr], [5, clean(untraced.stdout), ""]);
    const refused = await loopscope("run", "--dormant", "--report", "-", source).ended;
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /--dormant records nothing, so there is nothing for --report/);
  });

  it("takes a snapshot of a dormant program that hangs, and of one whose loop is held", async () => {
    const hangs = await dormant(lockOrder());
    const { code, stdout, stderr } = await loopscope("snapshot", hangs.pid).ended;
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /loop 1 \(asyncio\.\S+ in MainThread\): \w+, 3 tasks\n/);
    assert.match(stdout, /[─-] Task-1 \(main\): gather of ab, ba\n/);
    assert.match(stdout, /[─-] ab, ba \(first\) [×x]2: Lock\.acquire\n.*app\.py:6 in first\n/);
    assert.match(stdout, /error +deadlock/);

    const held = await dormant(BLOCKED);
    const stuck = await loopscope("snapshot", `${controlFolder()}/${held.pid}`).ended;
    assert.deepEqual([stuck.code, stuck.stderr], [0, ""]);
    if (process.platform === "linux")
      assert.equal((await loopscope("snapshot", String(held.run.child.pid)).ended).code, 0);
    assert.match(stuck.stdout, /: held by Task-3 for /);
    assert.match(
      stuck.stdout,
      /Task-3 \(blocks\): runs, and holds the loop, for .*\n(.*\n)?.*app\.py:9 in blocks\n/,
    );
  });

  it("enters a program that was not prepared, where its Python lets us (3.14+)", async function () {
    const python = pythons().find(({ version }) => Number(version.split(".")[1]) >= 14);
    if (python === undefined) {
      console.log("      no CPython 3.14 or newer is in PATH or pyenv: sys.remote_exec is not tried");
      this.skip();
    }
    const program = start(python.command, [folder.file("app.py", SERVES)]);
    const [, pid] = await program.says(/^ready (\d+)\n/m);
    for (const _ of [1, 2]) {
      const { code, stderr } = await loopscope("attach", pid, "--duration", "0.05").ended;
      assert.equal(code, 0, stderr);
      assert.match(stderr, /attached to process \d+: 1 loop, 4 tasks/);
    }
    process.kill(Number(pid), "SIGTERM");
    const { code, stderr } = await program.ended;
    assert.deepEqual([code, stderr], [7, ""]);
  });
});
