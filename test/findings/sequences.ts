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
        // As long as the shorter one took: together they take as long as the longer one.
        assert.ok(found.seconds! >= 0.2 && found.seconds! <= ran.said.shorter, found.message);
        assert.match(found.message, /fetch\(user_id.* and fetch\(.* were awaited one after another/);
      },
    },
    {
      title: "the sum over all tasks that went through it",
      program: `${FETCH}
async def page(user_id):
    a = await fetch(user_id, 0.1) #: first
    b = await fetch(2, 0.1)
    return a, b
async def main():
    await asyncio.gather(*(page(n) for n in range(5)))
asyncio.run(main())
say(total=sum(took))
`,
      check(ran) {
        const found = ran.one("sequential-awaits");
        assert.ok(found.seconds! >= 0.5 && found.seconds! <= ran.said.total / 2, found.message);
        assert.equal(found.tasks.length, 5);
        assert.match(found.message, /This code ran 5 times/);
      },
    },
  ],
  silent: [
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
