import assert from "node:assert/strict";
import type { Group } from "./scenario";

export const neverAwaited: Group = {
  rule: "never-awaited",
  shows: [
    {
      title: "a call without await, once for each place, while the program goes on",
      program: `
async def save(): pass
async def main():
    for _ in range(3):
        save() #: dropped
    await asyncio.sleep(0.3)
    os._exit(0)
asyncio.run(main())
`,
      check(ran) {
        const found = ran.one("never-awaited");
        ran.at(found, "dropped");
        assert.match(found.message, /coroutine save .*never awaited.*3 times/);
      },
    },
    {
      title: "one that was kept in a variable: the line that made it, not the end of the function",
      program: `
async def save(): pass
async def handler():
    pending = save() #: made
    await asyncio.sleep(0.01)
    return 1
asyncio.run(handler())
`,
      check(ran) {
        ran.at(ran.one("never-awaited"), "made");
      },
    },
    {
      title: "one in a variable that went with its task, and one of several such lines",
      program: `
async def save(): pass
async def handler():
    later = save() #: made
async def twice():
    one = save() #: one
    await asyncio.sleep(0)
async def main():
    await asyncio.gather(handler(), twice())
    await save()
asyncio.run(main())
`,
      check(ran) {
        const found = ran.of("never-awaited");
        assert.deepEqual(
          found.map(
            ({ message }) => /until Task-\d+ \((\w+)\) dropped it at the end of a step/.exec(message)?.[1],
          ),
          ["handler", "twice"],
        );
        ran.at(found[0], "made");
        ran.at(found[1], "one");
      },
    },
    {
      title: "one that the loop made, to which its function was given as a callback",
      program: `
async def save(): pass #: defined
async def main():
    asyncio.get_running_loop().call_soon(save)
    await asyncio.sleep(0.1)
asyncio.run(main())
`,
      check(ran) {
        const found = ran.one("never-awaited");
        ran.at(found, "defined");
        assert.match(
          found.message,
          /coroutine save, defined at app\.py:\d+, was created by no line of that file/,
        );
      },
    },
  ],
  silent: [
    {
      title: "coroutines that are awaited later, closed, or run as tasks",
      program: `
async def save(): pass
async def main():
    later = save()
    save().close()
    await asyncio.create_task(save())
    await later
asyncio.run(main())
`,
    },
  ],
};

export const unretrieved: Group = {
  rule: "exception-never-retrieved",
  shows: [
    {
      title: "a task that somebody holds and nobody asks, told before the program is killed",
      program: `
kept = []
async def work():
    raise ValueError("no stock") #: raised
async def main():
    kept.append(asyncio.create_task(work(), name="worker")) #: made
    await asyncio.sleep(40)
asyncio.run(main())
`,
      until: (findings) => findings.some(({ rule }) => rule === "exception-never-retrieved"),
      check(ran) {
        const found = ran.one("exception-never-retrieved");
        ran.at(found, "raised");
        assert.deepEqual(ran.names(found), ["worker"]);
        assert.match(found.message, /worker \(work\) failed with ValueError: no stock/);
        assert.ok(found.message.includes(`created at app.py:${ran.line("made")}`), found.message);
        assert.equal(found.from, ran.task("worker").ended, "when it failed, not when it was found");
      },
    },
    {
      title: "a task that nobody holds, once, though asyncio tells of it too",
      program: `
async def work():
    raise KeyError("k") #: raised
async def main():
    asyncio.create_task(work())
    await asyncio.sleep(0.5)
asyncio.run(main())
`,
      check(ran) {
        const found = ran.one("exception-never-retrieved");
        ran.at(found, "raised");
        assert.doesNotMatch(found.message, /This happened/);
      },
    },
    {
      title: "a future",
      program: `
async def main():
    asyncio.get_running_loop().create_future().set_exception(OSError("gone"))
    await asyncio.sleep(0.05)
asyncio.run(main())
`,
      check(ran) {
        assert.match(ran.one("exception-never-retrieved").message, /A future failed with OSError: gone/);
      },
    },
  ],
  silent: [
    {
      title: "failures that are awaited late, gathered, looked at in a callback, or belong to a TaskGroup",
      program: `
async def work():
    raise ValueError("no")
async def main():
    late = asyncio.create_task(work())
    await asyncio.sleep(0.6)
    try:
        await late
    except ValueError:
        pass
    await asyncio.gather(work(), work(), return_exceptions=True)
    seen = asyncio.create_task(work())
    seen.add_done_callback(lambda task: task.exception())
    await asyncio.sleep(0.3)
    done, _ = await asyncio.wait([asyncio.create_task(work())])
    assert all(isinstance(task.exception(), ValueError) for task in done)
    if sys.version_info >= (3, 11):
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(work())
        except Exception:
            pass
asyncio.run(main())
`,
    },
  ],
};

export const lost: Group = {
  rule: "task-lost",
  shows: [
    {
      title: "a task that waits for what nothing else refers to, told before it is collected",
      program: `
import gc; gc.disable()
async def work():
    await asyncio.get_running_loop().create_future() #: parked
async def main():
    asyncio.create_task(work(), name="lost") #: made
    await asyncio.sleep(40)
asyncio.run(main())
`,
      until: (findings) => findings.some(({ rule }) => rule === "task-lost"),
      check(ran) {
        const found = ran.one("task-lost");
        ran.at(found, "parked");
        assert.deepEqual(ran.names(found), ["lost"]);
        assert.ok(found.message.includes(`lost, created at app.py:${ran.line("made")}, will`), found.message);
      },
    },
    {
      title:
        "tasks that wait for a queue, an event and a task of their own; once, though asyncio tells of them too",
      program: `
import gc
async def queue(): await asyncio.Queue().get()
async def event():
    mine = asyncio.Event()
    def unused(): mine.set()
    await mine.wait()
async def inner(): await asyncio.get_running_loop().create_future()
async def outer(): await asyncio.create_task(inner(), name="inner")
async def main():
    for each in queue, event, outer:
        asyncio.create_task(each(), name=each.__name__)
    await asyncio.sleep(1.5)
    gc.collect()
    await asyncio.sleep(0.1)
asyncio.run(main())
`,
      check(ran) {
        const found = ran.of("task-lost");
        assert.deepEqual(found.flatMap((each) => ran.names(each)).sort(), [
          "event",
          "inner",
          "outer",
          "queue",
        ]);
        for (const { message } of found) assert.doesNotMatch(message, /This happened/);
      },
    },
    {
      title: "a task on a loop that was closed",
      program: `
async def work():
    await asyncio.sleep(10) #: parked
loop = asyncio.new_event_loop()
task = loop.create_task(work(), name="left")
loop.run_until_complete(asyncio.sleep(0.05))
loop.close()
`,
      check(ran) {
        const found = ran.one("task-lost");
        ran.at(found, "parked");
        assert.match(found.message, /loop was closed while left, created at app\.py:\d+, was unfinished/);
      },
    },
  ],
  silent: [
    {
      title:
        "tasks that a variable, a timer, a thread, a socket, a process or another task's wait keeps alive",
      program: `
import gc, socket
event = asyncio.Event() if sys.version_info >= (3, 10) else None
async def wait(e): await e.wait()
class Service:
    def __init__(self):
        self.queue = asyncio.Queue()
        self.task = asyncio.create_task(self.run())
    async def run(self):
        while await self.queue.get(): pass
async def main():
    loop = asyncio.get_running_loop()
    a, b = socket.socketpair()
    a.setblocking(False)
    local, timed = asyncio.Event(), asyncio.Event()
    loop.call_later(1.2, timed.set)
    service = Service()
    asyncio.create_task(wait(event))
    asyncio.create_task(wait(local))
    asyncio.create_task(wait(timed))
    del timed
    asyncio.create_task(asyncio.sleep(1.2))
    asyncio.create_task(loop.sock_recv(a, 1))
    asyncio.create_task(asyncio.to_thread(time.sleep, 1.2))
    asyncio.create_task(asyncio.wait_for(wait(asyncio.Event()), 1.2))
    await asyncio.sleep(1)
    gc.collect()
    for each in (event, local): each.set()
    b.send(b"x")
    await service.queue.put(0)
    await asyncio.sleep(0.5)
asyncio.run(main())
`,
    },
  ],
};

export const unsafe: Group = {
  rule: "not-thread-safe",
  shows: [
    {
      title: "a future completed by a thread",
      program: `
async def main():
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    def work():
        future.set_result(1) #: thread
    threading.Timer(0.2, work).start()
    await asyncio.wait_for(future, 2)
asyncio.run(main())
`,
      check(ran) {
        const found = ran.one("not-thread-safe");
        ran.at(found, "thread");
        assert.equal(found.severity, "error");
        assert.match(
          found.message,
          /^asyncio was used at app\.py:\d+ \(future\.set_result\(1\).*\) in thread Thread-\d/,
        );
        assert.match(found.message, /its event loop runs in MainThread/);
      },
    },
    {
      title: "an event, a queue, a task and a cancellation, each by a thread of its own while the loop waits",
      program: `
async def waits(awaitable): await awaitable
async def main():
    loop = asyncio.get_running_loop()
    event, queue = asyncio.Event(), asyncio.Queue()
    task = asyncio.create_task(asyncio.sleep(10))
    waiting = [asyncio.create_task(waits(each)) for each in (event.wait(), queue.get())]
    await asyncio.sleep(0.05)
    def setting(): event.set() #: set
    def putting(): queue.put_nowait(1) #: put
    def making(): loop.create_task(waits(asyncio.sleep(0))) #: make
    def cancelling(): task.cancel() #: cancel
    for bad in setting, putting, making, cancelling:
        threading.Timer(0.05, bad).start()
        await asyncio.sleep(0.2)
    await asyncio.wait([task, *waiting])
asyncio.run(main())
`,
      check(ran) {
        const found = ran.of("not-thread-safe").sort((a, b) => a.at!.line - b.at!.line);
        for (const [i, name] of ["set", "put", "make", "cancel"].entries()) ran.at(found[i], name);
        assert.equal(found.length, 4, ran.told());
        assert.match(found[0].message, /^Event\.set was called at/);
        assert.match(found[1].message, /^Queue\.put_nowait was called at/);
        assert.match(found[2].message, /^loop\.create_task was called at/);
      },
    },
  ],
  silent: [
    {
      title: "the ways that are made for threads",
      program: `
async def add(x): return x + 1
async def main():
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    threading.Timer(0.1, loop.call_soon_threadsafe, (future.set_result, 1)).start()
    await future
    await asyncio.to_thread(lambda: asyncio.run_coroutine_threadsafe(add(1), loop).result())
asyncio.run(main())
`,
    },
  ],
};
