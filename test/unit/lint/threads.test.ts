/** Code of real projects that was reported and should not have been, next to what must be reported: which thread and loop it runs in, and who holds its tasks. */
import { checks } from "./rules/check";

const blocks = (files: string | Record<string, string>) => checks("blocking-*", files);

describe("precision about threads and loops", () => {
  it("lets a function run on the loop what it hands to a thread unless threads are forbidden", () =>
    blocks(`
import asyncio, time, anyio.to_thread
from functools import partial
async def run(threads, *args):
    def work(flag=False):
        time.sleep(1)
    if not threads:
        return work()
    await anyio.to_thread.run_sync(partial(work, True))
async def either(threads):
    def work():
        time.sleep(1)
    if threads:
        await asyncio.to_thread(work)
    else:
        work()
async def both(again):
    def work():
        time.sleep(1)
    await asyncio.to_thread(work)
    if again:
        work()  # !
async def never():
    def work():
        time.sleep(1)
    if time.time() > 5:
        work()  # !
`));

  it("lets a function run on the loop what it is given, and otherwise gives to a thread in one of its own", () =>
    blocks(`
import asyncio, time
class Database:
    async def run(self, fn):
        if self.executor is None:
            return fn(self.connection)
        def in_thread():
            return fn(self.connect())
        return await asyncio.get_running_loop().run_in_executor(self.executor, in_thread)
    async def lambdas(self, fn):
        if self.executor is None:
            return fn(1)
        return await asyncio.to_thread(lambda: fn(2))
    async def always(self, fn):
        if self.executor is None:
            return fn(1)
        return await asyncio.to_thread(lambda: self.connect())
    async def main(self):
        await self.run(lambda c: time.sleep(1))
        await self.lambdas(lambda c: time.sleep(1))
        await self.always(lambda c: time.sleep(1))  # !
`));

  it("knows that code after `except RuntimeError` of get_running_loop runs off the loop", () =>
    checks(
      "nested-loop",
      `
import asyncio
def run(coro):
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coro)
    return asyncio.ensure_future(coro)
def other(coro):
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        loop = None
    if loop is None:
        return asyncio.run(coro)
    if loop and loop.is_running():
        return loop.create_task(coro)
    else:
        return loop.run_until_complete(coro)
def wrong(coro):
    loop = asyncio.get_running_loop()
    if loop.is_running():
        asyncio.run(coro)
async def work(): ...
async def main():
    await run(work())
    run(work())
    other(work())
    wrong(work())  # !
    asyncio.run(work())  # !
`,
    ));

  it("knows that what `async with` is given runs in any case", () =>
    blocks(`
import time
class Client:
    async def __aenter__(self): return self
    async def __aexit__(self, *args): ...
def connect(wait=False):
    if wait:
        time.sleep(1)
    return Client()
async def main():
    async with connect(True) as client:  # !
        ...
`));

  it("leaves threads alone that know about threads", () =>
    checks(
      "not-thread-safe",
      `
import asyncio, threading
class Pump:
    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.event = asyncio.Event()
    def post(self):
        if threading.get_ident() != 1:
            self.loop.call_soon_threadsafe(self.event.set)
        else:
            self.event.set()
    def own_loop(self):
        self.loop.call_soon(print)
        self.loop.run_forever()
    def plain(self):
        self.event.set()
    async def go(self):
        threading.Thread(target=self.post).start()
        threading.Thread(target=self.own_loop).start()
        threading.Thread(target=self.plain).start()  # !
`,
    ));

  it("lets ensure_future hand back a task that somebody holds", () =>
    checks(
      "dangling-task",
      `
import asyncio
async def work(): ...
async def main(given):
    task = asyncio.create_task(work())
    asyncio.ensure_future(task).add_done_callback(print)
    asyncio.ensure_future(given)
    asyncio.ensure_future(work())  # !
    coro = work()
    asyncio.ensure_future(coro)  # !
    await task
`,
    ));

  it("lets coroutines be collected for gather", () =>
    checks(
      "missing-await",
      `
import asyncio
async def work(x): ...
async def main(xs):
    await asyncio.gather(*tuple(work(x) for x in xs))
    await asyncio.gather(*list(work(x) for x in xs))
    if any(work(x) for x in xs):  # !
        pass
    list(work(1))  # !
`,
    ));

  it("knows a loop by its name, and a thread's own loop", () => {
    checks(
      "nested-loop",
      `
import asyncio
async def hook(): ...
def dispatch(find):
    loop = find()
    if loop is None:
        asyncio.run(hook())
    elif loop.is_running():
        loop.create_task(hook())
    else:
        loop.run_until_complete(hook())
async def main():
    dispatch(None)
`,
    );
    checks(
      "not-thread-safe",
      `
import asyncio
async def work(): ...
def close():
    try:
        task = asyncio.get_running_loop().create_task(work())
    except RuntimeError:
        pass
async def main():
    await asyncio.to_thread(close)
`,
    );
  });

  it("accepts get_event_loop with a plan for when there is none", () =>
    checks(
      "deprecated-loop-api",
      `
import asyncio
def main():
    try:
        loop = asyncio.get_event_loop()
    except RuntimeError:
        loop = asyncio.new_event_loop()
    loop.run_until_complete(None)
def other():
    asyncio.get_event_loop().run_until_complete(None)  # !
`,
    ));
});
