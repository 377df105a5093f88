import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { inflateSync } from "node:zlib";
import {
  awaitPlace,
  bounded,
  findings,
  forget,
  objectState,
  report,
  TaskFlag,
  Trace,
  taskState,
  timeline,
  waitOf,
} from "../../../src/trace";
import { PYTHONS } from "./recorded";
import { StreamWriter } from "./writer";

/** Something of everything that lives long, beside requests that come and go; it kills itself in the midst of it. */
const SERVER = `
import asyncio, os, signal
async def hold(lock, gate):
    async with lock:
        await gate.wait()
async def want(lock):
    async with lock:
        pass
async def circle(a, b, ready):
    async with a:
        await ready.wait()
        async with b:
            pass
async def request(n):
    await asyncio.sleep(0)
    if n % 7 == 0:
        raise ValueError(n)
    await asyncio.sleep(0.001)
async def worker(jobs):
    while True:
        n = await jobs.get()
        try:
            await asyncio.create_task(request(n), name=f"request-{n}")
        except ValueError:
            pass
        finally:
            jobs.task_done()
async def main():
    lock, gate, left, right = asyncio.Lock(), asyncio.Event(), asyncio.Lock(), asyncio.Lock()
    ready = asyncio.Event()
    jobs = asyncio.Queue()
    keep = [asyncio.create_task(one) for one in (hold(lock, gate), want(lock),
        circle(left, right, ready), circle(right, left, ready), *(worker(jobs) for _ in range(5)))]
    await asyncio.sleep(0.01)
    ready.set()
    for n in range(1500):
        jobs.put_nowait(n)
        if n % 20 == 0:
            await asyncio.sleep(0.002)
    await jobs.join()
    await asyncio.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
`;

function recorded(): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "loopscope-test-"));
  try {
    const file = join(folder, "server.py");
    const stream = join(folder, "run.loopscope");
    writeFileSync(file, SERVER);
    spawnSync(PYTHONS[PYTHONS.length - 1], [file], {
      env: {
        ...process.env,
        PYTHONPATH: resolve("runtime/python/site"),
        LOOPSCOPE_CHANNEL: `file:${stream}`,
      },
      timeout: 60_000,
    });
    return readFileSync(stream);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const newTrace = () =>
  new Trace({ inflate: (bytes, maxOutputLength) => inflateSync(bytes, { maxOutputLength }) });

/** What can be said of a task at an instant, without the numbers of rows. */
function describeTask(trace: Trace, task: number, t?: number): string {
  const { state, since, suspension } = taskState(trace, task, t);
  const wait = state === "suspended" && suspension >= 0 ? waitOf(trace, suspension) : null;
  const place = suspension >= 0 ? awaitPlace(trace, suspension) : null;
  const on =
    wait === null ? "" : `${wait.kind} ${wait.label} ${wait.tasks.map((id) => trace.tasks.serial(id))}`;
  return [trace.tasks.serial(task), trace.tasks.name(task), state, since.toFixed(6), on, place?.line].join(
    " ",
  );
}

const alive = (trace: Trace) =>
  Array.from({ length: trace.tasks.count }, (_, task) => task).filter(
    (task) => Number.isNaN(trace.tasks.ended.get(task)) && !(trace.tasks.flags.get(task) & TaskFlag.void),
  );

describe("a trace that forgets", function () {
  this.timeout(60_000);
  let bytes: Uint8Array;
  let whole: Trace;
  let part: Trace;

  before("read the same stream with and without forgetting", () => {
    bytes = recorded();
    whole = newTrace();
    whole.feed(bytes);
    whole.finish();
    part = newTrace();
    const size = Math.ceil(bytes.length / 40);
    for (let at = 0; at < bytes.length; at += size) {
      part.feed(bytes.subarray(at, at + size));
      // Again and again, so that what was taken over is taken over once more.
      if (at % (4 * size) === 0 && part.steps.count > 0) {
        part = forget(part, part.steps.end.get(part.steps.count >>> 1));
      }
    }
    part.finish();
  });

  it("says how much it has forgotten, and counts it all", () => {
    assert.ok(part.forgotten.tasks > 500, `${part.forgotten.tasks} tasks`);
    assert.ok(part.forgotten.until > 0);
    assert.equal(part.taskCount, whole.taskCount);
    assert.equal(part.events, whole.events);
    assert.equal(part.forgotten.steps + part.steps.count, whole.steps.count);
    assert.ok(part.tasks.count < whole.tasks.count / 2, `${part.tasks.count} of ${whole.tasks.count} tasks`);
    assert.deepEqual(part.notes, whole.notes);
  });

  it("knows of every task that lives what the whole trace knows", () => {
    const expected = alive(whole).map((task) => describeTask(whole, task));
    assert.ok(expected.length >= 10, expected.join("\n"));
    assert.deepEqual(
      alive(part).map((task) => describeTask(part, task)),
      expected,
    );
  });

  it("knows the state of tasks at every instant since", () => {
    const { until } = part.forgotten;
    for (let n = 1; n <= 10; n++) {
      const t = until + (n * (part.endTime - until)) / 10;
      for (let task = 0; task < part.tasks.count; task++) {
        const same = whole.tasks.rowOf(part.tasks.serial(task));
        assert.equal(describeTask(part, task, t), describeTask(whole, same, t));
      }
    }
  });

  it("knows who holds what", () => {
    const held = (trace: Trace) =>
      Array.from({ length: trace.objects.count }, (_, object) => {
        const { holders, waiters } = objectState(trace, object);
        const numbers = (tasks: readonly number[]) => tasks.map((task) => trace.tasks.serial(task));
        return `${trace.objects.label(object)} ${numbers(holders)} <- ${numbers(waiters)}`;
      }).filter((text) => /\d/.test(text));
    assert.deepEqual(held(part).sort(), held(whole).sort());
  });

  it("still finds the deadlock", () => {
    const deadlocks = (trace: Trace) =>
      findings(trace)
        .filter((finding) => finding.rule === "deadlock")
        .map((finding) => finding.tasks.map((id) => trace.tasks.serial(id - 1)));
    assert.deepEqual(deadlocks(part), deadlocks(whole));
    assert.equal(deadlocks(whole).length > 0, true);
  });

  it("keeps what was wrong in the part that is gone", () => {
    const writer = new StreamWriter();
    writer.new(5, 0.1, 0, "/srv/app.py:40 handle", "slow", []);
    writer.done(5, 0.2, 1.2);
    for (let n = 0; n < 100; n++)
      writer.new(9, 2 + n, 0, "/srv/app.py:50 quick", "quick", []).done(9, 2 + n, 2 + n);
    let trace = newTrace();
    trace.feed(writer.bytes());
    const found = findings(trace);
    assert.equal(found[0].rule, "blocking-call");
    trace = forget(forget(trace, 50), 60);
    assert.deepEqual(
      findings(trace),
      found.map((finding) => ({ ...finding, task: null, tasks: [] })),
    );
  });

  it("can be told as a report and as a timeline", () => {
    assert.equal(report(part).tasks.length, part.tasks.count);
    assert.ok(timeline(part).length > 0);
  });

  it("finds tasks again by their numbers", () => {
    for (let task = 0; task < part.tasks.count; task++) {
      assert.equal(part.tasks.rowOf(part.tasks.serial(task)), task);
      const same = whole.tasks.rowOf(part.tasks.serial(task));
      assert.equal(whole.tasks.name(same), part.tasks.name(task));
    }
    const gone = Array.from({ length: whole.tasks.count }, (_, task) => task).find(
      (task) => part.tasks.rowOf(task) < 0,
    );
    assert.ok(gone !== undefined);
  });

  it("stays near its bound however long the run is", () => {
    const limit = 16_000_000;
    let trace = newTrace();
    const writer = new StreamWriter();
    let most = 0;
    let ticks = 0;
    const tick = () => ++ticks * 1e-6;
    for (let block = 0; block < 60; block++) {
      for (let n = 0; n < 2000; n++) {
        const key = 1000 + n;
        writer.new(key, tick(), 0, "/srv/app.py:40 handle", `Task-${block * 2000 + n + 1}`, []);
        for (let step = 0; step < 3; step++) writer.yield(key, tick(), tick(), [], step && 1);
        writer.done(key, tick(), tick());
      }
      trace.feed(writer.bytes());
      writer.parts.length = 0;
      trace = bounded(trace, limit);
      most = Math.max(most, trace.bytes);
    }
    assert.equal(trace.taskCount, 120_000);
    assert.ok(trace.forgotten.tasks > 50_000, `${trace.forgotten.tasks} tasks forgotten`);
    assert.ok(most < 1.2 * limit, `${most} bytes`);
  });
});
