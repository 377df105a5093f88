import assert from "node:assert/strict";
import { createWorkspace } from "../../../src/lint/index";
import type { Finding, WorkspaceOptions } from "../../../src/lint/types";

const rules = ["blocking-*", "nested-loop", "not-thread-safe"];

function workspaceOf(files: Record<string, string>, options: Partial<WorkspaceOptions> = {}) {
  const workspace = createWorkspace({ roots: ["/p"], select: rules, ...options });
  for (const [name, text] of Object.entries(files)) workspace.setFile(`/p/${name}`, text);
  return workspace;
}

function findings(text: string, options: Partial<WorkspaceOptions> = {}): Finding[] {
  return workspaceOf({ "a.py": text }, options).findings("/p/a.py");
}

function places(text: string): string[] {
  return findings(text).map((finding) => `${finding.line}:${finding.column} ${finding.rule}`);
}

const blocking = "async def f():\n    time.sleep(1)\n";

describe("a finding", () => {
  it("says where, why, and through which helpers, call by call", () => {
    const workspace = workspaceOf({
      "a.py": "from b import save\n\nasync def fetch():\n    save()\n",
      "b.py": "import time\n\ndef save():\n    deep()\n\ndef deep():\n    time.sleep(1)\n",
    });
    const [finding] = workspace.findings("/p/a.py");
    assert.equal(finding.rule, "blocking-sleep");
    assert.deepEqual(finding.equivalents, ["ASYNC251"]);
    assert.equal(finding.function, "fetch");
    assert.deepEqual([finding.line, finding.column, finding.endLine, finding.endColumn], [4, 5, 4, 11]);
    assert.deepEqual(finding.via, [
      { file: "/p/b.py", line: 4, function: "save" },
      { file: "/p/b.py", line: 7, function: "deep" },
    ]);
    assert.equal(finding.sink, "time.sleep");
    assert.equal(finding.replacement, "asyncio.sleep");
    assert.match(
      finding.message,
      /save\(\) blocks the event loop in async function fetch\(\): it ends in time\.sleep\(\)/,
    );
  });

  it("counts columns in UTF-16 units, and lines as Python does", () => {
    assert.deepEqual(places('async def f():\n    x = "😀é"; time.sleep(1)\n'), ["2:16 blocking-sleep"]);
    assert.deepEqual(
      places("async def f():\r\n    time.sleep(1)\r\n    x = 1 + \\\r\n        time.sleep(2)\r\n"),
      ["2:5 blocking-sleep", "4:9 blocking-sleep"],
    );
    assert.deepEqual(places("async def f():\r    time.sleep(1)\r"), ["2:5 blocking-sleep"]);
  });

  it("is there with a byte order mark, tabs, form feeds, and no newline at the end", () => {
    assert.deepEqual(places(`\uFEFF${blocking}`), ["2:5 blocking-sleep"]);
    assert.deepEqual(places("\uFEFFasync def f(): time.sleep(1)"), ["1:17 blocking-sleep"]);
    assert.deepEqual(places("async def f():\n\tif x:\n\t\ttime.sleep(1)"), ["3:3 blocking-sleep"]);
    assert.deepEqual(places(`x = 1\n\f\n${blocking}\f\n`), ["4:5 blocking-sleep"]);
  });

  it("is the worst and nearest behind one call; the others are named", () => {
    const [finding, ...more] = findings(
      "import time, os\ndef h():\n    os.path.exists('x')\n    open('x')\n    time.sleep(1)\nasync def f():\n    h()\n",
    );
    assert.equal(finding.rule, "blocking-sleep");
    assert.deepEqual(finding.also, ["blocking-file", "blocking-path"]);
    assert.deepEqual(more, []);
  });
});

describe("options", () => {
  it("choose rules by name, equivalent and prefix, and set severities", () => {
    const text = "async def f():\n    time.sleep(1)\n    open('x')\n";
    const only = (options: Partial<WorkspaceOptions>) =>
      findings(text, options).map((finding) => finding.rule);
    assert.deepEqual(only({ select: ["ASYNC251"] }), ["blocking-sleep"]);
    assert.deepEqual(only({ ignore: ["blocking-sleep"] }), ["blocking-file"]);
    assert.deepEqual(only({ select: ["ASYNC23"] }), ["blocking-file"]);
    assert.equal(findings(text, { severities: { "blocking-file": "info" } })[1].severity, "info");
  });

  it("fall back to the next rule when the worst behind a call is off", () => {
    const text = "def h():\n    time.sleep(1)\n    open('x')\nasync def f():\n    h()\n";
    assert.deepEqual(
      findings(text, { ignore: ["blocking-sleep"] }).map((finding) => finding.rule),
      ["blocking-file"],
    );
  });

  it("add blocking calls and offloaders, of packages and of the workspace itself", () => {
    const files = {
      "app/__init__.py": "",
      "app/db.py": "def query(): ...\ndef in_thread(f): f()\n",
      "app/main.py":
        "import vendor\nfrom app.db import query, in_thread\nasync def f():\n    query()\n    vendor.call()\n    in_thread(query)\n",
    };
    const lines = (options: Partial<WorkspaceOptions>) =>
      workspaceOf(files, options)
        .findings("/p/app/main.py")
        .map((finding) => `${finding.line} ${finding.rule}`);
    assert.deepEqual(lines({}), []);
    assert.deepEqual(lines({ blocking: ["app.db.query", "vendor.call"] }), [
      "4 blocking-custom",
      "5 blocking-custom",
      "6 blocking-custom",
    ]);
    assert.deepEqual(lines({ blocking: ["app.db.query"], offloaders: ["app.db.in_thread"] }), [
      "4 blocking-custom",
    ]);
  });

  it("can change while the workspace lives", () => {
    const workspace = workspaceOf({ "a.py": blocking });
    workspace.configure({ ignore: ["blocking-sleep"] });
    assert.deepEqual(workspace.findings("/p/a.py"), []);
    workspace.configure({ ignore: [] });
    assert.equal(workspace.findings("/p/a.py").length, 1);
  });
});

describe("a workspace that is edited", () => {
  const files = {
    "a.py": "from b import save\nasync def f():\n    save()\n",
    "b.py": "from c import deep\ndef save():\n    deep()\n",
    "c.py": "import time\ndef deep():\n    pass\n",
    "d.py": "async def other():\n    pass\n",
  };

  it("carries a change through the call graph, there and back", () => {
    const workspace = workspaceOf(files);
    assert.deepEqual(workspace.allFindings(), []);
    workspace.setFile("/p/c.py", "import time\ndef deep():\n    time.sleep(1)\n");
    const affected = workspace.affected();
    assert.ok(affected.includes("/p/a.py"));
    assert.ok(!affected.includes("/p/d.py"));
    assert.equal(workspace.findings("/p/a.py").length, 1);
    workspace.setFile("/p/c.py", [{ from: 0, to: 0, text: "# moved\n" }]);
    assert.ok(workspace.affected().includes("/p/a.py"));
    assert.equal(workspace.findings("/p/a.py")[0].via[1].line, 4);
    workspace.setFile("/p/c.py", files["c.py"]);
    assert.deepEqual(workspace.findings("/p/a.py"), []);
  });

  it("follows files that come and go", () => {
    const workspace = workspaceOf({ ...files, "c.py": "import time\ndef deep():\n    time.sleep(1)\n" });
    assert.equal(workspace.findings("/p/a.py").length, 1);
    workspace.removeFile("/p/b.py");
    assert.deepEqual(workspace.findings("/p/a.py"), []);
    workspace.setFile("/p/b.py", files["b.py"]);
    assert.equal(workspace.findings("/p/a.py").length, 1);
    workspace.setFile("/p/b.py", "from c import deep as save\n");
    assert.equal(workspace.findings("/p/a.py").length, 1);
  });

  it("does not let a cycle of functions keep itself blocking", () => {
    const cycle = (body: string) =>
      `import time\ndef a():\n    b()\ndef b():\n    ${body}\n    a()\nasync def f():\n    a()\n`;
    const workspace = workspaceOf({ "a.py": cycle("time.sleep(1)") });
    assert.equal(workspace.findings("/p/a.py").length, 1);
    workspace.setFile("/p/a.py", cycle("pass"));
    assert.deepEqual(workspace.findings("/p/a.py"), []);
  });

  it("is the same from its cache", () => {
    const workspace = workspaceOf({ ...files, "c.py": "import time\ndef deep():\n    time.sleep(1)\n" });
    const restored = createWorkspace({ roots: ["/p"], select: rules });
    for (const path of workspace.paths())
      assert.ok(restored.restore(path, workspace.text(path)!, workspace.serialize(path)!.data));
    assert.deepEqual(restored.allFindings(), workspace.allFindings());
    assert.equal(restored.restore("/p/a.py", "other text", workspace.serialize("/p/a.py")!.data), false);
    assert.equal(restored.restore("/p/a.py", "x", "not json"), false);
  });

  it("knows its findings again, until something changes", () => {
    const contents = { ...files, "c.py": "import time\ndef deep():\n    time.sleep(1)\n" };
    const workspace = workspaceOf(contents);
    const all = workspace.allFindings();
    assert.ok(all.length > 0);
    const snapshot = workspace.snapshot();
    const kept = workspace.paths().map((path) => workspace.serialize(path)!.data);
    const again = (options: Parameters<typeof createWorkspace>[0] = {}) => {
      const restored = createWorkspace({ roots: ["/p"], select: rules, ...options });
      for (const [i, path] of workspace.paths().entries())
        assert.ok(restored.restore(path, workspace.text(path)!, kept[i]));
      return restored;
    };
    const restored = again();
    assert.ok(restored.recall(snapshot));
    assert.deepEqual(restored.allFindings(), all);
    assert.deepEqual(restored.paths().sort(), workspace.paths().sort());
    // Asked about before, and after, all of it is awake.
    assert.equal(restored.explain("/p/c.py", 3, 6)?.sink, "time.sleep");
    while (!restored.prepare(0.01));
    assert.deepEqual(restored.allFindings(), all);

    const edited = again();
    assert.ok(edited.recall(snapshot));
    edited.setFile("/p/c.py", contents["c.py"].replace("time.sleep(1)", "pass"));
    assert.deepEqual(edited.findings("/p/a.py"), [], "what was recalled does not hold any more");
    edited.setFile("/p/c.py", contents["c.py"]);
    assert.deepEqual(edited.allFindings(), all);

    assert.equal(again({ severities: { "blocking-sleep": "hint" } }).recall(snapshot), false);
    const other = again();
    other.setFile("/p/new.py", "");
    assert.equal(other.recall(snapshot), false);
    const fewer = again();
    fewer.removeFile("/p/c.py");
    assert.equal(fewer.recall(snapshot), false);
    assert.equal(again().recall("not json"), false);
  });

  it("tells of one file what it would tell of all", () => {
    const contents = { ...files, "c.py": "import time\ndef deep():\n    time.sleep(1)\n" };
    const workspace = workspaceOf(contents);
    const soon = workspace.findingsSoon("/p/a.py");
    assert.equal(soon.length, 1);
    assert.deepEqual(soon, workspaceOf(contents).findings("/p/a.py"));
    workspace.setFile("/p/c.py", "def deep():\n    pass\n");
    assert.deepEqual(workspace.findingsSoon("/p/a.py"), []);
    assert.deepEqual(workspace.allFindings(), []);
  });

  it("answers who reaches a call, and why it blocks", () => {
    const workspace = workspaceOf({ ...files, "c.py": "import time\ndef deep():\n    time.sleep(1)\n" });
    const [reacher] = workspace.reachers("/p/c.py", 3, 6);
    assert.equal(reacher.function, "f");
    assert.deepEqual([reacher.at.file, reacher.at.line], ["/p/a.py", 3]);
    assert.deepEqual(
      reacher.via.map((step) => step.function),
      ["save", "deep"],
    );
    assert.equal(workspace.explain("/p/b.py", 3, 6)?.sink, "time.sleep");
    assert.equal(workspace.explain("/p/d.py", 1, 1), null);
  });
});

describe("code in mid-typing", () => {
  const rest =
    "\n\nasync def after():\n    time.sleep(1)\n\nclass K:\n    async def m(self):\n        time.sleep(2)\n";
  const starts = [
    "x = [1, 2",
    "foo(",
    "f(a,\n  b(",
    "def g(",
    "class A(",
    "with open(",
    "if ",
    "x = {",
    "s = 'abc",
    "s = f'{a(",
    "for x in",
    "lambda",
    "import ",
    "from x import (",
    "return {'a': [1,",
    "time.",
    "match x:",
    "try:",
    "x ==",
    "async with",
  ];
  for (const start of starts) {
    it(`${JSON.stringify(start)} does not hide what follows`, () => {
      const text = `async def f():\n    ${start}${rest}`;
      const lines = findings(text).map((finding) => finding.function);
      assert.ok(lines.includes("after") && lines.includes("K.m"), lines.join());
    });
  }
});

describe("input nobody would write", () => {
  const deep = 10_000;
  const inputs: Record<string, string> = {
    "10,000 parentheses": `x = ${"(".repeat(deep)}1${")".repeat(deep)}\n`,
    "40,000 parentheses": `x = ${"(".repeat(4 * deep)}1${")".repeat(4 * deep)}\n`,
    "40,000 parentheses on lines of their own": `x = ${"(\n".repeat(4 * deep)}1${")\n".repeat(4 * deep)}\n`,
    "a sum of 100,000": `x = ${"1 + ".repeat(10 * deep)}1\n`,
    "10,000 open parentheses": `x = ${"(".repeat(deep)}\n`,
    "10,000 brackets": `x = ${"[".repeat(deep)}${"]".repeat(deep)}\n`,
    "10,000 calls in one another": `x = ${"f(".repeat(deep)}${")".repeat(deep)}\n`,
    "a chain of 10,000 attributes": `x = a${".b".repeat(deep)}\n`,
    "a chain of 10,000 calls": `x = a${".b()".repeat(deep)}\n`,
    "a sum of 10,000": `x = ${"1 + ".repeat(deep)}1\n`,
    "10,000 lambdas": `x = ${"lambda: ".repeat(deep)}1\n`,
    "10,000 nots": `x = ${"not ".repeat(deep)}1\n`,
    "a chain of 10,000 names": Array.from({ length: deep }, (_, i) => `a${i + 1} = a${i}`).join("\n"),
    "a chain of 3,000 functions": Array.from(
      { length: 3000 },
      (_, i) => `def f${i}(): return f${i + 1}()`,
    ).join("\n"),
    "a chain of 2,000 classes": Array.from({ length: 2000 }, (_, i) => `class C${i + 1}(C${i}): pass`).join(
      "\n",
    ),
    "300 functions in one another": Array.from(
      { length: 300 },
      (_, i) => `${" ".repeat(i)}def f${i}():`,
    ).join("\n"),
    "a line of 2 MB": `x = "${"a".repeat(2_000_000)}"\n`,
    "binary garbage": String.fromCharCode(...Array.from({ length: 20_000 }, (_, i) => (i * 7919) % 65_536)),
    "nothing but NUL": "\0".repeat(1000),
    "lone surrogates": "\ud800 = '\udc00'\n",
    "names of Object.prototype":
      "import __proto__\nclass constructor(toString): pass\ndef __proto__(hasOwnProperty=1): pass\n__proto__ = valueOf()\nself.__proto__ = 1\nf(__proto__=time.sleep)\n",
    "a class that inherits from itself":
      "class A(A):\n    def m(self): self.m()\nclass B(C): pass\nclass C(B): pass\nasync def f(a: A, b: B):\n    a.m(); b.x(); A(); B()\n",
    "names that mean each other": "a = b\nb = a\nasync def f():\n    a(); b.c.d()\n",
  };
  for (const [name, text] of Object.entries(inputs)) {
    it(`${name}: neither crashes nor hangs`, function () {
      // Seconds of work; the limit is there for what hangs, and must hold where twenty others want the processor.
      this.timeout(240_000);
      const workspace = workspaceOf({ "a.py": `${text}\n\n${blocking}` });
      workspace.findings("/p/a.py");
      workspace.setFile("/p/a.py", [{ from: 0, to: 0, text: "import time\n" }]);
      workspace.findings("/p/a.py");
    });
  }

  it("modules that import each other, and themselves, end", () => {
    const workspace = workspaceOf({
      "a.py":
        "from b import *\nfrom a import x\nimport a\nfrom b import helper\nasync def f():\n    helper()\n    a.a.a.helper()\n",
      "b.py":
        "from a import *\nfrom a import helper as again\nimport time\ndef helper():\n    time.sleep(1)\n",
      "c.py": "from c import *\nfrom c import y\nasync def g():\n    y()\n",
    });
    assert.deepEqual(
      workspace.allFindings().map((finding) => `${finding.file}:${finding.line}`),
      ["/p/a.py:6", "/p/a.py:7"],
    );
  });
});
