import assert from "node:assert/strict";
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import type { LintReport } from "../../src/protocol/lintReport";
import { loopscope } from "./cli";
import { CALLS, HELPER, LintFolder, SLEEPS } from "./lintFolder";

/** A notebook of these code cells; null for one of text. */
function notebook(sources: readonly (string | null)[], language = "python"): string {
  const cells = sources.map((source) =>
    source === null
      ? { cell_type: "markdown", metadata: {}, source: ["# Title"] }
      : { cell_type: "code", metadata: {}, outputs: [], source: source.split(/(?<=\n)/) },
  );
  return JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { language_info: { name: language } },
    cells,
  });
}

describe("loopscope lint", () => {
  let folder: LintFolder;
  beforeEach(() => {
    folder = new LintFolder();
  });
  afterEach(() => folder.remove());

  it("exits with 0 and says so when there is nothing to find", async () => {
    folder.file("a.py", "import asyncio\n");
    assert.deepEqual(await folder.lint(), { code: 0, stdout: "No findings in 1 file.\n", stderr: "" });
  });

  it("prints each finding, with the chain of helpers, and exits with 1", async () => {
    folder.file("helper.py", HELPER);
    folder.file("a.py", CALLS);
    const { code, stdout, stderr } = await folder.lint();
    assert.equal(code, 1);
    assert.equal(stderr, "");
    assert.match(
      stdout,
      /^a\.py:5:5: error: .*time\.sleep.* \[blocking-sleep\]\n {4}via helper\.py:5 in save\n/,
    );
    assert.match(stdout, /\n1 finding \(1 error\) in 2 files\.\n$/);
  });

  it("prints the contract's JSON", async () => {
    folder.file("helper.py", HELPER);
    folder.file("a.py", `${CALLS}    time.sleep(2)\n`);
    const report = await folder.json();
    assert.equal(report.schema, "loopscope-lint/1");
    assert.equal(report.files, 2);
    const [through, direct] = report.findings;
    assert.deepEqual(Object.keys(direct).sort(), [
      "column",
      "endColumn",
      "endLine",
      "equivalents",
      "file",
      "fix",
      "function",
      "help",
      "line",
      "message",
      "rule",
      "severity",
      "via",
    ]);
    assert.ok(isAbsolute(direct.file));
    assert.deepEqual(
      [direct.line, direct.column, direct.endLine, direct.endColumn, direct.function, direct.via],
      [6, 5, 6, 18, "main", []],
    );
    assert.deepEqual(direct.equivalents, ["ASYNC251"]);
    assert.deepEqual(direct.fix, {
      title: "Use await asyncio.sleep()",
      edits: [
        { line: 1, column: 1, endLine: 1, endColumn: 1, text: "import asyncio\n" },
        { line: 6, column: 5, endLine: 6, endColumn: 15, text: "await asyncio.sleep" },
      ],
    });
    assert.deepEqual(through.via, [{ file: folder.at("helper.py"), line: 5, function: "save" }]);
  });

  it("prints SARIF 2.1.0", async () => {
    folder.file("helper.py", HELPER);
    folder.file("a.py", CALLS);
    const { code, stdout } = await folder.lint("--format", "sarif");
    assert.equal(code, 1);
    const { version, runs } = JSON.parse(stdout);
    assert.equal(version, "2.1.0");
    const [{ tool, results }] = runs;
    const [result] = results;
    assert.equal(tool.driver.rules[result.ruleIndex].id, "blocking-sleep");
    assert.equal(result.level, "error");
    for (const { id, fullDescription, help } of tool.driver.rules) {
      assert.ok(fullDescription.text.length > 10, id);
      assert.ok(help.markdown.startsWith(`# ${id}\n`), id);
    }
    const { artifactLocation, region } = result.locations[0].physicalLocation;
    assert.equal(artifactLocation.uri, pathToFileURL(folder.at("a.py")).href);
    assert.deepEqual(region, { startLine: 5, startColumn: 5, endLine: 5, endColumn: 11 });
    const flow = result.codeFlows[0].threadFlows[0].locations;
    assert.equal(flow.length, 2);
    assert.equal(flow[1].location.physicalLocation.region.startLine, 5);
  });

  it("selects and ignores by name, equivalent, beginning and pattern", async () => {
    folder.file("a.py", `${SLEEPS}    open("x")\n    main()\n`);
    const all = ["a.py:5 blocking-sleep", "a.py:6 blocking-file", "a.py:7 missing-await"];
    assert.deepEqual(folder.places(await folder.json()), all);
    assert.deepEqual(folder.places(await folder.json("--select", "blocking-sleep")), all.slice(0, 1));
    assert.deepEqual(folder.places(await folder.json("--select", "ASYNC251,blocking-file")), all.slice(0, 2));
    assert.deepEqual(folder.places(await folder.json("--select", "ASYNC2")), all.slice(0, 2));
    assert.deepEqual(folder.places(await folder.json("--ignore", "blocking-*")), all.slice(2));
    assert.deepEqual(folder.places(await folder.json("--ignore", "ALL")), []);
    assert.deepEqual(
      folder.places(
        await folder.json("--select", "ALL", "--ignore", "ASYNC230,RUF029", "--ignore", "ASYNC251"),
      ),
      all.slice(2),
    );
  });

  it("obeys the nearest pyproject.toml, or the file it is given", async () => {
    folder.file("pyproject.toml", '[tool.loopscope]\nignore = ["blocking-sleep"]\nexclude = ["old/"]\n');
    folder.file("sub/a.py", SLEEPS);
    folder.file("sub/old/b.py", CALLS);
    assert.deepEqual(folder.places(await folder.json()), []);
    assert.deepEqual((await folder.json("sub")).files, 1);
    const own = folder.file("own.toml", '[severity]\nblocking-sleep = "info"\n');
    const report = await folder.json("sub/a.py", "--config", own);
    assert.equal(report.findings[0].severity, "info");
  });

  it("knows the project's own blocking calls and offloaders", async () => {
    folder.file(
      "pyproject.toml",
      '[tool.loopscope]\nblocking = ["vendor.call"]\noffloaders = ["pool.run"]\n',
    );
    folder.file(
      "a.py",
      "import time, vendor, pool\nasync def f():\n    vendor.call()\n    await pool.run(time.sleep, 1)\n    pool.run(lambda: time.sleep(1))\n",
    );
    assert.deepEqual(folder.places(await folder.json()), ["a.py:3 blocking-custom"]);
  });

  it("leaves out what suppressions name", async () => {
    folder.file(
      "a.py",
      "import time\nasync def f():\n    time.sleep(1)  # noqa\n    time.sleep(2)  # noqa: ASYNC251\n    time.sleep(3)  # loopscope: ignore[blocking-sleep]\n    time.sleep(4)  # noqa: E501\n",
    );
    folder.file("b.py", `# loopscope: ignore-file\n${SLEEPS}`);
    assert.deepEqual(folder.places(await folder.json()), ["a.py:6 blocking-sleep"]);
  });

  it("walks past what is not the project's own", async () => {
    mkdirSync(folder.at(".git"));
    folder.file(".gitignore", "generated/\n*_pb2.py\n!kept_pb2.py\n");
    folder.file("sub/.gitignore", "local.py\n");
    for (const path of [
      "a.py",
      "generated/b.py",
      "x_pb2.py",
      "kept_pb2.py",
      "sub/local.py",
      "sub/c.py",
      "myenv/lib/d.py",
      "node_modules/e.py",
      "__pycache__/f.py",
      ".venv/g.py",
    ]) {
      folder.file(path, SLEEPS);
    }
    folder.file("myenv/pyvenv.cfg", "");
    symlinkSync(folder.path, folder.at("loop"));
    symlinkSync(folder.at("nowhere"), folder.at("broken.py"));
    assert.deepEqual(folder.places(await folder.json()), [
      "a.py:5 blocking-sleep",
      "kept_pb2.py:5 blocking-sleep",
      "sub/c.py:5 blocking-sleep",
    ]);
    // What is named is read, whatever leaves it out of a folder.
    assert.equal((await folder.json("generated/b.py", "myenv/lib/d.py")).files, 2);
    assert.equal((await folder.json("generated")).files, 1);
  });

  it("reads what Python reads: encodings, line ends, byte order marks", async () => {
    folder.file("latin.py", Buffer.from(`# -*- coding: latin-1 -*-\n# caf\xe9\n${SLEEPS}`, "latin1"));
    folder.file("bom.py", `\uFEFF${SLEEPS}`);
    folder.file("crlf.py", SLEEPS.replaceAll("\n", "\r\n"));
    folder.file(
      "shift.py",
      Buffer.concat([
        Buffer.from("# coding: shift_jis\n# "),
        Buffer.from([0x93, 0xfa]),
        Buffer.from(`\n${SLEEPS}`),
      ]),
    );
    folder.file(
      "second.py",
      Buffer.from(`#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n# \x80\n${SLEEPS}`, "latin1"),
    );
    folder.file("broken.py", "def f(:\n  class ]\nimport time\nasync def g():\n    time.sleep(1)\n");
    const report = await folder.json();
    assert.deepEqual(folder.places(report), [
      "bom.py:5 blocking-sleep",
      "broken.py:5 blocking-sleep",
      "crlf.py:5 blocking-sleep",
      "latin.py:7 blocking-sleep",
      "second.py:8 blocking-sleep",
      "shift.py:7 blocking-sleep",
    ]);
    assert.equal(report.findings[0].column, 5);
  });

  it("says in one line each which files it left out, and goes on", async () => {
    folder.file("a.py", SLEEPS);
    folder.file("binary.py", Buffer.from([0, 1, 2, 3]));
    folder.file("huge.py", Buffer.alloc(50 * 1024 * 1024, "x = 1\n"));
    folder.file("bad.py", Buffer.from([0x23, 0xff, 0xfe, 0x0a]));
    folder.file("odd.py", "# coding: klingon\n");
    folder.file("book.ipynb", "{}");
    folder.file("text.ipynb", "not JSON");
    folder.file("r.ipynb", notebook([], "R"));
    const { code, stdout, stderr } = await folder.lint();
    assert.equal(code, 1);
    assert.match(stdout, /in 1 file\.\n$/);
    assert.deepEqual(stderr.trimEnd().split("\n").sort(), [
      "loopscope: bad.py was left out: it is not UTF-8 and names no other encoding",
      "loopscope: binary.py was left out: it is a binary file",
      "loopscope: book.ipynb was left out: it is no notebook of format 4",
      "loopscope: huge.py was left out: it has 50 MB, and no more than 10 MB are read",
      'loopscope: odd.py was left out: its encoding "klingon" is not known here',
      "loopscope: r.ipynb was left out: its language is not Python",
      "loopscope: text.ipynb was left out: it is not JSON, as a notebook is",
    ]);
  });

  it("reads the Python cells of a notebook as one module, and tells places by cell", async () => {
    folder.file(
      "book.ipynb",
      notebook([
        "import time\n%matplotlib inline\ndef save():\n    time.sleep(1)\n",
        null,
        "!pip install x\nasync def main():\n    save()\n    time.sleep(2)  # noqa\n    time.sleep(3)\n",
        "%%bash\nawait nothing )(\n",
      ]),
    );
    const report = await folder.json();
    assert.equal(report.files, 1);
    assert.deepEqual(folder.places(report), ["book.ipynb:3 blocking-sleep", "book.ipynb:5 blocking-sleep"]);
    const [through, direct] = report.findings;
    assert.match(through.message, /^cell 3: save\(\) blocks/);
    assert.deepEqual(
      through.via.map(({ line, function: name }) => [line, name]),
      [[4, "save"]],
    );
    assert.match(direct.message, /^cell 3: time\.sleep\(\) blocks/);
    // `import asyncio` would go to another cell.
    assert.equal(direct.fix, null);
  });

  it("is neither slow nor broken on deep nesting and cyclic imports", async () => {
    folder.file("deep.py", `x = ${"(".repeat(3000)}1${")".repeat(3000)}\n${SLEEPS}`);
    folder.file("a.py", "from b import *\nfrom b import g\ndef f():\n    g()\nasync def main():\n    f()\n");
    folder.file("b.py", "from a import *\nfrom a import f\ndef g():\n    f()\n    open('x')\n");
    assert.deepEqual(folder.places(await folder.json()), [
      "a.py:6 blocking-file",
      "deep.py:6 blocking-sleep",
    ]);
  });

  it("reads a file's text from stdin, saved or not, with its project's settings and modules", async () => {
    const ask = (input: string, ...args: string[]) =>
      loopscope(["lint", ...args], { cwd: folder.path, input });
    const unnamed = await ask(SLEEPS, "-");
    assert.equal(unnamed.code, 1);
    assert.match(unnamed.stdout, /^-:5:5: error: time\.sleep\(\) blocks/);
    assert.deepEqual(await ask("", "-"), { code: 0, stdout: "No findings in 1 file.\n", stderr: "" });

    folder.file("pyproject.toml", '[tool.loopscope]\nignore = ["blocking-sleep"]\n');
    folder.file("app/helper.py", HELPER);
    folder.file("app/a.py", "import asyncio\n");
    const named = ["-", "--stdin-filename", "app/a.py"];
    assert.equal((await ask(SLEEPS, ...named)).code, 0);
    rmSync(folder.at("pyproject.toml"));
    for (const paths of [named, [...named, "app"], ["app", ...named]]) {
      const found = await ask(CALLS, ...paths, "--format", "json");
      const report = JSON.parse(found.stdout) as LintReport;
      assert.deepEqual(folder.places(report), ["app/a.py:5 blocking-sleep"], paths.join(" "));
    }
    assert.match((await ask("\0\0", "-")).stderr, /- was left out/);
    assert.deepEqual(
      [
        await ask(SLEEPS, "-", "--stdin-filename", "a.ipynb"),
        await ask(SLEEPS, "--stdin-filename", "a.py"),
      ].map(({ code, stdout, stderr }) => [code, stdout, /notebook|give the path - as well/.test(stderr)]),
      [
        [2, "", true],
        [2, "", true],
      ],
    );
  });

  it("exits with 2, the reason on stderr and nothing on stdout, when it cannot run", async () => {
    folder.file("a.py", SLEEPS);
    folder.file("bad.toml", "[tool.loopscope\n");
    folder.file("none.toml", "[tool.black]\n");
    for (const [args, reason] of [
      [["nowhere.py"], /nowhere\.py: there is no such file or folder/],
      [["--select", "E501"], /no rule is called "E501"/],
      [["--ignore", ","], /a list of rules is empty/],
      [["--format", "xml"], /Allowed choices are text, json, sarif/],
      [["--wrong"], /unknown option '--wrong'/],
      [["--config", "nowhere.toml"], /nowhere\.toml cannot be read: ENOENT/],
      [["--config", "bad.toml"], /bad\.toml, line 1: not valid TOML/],
      [["--config", "none.toml"], /none\.toml has no table \[tool\.loopscope\]/],
    ] as const) {
      const { code, stdout, stderr } = await folder.lint(...args);
      assert.equal(code, 2, args.join(" "));
      assert.equal(stdout, "");
      assert.match(stderr, reason);
    }
    folder.file("pyproject.toml", "[tool.loopscope]\nselct = []\n");
    const { code, stdout, stderr } = await folder.lint("--format", "json");
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /pyproject\.toml, \[tool\.loopscope\]: there is no setting "selct"/);
    rmSync(folder.at("pyproject.toml"));
  });
});

describe("loopscope rules", () => {
  it("lists every lint rule and every run-time finding, with its page", async () => {
    const { code, stdout } = await loopscope(["rules", "--format", "json"]);
    assert.equal(code, 0);
    const { schema, rules } = JSON.parse(stdout);
    assert.equal(schema, "loopscope-rules/1");
    const byName = new Map(rules.map((each: { rule: string }) => [each.rule, each]));
    assert.deepEqual(byName.get("blocking-sleep"), {
      rule: "blocking-sleep",
      kinds: ["lint"],
      severity: "error",
      defaultOn: true,
      equivalents: ["ASYNC251"],
      summary: "time.sleep in async code stops every task of the loop",
      page: "docs/rules/blocking-sleep.md",
    });
    assert.deepEqual((byName.get("not-thread-safe") as { kinds: string[] }).kinds, ["lint", "runtime"]);
    assert.deepEqual((byName.get("deadlock") as { kinds: string[] }).kinds, ["runtime"]);
    assert.equal(byName.size, 32);
  });

  it("lists them for people", async () => {
    const { code, stdout } = await loopscope(["rules"], { env: { LC_ALL: "C.UTF-8" } });
    assert.equal(code, 0);
    assert.match(stdout, /^blocking-sleep +time\.sleep in async code/m);
    const ascii = await loopscope(["rules"], { env: { LC_ALL: "C" } });
    assert.equal(ascii.stdout, stdout.replaceAll("·", "-"));
    assert.match(
      stdout,
      /blocking-cpu[^\n]*\n +lint, warning, off by default · docs\/rules\/blocking-cpu\.md/,
    );
  });
});
