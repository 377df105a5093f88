import assert from "node:assert/strict";
import type { Group } from "./scenario";

export const unfinished: Group = {
  rule: "unfinished-at-exit",
  shows: [
    {
      title: "what asyncio.run had to cancel, as a hint",
      program: `
async def save():
    await asyncio.sleep(10) #: parked
async def main():
    task = asyncio.create_task(save(), name="saver") #: made
    await asyncio.sleep(0.01)
asyncio.run(main())
`,
      check(ran) {
        const found = ran.one("unfinished-at-exit");
        ran.at(found, "parked");
        assert.equal(found.severity, "info");
        assert.ok(found.message.includes(`created at app.py:${ran.line("made")},`), found.message);
        assert.equal(ran.task("saver").cancelledBy?.kind, "shutdown");
      },
    },
    {
      title: "what a loop had to cancel that was not the program's last",
      program: `
async def main():
    task = asyncio.create_task(asyncio.sleep(10), name="nap")
    await asyncio.sleep(0.01)
asyncio.run(main())
asyncio.run(asyncio.sleep(0.01))
`,
      check(ran) {
        assert.match(
          ran.one("unfinished-at-exit").message,
          /was cancelled when its event loop was shut down, /,
        );
      },
    },
    {
      title: "one that runs nothing but asyncio's own code, where it was made",
      program: `
async def main():
    task = asyncio.create_task(asyncio.sleep(10), name="nap") #: made
    await asyncio.sleep(0.01)
asyncio.run(main())
`,
      check(ran) {
        const found = ran.one("unfinished-at-exit");
        ran.at(found, "made");
        assert.match(
          found.message,
          /was cancelled when the program ended, waiting for asyncio.sleep\(10\): /,
        );
      },
    },
    {
      title: "a loop that was left without being closed",
      program: `
async def save():
    await asyncio.sleep(10) #: parked
loop = asyncio.new_event_loop()
task = loop.create_task(save(), name="saver")
loop.run_until_complete(asyncio.sleep(0.05))
`,
      check(ran) {
        const found = ran.one("unfinished-at-exit");
        ran.at(found, "parked");
        assert.equal(found.severity, "warning");
      },
    },
  ],
  silent: [
    {
      title: "a program that awaits or cancels what it has begun",
      program: `
async def save(): await asyncio.sleep(0.05)
async def main():
    await asyncio.gather(save(), save())
    stopped = asyncio.create_task(asyncio.sleep(10))
    await asyncio.sleep(0)
    stopped.cancel()
    await asyncio.wait([stopped])
asyncio.run(main())
`,
    },
    {
      title: "a program that was stopped by Ctrl-C",
      program: `
async def work(): await asyncio.sleep(10)
async def main():
    asyncio.get_running_loop().call_later(0.1, os.kill, os.getpid(), signal.SIGINT)
    kept = asyncio.create_task(work())
    await work()
asyncio.run(main())
`,
      code: 130,
    },
    {
      title: "a program that was killed",
      program: `
async def work(): await asyncio.sleep(10)
async def main():
    asyncio.get_running_loop().call_later(0.1, os.kill, os.getpid(), signal.SIGTERM)
    await asyncio.gather(work(), work())
asyncio.run(main())
`,
      code: 143,
    },
  ],
};

export const swallowed: Group = {
  rule: "cancellation-swallowed",
  shows: [
    {
      title: "a loop that goes round after it was cancelled: who cancelled it, where, and who swallowed it",
      program: `
async def worker(queue):
    while True:
        try:
            await queue.get() #: swallows
        except BaseException:
            pass
async def main():
    task = asyncio.create_task(worker(asyncio.Queue()), name="worker")
    await asyncio.sleep(0.05)
    task.cancel() #: cancels
    await asyncio.wait([task], timeout=0.2)
    os._exit(0)
asyncio.run(main())
`,
      check(ran) {
        const found = ran.one("cancellation-swallowed");
        ran.at(found, "swallows");
        assert.equal(found.severity, "warning");
        assert.ok(
          found.message.includes(`cancelled by Task-1 at app.py:${ran.line("cancels")}`),
          found.message,
        );
      },
    },
    {
      title: "a child that its TaskGroup waits for in vain",
      program: `
async def stubborn():
    while True:
        try:
            await asyncio.sleep(0.5) #: swallows
        except asyncio.CancelledError:
            pass
async def fails():
    await asyncio.sleep(0.05)
    raise ValueError
async def main():
    asyncio.get_running_loop().call_later(0.6, os._exit, 0)
    async with asyncio.TaskGroup() as group:
        group.create_task(stubborn(), name="stubborn")
        group.create_task(fails(), name="fails")
asyncio.run(main())
`,
      check(ran) {
        const found = ran.one("cancellation-swallowed");
        ran.at(found, "swallows");
        assert.match(found.message, /stubborn .* cancelled by its TaskGroup, because fails failed/);
      },
    },
    {
      title: "one that returns as if it had finished, as a hint",
      program: `
async def worker():
    try:
        await asyncio.sleep(10) #: swallows
    except asyncio.CancelledError:
        await asyncio.sleep(0.01)
async def main():
    task = asyncio.create_task(worker(), name="worker")
    await asyncio.sleep(0.05)
    task.cancel()
    await task
asyncio.run(main())
`,
      check(ran) {
        assert.equal(ran.one("cancellation-swallowed").severity, "info");
      },
    },
  ],
  silent: [
    {
      title:
        "clean-up, timeouts, task groups, the cancellation of another task, and a condition that takes its lock again",
      program: `
import contextlib
async def tidy():
    try:
        await asyncio.sleep(10)
    finally:
        await asyncio.sleep(0.02)
async def condition(c):
    async with c:
        await c.wait()
async def holder(c):
    async with c:
        await asyncio.sleep(0.2)
async def main():
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(tidy(), 0.05)
    task = asyncio.create_task(tidy())
    await asyncio.sleep(0.01)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    c = asyncio.Condition()
    waiter = asyncio.create_task(condition(c))
    await asyncio.sleep(0.01)
    held = asyncio.create_task(holder(c))
    await asyncio.sleep(0.05)
    waiter.cancel()
    await asyncio.wait([waiter, held])
    if sys.version_info >= (3, 11):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                await tidy()
    await asyncio.sleep(0.01)
asyncio.run(main())
`,
    },
  ],
};

/** Not a rule: what every cancelled task says of its cancellation. */
export const paths: Group = {
  rule: null,
  shows: [
    {
      title: "who began it, at which line, whom it passed, whom a shield spared",
      program: `
import contextlib
async def leaf(): await asyncio.sleep(100)
async def middle(): await asyncio.create_task(leaf(), name="leaf")
async def top(): await asyncio.gather(asyncio.create_task(middle(), name="middle"))
async def shielded(task): await asyncio.shield(task)
async def stop(task):
    task.cancel() #: cancels
    with contextlib.suppress(asyncio.CancelledError):
        await task
async def main():
    task = asyncio.create_task(top(), name="top")
    for _ in range(20): await asyncio.sleep(0)
    await stop(task)
    inner = asyncio.create_task(asyncio.sleep(0.1), name="inner")
    outer = asyncio.create_task(shielded(inner), name="outer")
    await asyncio.sleep(0)
    await stop(outer)
    await inner
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.create_task(leaf(), name="timed"), 0.03)
asyncio.run(main())
`,
      check(ran) {
        const by = (name: string) => {
          const cancel = ran.task(name).cancelledBy;
          assert.ok(cancel, name);
          const names = (ids: number[]) => ids.map((id) => ran.report.tasks[id - 1].name);
          return {
            ...cancel,
            line: cancel.at?.line,
            through: names(cancel.through),
            shielded: names(cancel.shielded),
          };
        };
        const line = ran.line("cancels");
        for (const [name, through] of [
          ["leaf", []],
          ["middle", ["leaf"]],
          ["top", ["leaf", "middle"]],
        ] as const) {
          const cancel = by(name);
          assert.deepEqual(
            [cancel.kind, cancel.task, cancel.line, cancel.through],
            ["task", 1, line, through],
            name,
          );
        }
        assert.deepEqual([by("outer").line, by("outer").shielded], [line, ["inner"]]);
        assert.equal(by("timed").kind, "timeout");
        assert.equal(ran.task("inner").outcome, "returned");
      },
    },
    {
      title: "Ctrl-C, through the task that the main task awaited",
      program: `
async def work(): await asyncio.sleep(100)
async def main():
    asyncio.get_running_loop().call_later(0.1, os.kill, os.getpid(), signal.SIGINT)
    beside = asyncio.create_task(work(), name="beside")
    await asyncio.create_task(work(), name="awaited")
asyncio.run(main())
`,
      code: 130,
      check(ran) {
        const of = (name: string) => ran.task(name).cancelledBy!;
        assert.deepEqual([of("awaited").kind, of("awaited").signal], ["shutdown", true]);
        assert.deepEqual([of("Task-1").signal, of("Task-1").through], [true, [ran.task("awaited").id]]);
        assert.deepEqual([of("beside").kind, of("beside").signal], ["shutdown", false]);
      },
    },
  ],
  silent: [],
};
