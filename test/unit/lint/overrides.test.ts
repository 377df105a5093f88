/** Methods that classes override: what a call runs depends on whose object it is. */
import assert from "node:assert/strict";
import { createWorkspace } from "../../../src/lint/index";
import { random } from "./engineFuzz";
import { checks, lint } from "./rules/check";

const blocks = (files: string | Record<string, string>) => checks("blocking-*", files);

describe("methods that are overridden", () => {
  it("block where a class that inherits does, called on `self` or a declared base", () =>
    blocks({
      "base.py": `
from abc import ABC, abstractmethod
class Job(ABC):
    @abstractmethod
    def step(self): ...
    @property
    @abstractmethod
    def size(self) -> int: ...
    def all(self):
        self.step()
    async def run(self):
        self.step()  # !
        self.all()  # !
        print(self.size)  # !
        super().step()
    async def quick(self):
        self.step()
`,
      "jobs.py": `
import time
from base import Job
class Sleepy(Job):
    def step(self):
        time.sleep(1)
    @property
    def size(self):
        return len(open("x").read())
    async def quick(self): ...
class Lazy(Job):
    def step(self): ...
`,
      "main.py": `
from base import Job
from jobs import Lazy, Sleepy
class Typed:
    def __init__(self, job: Job, lazy: Lazy):
        self.job = job
        self.lazy = lazy
    async def run(self):
        self.job.step()  # !
        self.job.all()  # !
        self.lazy.step()
        self.lazy.all()
async def main(job: Job, lazy: Lazy, sleepy: Sleepy):
    job.step()  # !
    job.all()  # !
    lazy.step()
    lazy.all()
    sleepy.all()  # !
    Lazy().all()
    Sleepy().all()  # !
    print(job.size)  # !
`,
    }));

  it("do not where the object is of another class", () =>
    blocks(`
import time
class Client:
    def send(self): raise NotImplementedError
    def get(self): return self.send()
class SyncClient(Client):
    def send(self): time.sleep(1)
    def fetch(self): return self.get()
class AsyncClient(Client):
    async def send(self): ...
    async def fetch(self): return await self.get()
    async def twice(self):
        self.get()
        super().get()
async def main(client: AsyncClient, sync: SyncClient):
    await client.get()
    client.get()
    AsyncClient().get()
    sync.fetch()  # !
`));

  it("do not where the method that is overridden blocks, and the object's own does not", () =>
    blocks(`
import time
class Client:
    def send(self): time.sleep(1)
    def get(self): return self.send()
    async def late(self): self.get()  # !
class AsyncClient(Client):
    async def send(self): ...
    async def fetch(self): self.get()
class Same(Client):
    async def fetch(self): self.get()  # !
`));

  it("are those of mixins and classes further down, and what constructors call", () =>
    blocks(`
import time
class Base:
    def __init__(self): self.setup()
    def setup(self): ...
    async def run(self):
        self.load()  # !
        self.missing()  # !
    def load(self): ...
class Middle(Base): ...
class Mixin:
    def load(self): time.sleep(1)
class Real(Mixin, Middle):
    def missing(self): time.sleep(1)
    def setup(self): time.sleep(1)
async def main():
    Base()
    Middle()
    Real()  # !
`));

  it("do not count where tests stand in for what runs", () =>
    blocks({
      "app.py": `
class Base:
    def load(self): ...
    async def run(self): self.load()
`,
      "tests/test_app.py": `
import time
from app import Base
class Slow(Base):
    def load(self): time.sleep(1)
async def check(base: Base): base.load()  # !
`,
    }));

  it("are said to be overrides", () => {
    const [finding] = lint(
      "blocking-sleep",
      "import time\nclass A:\n    def f(self): ...\n    async def g(self): self.f()\nclass B(A):\n    def f(self): time.sleep(1)\n",
    );
    assert.equal(
      finding.message,
      "self.f() blocks the event loop in async function g(): it ends in time.sleep(), through B.f (an override)",
    );
  });

  it("are looked at again when classes change", () => {
    const workspace = createWorkspace({ roots: ["/"], select: ["blocking-*"] });
    workspace.setFile("/base.py", "class A:\n    def f(self): ...\n    async def g(self): self.f()\n");
    const found = () => workspace.findings("/base.py").length;
    assert.equal(found(), 0);
    const sub = (bases: string, body: string) =>
      `import time\nfrom base import A\nclass M: ...\nclass B(${bases}):\n    ${body}\n`;
    for (const [bases, body, expected] of [
      ["A", "def f(self): time.sleep(1)", 1],
      ["M", "def f(self): time.sleep(1)", 0],
      ["M, A", "def f(self): time.sleep(1)", 1],
      ["A", "def e(self): time.sleep(1)", 0],
      ["A", "def f(self): time.sleep", 0],
      ["A", "def f(self): time.sleep(2)", 1],
      ["A", "def f(self): time.sleep(2)\n    async def g(self): ...", 0],
    ] as const) {
      workspace.setFile("/sub.py", sub(bases, body));
      assert.equal(found(), expected, `${bases}: ${body}`);
    }
    workspace.setFile("/sub.py", sub("A", "def f(self): time.sleep(1)"));
    workspace.removeFile("/sub.py");
    assert.equal(found(), 0);
  });

  it("are after any edits what a first reading finds", () => {
    const pick = random(7);
    const one = <T>(of: readonly T[]): T => of[Math.floor(pick() * of.length)];
    const names = ["A", "B", "C", "D", "E", "F"];
    const bodies = [
      "def f(self): time.sleep(1)",
      "def f(self): ...",
      "async def f(self): time.sleep(1)",
      "def g(self): self.f()",
      "def g(self): self.h.f()",
      "async def run(self): self.f(); self.g()",
      "@property\n    def f(self): return open('x')",
      "def __init__(self, h: A): self.h = h",
      "async def last(self, a: A, b: 'B'): a.f(); b.g(); print(a.f, b.f); A().g()",
      "f = None",
    ];
    // The classes of a file, and those of the files it imports from, may be bases of those behind them.
    const cls = (at: number) => {
      const bases = [...new Set([one(names.slice(0, at + 1)), one(names.slice(0, at + 1))])].filter(
        (name) => name !== names[at],
      );
      const members = Array.from({ length: 1 + Math.floor(pick() * 3) }, () => `    ${one(bodies)}\n`);
      return `class ${names[at]}(${bases.join(", ")}):\n${members.join("")}`;
    };
    const file = (at: number) =>
      `import time\n${at > 0 ? `from f${at - 1} import *` : ""}\n${cls(at * 2)}${cls(at * 2 + 1)}`;
    const options = { roots: ["/"], select: ["blocking-*"] };
    const workspace = createWorkspace(options);
    for (let round = 0; round < 300; round++) {
      const at = Math.floor(pick() * 3);
      const path = `/f${at}.py`;
      if (pick() < 0.1) workspace.removeFile(path);
      else if (pick() < 0.5 || !workspace.has(path)) workspace.setFile(path, file(at));
      else {
        const lines = workspace.text(path)!.split("\n");
        lines[2 + Math.floor(pick() * (lines.length - 3))] = `    ${one(bodies)}`;
        workspace.setFile(path, lines.join("\n"));
      }
      if (pick() < 0.4) continue;
      const fresh = createWorkspace(options);
      for (const other of workspace.paths()) fresh.setFile(other, workspace.text(other)!);
      const shown = (of: typeof fresh) =>
        of
          .allFindings()
          .map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`)
          .sort();
      assert.deepEqual(shown(workspace), shown(fresh), `round ${round}`);
    }
  });
});

describe("plain methods that are overridden by coroutine functions", () => {
  it("give a coroutine that nobody awaits, where objects of those classes get there", () =>
    checks(
      "missing-await",
      `
class Store:
    def close(self): ...
    def load(self): return 1
    async def stop(self):
        self.close()  # !
        x = self.load()
    async def restart(self):
        self.close()
    def quit(self):
        self.close()
class Remote(Store):
    async def close(self): ...
    async def load(self): return 2
    async def restart(self):
        await self.close()
class Local(Store):
    def close(self): ...
async def main(store: Store, local: Local, mapping: dict):
    store.close()  # !
    local.close()
    Store().close()
    if isinstance(store, Remote):
        await store.close()
    else:
        store.close()
    await store.close()
    mapping.clear()
`,
    ));
});
