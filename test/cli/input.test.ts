import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { cli, execute, Folder, loopscope, type Result } from "./cli";
import { oldInterpreter, python } from "./pythons";
import { validTimeline } from "./schema";

describe("bad input to loopscope", function () {
  this.timeout(60_000);
  let folder: Folder;
  let script: string;
  let trace: string;
  before(async () => {
    folder = new Folder();
    script = folder.file("app.py", "import asyncio\nprint('ran')\nasyncio.run(asyncio.sleep(0.01))\n");
    trace = folder.at("app.loopscope");
    await loopscope(["run", "-q", "--trace", trace, script]);
  });
  after(() => folder.remove());

  /** Refused: exit code 2, a reason on stderr, nothing on stdout, and the program was not run. */
  function refused({ code, stdout, stderr }: Result, reason: RegExp): void {
    assert.match(stderr, reason);
    assert.ok(!/internal error| at .*\.js:/.test(stderr), stderr);
    assert.deepEqual([code, stdout], [2, ""]);
  }

  const RUNS: [string, (script: string) => string[], RegExp][] = [
    ["no command", () => [], /a command is missing.*--help/],
    [
      "an unknown command",
      () => ["rum"],
      /^loopscope: unknown command 'rum' \(Did you mean run\?\); see loopscope --help\n$/,
    ],
    [
      "an unknown option",
      () => ["run", "--traec", "x", "app.py"],
      /^loopscope: unknown option '--traec' \(Did you mean --trace\?\); see loopscope run --help\n$/,
    ],
    ["nothing to run", () => ["run"], /nothing to run/],
    ["nothing to run after its options", () => ["run", "--quiet", "--"], /nothing to run/],
    ["-m without a module", () => ["run", "-m"], /-m needs the name of a module/],
    ["an option without its value", () => ["run", "--trace"], /argument missing/],
    [
      "a threshold that is no number",
      (s) => ["run", "--block-ms", "soon", s],
      /--block-ms needs a number.*"soon"/,
    ],
    ["a threshold of nothing", (s) => ["run", "--block-ms", "0", s], /greater than 0/],
    ["an unknown detail", (s) => ["run", "--detail", "some", s], /--detail is full or light/],
    ["no such interpreter", (s) => ["run", "--python", "/no/python", s], /\/no\/python was not found/],
    [
      "something that is no interpreter",
      (s) => ["run", "--python", "/bin/ls", s],
      /\/bin\/ls is not a Python/,
    ],
    [
      "a trace where none can be",
      (s) => ["run", "--trace", "/no/such/x", s],
      /cannot be written to \/no\/such\/x/,
    ],
    ["a trace on stdout", (s) => ["run", "--trace", "-", s], /give --trace a file/],
    ["a trace over a source file", (s) => ["run", "--trace", s, s], /is not a Loopscope trace/],
    [
      "a report where none can be",
      (s) => ["run", "--report", "/no/such/x", s],
      /cannot be written to \/no\/such\/x/,
    ],
    ["a report over a folder", (s) => ["run", "--report", "/tmp", s], /it is a folder/],
    ["an unknown format", () => ["report", "x", "--format", "pdf"], /'pdf' is invalid.*json, text/],
    ["no trace", () => ["report"], /missing required argument 'trace'/],
    ["a trace that is not there", () => ["report", "/no/trace"], /there is no trace \/no\/trace/],
    ["a folder for a trace", () => ["report", "/tmp"], /\/tmp is a folder/],
    ["a program for a trace", (s) => ["report", s], /app\.py: not a Loopscope trace/],
    [
      "a report that cannot be written",
      () => ["report", "TRACE", "-o", "/no/such/x"],
      /\/no\/such\/x cannot be written/,
    ],
  ];
  for (const [name, args, reason] of RUNS) {
    it(`is refused: ${name}`, async () => {
      const words = args(script).map((word) => (word === "TRACE" ? trace : word));
      refused(await loopscope(words, { cwd: folder.path }), reason);
      assert.match(readFileSync(script, "utf8"), /^import asyncio/);
    });
  }

  it("is told: a full disk behind stdout", async function () {
    if (!existsSync("/dev/full")) return this.skip();
    for (const format of ["text", "json", "html"]) {
      const words = `"${process.execPath}" "${cli()}" report "${trace}" --format ${format} > /dev/full`;
      refused(await execute("sh", ["-c", words]), /^loopscope: stdout cannot be written: ENOSPC/);
    }
  });

  it("is refused: an interpreter that is too old", async function () {
    const old = oldInterpreter();
    if (!old) return this.skip();
    refused(
      await loopscope(["run", "--python", old.path, script]),
      /too old: Loopscope needs Python 3\.10 or newer/,
    );
  });

  it("is refused: no interpreter at all", async () => {
    const env = { PATH: "/nowhere", VIRTUAL_ENV: "" };
    refused(await loopscope(["run", script], { env, cwd: folder.path }), /no Python interpreter was found/);
  });

  it("is refused: an empty file, and one that ends inside the header", async () => {
    refused(await loopscope(["report", folder.file("empty", "")]), /the file is empty/);
    const start = readFileSync(trace).subarray(0, 9);
    refused(await loopscope(["report", folder.file("start", start)]), /not a Loopscope trace/);
  });

  it("is refused: a trace of a newer format, naming both", async () => {
    const newer = Buffer.from(readFileSync(trace));
    newer.writeUInt16LE(2, 8);
    refused(await loopscope(["report", folder.file("newer", newer)]), /format 2.*reads format 1/s);
  });

  it("a trace of a newer minor format is read", async () => {
    const newer = Buffer.from(readFileSync(trace));
    newer.writeUInt16LE(9, 10);
    assert.equal((await loopscope(["report", folder.file("minor", newer)])).code, 0);
  });

  it("a truncated trace is read up to its last whole record, with a note", async () => {
    const whole = readFileSync(trace);
    for (let length = 17; length < whole.length; length += Math.ceil(whole.length / 8)) {
      const cut = folder.file("cut.loopscope", whole.subarray(0, length));
      const { code, stderr, stdout } = await loopscope(["report", cut, "--format", "json"]);
      assert.equal(code, 0);
      assert.equal(JSON.parse(stdout).schema, "loopscope-report/1");
      assert.ok(stderr === "" || /incomplete record/.test(stderr), stderr);
    }
  });

  it("a reader that has seen enough is no error", async () => {
    const many = folder.file(
      "many.py",
      "import asyncio\nasync def main():\n  for _ in range(20000): await asyncio.sleep(0)\nasyncio.run(main())\n",
    );
    const big = folder.at("big.loopscope");
    await loopscope(["run", "-q", "--trace", big, many]);
    const { cli } = await import("./cli");
    const shell = `"${process.execPath}" "${cli()}" report "${big}" --format timeline | head -3; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await execute("bash", ["-c", shell]);
    const lines = stdout.split("\n");
    assert.equal(lines[3], "0");
    validTimeline(`${lines.slice(0, 3).join("\n")}\n`);
    assert.equal(stderr, "");
  });

  it("--version and --help print on stdout and succeed", async () => {
    assert.match((await loopscope(["--version"])).stdout, /^\d+\.\d+\.\d+\n$/);
    for (const words of [["--help"], ["run", "--help"], ["report", "--help"]]) {
      const { code, stdout, stderr } = await loopscope(words);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(stdout, /^Usage: loopscope/);
    }
  });

  it("-o writes to a file, and only there", async () => {
    const out = folder.at("out.txt");
    const { code, stdout } = await loopscope(["report", trace, "--format", "timeline", "-o", out]);
    assert.deepEqual([code, stdout], [0, ""]);
    validTimeline(readFileSync(out, "utf8"));
  });

  it("needs no package.json or source beside what ships", async () => {
    // What a .vsix or an npm package holds: dist, runtime and package.json.
    const { cli } = await import("./cli");
    const { cpSync, mkdirSync } = await import("node:fs");
    const { dirname, join } = await import("node:path");
    const root = dirname(dirname(cli()));
    mkdirSync(folder.at("shipped/dist"), { recursive: true });
    cpSync(cli(), folder.at("shipped/dist/cli.js"));
    cpSync(join(root, "runtime"), folder.at("shipped/runtime"), { recursive: true });
    cpSync(join(root, "package.json"), folder.at("shipped/package.json"));
    const args = [
      folder.at("shipped/dist/cli.js"),
      "run",
      "--python",
      python(),
      "--report",
      folder.at("s.json"),
      script,
    ];
    const { code, stdout } = await execute(process.execPath, args);
    assert.deepEqual([code, stdout], [0, "ran\n"]);
    assert.ok(existsSync(folder.at("s.json")));
    assert.equal(JSON.parse(readFileSync(folder.at("s.json"), "utf8")).tasks[0].coroutine, "sleep");
  });
});
