import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Folder, loopscope } from "./cli";
import { interpreters } from "./pythons";
import { validReport, validTimeline } from "./schema";

const SLEEPERS = `import asyncio

async def sleeper(seconds):
    await asyncio.sleep(seconds)

async def main():
    await asyncio.gather(sleeper(0.05), sleeper(0.1), sleeper(0.2))

asyncio.run(main())
print("done")
`;

const BLOCKED = `import asyncio, time

async def ticker():
    for _ in range(5):
        await asyncio.sleep(0.05)

async def blocker():
    await asyncio.sleep(0.08)
    time.sleep(0.4)

async def main():
    await asyncio.gather(ticker(), blocker())

asyncio.run(main())
`;

describe("loopscope run", function () {
  this.timeout(60_000);
  let folder: Folder;
  beforeEach(() => {
    folder = new Folder();
  });
  afterEach(() => folder.remove());

  for (const { path, version } of interpreters()) {
    it(`tells the story of three sleepers, on Python ${version}`, async () => {
      const script = folder.file("sleepers.py", SLEEPERS);
      const args = [
        "run",
        "--python",
        path,
        "--quiet",
        // A machine under load holds every program now and then: what is tested here is not speed.
        ...["--block-ms", "5000"],
        "--timeline",
        "--report",
        folder.at("r.json"),
        script,
      ];
      const { code, stdout, stderr } = await loopscope(args);
      assert.equal(code, 0);
      assert.equal(stdout, "done\n");
      const rows = validTimeline(stderr).filter(({ where }) => where.startsWith(script));
      const main = rows[0].task;
      const sleepers = rows.filter(({ event, detail }) => event === "created" && detail.includes(main));
      assert.equal(sleepers.length, 3);
      for (const { task } of sleepers) {
        const story = rows.filter((row) => row.task === task).map(({ event }) => event);
        assert.deepEqual(story, ["created", "started", "suspended", "resumed", "returned"]);
      }
      const suspended = rows.filter(({ event }) => event === "suspended");
      assert.deepEqual(
        suspended.map(({ where, detail }) => [where.slice(script.length), detail]).slice(1),
        ["0.05", "0.1", "0.2"].map((seconds) => [":4 sleeper", `asyncio.sleep(${seconds})`]),
      );
      assert.match(suspended[0].where, /:7 main$/);
      for (const { task } of sleepers) assert.ok(suspended[0].detail.includes(task));

      const report = validReport(readFileSync(folder.at("r.json"), "utf8"));
      assert.equal(report.program.runtime, `cpython ${version}`);
      assert.equal(report.program.exitCode, 0);
      assert.equal(report.trust.mode, "fast");
      const own = report.tasks.filter((task) => task.coroutine === "sleeper");
      assert.deepEqual(
        own.map(({ createdBy, outcome, suspensions }) => [createdBy, outcome, suspensions.length]),
        Array(3).fill(["gather", "returned", 1]),
      );
      const waits = report.tasks[0].suspensions;
      assert.equal(waits.length, 1);
      assert.equal(waits[0].on.kind, "tasks");
      assert.deepEqual(
        waits[0].on.tasks,
        own.map(({ id }) => id),
      );
      assert.deepEqual(report.findings, []);
    });

    it(`finds the blocking call, and who was starved, on Python ${version}`, async () => {
      const script = folder.file("blocked.py", BLOCKED);
      const args = ["run", "--python", path, "--block-ms", "200", "--report", "-", script];
      const { code, stdout, stderr } = await loopscope(args);
      assert.equal(code, 0);
      const { findings, tasks } = validReport(stdout);
      const [ticker, blocker] = ["ticker", "blocker"].map((name) =>
        tasks.find(({ coroutine }) => coroutine === name),
      );
      assert.deepEqual(findings.map(({ rule }) => rule).sort(), ["blocking-call", "starved"]);
      const blocking = findings.find(({ rule }) => rule === "blocking-call");
      assert.deepEqual(blocking?.at, { file: script, line: 9, function: "blocker", user: true });
      assert.equal(blocking?.task, blocker?.id);
      const seconds = blocking?.seconds ?? 0;
      assert.ok(seconds >= 0.4 && seconds < 2, String(seconds));
      const starved = findings.find(({ rule }) => rule === "starved");
      assert.equal(starved?.task, ticker?.id);
      assert.match(stderr, /blocking-call[^\n]*\n[^\n]*blocked\.py:9 in blocker/);
      assert.match(stderr, /starved/);
    });
  }

  it("reads the source for what only the source can tell: awaits that could have run together", async () => {
    const source = `import asyncio\n\nasync def fetch(n):\n    await asyncio.sleep(0.1)\n    return n\n\nasync def main():\n    a = await fetch(1)\n    b = await fetch(2)\n    print(a + b)\n\nasyncio.run(main())\n`;
    const script = folder.file("awaits.py", source);
    const { stderr } = await loopscope(["run", "--report", folder.at("r.json"), script]);
    const { findings } = validReport(readFileSync(folder.at("r.json"), "utf8"));
    const finding = findings.find(({ rule }) => rule === "sequential-awaits");
    assert.deepEqual([finding?.at?.file, finding?.at?.line], [script, 8]);
    assert.match(stderr, /sequential-awaits/);
  });

  it("says where the time went, line by line, of a program that took some", async () => {
    const script = folder.file(
      "slow.py",
      "import asyncio\nasync def fetch(n):\n    await asyncio.sleep(0.1)\nasync def main():\n" +
        "    for n in range(3):\n        await fetch(n)\nasyncio.run(main())\n",
    );
    const { stderr } = await loopscope(["run", script]);
    const place = String.raw`.*slow\.py`;
    const head = String.raw`^  time    Task-1 \(main\) took 0\.3\d s:\n {10}0\.3\d s +\d+ %  asyncio\.sleep\(0\.1\)`;
    const line = `${head} at ${place}:3 in fetch, awaited at ${place}:6 in main, 3 times, one after another$`;
    assert.match(stderr, new RegExp(line, "m"));
  });

  it("takes the threshold from --block-ms", async () => {
    const script = folder.file("blocked.py", BLOCKED);
    const { stdout } = await loopscope(["run", "-q", "--block-ms", "800", "--report", "-", script]);
    assert.deepEqual(validReport(stdout).findings, []);
  });

  it("prints nothing on stdout, and nothing at all with --quiet", async () => {
    const script = folder.file("quiet.py", "import asyncio; asyncio.run(asyncio.sleep(0))");
    const loud = await loopscope(["run", script]);
    assert.equal(loud.stdout, "");
    assert.match(loud.stderr, /^loopscope: \d+ tasks? on 1 loop .*; exit code 0\n$/);
    const quiet = await loopscope(["run", "--quiet", script]);
    assert.deepEqual(quiet, { code: 0, stdout: "", stderr: "" });
  });

  it("prints the report on stdout after all the program has printed there", async () => {
    const script = folder.file(
      "prints.py",
      "import asyncio, atexit; atexit.register(print, '{bye}'); asyncio.run(asyncio.sleep(0))",
    );
    const { stdout } = await loopscope(["run", "-q", "--report", "-", script]);
    assert.ok(stdout.startsWith("{bye}\n"));
    validReport(stdout.slice("{bye}\n".length));
  });

  const endings: [string, string, number | null, string | null][] = [
    ["an exception", "raise ValueError('x')", 1, null],
    ["sys.exit(7)", "import sys; sys.exit(7)", 7, null],
    ["os._exit(9)", "import os; os._exit(9)", 9, null],
    ["SIGKILL", "import os; os.kill(os.getpid(), 9)", null, "SIGKILL"],
    [
      "SIGSEGV",
      "import os, signal; os.kill(os.getpid(), signal.SIGSEGV); await asyncio.sleep(9)",
      null,
      "SIGSEGV",
    ],
  ];
  for (const [name, ending, exitCode, signal] of endings) {
    it(`writes the report when the program ends by ${name}`, async () => {
      const source = `import asyncio\nasync def main():\n  await asyncio.sleep(0.25)\n  ${ending}\nasyncio.run(main())\n`;
      const report = folder.at("report.json");
      await loopscope(["run", "-q", "--report", report, folder.file("ends.py", source)]);
      const { program, tasks, notes } = validReport(readFileSync(report, "utf8"));
      assert.equal(program.exitCode, exitCode);
      assert.equal(program.signal, signal);
      assert.deepEqual(
        notes.map((note) => note.split(":")[0]),
        signal === null ? [] : [`${signal} ended the program`],
      );
      assert.equal(tasks[0].coroutine, "main");
      assert.equal(tasks[0].suspensions[0].on.label, "asyncio.sleep(0.25)");
    });
  }

  it("writes a report of a program that never used asyncio, and of one that could not even start", async () => {
    for (const [source, exitCode] of [
      ["print('no loop')", 0],
      ["not python at all", 1],
    ] as const) {
      const script = folder.file("plain.py", source);
      await loopscope(["run", "-q", "--report", folder.at("r.json"), script, "--flag"]);
      const { program, tasks, loops } = validReport(readFileSync(folder.at("r.json"), "utf8"));
      assert.equal(program.exitCode, exitCode);
      assert.deepEqual(program.argv.slice(-2), [script, "--flag"]);
      assert.deepEqual([tasks, loops], [[], []]);
    }
  });

  it("keeps a trace that tells the same, and is readable after loopscope itself was killed", async () => {
    const script = folder.file("sleepers.py", SLEEPERS);
    const trace = folder.at("a b.loopscope");
    await loopscope(["run", "-q", "--trace", trace, "--report", folder.at("r.json"), script]);
    const again = await loopscope(["report", trace, "--format", "json"]);
    assert.equal(again.stdout, readFileSync(folder.at("r.json"), "utf8"));

    const waits = folder.file(
      "waits.py",
      "import asyncio\nasync def main():\n  await asyncio.sleep(0.3)\n  print('ready', flush=True)\n  await asyncio.sleep(0.5)\nasyncio.run(main())",
    );
    await loopscope(["run", "--trace", trace, waits], {
      on: { text: "ready", act: (child) => child.kill("SIGKILL") },
    });
    const { code, stdout } = await loopscope(["report", trace, "--format", "json"]);
    assert.equal(code, 0);
    assert.equal(validReport(stdout).tasks[0].coroutine, "main");
  });

  it("lets the program go on when the disk is full", async () => {
    const script = folder.file("sleepers.py", SLEEPERS);
    const { code, stdout, stderr } = await loopscope(["run", "--trace", "/dev/full", script]);
    assert.equal(code, 0);
    assert.equal(stdout, "done\n");
    assert.match(stderr, /\/dev\/full could not be written further \(ENOSPC/);
  });
});
