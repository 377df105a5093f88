import assert from "node:assert/strict";
import { checks, lint } from "./check";

describe("sequential-awaits", () => {
  const check = (source: string) => checks("sequential-awaits", `import asyncio, aiohttp, httpx\n${source}`);

  it("reports awaits that fetch and do not need one another", () =>
    check(`
async def fetch(url): ...
async def page(user_id):
    user = await fetch_user(user_id)  # !
    orders = await fetch_orders(user_id)
    return user, orders
async def three():
    a = await fetch("a")  # !
    b = await fetch("b")
    c = await fetch("c")
    return a, b, c
class Service:
    async def get_a(self): ...
    async def load(self):
        a = await self.get_a()
        b = await self.get_a()
        return a, b
async def session(s: aiohttp.ClientSession, c: httpx.AsyncClient):
    a = await c.get("a")  # !
    b = await c.get("b")
    return a, b
`));

  it("leaves alone awaits that need one another, or may", () =>
    check(`
async def needs(user_id):
    user = await fetch_user(user_id)
    orders = await fetch_orders(user)
    return orders
async def needs_a_part_of(user_id):
    user = await fetch_user(user_id)
    orders = await fetch_orders(user.id)
    return orders
async def shares(reader, session):
    header = await read_header(reader)
    body = await read_body(reader)
    return header, body
async def shares_one_connection(session):
    rows = await session.fetch("a")
    more = await session.fetch("b")
    return rows, more
async def effects():
    a = await connect()
    b = await login()
    await save(a)
    await notify(b)
async def apart():
    a = await fetch_a()
    print(a)
    b = await fetch_b()
    return a, b
async def overwrites():
    a = await fetch_a()
    a = await fetch_b()
    return a
async def unpacked(*args):
    a = await fetch_a(*args)
    b = await fetch_b(*args)
    return a, b
`));
});

describe("busy-wait", () => {
  const check = (source: string) => checks("busy-wait", `import asyncio, time, os\n${source}`);

  it("quotes what the loop looks at", () => {
    const [found] = lint(
      "busy-wait",
      "import asyncio\nasync def f(a):\n    while len(a.tasks):\n        await asyncio.sleep(1)\n",
    );
    assert.match(found.message, /to look at len\(a\.tasks\): /);
  });

  it("reports a sleep in a loop that looks at this process", () =>
    check(`
done = False
async def main(task, queue, items):
    while not done:  # !
        await asyncio.sleep(0.1)
    while len(items) < 3:  # !
        await asyncio.sleep(0)
    while not task.done():  # !
        await asyncio.sleep(1)
    while queue.empty() and not done:  # !
        await asyncio.sleep(1)
    while not done and time.monotonic() < 3:  # !
        await asyncio.sleep(1)
    while (items and (time.time() - start) < 3 and not done):  # !
        await asyncio.sleep(1)
class A:
    async def wait(self):
        while self.state != "ready":  # !
            await asyncio.sleep(0.05)
`));

  it("leaves alone sleeping for ever, polling, and loops that do something", () =>
    check(`
async def main(done, client):
    while True:
        await asyncio.sleep(3600)
    while not os.path.exists("x"):
        await asyncio.sleep(1)
    while time.time() < 3:
        await asyncio.sleep(1)
    while time.time() < 3 and not os.path.exists("x"):
        await asyncio.sleep(1)
    while time.time() < 3 or not done:
        await asyncio.sleep(1)
    while not await client.ready():
        await asyncio.sleep(1)
    while not client.poll():
        await asyncio.sleep(1)
    while not done:
        client.ping()
        await asyncio.sleep(1)
    while not done:
        await client.step()
    while 1:
        await asyncio.sleep(1)
`));
});

describe("async-without-await", () => {
  const check = (source: string) => checks("async-without-await", source);

  it("reports async functions that never let go of the loop", () =>
    check(`
async def total(prices):  # !
    return sum(prices)
class A:
    async def name(self):  # !
        return "a"
async def outer():  # !
    async def inner():
        await x()
    return inner
`));

  it("leaves alone what awaits, and what has to be async", () =>
    check(`
import abc
async def a():
    await x()
async def b():
    async with x():
        pass
async def c():
    async for _ in x():
        pass
async def d():
    return [i async for i in x()]
async def e():
    yield 1
@app.get("/")
async def handler():
    return 1
async def stub():
    """Later."""
async def stub2(): ...
async def stub3():
    raise NotImplementedError
class Base(abc.ABC):
    async def name(self):
        return "a"
class B:
    async def __aenter__(self):
        return self
def factory():
    async def callback(event):
        print(event)
    return callback
async def test_it():
    assert True
`));
});
