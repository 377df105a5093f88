import assert from "node:assert/strict";
import { checks, lint } from "./check";

describe("deprecated-loop-api", () => {
  const check = (source: string) =>
    checks("deprecated-loop-api", `import asyncio\nasync def main(): ...\n${source}`);

  it("reports get_event_loop where no loop can be running", () =>
    check(`
loop = asyncio.get_event_loop()  # !
def run():
    loop = asyncio.get_event_loop()  # !
    loop.run_until_complete(main())
def forever():
    asyncio.get_event_loop().run_forever()  # !
async def fine():
    return asyncio.get_event_loop()
def called_on_the_loop():
    return asyncio.get_event_loop().create_future()
class A:
    def __init__(self, loop=None):
        self.loop = loop or asyncio.get_event_loop()
`));

  it("reports what is deprecated or gone", () =>
    check(`
def setup(loop):
    asyncio.set_event_loop(loop)  # !
    asyncio.set_event_loop_policy(None)  # !
    asyncio.get_event_loop_policy()  # !
    asyncio.get_child_watcher()  # !
    asyncio.new_event_loop()
    asyncio.set_event_loop(None)
async def old(loop):
    await asyncio.sleep(1, loop=loop)  # !
    lock = asyncio.Lock(loop=loop)  # !
    await asyncio.wait_for(main(), 3, loop=loop)  # !
    asyncio.ensure_future(main(), loop=loop)
    asyncio.run_coroutine_threadsafe(main(), loop=loop)
    return lock
@asyncio.coroutine  # !
def older():
    yield from main()
`));

  it("is silent where the version of Python was asked for", () =>
    check(`
import sys
from sys import version_info
if sys.version_info < (3, 14):
    asyncio.set_event_loop_policy(None)
else:
    asyncio.get_event_loop_policy()
old = {} if version_info >= (3, 10) else {"lock": asyncio.Lock(loop=None)}
if sys.platform == "win32":
    asyncio.set_event_loop_policy(None)  # !
`));

  it("writes asyncio.run, and takes out loop=", () => {
    const edits = (source: string) => {
      const [finding] = lint("deprecated-loop-api", `import asyncio\nasync def main(): ...\n${source}\n`);
      return finding.fix?.edits.map((edit) => [edit.column, edit.endColumn, edit.text]);
    };
    assert.deepEqual(edits("asyncio.get_event_loop().run_until_complete(main())"), [[1, 44, "asyncio.run"]]);
    assert.deepEqual(edits("async def f(l): await asyncio.sleep(1, loop=l)"), [[38, 46, ""]]);
    assert.deepEqual(edits("lock = asyncio.Lock(loop=None)"), [[21, 30, ""]]);
    assert.deepEqual(edits("queue = asyncio.Queue(loop=None, maxsize=3)"), [[23, 34, ""]]);
  });
});

describe("await-in-lock-order", () => {
  const check = (source: string | Record<string, string>) => checks("await-in-lock-order", source);

  it("reports two locks taken in opposite orders", () =>
    check(`
import asyncio
a = asyncio.Lock()
b = asyncio.Lock()
async def one():
    async with a:
        async with b:  # !
            pass
async def other():
    async with b, a:  # !
        pass
`));

  it("sees locks of a class, and helpers that take the second", () =>
    check(`
import asyncio
class Bank:
    def __init__(self):
        self.accounts = asyncio.Lock()
        self.journal = asyncio.Lock()
    async def deposit(self):
        async with self.accounts:
            await self.log()  # !
    async def log(self):
        async with self.journal:
            pass
    async def audit(self):
        async with self.journal:
            async with self.accounts:  # !
                pass
`));

  it("sees locks in another file", () =>
    check({
      "locks.py": "import asyncio\na = asyncio.Lock()\nb = asyncio.Lock()\n",
      "one.py":
        "from locks import a, b\nasync def one():\n    async with a:\n        async with b:  # !\n            pass\n",
      "other.py":
        "import locks\nasync def other():\n    async with locks.b:\n        async with locks.a:  # !\n            pass\n",
    }));

  it("leaves alone one order, one lock, and locks it cannot tell apart", () =>
    check(`
import asyncio
a = asyncio.Lock()
b = asyncio.Lock()
class Account:
    def __init__(self):
        self.lock = asyncio.Lock()
async def one():
    async with a:
        async with b:
            pass
async def same_order():
    async with a:
        async with b:
            pass
async def one_after_the_other():
    async with b:
        pass
    async with a:
        pass
async def transfer(x: Account, y: Account):
    async with x.lock:
        async with y.lock:
            pass
async def locals_only():
    a = asyncio.Lock()
    async with b:
        async with a:
            pass
async def parameters(a, b):
    async with b:
        async with a:
            pass
`));

  it("names the other place", () => {
    const [finding] = lint("await-in-lock-order", {
      "main.py":
        "import asyncio\na = asyncio.Lock()\nb = asyncio.Lock()\nasync def f():\n    async with a, b: pass\nasync def g():\n    async with b, a: pass\n",
    });
    assert.match(finding.message, /takes b while holding a; g takes them the other way round/);
    assert.equal(finding.related[0].line, 7);
  });
});

/** The cells of a notebook run on a loop and may await: what is known of modules does not hold at their level. */
describe("in a notebook", () => {
  const cells = (rule: string, source: string) => checks(rule, { "book.ipynb": source });
  const code = `import asyncio, time
async def fetch(): ...
def main(): asyncio.run(fetch())
`;

  it("a cell starts no loop", () => {
    cells(
      "nested-loop",
      `${code}
asyncio.run(fetch())  # !
main()  # !
asyncio.get_event_loop().run_until_complete(fetch())  # !
await fetch()
asyncio.to_thread(main)
`,
    );
    cells("nested-loop", `${code}import nest_asyncio\nnest_asyncio.apply()\nasyncio.run(fetch())\n`);
    checks("nested-loop", `${code}asyncio.run(fetch())\nmain()\n`);
  });

  it("a cell may block, get the loop, and leave a task to Out", () => {
    cells("blocking-*", `${code}time.sleep(1)\nprint(open("x").read())\n`);
    cells("deprecated-loop-api", `${code}loop = asyncio.get_event_loop()\n`);
    checks("deprecated-loop-api", `${code}loop = asyncio.get_event_loop()  # !\n`);
    cells("dangling-task", `${code}asyncio.create_task(fetch())\n`);
  });

  it("a coroutine can be awaited at once", () => {
    const [finding] = lint("missing-await", { "book.ipynb": `${code}fetch()\n` });
    assert.match(finding.message, /never awaited: await it$/);
    assert.equal(finding.fix?.title, "Await fetch()");
  });
});
