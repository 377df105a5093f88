import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { apply } from "../../../src/lint/fixes/edits";
import { combine, fixesFor, type OfferedFix } from "../../../src/lint/fixes/index";
import { suppressHere } from "../../../src/lint/fixes/suppression";
import { createWorkspace, type Finding } from "../../../src/lint/index";
import { parser } from "../../../src/lint/parser/parser";
import { unsuppressed } from "../../../src/lint/suppress";

function lint(text: string): Finding[] {
  const workspace = createWorkspace({
    roots: ["/app"],
    extendSelect: ["blocking-cpu"],
    blocking: ["vendor.Client.send"],
  });
  workspace.setFile("/app/main.py", text);
  return unsuppressed(text, workspace.findings("/app/main.py"));
}

function offered(text: string, finding: Finding): OfferedFix[] {
  return fixesFor({ text, tree: parser.parse(text) }, finding);
}

/** What the first fix of the first finding makes of the text. */
function fixed(text: string): string {
  const [finding] = lint(text);
  assert.ok(finding, `nothing is found in ${text}`);
  const [fix] = offered(text, finding);
  assert.ok(fix, `no fix for ${finding.message}`);
  return apply(text, fix.edits);
}

/** The texts that are no Python, with the reason. */
function broken(texts: readonly string[]): string[] {
  const script = `
import ast, json, sys, warnings
warnings.simplefilter("ignore")
for text in json.load(sys.stdin):
    try:
        ast.parse(text)
    except SyntaxError as error:
        print(error, text, sep="\\n")`;
  const output = execFileSync("python3", ["-c", script], { input: JSON.stringify(texts), encoding: "utf8" });
  return output === "" ? [] : [output];
}

/** Async code that blocks, in every surrounding a fix has to fit into. */
const SITUATIONS = [
  "import time\nasync def f():\n    time.sleep(1)\n",
  "from time import sleep\nasync def f():\n    sleep(1); sleep(2)\n",
  "import asyncio as aio, time\nasync def f():\n    time.sleep(1)\n",
  '"""Doc."""\nfrom __future__ import annotations\nimport time\nasync def f():\n\ttime.sleep(1)\n',
  "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nasync def f():\n    time.sleep(1)\n",
  "import time\r\n\r\nasync def f():\r\n    time.sleep(1)\r\n",
  "import time\nasync def f():\n    time.sleep(\n        # a while\n        1,\n    )\n",
  "import requests\nasync def f(url):\n    return requests.get(url).json()\n",
  "import requests\nasync def f(url):\n    return requests.get(url, timeout=3).json()['a'][0]\n",
  "import requests\nasync def f(url):\n    text = f'{requests.get(url)}'\n    return text\n",
  "import requests\nasync def f(urls):\n    return [requests.get(url) for url in urls]\n",
  "import requests\nasync def f(urls):\n    return sum(requests.get(url).status for url in urls)\n",
  "import requests\nasync def f(url):\n    get = lambda: requests.get(url)\n    return get()\n",
  "import requests\nasync def f(url):\n    return (requests.get)(url) if url else requests.get(\n        url,\n        timeout=1)\n",
  "import requests\nasync def f(url):\n    with requests.get(url) as response:\n        return response\n",
  "import requests\nasync def f(g, url):\n    return g(requests.get(await url)) + 1\n",
  "import requests\nasync def f(url):\n    return requests.get(url)\n@app.get(requests.get('x'))\nasync def g(x=requests.get('y')): ...\n",
  "import subprocess\nasync def f():\n    subprocess.run(['ls', '-l'], cwd='/')\n    x = subprocess.run(['ls'])\n    subprocess.call([])\n    return x\n",
  "import subprocess\nasync def f(cmd):\n    subprocess.run(cmd)\n    process = subprocess.Popen(['ls'], stdout=subprocess.PIPE)\n    return process\n",
  "import os\nasync def f():\n    if not os.path.exists('x') and os.listdir('.'):\n        os.system('ls')\n",
  "from pathlib import Path\nasync def f(d: Path):\n    for p in d.glob('*'):\n        print(p.read_text())\n    return list(d.iterdir()), [p for p in d.rglob('*')], sorted(d.iterdir(), key=lambda p: p.stat().st_size)\n",
  "async def f(p):\n    with open(p) as a, open(p) as b:\n        return a.read() + b.read()\n",
  "async def f():\n    return input('x').strip()\n",
  "import sqlite3\nasync def f():\n    c = sqlite3.connect('x')\n    return c.execute('select 1').fetchall()\n",
  "import threading\nlock = threading.Lock()\nasync def f(t: threading.Thread):\n    lock.acquire()\n    with lock:\n        t.join()\n",
  "from concurrent.futures import Future\nasync def f(a: Future, b: Future):\n    return a.result() + b.result(3)\n",
  "import asyncio\nasync def g(): ...\nasync def f(loop: asyncio.AbstractEventLoop):\n    asyncio.run(g())\n    x = loop.run_until_complete(g())\n    return x\n",
  "import time\ndef helper(*a, **k):\n    time.sleep(1)\nasync def f(xs):\n    helper()\n    helper(x for x in xs)\n    helper(*xs, key=1)\n    x = helper(\n        1,\n    )\n    return x\n",
  "import time\nclass A:\n    def __init__(self):\n        time.sleep(1)\n    @property\n    def slow(self):\n        time.sleep(1)\n    def save(self):\n        time.sleep(1)\n    async def f(self):\n        self.save()\n        return A(), self.slow, super().save\n",
  "import asyncio, time\ndef late(): time.sleep(1)\nasync def f():\n    asyncio.get_running_loop().call_soon(late)\n",
  "import hashlib\nasync def f(p):\n    return hashlib.scrypt(p, salt=b'', n=2, r=1, p=1)\n",
  "import asyncio\nasync def g(): ...\nasync def f():\n    asyncio.create_task(g())\n    t = asyncio.create_task(g())\n    asyncio.ensure_future(\n        g(),\n    )\n    if f: asyncio.create_task(g())\n",
  "import asyncio\nasync def get(x): ...\nasync def f():\n    a = await get(1)\n    b, c = await get(2)\n    d = await get(\n        3)\n    return a, b, c, d\n",
  "import asyncio\nasync def get(x): ...\nasync def f(g):\n    g()\n    get(1)\n    if get(2): pass\n    return get(3).x + await get(4)\n",
  "import asyncio\nasync def g(): ...\ndef gen(): yield\nasync def f():\n    await g\n    asyncio.create_task(g)\n    async for x in gen(): print(x)\n    with asyncio.TaskGroup() as tg: print(tg)\n",
  "import asyncio\nasync def g(): ...\nasync def f():\n    try:\n        await g()\n    except BaseException:\n        pass\n    try:\n        await g()\n    except asyncio.CancelledError: return\n    try:\n        await g()\n    except:\n        print(1)  # because\n",
  "import asyncio\nasync def g(): ...\nasync def f(l):\n    await asyncio.sleep(1, loop=l)\n    q = asyncio.Queue(loop=l, maxsize=3)\n    return q\nasyncio.get_event_loop().run_until_complete(g())\n",
];

const PAGES = readdirSync("docs/rules").map(
  (name) => /## Bad\n\n```python\n([\s\S]*?)```/.exec(readFileSync(`docs/rules/${name}`, "utf8"))?.[1] ?? "",
);

function counts(findings: readonly Finding[]): Map<string, number> {
  const result = new Map<string, number>();
  for (const { rule } of findings) result.set(rule, (result.get(rule) ?? 0) + 1);
  return result;
}

describe("fixes", () => {
  it("every one clears its finding, adds none, and leaves Python behind", () => {
    const results: string[] = [];
    let fixes = 0;
    for (const text of [...SITUATIONS, ...PAGES]) {
      const before = lint(text);
      for (const finding of before) {
        const source = { text, tree: parser.parse(text) };
        const suppress = suppressHere(source, finding);
        for (const fix of [...fixesFor(source, finding), ...(suppress ? [suppress] : [])]) {
          const after = apply(text, fix.edits);
          results.push(after);
          fixes++;
          const left = counts(lint(after));
          const had = counts(before);
          const about = `${finding.rule}, "${fix.title}":\n${text}\nbecame\n${after}`;
          assert.ok((left.get(finding.rule) ?? 0) < (had.get(finding.rule) ?? 0), `not cleared: ${about}`);
          for (const [rule, number] of left)
            assert.ok(number <= (had.get(rule) ?? 0), `new ${rule}: ${about}`);
        }
      }
    }
    assert.ok(fixes > 150, `only ${fixes} fixes were tried`);
    assert.deepEqual(broken(results), []);
  });

  it("all that is safe, at once, clears each and leaves Python behind", () => {
    const results = [...SITUATIONS, ...PAGES].map((text) => {
      const safe = lint(text).flatMap((finding) => offered(text, finding).slice(0, 1));
      const chosen = safe.filter((fix) => fix.safe);
      const after = apply(text, combine(chosen));
      if (chosen.length > 0) assert.ok(lint(after).length < lint(text).length, `${text}\nbecame\n${after}`);
      return after;
    });
    assert.deepEqual(broken(results), []);
  });

  for (const [name, before, after] of [
    [
      "sleep, with the import",
      SITUATIONS[0],
      "import asyncio\nimport time\nasync def f():\n    await asyncio.sleep(1)\n",
    ],
    [
      "the name asyncio has",
      SITUATIONS[2],
      "import asyncio as aio, time\nasync def f():\n    await aio.sleep(1)\n",
    ],
    [
      "the name a lazy import gave it",
      "lazy import asyncio as aio\nimport time\nasync def f():\n    time.sleep(1)\n",
      "lazy import asyncio as aio\nimport time\nasync def f():\n    await aio.sleep(1)\n",
    ],
    [
      "below the docstring and the __future__",
      SITUATIONS[3],
      '"""Doc."""\nfrom __future__ import annotations\nimport asyncio\nimport time\nasync def f():\n\tawait asyncio.sleep(1)\n',
    ],
    [
      "parentheses before a member",
      SITUATIONS[7],
      "import asyncio\nimport requests\nasync def f(url):\n    return (await asyncio.to_thread(requests.get, url)).json()\n",
    ],
    [
      "the list of what is iterated",
      "from pathlib import Path\nasync def f(d: Path):\n    for p in d.glob('*'): print(p)\n",
      "import asyncio\nfrom pathlib import Path\nasync def f(d: Path):\n    for p in await asyncio.to_thread(list, d.glob('*')): print(p)\n",
    ],
    [
      "no second await",
      "import asyncio\nasync def g(): ...\nasync def f():\n    return asyncio.run(g())\n",
      "import asyncio\nasync def g(): ...\nasync def f():\n    return await g()\n",
    ],
    [
      "CRLF",
      "import time\r\nasync def f():\r\n    time.sleep(1)\r\n",
      "import asyncio\r\nimport time\r\nasync def f():\r\n    await asyncio.sleep(1)\r\n",
    ],
  ]) {
    it(`writes ${name}`, () => assert.equal(fixed(before), after));
  }

  it("offers a subprocess of asyncio's own beside the thread", () => {
    const text = "import subprocess\nasync def f():\n    subprocess.call(['ls', '-l'], cwd='/')\n";
    const fixes = offered(text, lint(text)[0]);
    assert.deepEqual(
      fixes.map((fix) => fix.safe),
      [true, false],
    );
    assert.equal(
      apply(text, fixes[1].edits),
      "import asyncio\nimport subprocess\nasync def f():\n" +
        "    process = await asyncio.create_subprocess_exec('ls', '-l', cwd='/')\n    await process.wait()\n",
    );
  });

  it("is not offered where await cannot stand, or a thread would be wrong", () => {
    for (const text of [
      "import requests\nasync def f(url):\n    g = lambda: requests.get(url)\n    return g()\n",
      "import asyncio, time\ndef late(): time.sleep(1)\nasync def f():\n    asyncio.get_running_loop().call_soon(late)\n",
      "import sqlite3\nasync def f(c: sqlite3.Connection):\n    c.execute('x')\n",
      "import threading\nlock = threading.RLock()\nasync def f():\n    lock.acquire()\n",
    ]) {
      for (const finding of lint(text)) {
        const { from, to } = finding;
        const safe = offered(text, finding).filter((fix) => fix.safe);
        assert.deepEqual(safe, [], `${text.slice(from, to)} in\n${text}`);
      }
    }
  });

  it("suppressing adds to the comment that is there", () => {
    const text = "import time\nasync def f():\n    time.sleep(1)  # loopscope: ignore[blocking-http]\n";
    const [finding] = lint(text);
    const fix = suppressHere({ text, tree: parser.parse(text) }, finding);
    assert.match(apply(text, fix?.edits ?? []), /# loopscope: ignore\[blocking-http, blocking-sleep\]\n$/);
  });
});
