import assert from "node:assert/strict";
import type { CriticalPath, Place } from "../../../src/protocol/report";
import { criticalPathInfo, findings, isWorthTelling, wokenBy } from "../../../src/trace";
import { PYTHONS, record } from "./recorded";
import { StreamWriter } from "./writer";

const SLEEP = "lib:/usr/lib/python3.12/asyncio/tasks.py:665 sleep";
const ACQUIRE = "lib:/usr/lib/python3.12/asyncio/locks.py:386 Semaphore.acquire";
const at = (line: number, name = "work") => `/app/app.py:${line} ${name}`;
const place = (it: Place | null) => (it === null ? "" : `${it.function}:${it.line}`);

const recorded = (source: string, python?: string): CriticalPath => {
  const path = criticalPathInfo(record(source, python).trace);
  assert.ok(path);
  const sum = path.parts.reduce((total, { seconds }) => total + seconds, 0);
  assert.ok(Math.abs(sum - path.seconds) < 1e-6, `${sum} s of ${path.seconds} s are told`);
  return path;
};

/** [kind, label, place, count, number of tasks] of the longest parts. */
const told = (path: CriticalPath, most = 1) =>
  path.parts
    .slice(0, most)
    .map((part) => [part.kind, part.label, place(part.at), part.count, part.tasks.length]);

const LIMITED = `
import asyncio
async def get(limit, n):
    async with limit:
        await asyncio.sleep(0.02)
async def main():
    limit = asyncio.Semaphore(1)
    await asyncio.gather(*(get(limit, n) for n in range(5)))
asyncio.run(main())
`;

const PATIENT = `
import asyncio
async def ask(seconds):
    await asyncio.sleep(seconds)
async def patient(seconds):
    for attempt in range(3):
        try:
            return await asyncio.wait_for(ask(seconds), 0.03)
        except asyncio.TimeoutError:
            pass
async def main():
    await asyncio.gather(patient(0.001), patient(9), patient(0.002))
asyncio.run(main())
`;

const UNTOLD = `
import asyncio, threading, time
async def main():
    future = asyncio.get_running_loop().create_future()
    def thread():
        time.sleep(0.05)
        future.set_result(1)
    threading.Thread(target=thread).start()
    await asyncio.wait_for(future, 0.5)
asyncio.run(main())
`;

describe("critical path", () => {
  for (const python of PYTHONS) {
    it(`goes through those who held what the next one waited for (${python.split("/").at(-3)})`, () => {
      const path = recorded(LIMITED, python);
      assert.deepEqual(told(path), [["wait", "asyncio.sleep(0.02)", "get:5", 5, 5]]);
      const [{ label, count }] = path.through;
      assert.deepEqual([/^Semaphore/.test(label), count], [true, 4]);
    });
  }

  it("tells turns of the loop that a task asks for in vain as what they are, not as a busy loop", () => {
    const path = recorded(`
import asyncio
async def main():
    for n in range(3000):
        await asyncio.sleep(0)
asyncio.run(main())
`);
    const yields = path.parts.find(({ label }) => label === "asyncio.sleep(0)");
    assert.deepEqual([yields?.kind, place(yields?.at ?? null)], ["wait", "main:5"]);
    assert.ok(yields!.count > 2000, `${yields!.count} of 3000`);
  });

  for (const python of PYTHONS) {
    it(`takes a loop that is not told by another thread to wait, not to be busy (${python.split("/").at(-3)})`, () => {
      const { trace } = record(UNTOLD, python);
      const path = criticalPathInfo(trace)!;
      const [first] = path.parts;
      assert.deepEqual([first.kind, place(first.at)], ["wait", "main:9"]);
      assert.ok(first.seconds > 0.9 * path.seconds, `${first.seconds} of ${path.seconds} s`);
      assert.deepEqual(wokenBy(trace, trace.tasks.firstStep.get(0)), { kind: "thread", task: null });
      const found = findings(trace);
      assert.ok(found.some(({ rule }) => rule === "not-thread-safe"));
      assert.ok(!found.some(({ rule, seconds }) => rule === "starved" && seconds! > 0.3));
    });
  }

  it("tells awaits of a loop one after another, with the line of the loop", () => {
    const path = recorded(`
import asyncio
async def fetch(n):
    await asyncio.sleep(0.02)
async def main():
    for n in range(4):
        await fetch(n)
asyncio.run(main())
`);
    assert.deepEqual(told(path), [["wait", "asyncio.sleep(0.02)", "fetch:4", 4, 1]]);
    assert.deepEqual(path.parts[0].stack.map(place), ["main:7", "fetch:4"]);
  });

  for (const python of PYTHONS) {
    it(`is the slowest of those that ran together, and says what a timeout cut off (${python.split("/").at(-3)})`, () => {
      const path = recorded(PATIENT, python);
      const [first] = path.parts;
      assert.deepEqual([first.kind, place(first.at), first.count, first.cancelled], ["wait", "ask:4", 3, 3]);
    });
  }

  it("ends though tasks wait for one another in a circle", () => {
    const w = new StreamWriter().run(0, 1);
    for (const key of [1, 2]) w.new(key, 0, 0, at(1), `t${key}`, []);
    w.step(1, 0, 0.01, 2, [at(4)]).step(2, 0.01, 0.02, 1, [at(5)]);
    w.wake(1, 0.5, 1).done(1, 0.5, 0.51, 2).wake(2, 0.6, 1).done(2, 0.6, 0.61, 2);
    const path = criticalPathInfo(w.trace())!;
    const sum = path.parts.reduce((total, { seconds }) => total + seconds, 0);
    assert.ok(path.parts.length < 6 && Math.abs(sum - path.seconds) < 1e-9, JSON.stringify(path.parts));
  });

  it("names what kept the loop busy, and between which lines", () => {
    const w = new StreamWriter().run(0, 1);
    for (let key = 1; key <= 4; key++) w.new(key, 0, 0, at(1), `t${key}`, [at(100, "main")]);
    w.step(1, 0, 0.001, 9, [at(5), SLEEP]).waits(1, "sleep", 0, 0.01);
    for (let key = 2; key <= 4; key++) w.done(key, (key - 2) * 0.1 + 0.001, (key - 1) * 0.1 + 0.001);
    w.iter(0.301, 1)
      .wake(1, 0.301, 1)
      .step(1, 0.301, 0.4, 9, [at(8), SLEEP]);
    w.wake(1, 0.4, 1).done(1, 0.4, 0.402);
    const path = criticalPathInfo(w.trace());
    assert.deepEqual(told(path!, 2), [
      ["ready", "work", "", 1, 1],
      ["run", "work", "work:5", 3, 1],
    ]);
  });

  it("goes on with the creator of a task before its beginning, and is not told of a task that goes on", () => {
    const w = new StreamWriter().run(0, 1).new(1, 0, 0, at(1), "t1", []);
    w.new(2, 0.1, 1, at(2, "release"), "t2", [at(3)]);
    w.step(1, 0.09, 0.11, 9, [at(4), ACQUIRE]);
    assert.equal(criticalPathInfo(w.trace()), null);
    w.done(2, 0.2, 0.3).wake(1, 0.3, 3, 2).done(1, 0.31, 0.32);
    const path = criticalPathInfo(w.trace())!;
    assert.deepEqual(
      path.parts.map(({ kind, tasks, seconds }) => [kind, tasks, Number(seconds.toFixed(3))]),
      [
        ["ready", [1, 2], 0.2],
        ["run", [2], 0.1],
        ["run", [1], 0.02],
      ],
    );
  });

  it("comes back to the task that is asked about where a callback made the one that it waited for", () => {
    const w = new StreamWriter().run(0, 1).new(1, 0, 0, at(1), "t1", []);
    w.step(1, 0.4, 0.41, 9, [at(4), ACQUIRE]).new(2, 0.405, 0, at(2), "t2", []);
    w.done(2, 0.42, 0.43).wake(1, 0.43, 3, 2).done(1, 0.44, 0.45);
    const [first, ...others] = criticalPathInfo(w.trace())!.parts;
    assert.deepEqual([first.kind, first.tasks, Number(first.seconds.toFixed(3))], ["ready", [1, 2], 0.425]);
    assert.ok(others.every(({ kind }) => kind === "run"));
  });

  it("is not worth telling where a server waits in installed code", () => {
    const waited = (frame: string) => {
      const w = new StreamWriter().run(0, 1).new(1, 0, 0, at(1), "t1", []);
      w.step(1, 0, 0.01, 1, [frame, SLEEP]).waits(1, "sleep", 0, 9);
      return criticalPathInfo(w.wake(1, 9, 1).done(1, 9, 9.01).trace())!;
    };
    assert.equal(isWorthTelling(waited(at(4))), true);
    assert.equal(isWorthTelling(waited("lib:/site-packages/uvicorn/server.py:248 Server.main_loop")), false);
  });

  it("is not told of light detail, which does not know what tasks wait for", () => {
    const w = new StreamWriter(1, { detail: "light" }).run(0, 1).new(1, 0, 0, at(1), "t1", []);
    assert.equal(criticalPathInfo(w.done(1, 0.1, 0.3).trace()), null);
  });
});
