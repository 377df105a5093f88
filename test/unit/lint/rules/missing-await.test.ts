import assert from "node:assert/strict";
import { checks, lint } from "./check";

const check = (source: string) =>
  checks("missing-await", `import asyncio, json\nasync def fetch(): ...\n${source}`);

describe("missing-await", () => {
  it("reports a coroutine made and dropped", () =>
    check(`
async def main():
    fetch()  # !
    (fetch())  # !
    asyncio.sleep(1)  # !
    await fetch()
    await (fetch())
    total = await fetch() + await fetch() ** 2
    return not await fetch() and total
def sync():
    fetch()  # !
`));

  it("believes code that asks what it has there", () =>
    check(`
import inspect
class Lock:
    async def acquire(self): ...
class Held:
    def __init__(self):
        self.lock = Lock()
    async def take(self, sync):
        if isinstance(self.lock, sync):
            self.lock.acquire()
        elif isinstance(sync, Held):
            self.lock.acquire()
        if isinstance(sync, Held):
            self.lock.acquire()  # !
    async def close(self): ...
    def __del__(self):
        if not inspect.iscoroutinefunction(self.close):
            self.close()
        self.close()  # !
`));

  it("reports a coroutine tested or computed with", () =>
    check(`
async def main():
    if fetch():  # !
        pass
    while not fetch():  # !
        pass
    assert fetch()  # !
    x = fetch() + 1  # !
    y = 1 if fetch() else 2  # !
    z = fetch() and 1  # !
    print(f"{fetch()}")  # !
    for row in fetch():  # !
        pass
    a = fetch()["key"]  # !
    b = fetch().name  # !
    with fetch() as f:  # !
        pass
    if fetch() == 3 or a:  # !
        pass
    print(x, y, z, a, b, f)
`));

  it("reports a coroutine assigned and never used, or passed on to what wants a value", () =>
    check(`
async def main():
    data = fetch()  # !
    print(fetch())  # !
    row = fetch()  # !
    if row:
        print(row["id"], row.name)
    mixed = fetch()
    if mixed:
        await mixed
    again = fetch()
    again = 3
    print(again.real)
    n = len(fetch())  # !
    s = json.dumps(fetch())  # !
    return n, s
`));

  it("reports methods and coroutines of known libraries", () =>
    check(`
class Client:
    async def send(self): ...
    async def run(self):
        self.send()  # !
        queue = asyncio.Queue()
        queue.put(1)  # !
        queue.put_nowait(1)
def use(client: Client):
    client.send()  # !
`));

  it("leaves alone what may be awaited elsewhere", () =>
    check(`
import contextlib
def run(x): ...
def spawn():
    return fetch()
tasks = []
module_level = fetch()
async def main():
    tasks.append(fetch())
    task = asyncio.create_task(fetch())
    await asyncio.gather(fetch(), fetch())
    run(fetch())
    c = fetch()
    await c
    first = c or fetch()
    coro = fetch() if first else fetch()
    pair = fetch(), fetch()
    handlers = {"a": fetch(), "b": [fetch()]}
    await asyncio.wait_for(fetch(), 3)
    asyncio.run_coroutine_threadsafe(fetch(), None)
    later = lambda: fetch()
    d = fetch()
    d.close()
    fetch().close()
    def inner():
        return d
    return fetch(), task, coro, pair, handlers, later, inner
async def agen():
    yield fetch()
`));

  it("leaves alone functions a decorator may have changed, and what is sync as well", () =>
    check(`
import app, functools
@app.task
async def job(): ...
@contextmanager_like
async def other(): ...
if app.fast:
    def maybe(): ...
else:
    async def maybe(): ...
async def agen():
    yield 1
async def main():
    job()
    other()
    maybe()
    unknown()
    app.fetch()
    agen()
`));

  it("inserts await, in parentheses where needed", () => {
    const fix = (source: string) => {
      const text = `async def fetch(): ...\nasync def main():\n    ${source}\n`;
      const edits = lint("missing-await", text)[0].fix?.edits ?? [];
      const lines = text.split("\n");
      for (const edit of edits) {
        const line = lines[edit.line - 1];
        lines[edit.line - 1] = line.slice(0, edit.column - 1) + edit.text + line.slice(edit.endColumn - 1);
      }
      return lines[2].trim();
    };
    assert.equal(fix("fetch()"), "await fetch()");
    assert.equal(fix("print(fetch().name)"), "print((await fetch()).name)");
    assert.equal(fix("x = fetch() + 1; print(x)"), "x = await fetch() + 1; print(x)");
    assert.equal(fix("print((fetch())[0])"), "print((await fetch())[0])");
  });

  it("has no fix where nothing may be awaited", () => {
    assert.equal(lint("missing-await", "async def f(): ...\ndef g():\n    f()\n")[0].fix, null);
  });
});
