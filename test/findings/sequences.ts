import assert from "node:assert/strict";
import type { Group } from "./scenario";

const FETCH = `
took = []
async def fetch(what, seconds):
    t = time.monotonic()
    await asyncio.sleep(seconds)
    took.append(time.monotonic() - t)
    return what
`;

export const sequences: Group = {
  rule: "sequential-awaits",
  shows: [
    {
      title: "two awaits that need nothing of each other, with what this run would have saved",
      program: `${FETCH}
async def page(user_id):
    user = await fetch(user_id, 0.3) #: first
    orders = await fetch("orders", 0.2)
    return user, orders
asyncio.run(page(1))
say(shorter=min(took), longer=max(took))
`,
      check(ran) {
        const found = ran.one("sequential-awaits");
        ran.at(found, "first");
        assert.equal(found.severity, "info");
        // As long as the shorter one took: together they take as long as the longer one. On a busy machine a wait begins
        // some time after its timer was set.
        assert.ok(found.seconds! >= 0.1 && found.seconds! <= ran.said.shorter, found.message);
        assert.match(found.message, /fetch\(user_id.* and fetch\(.* were awaited one after another/);
      },
    },
    {
      title: "the sum over all tasks that went through it",
      program: `${FETCH}
async def page(n):
    a = await fetch(n, 0.1) #: first
    b = await fetch(n, 0.1)
    return a, b
async def main():
    await asyncio.gather(*(page(n) for n in range(5)))
asyncio.run(main())
say(total=sum(took))
`,
      check(ran) {
        const found = ran.one("sequential-awaits");
        assert.ok(found.seconds! >= 0.3 && found.seconds! <= ran.said.total / 2, found.message);
        assert.equal(found.tasks.length, 5);
        assert.match(found.message, /This code ran 5 times/);
      },
    },
    {
      title: "calls that need not be named like fetching, nor assigned",
      program: `
async def job(seconds): await asyncio.sleep(seconds)
async def main():
    await job(0.2) #: first
    await job(0.1)
    await asyncio.to_thread(time.sleep, 0.15)
asyncio.run(main())
`,
      check(ran) {
        const found = ran.one("sequential-awaits");
        ran.at(found, "first");
        // As long as the two shorter waits: the thread may sleep for a while before anybody waits for it.
        const waits = ran.report.tasks[0].suspensions.map(({ from, resumed }) => resumed! - from);
        const [shorter, longer] = waits.sort((a, b) => a - b);
        assert.equal(waits.length, 3);
        assert.ok(Math.abs(found.seconds! - shorter - longer) < 0.01, `${found.message} Waits: ${waits}`);
        assert.match(found.message, /job\(0\.2\), job\(0\.1\) and asyncio\.to_thread\(time\.sleep, 0\.15\)/);
      },
    },
  ],
  silent: [
    {
      title: "awaits that share a session which serves one at a time, or a global that they count in",
      program: `${FETCH}
class AsyncSession: pass
count = 0
async def page(session: AsyncSession):
    user = await of(session, 1)
    orders = await of(session, 2)
    assert user != orders
    await up()
    shown = await show()
async def of(session, n): return await fetch(n, 0.1)
async def up():
    global count
    await fetch("", 0.1)
    count += 1
async def show():
    await fetch("", 0.1)
    return count
asyncio.run(page(AsyncSession()))
`,
    },
    {
      title: "awaits that use an earlier result, change what the next reads, or run together already",
      program: `${FETCH}
async def page(n):
    user = await fetch(n, 0.1)
    orders = await fetch(user, 0.1)
    state = []
    await step(state)
    await step(state)
    both = await asyncio.gather(fetch(1, 0.1), fetch(2, 0.1))
    return orders, both
async def step(state):
    state.append(1)
    await asyncio.sleep(0.1)
asyncio.run(page(1))
`,
    },
  ],
};
