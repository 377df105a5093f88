import assert from "node:assert/strict";
import { basename } from "node:path";
import { awaitPlace, forget, Trace, waitOf } from "../../../src/trace";
import { PYTHONS, record } from "./recorded";
import { StreamWriter } from "./writer";

const package_ = (path: string, line: number, name: string) =>
  `lib:/venv/lib/python3.12/site-packages/${path}.py:${line} ${name}`;
const SLEEP = "lib:/usr/lib/python3.12/asyncio/tasks.py:665 sleep";

const GIVEN = `
import asyncio, time
from concurrent.futures import ThreadPoolExecutor
async def main():
    loop, pool = asyncio.get_running_loop(), ThreadPoolExecutor(2)
    def work(*_): return loop.run_in_executor(pool, time.sleep, 0.01)
    def later(future): loop.call_later(0.01, future.set_result, 1); return future
    await asyncio.wait_for(work(), 5) #: thread: asyncio.wait_for(run_in_executor(time.sleep))
    await asyncio.wait_for(asyncio.shield(work()), 5) #: thread: asyncio.wait_for(run_in_executor(time.sleep))
    await asyncio.wait_for(later(loop.create_future()), 5) #: future: asyncio.wait_for(…)
    await asyncio.wait_for(asyncio.create_task(asyncio.sleep(0.01), name="nap"), 5) #: task: asyncio.wait_for(task nap)
    naps = [asyncio.create_task(asyncio.sleep(0.01), name="nap %d" % n) for n in range(2)]
    await asyncio.wait_for(asyncio.gather(*naps), 5) #: tasks: asyncio.wait_for(gather of nap 0, nap 1)
    await asyncio.gather(*map(work, range(6))) #: tasks: gather of 6 × run_in_executor(time.sleep), in a pool of 2 threads
    await asyncio.gather(work(), loop.run_in_executor(None, len, "x")) #: tasks: gather of 2 × run_in_executor
    await asyncio.wait([work(), work()]) #: tasks: asyncio.wait of 2 × run_in_executor(time.sleep), in a pool of 2 threads
asyncio.run(main())
`;

/** What a task waits for, and where, with these frames, outermost first. */
function wait(frames: string[]): [kind: string, label: string, at: string | undefined] {
  const w = new StreamWriter().run(0, 1).new(1, 0, 0, frames[0], "t", ["/app/app.py:1 main"]);
  const trace = w.step(1, 0, 0.1, 9, frames).trace();
  const row = trace.tasks.firstStep.get(0);
  const { kind, label } = waitOf(trace, row);
  return [kind, label, awaitPlace(trace, row)?.function];
}

describe("what a task waits for", () => {
  it("is, of one without code of the user, what the innermost package calls", () => {
    const server = [
      package_("uvicorn/protocols/http/h11_impl", 400, "RequestResponseCycle.run_asgi"),
      package_("starlette/routing", 66, "wrapped_app"),
      package_("anyio/to_thread", 63, "run_sync"),
      package_("anyio/_backends/_asyncio", 2779, "AsyncIOBackend.run_sync_in_worker_thread"),
    ];
    assert.deepEqual(wait(server), ["thread", "anyio.run_sync", "run_sync_in_worker_thread"]);
  });

  it("is what a server calls itself, below its coroutine", () => {
    const loop = package_("uvicorn/server", 248, "Server.main_loop");
    assert.deepEqual(wait([package_("uvicorn/server", 70, "Server.serve"), loop, SLEEP]), [
      "sleep",
      "Server.main_loop",
      "main_loop",
    ]);
  });

  it("is what the user's line calls, whatever that goes on to call", () => {
    const frames = [
      "/app/app.py:5 main",
      package_("aiofiles/os", 3, "stat"),
      package_("anyio/to_thread", 63, "run_sync"),
    ];
    assert.deepEqual(wait(frames), ["thread", "aiofiles.stat", "main"]);
  });

  for (const python of PYTHONS) {
    it(`is what wait_for and gather are given, be it work in threads (${python.split("/").at(-3)})`, () => {
      const { trace, stderr, file } = record(GIVEN, python);
      assert.equal(stderr, "");
      const told = new Map<string, string>();
      const { steps, tasks } = trace;
      for (let row = tasks.firstStep.get(0); row >= 0; row = steps.next.get(row)) {
        const { kind, label } = waitOf(trace, row);
        const at = awaitPlace(trace, row);
        const source = at?.file.endsWith(basename(file)) ? GIVEN.split("\n")[at.line - 1] : "";
        const note = /#: (.*)/.exec(source);
        if (note) told.set(note[1], `${kind}: ${label}`);
      }
      assert.ok(told.size > 5);
      for (const [note, is] of told) assert.equal(is, note);
    });
  }

  it("is, of as_completed, those that have not ended, also where they were told once and older history is forgotten", () => {
    const frames = [
      "/app/app.py:5 main",
      "lib:/usr/lib/python3.13/asyncio/tasks.py:630 _AsCompletedIterator._wait_for_one",
      "lib:/usr/lib/python3.13/asyncio/queues.py:186 Queue.get",
    ];
    const w = new StreamWriter().run(0, 1);
    for (const key of [1, 2, 3, 4])
      w.new(key, 0, 0, "/app/app.py:5 main", `t${key}`, ["/app/app.py:9 <module>"]);
    w.step(1, 0, 0.1, 91, frames).waits(1, "tasks", 0, -1, [2, 3, 4]);
    for (const key of [2, 3]) {
      w.done(key, key - 1, key - 0.9).wake(1, key - 0.9, 5);
      w.again(1, key - 0.9, key - 0.8, 90 + key).waits(1, "tasks", 0, -1, []);
    }
    const told = (trace: Trace) => {
      const waits = [];
      for (let row = 0; row < trace.steps.count; row++) {
        if (trace.tasks.name(trace.steps.task.get(row)) !== "t1") continue;
        waits.push(waitOf(trace, row));
      }
      return waits.map(({ kind, label, tasks }) => [
        kind,
        label,
        ...tasks.map((task) => trace.tasks.name(task)),
      ]);
    };
    const trace = new Trace();
    trace.feed(w.bytes());
    const last = ["tasks", "asyncio.as_completed of t4", "t4"];
    assert.deepEqual(told(trace), [
      ["tasks", "asyncio.as_completed of t2, t3, t4", "t2", "t3", "t4"],
      ["tasks", "asyncio.as_completed of t3, t4", "t3", "t4"],
      last,
    ]);
    assert.equal(trace.waits.lists.length, 2, "they share one list");
    const later = forget(trace, 1.5);
    const before = w.bytes().length;
    w.wake(1, 3, 5).again(1, 3, 3.1, 99).waits(1, "tasks", 0, -1, []);
    later.feed(w.bytes().subarray(before));
    assert.deepEqual(told(later), [last, last]);
  });
});
