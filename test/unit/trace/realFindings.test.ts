import assert from "node:assert/strict";
import { basename, dirname } from "node:path";
import { sequences } from "../../../src/lint/sequences";
import { findings } from "../../../src/trace";
import { PYTHONS, record } from "./recorded";

const WRONG = `
import asyncio, gc
async def child(d):
    await asyncio.sleep(d)
    return d
async def swallow():
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        await asyncio.sleep(0.01)
async def never():
    pass
async def bad():
    raise KeyError("k")
async def lost():
    await asyncio.get_running_loop().create_future()
async def main():
    a = await child(0.1)
    b = await child(0.1)
    task = asyncio.create_task(swallow())
    await asyncio.sleep(0.01)
    task.cancel()
    await task
    never()
    asyncio.create_task(bad())
    asyncio.create_task(lost())
    await asyncio.sleep(0.01)
    gc.collect()
    asyncio.create_task(child(100))
    await asyncio.sleep(0)
asyncio.run(main())
`;

/** Waits of every kind, each of which ends: a server, threads, queues, locks, a task that is cancelled and says so. */
const RIGHT = `
import asyncio, threading, time
async def worker(queue):
    while True:
        await queue.get()
        await asyncio.sleep(0.001)
        queue.task_done()
async def echo(reader, writer):
    while data := await reader.readline():
        writer.write(data)
        await writer.drain()
    writer.close()
async def client(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(10):
        writer.write(b"x\\n")
        await writer.drain()
        await reader.readline()
    writer.close()
    await writer.wait_closed()
async def use(lock):
    async with lock:
        await asyncio.sleep(0.02)
async def main():
    loop = asyncio.get_running_loop()
    queue = asyncio.Queue(5)
    workers = [asyncio.create_task(worker(queue)) for _ in range(3)]
    for i in range(20):
        await queue.put(i)
    await queue.join()
    for each in workers:
        each.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    await asyncio.gather(*[client(server.sockets[0].getsockname()[1]) for _ in range(5)])
    server.close()
    event = asyncio.Event()
    threading.Timer(0.3, lambda: loop.call_soon_threadsafe(event.set)).start()
    await event.wait()
    await asyncio.to_thread(time.sleep, 0.2)
    lock = asyncio.Lock()
    await asyncio.gather(*[use(lock) for _ in range(5)])
    try:
        await asyncio.wait_for(asyncio.sleep(10), 0.05)
    except asyncio.TimeoutError:
        pass
asyncio.run(main())
`;

/** Makes objects until a collection takes long; the other step that does has one, too, of next to nothing. */
const COLLECTING = `
import asyncio, gc, time
gc.disable()
kept = []
def collection():
    began = time.perf_counter()
    gc.collect()
    return time.perf_counter() - began
while collection() < 0.2:
    kept += [[] for _ in range(400_000)]
async def main():
    await asyncio.sleep(0)
    gc.collect()
    gc.freeze()
    await asyncio.sleep(0)
    gc.collect() or time.sleep(0.6)
    await asyncio.sleep(0)
asyncio.run(main())
`;

/** A machine under load may keep any step for 50 ms: what is tested here is not speed. */
const SLOW = { blockMs: 90 };

describe("findings in real programs", function () {
  this.timeout(120_000);
  this.retries(1); // unlike other unit tests these run programs

  for (const python of [PYTHONS[0], PYTHONS[PYTHONS.length - 1]]) {
    describe(basename(dirname(dirname(python))), () => {
      it("name each thing a program does wrong, at its line", () => {
        const { trace } = record(WRONG, python, SLOW);
        const found = findings(trace, { source: () => WRONG, sequences: (file) => sequences(file, WRONG) });
        const at = (rule: string) => found.filter((f) => f.rule === rule).map((f) => f.at?.line);
        assert.deepEqual(at("never-awaited"), [24]);
        assert.deepEqual(at("exception-never-retrieved"), [14]);
        assert.deepEqual(at("task-lost"), [16]);
        assert.deepEqual(at("cancellation-swallowed"), [8]);
        assert.deepEqual(at("sequential-awaits"), [18]);
        assert.deepEqual(at("unfinished-at-exit"), [4]);
        assert.deepEqual(at("deadlock"), []);
      });

      it("tell a garbage collection from the line that it came at", () => {
        const found = findings(record(COLLECTING, python, SLOW).trace);
        const lines = found
          .filter(({ rule, at }) => rule === "blocking-call" && at?.line && at.line > 10)
          .map(({ at, message }) => [at?.line, message.includes("while the garbage collector")]);
        assert.deepEqual(lines, [
          [16, false],
          [13, true],
        ]);
      });

      it("are silent about a program that does it right", () => {
        const found = findings(record(RIGHT, python, SLOW).trace, {
          source: () => RIGHT,
          sequences: (file) => sequences(file, RIGHT),
        });
        const rules = found
          .map((f) => f.rule)
          .filter((rule) => rule !== "blocking-call" && rule !== "starved");
        assert.deepEqual(rules, []);
      });
    });
  }
});
