import assert from "node:assert/strict";
import { environments, pythons } from "../../scripts/lib/pythons";
import { run } from "./scenario";

/** What the runtime finds out by itself depends on how this Python keeps tasks, frames and references. */
const PROGRAM = `
kept = []
async def fails():
    raise ValueError("no") #: raised
async def forgotten():
    await asyncio.Queue().get() #: parked
async def a(event, semaphore):
    async with semaphore:
        await event.wait() #: stuck
async def b(event, semaphore):
    await asyncio.sleep(0.01)
    async with semaphore:
        event.set()
async def both(*things):
    await asyncio.gather(asyncio.create_task(a(*things), name="a"), asyncio.create_task(b(*things), name="b"))
async def beat():
    while True:
        await asyncio.sleep(0.05)
async def main():
    asyncio.get_running_loop().call_later(40, os._exit, 1)
    kept.append(asyncio.create_task(fails()))
    asyncio.create_task(forgotten())
    kept.append(asyncio.create_task(beat()))
    await both(asyncio.Event(), asyncio.Semaphore(1))
asyncio.run(main())
`;

const RULES = ["deadlock", "exception-never-retrieved", "task-lost"];

describe("what is found while it happens", function () {
  this.timeout(120_000);
  const found = pythons();
  if (!found.some(({ version }) => Number(version.split(".")[1]) >= 14))
    it("is found on CPython 3.14, were there one in PATH or pyenv");
  for (const { command, version } of found) {
    it(`is found on CPython ${version}, and nothing else`, async () => {
      const ran = await run(
        {
          title: version,
          program: PROGRAM,
          until: (all) => RULES.every((rule) => all.some((finding) => finding.rule === rule)),
        },
        command,
      );
      ran.at(ran.one("exception-never-retrieved"), "raised");
      ran.at(ran.one("task-lost"), "parked");
      ran.at(ran.one("deadlock"), "stuck");
      assert.deepEqual(ran.names(ran.one("deadlock")), ["a", "b"]);
    });
  }
});

describe("a loop that does not say what it waits for", function () {
  this.timeout(120_000);
  const found = environments().find(({ missing }) => !missing.includes("uvloop"));

  it("may have timers and sockets: no deadlock is told while uvloop waits for them", async function () {
    // environments() has said why it could not be installed.
    if (found === undefined) this.skip();
    const ran = await run(
      {
        title: "uvloop",
        program: `
import socket, uvloop
uvloop.install()
async def main():
    loop, event = asyncio.get_running_loop(), asyncio.Event()
    loop.call_later(0.8, event.set)
    await event.wait()
    event.clear()
    a, b = socket.socketpair()
    loop.add_reader(a, event.set)
    threading.Timer(0.8, b.send, (b"x",)).start()
    await event.wait()
asyncio.run(main())
`,
        until: (all) => all.some(({ rule }) => rule === "deadlock"),
      },
      found.command,
    );
    ran.none("deadlock");
    assert.equal(ran.report.tasks[0].outcome, "returned");
  });
});
