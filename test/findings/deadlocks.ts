import assert from "node:assert/strict";
import type { Group, Scenario } from "./scenario";

/** What else there is in the program, and what can therefore still come. */
const BESIDE = {
  "another task and a timer": [
    "beating = asyncio.create_task(beat())",
    /at most a timeout could cancel them\./,
  ],
  nothing: ["pass", /Nothing can ever wake them\./],
  "a timer of an hour": [
    "hour = asyncio.create_task(asyncio.sleep(3600))",
    /at most a timeout could cancel them\./,
  ],
} as const;

/** Two tasks that wait for one another, with something beside: `a(x, y)` and `b(x, y)`, of `make()`. */
function pair(
  title: string,
  code: string,
  words: RegExp,
  beside: keyof typeof BESIDE = "another task and a timer",
): Scenario {
  const [goesOn, ending] = BESIDE[beside];
  return {
    title: `a circle of ${title}, beside ${beside}`,
    program: `
${code}
async def beat():
    while True:
        await asyncio.sleep(0.03)
async def both(x, y):
    await asyncio.gather(asyncio.create_task(a(x, y), name="a"), asyncio.create_task(b(x, y), name="b"))
async def main():
    ${goesOn}
    watchdog = threading.Timer(40, os._exit, (1,))
    watchdog.daemon = True
    watchdog.start()
    await both(*make())
asyncio.run(main())
`,
    until: (findings) => findings.some(({ rule, message }) => rule === "deadlock" && /circle/.test(message)),
    check(ran) {
      const found = ran.one("deadlock");
      assert.deepEqual(ran.names(found).sort(), ["a", "b"], found.message);
      assert.equal(found.severity, "error");
      assert.match(found.message, words);
      assert.match(found.message, ending);
      assert.match(found.message, /1 more task waits for them/);
    },
  };
}

const LOCKS = `
async def take(first, second):
    async with first:
        await asyncio.sleep(0.01)
        async with second: #: waits
            pass
`;

export const deadlocking: Group = {
  rule: "deadlock",
  shows: [
    pair(
      "two locks",
      `
async def a(x, y):
    async with x:
        await asyncio.sleep(0.01)
        async with y: pass
async def b(x, y): await a(y, x)
def make(): return asyncio.Lock(), asyncio.Lock()`,
      /a waits for Lock\.acquire at app.py:\d+, held by b; b waits for Lock\.acquire at app.py:\d+, held by a/,
    ),
    pair(
      "an event and a semaphore",
      `
async def a(event, semaphore):
    async with semaphore:
        await event.wait()
async def b(event, semaphore):
    await asyncio.sleep(0.01)
    async with semaphore:
        event.set()
def make(): return asyncio.Event(), asyncio.Semaphore(1)`,
      /a waits for Event\.wait at app.py:\d+, which only b( and Task-1)? could set; b waits for Semaphore\.acquire at app.py:\d+, held by a/,
    ),
    pair(
      "a queue and a lock, though nobody ever waited to put",
      `
async def a(queue, lock):
    async with lock:
        await queue.get()
async def b(queue, lock):
    await asyncio.sleep(0.01)
    async with lock:
        await queue.put(1)
def make(): return asyncio.Queue(), asyncio.Lock()`,
      /a waits for Queue\.get at app.py:\d+, which only b( and Task-1)? could put into; b waits for Lock\.acquire/,
    ),
    pair(
      "two full queues",
      `
async def a(x, y):
    await x.put(1)
    await x.put(2)
    await y.get()
async def b(x, y): await a(y, x)
def make(): return asyncio.Queue(1), asyncio.Queue(1)`,
      /a waits for Queue\.put at app.py:\d+, which only b( and Task-1)? could take from; b waits for Queue\.put/,
    ),
    pair(
      "a future and a condition",
      `
async def a(future, condition):
    async with condition:
        await condition.wait()
    future.set_result(1)
async def b(future, condition):
    await future
    async with condition:
        condition.notify_all()
def make(): return asyncio.get_running_loop().create_future(), asyncio.Condition()`,
      /a waits for Condition\.wait at app.py:\d+, which only b( and Task-1)? could notify; b waits for Future at app.py:\d+, which only a( and Task-1)? could complete/,
    ),
    pair(
      "a task that is awaited under a lock it needs",
      `
async def a(box, lock):
    async with lock:
        await asyncio.sleep(0.02)
        await box[0]
async def b(box, lock):
    box.append(asyncio.current_task())
    await asyncio.sleep(0.01)
    async with lock: pass
def make(): return [], asyncio.Lock()`,
      /b waits for Lock\.acquire at app.py:\d+, held by a; a waits for task b at app.py:\d+\..* Do not wait for another task while holding/,
      "nothing",
    ),
    pair(
      "a queue that is joined under a lock its consumer needs",
      `
async def a(queue, lock):
    async with lock:
        await queue.put(1)
        await queue.join()
async def b(queue, lock):
    await asyncio.sleep(0.01)
    async with lock:
        await queue.get()
        queue.task_done()
def make(): return asyncio.Queue(), asyncio.Lock()`,
      /a waits for Queue\.join at app.py:\d+, which only b( and Task-1)? could finish; b waits for Lock\.acquire/,
      "a timer of an hour",
    ),
    pair(
      "a queue and an event that feed one another",
      `
async def a(queue, event):
    await queue.get()
    event.set()
async def b(queue, event):
    await event.wait()
    await queue.put(1)
def make(): return asyncio.Queue(), asyncio.Event()`,
      /a waits for Queue\.get at app.py:\d+, which only b.* b waits for Event\.wait at app.py:\d+, which only a.* Let one of them go on/,
      "nothing",
    ),
    {
      title: "two tasks that await each other",
      program: `
async def main():
    tasks = []
    async def other(n):
        await asyncio.sleep(0.01)
        await tasks[1 - n]
    tasks += [asyncio.create_task(other(n), name=f"t{n}") for n in range(2)]
    asyncio.get_running_loop().call_later(0.5, os._exit, 0)
    await asyncio.gather(*tasks)
asyncio.run(main())
`,
      check(ran) {
        assert.deepEqual(ran.names(ran.one("deadlock")).sort(), ["t0", "t1"]);
      },
    },
    {
      title: "a lock that is taken twice",
      program: `
async def main():
    lock = asyncio.Lock()
    asyncio.get_running_loop().call_later(0.4, os._exit, 0)
    async with lock:
        async with lock: #: again
            pass
asyncio.run(main())
`,
      check(ran) {
        const found = ran.one("deadlock");
        ran.at(found, "again");
        assert.match(found.message, /a task waits for itself/);
      },
    },
    {
      title: "an event that nobody is left to set",
      program: `
async def main():
    ready = asyncio.Event()
    signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
    signal.setitimer(signal.ITIMER_REAL, 0.6)
    await ready.wait() #: waits
asyncio.run(main())
`,
      check(ran) {
        const found = ran.one("deadlock");
        ran.at(found, "waits");
        assert.match(found.message, /nothing is left that could ever wake this program.*Event 'ready'\.wait/);
        assert.equal(found.severity, "error");
      },
    },
    {
      title: "that only a timer of an hour is left, and no more than that",
      program: `
ready = asyncio.Event()
async def main():
    signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
    signal.setitimer(signal.ITIMER_REAL, 0.6)
    await asyncio.gather(asyncio.sleep(3600), ready.wait())
asyncio.run(main())
`,
      check(ran) {
        const found = ran.one("deadlock");
        assert.equal(found.severity, "info");
        assert.match(
          found.message,
          /Nothing but a timer due in (1 h|60 min) can wake this program.*Event 'ready'\.wait/,
        );
      },
    },
    {
      title: "a circle of locks in a program that Ctrl-C ended, though its loop was never idle",
      program: `${LOCKS}
async def beat():
    while True:
        await asyncio.sleep(0.02)
async def main():
    accounts, ledger = asyncio.Lock(), asyncio.Lock()
    beating = asyncio.create_task(beat())
    asyncio.get_running_loop().call_later(0.5, os.kill, os.getpid(), signal.SIGINT)
    await asyncio.gather(take(accounts, ledger), take(ledger, accounts))
asyncio.run(main())
`,
      code: 130,
      check(ran) {
        const found = ran.one("deadlock");
        ran.at(found, "waits");
        assert.equal(found.severity, "warning");
        assert.match(found.message, /Lock '(accounts|ledger)'.*ended only when one of them was cancelled/);
        ran.none("unfinished-at-exit");
      },
    },
    {
      title: "a semaphore that all who hold it wait for, and a barrier that one is missing at, after Ctrl-C",
      program: `
async def twice(semaphore):
    async with semaphore:
        await asyncio.sleep(0.01)
        async with semaphore: pass #: again
async def party(barrier):
    await (barrier.wait() if hasattr(asyncio, "Barrier") else barrier.get()) #: party
async def main():
    semaphore = asyncio.Semaphore(2)
    barrier = asyncio.Barrier(3) if hasattr(asyncio, "Barrier") else asyncio.Queue()
    asyncio.get_running_loop().call_later(2, os.kill, os.getpid(), signal.SIGINT)
    await asyncio.gather(
        *(asyncio.create_task(twice(semaphore), name=f"twice-{n}") for n in range(2)),
        *(asyncio.create_task(party(barrier), name=f"party-{n}") for n in range(2)),
    )
asyncio.run(main())
`,
      code: 130,
      check(ran) {
        const at = (name: string) => ran.of("deadlock").find((each) => each.at?.line === ran.line(name));
        const all =
          /twice-0 waits for Semaphore 'semaphore'\.acquire .*, held by twice-0 and twice-1; twice-1 waits for .*, held by twice-0 and twice-1\. It ended/;
        assert.match(at("again")?.message ?? "", all);
        // Who waits there, too, cannot help.
        assert.match(
          at("party")?.message ?? "",
          /party-0 waits for (Barrier|Queue) 'barrier'\.\w+ .*, which only Task-1 could/,
        );
      },
    },
    {
      title: "that only the timeout of an hour is left, after Ctrl-C",
      program: `
async def sets(future, waiting):
    await asyncio.wait_for(asyncio.gather(waiting, return_exceptions=True), 3600)
    future.set_result(1)
async def waits(future):
    await asyncio.shield(future) #: waits
async def main():
    future = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(waits(future), name="waits")
    setting = asyncio.create_task(sets(future, waiting), name="sets")
    del future
    signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    signal.setitimer(signal.ITIMER_REAL, 2)
    await asyncio.wait([waiting, setting])
asyncio.run(main())
`,
      code: 130,
      check(ran) {
        const found = ran.one("deadlock");
        ran.at(found, "waits");
        assert.equal(found.severity, "info");
        assert.match(
          found.message,
          /Nothing but a timer due in (1 h|60 min) can wake this program: waits waits for Future at app\.py:/,
        );
      },
    },
    {
      title: "a lock whose holder has ended, and that others are gathered for, after Ctrl-C",
      program: `
async def forgets(lock):
    await lock.acquire()
async def takes(lock):
    async with lock: #: waits
        pass
async def main():
    lock = asyncio.Lock()
    await asyncio.create_task(forgets(lock), name="forgetful")
    signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    signal.setitimer(signal.ITIMER_REAL, 0.6)
    await asyncio.gather(takes(lock), takes(lock))
asyncio.run(main())
`,
      code: 130,
      check(ran) {
        const found = ran.one("deadlock");
        ran.at(found, "waits");
        assert.match(found.message, /held by forgetful, which ended without releasing it/);
      },
    },
  ],
  silent: [
    {
      title: "one that was recorded with light detail, which does not know what tasks wait for",
      options: ["--detail", "light"],
      program: `
async def take(first, second):
    async with first:
        await asyncio.sleep(0.1)
        async with second:
            pass
async def main():
    a, b = asyncio.Lock(), asyncio.Lock()
    tasks = [asyncio.create_task(take(a, b)), asyncio.create_task(take(b, a))]
    asyncio.get_running_loop().call_later(2, os._exit, 0)
    await asyncio.gather(*tasks)
asyncio.run(main())
`,
      check: (ran) => {
        assert.equal(ran.report.trust.detail, "light");
        assert.deepEqual(ran.of("deadlock"), []);
      },
    },
    {
      title: "waits that a thread, a signal, a socket, a process, a callback or a timer will end",
      program: `
import socket
async def main():
    loop = asyncio.get_running_loop()
    event = asyncio.Event()
    threading.Timer(0.4, loop.call_soon_threadsafe, (event.set,)).start()
    await event.wait()
    event.clear()
    loop.add_signal_handler(signal.SIGUSR1, event.set)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGUSR1))
    signal.setitimer(signal.ITIMER_REAL, 0.4)
    await event.wait()
    event.clear()
    a, b = socket.socketpair()
    loop.add_reader(a, event.set)
    reader = asyncio.create_task(event.wait())
    threading.Timer(0.3, b.send, (b"x",)).start()
    await reader
    loop.remove_reader(a)
    event.clear()
    loop.call_later(0.3, event.set)
    await event.wait()
    process = await asyncio.create_subprocess_exec("sleep", "0.3")
    await process.wait()
asyncio.run(main())
`,
    },
    {
      title: "idle workers, a server that waits for ever, and consumers of one queue",
      program: `
async def worker(queue):
    while True:
        await queue.get()
        queue.task_done()
async def handle(reader, writer):
    writer.close()
async def serve():
    async with await asyncio.start_server(handle, "127.0.0.1", 0):
        await asyncio.get_running_loop().create_future()
def pool(queue):
    return [asyncio.create_task(worker(queue)) for _ in range(3)]
async def main():
    queue = asyncio.Queue()
    workers = pool(queue)
    for each in range(10):
        await queue.put(each)
    await queue.join()
    server = asyncio.create_task(serve())
    await asyncio.sleep(0.9)
    await queue.put(1)
    await queue.join()
    server.cancel()
    await asyncio.wait([server])
asyncio.run(main())
`,
    },
    {
      title: "locks that are taken in one order, and a circle that a timeout is there to break",
      program: `${LOCKS}
async def main():
    a, b = asyncio.Lock(), asyncio.Lock()
    await asyncio.gather(*(take(a, b) for _ in range(5)))
    try:
        await asyncio.wait_for(asyncio.Event().wait(), 0.5)
    except asyncio.TimeoutError:
        pass
asyncio.run(main())
`,
    },
  ],
};
