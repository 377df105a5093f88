import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { walk } from "../../src/files/walk";
import { loopscope } from "./cli";
import { HELPER, LintFolder, SLEEPS } from "./lintFolder";

describe("loopscope lint, in a build or a hook,", () => {
  let folder: LintFolder;
  beforeEach(() => {
    folder = new LintFolder();
  });
  afterEach(() => folder.remove());

  it("fails only for what is as serious as asked", async () => {
    folder.file("a.py", 'async def f():\n    open("x")\n');
    const codes = ["error", "warning", "info"].map(async (severity) => {
      const { code, stdout } = await folder.lint("--fail-on", severity);
      assert.match(stdout, /1 warning/);
      return code;
    });
    assert.deepEqual(await Promise.all(codes), [0, 1, 1]);
  });

  it("writes comments that ignore what there is, and only that", async () => {
    const before = [
      "import time, subprocess  # noqa: E401\r\n",
      "async def f(x):\r\n",
      "    time.sleep(1); open('x')  # both\r\n",
      "    subprocess.run(\r\n        [x],\r\n        input=open('y'),\r\n    )\r\n",
      '    x = time.sleep(1) or """\r\n    """; time.sleep(2)\r\n',
      "    time.sleep(3)",
    ];
    folder.file("a.py", before.join(""));
    folder.file("old.py", Buffer.from(`# coding: latin-1\n# \xe9\n${SLEEPS}`, "latin1"));
    folder.file("b.py", "import time\n");
    const { code, stdout, stderr } = await folder.lint("--add-ignores");
    assert.match(stderr, /a\.py: 6 findings ignored\n.*old\.py was left as it is: .*UTF-8/);
    assert.equal(code, 1);
    // The line of one ends within a string.
    assert.match(stdout, /^a\.py:8:9: .*\nold\.py:7.*\n2 findings/);
    const after = readFileSync(folder.at("a.py"), "utf8");
    assert.deepEqual(after.replaceAll(/ {2}# loopscope: ignore\[[^\]]*\]/g, ""), before.join(""));
    assert.match(after, /# both {2}# loopscope: ignore\[blocking-sleep, blocking-file\]\r\n/);
    assert.match(after, /sleep\(3\) {2}# loopscope: ignore\[blocking-sleep\]$/);
    assert.deepEqual(folder.places(await folder.json("a.py")), ["a.py:8 blocking-sleep"]);
    // What is new is told.
    folder.file("a.py", `${after}\n    time.sleep(4)\n`);
    assert.deepEqual(folder.places(await folder.json("a.py")), [
      "a.py:8 blocking-sleep",
      "a.py:11 blocking-sleep",
    ]);
    assert.equal((await loopscope(["lint", "-", "--add-ignores"], { input: SLEEPS })).code, 2);
  });

  it("follows calls into files that it was not given, and judges none of those", async () => {
    const caller = "from lib.helper import save\nasync def f():\n    save()\n";
    const told = async (...args: string[]) => {
      const { files, findings } = await folder.json(...args);
      return [
        files,
        ...findings.map(({ rule, via }) => `${rule} via ${via[0]?.file.split("/").slice(-2).join("/")}`),
      ];
    };
    const found = [1, "blocking-sleep via lib/helper.py"];
    folder.file("app/a.py", caller);
    folder.file("lib/helper.py", `${HELPER}\n${SLEEPS}`);
    // Nothing says that the two belong together.
    assert.deepEqual(await told("app/a.py"), [1]);
    for (const mark of ["pyproject.toml", ".git/HEAD"]) {
      folder.file(mark, "");
      for (const path of ["app/a.py", "app"]) assert.deepEqual(await told(path), found, `${mark} ${path}`);
      rmSync(folder.at(mark.split("/")[0]), { recursive: true });
    }
    // A package of its own.
    for (const name of ["top/__init__.py", "top/lib/__init__.py"]) folder.file(name, "");
    folder.file("top/a.py", caller.replace("lib.", "top.lib."));
    folder.file("top/lib/helper.py", HELPER);
    assert.deepEqual(await told("top/a.py"), found);
    // A part of a larger repository that names where its modules are.
    folder.file("app/pyproject.toml", '[tool.loopscope]\nsrc = [".."]\n');
    assert.deepEqual(await told("app"), found);
    assert.deepEqual(await told("app/a.py", "--config", folder.at("app/pyproject.toml")), found);
  });

  it("looks at no more folders and files of a project than it may", async () => {
    for (const name of ["a/1.py", "a/2.py", "b/1.py", "c/1.py"]) folder.file(name, "");
    const walked = async (left: number) => {
      const budget = { left };
      const found = [];
      const options = { exclude: [], excludeFrom: folder.path, onProblem: assert.fail, budget };
      for await (const path of walk(folder.path, options)) found.push(path);
      return [found.length, budget.left < 0];
    };
    // Four folders and four files.
    assert.deepEqual(
      [await walked(8), await walked(7), await walked(3)],
      [
        [4, false],
        [3, true],
        [1, true],
      ],
    );
  });
});
