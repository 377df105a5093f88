import assert from "node:assert/strict";
import { findings } from "../../../src/trace";
import { at, EVENT, GET, LOCK, of, SLEEP, started } from "./programs";
import { PYTHONS, record } from "./recorded";
import type { StreamWriter } from "./writer";

const NEVER_SET = `
import asyncio, os, signal
async def main():
    loop = asyncio.get_running_loop()
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    await asyncio.gather(loop.create_future(), loop.create_future())
signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
asyncio.run(main())
`;

/** Task `key` of two waits for one lock and holds the other. */
function twoLocks(): StreamWriter {
  const w = started(2);
  w.object(51, 0, "lock", "accounts", [at(90, "main")]).object(52, 0, "lock", "ledger", [at(91, "main")]);
  w.hold(51, 0.01, 1, 1).hold(52, 0.02, 2, 1);
  w.step(1, 0.02, 0.03, 71, [at(5), LOCK]).waits(1, "lock", 52);
  w.step(2, 0.03, 0.04, 72, [at(6), LOCK]).waits(2, "lock", 51);
  return w;
}

describe("deadlock", () => {
  it("lists a circle of two locks", () => {
    const [found] = of(twoLocks().poll(0.05, -1, 0), "deadlock");
    assert.deepEqual([found.tasks, found.object], [[1, 2], 2]);
    assert.match(found.message, /Lock 'ledger'.acquire at app.py:5, held by t2/);
    assert.match(found.message, /Nothing can ever wake them/);
  });

  it("sees the circle though other tasks run on", () => {
    const w = twoLocks();
    w.new(3, 0.05, 0, at(20, "beat"), "beat")
      .step(3, 0.05, 0.06, 9, [at(21, "beat"), SLEEP])
      .waits(3, "sleep", 0, 1);
    const [found, ...more] = of(w.poll(0.06, 1, 1, 4), "deadlock");
    assert.deepEqual(found.tasks, [1, 2]);
    assert.deepEqual(more, []);
  });

  it("sees a task that waits for the lock it holds", () => {
    const w = started(1).object(51, 0, "lock", "", []).hold(51, 0, 1, 1);
    w.step(1, 0.1, 0.2, 9, [at(4), LOCK])
      .waits(1, "lock", 51)
      .poll(0.3, -1, 0);
    assert.match(of(w, "deadlock")[0].message, /waits for itself/);
  });

  it("sees a circle through tasks and locks", () => {
    const w = started(2).object(51, 0, "lock", "l", []).hold(51, 0.01, 1, 1);
    w.step(1, 0.1, 0.2, 2, [at(4)])
      .step(2, 0.2, 0.3, 9, [at(5), LOCK])
      .waits(2, "lock", 51)
      .poll(0.3, -1, 0);
    const [found] = of(w, "deadlock");
    assert.deepEqual([...found.tasks].sort(), [1, 2]);
  });

  it("sees a circle through a queue whose only producer is stuck", () => {
    const w = started(2).object(60, 0, "queue", "q", []).object(51, 0, "lock", "l", []).hold(51, 0, 1, 1);
    w.step(1, 0.1, 0.11, 8, [at(4), GET])
      .waits(1, "queue.get", 60)
      .wake(1, 0.2, 3, 2);
    w.step(1, 0.2, 0.21, 8, [at(4), GET]).waits(1, "queue.get", 60);
    w.step(2, 0.21, 0.22, 9, [at(5), LOCK]).waits(2, "lock", 51);
    w.new(3, 0.3, 0, at(20, "beat"), "beat")
      .step(3, 0.3, 0.31, 9, [at(21), SLEEP])
      .waits(3, "sleep", 0, 1);
    const [found] = of(w.poll(0.4, 1, 1), "deadlock");
    assert.deepEqual([...found.tasks].sort(), [1, 2]);
  });

  it("names a task that used what is waited for, and failed", () => {
    const w = started(3).object(60, 0, "queue", "q", []);
    w.step(2, 0.01, 0.02, 8, [at(4), GET])
      .waits(2, "queue.get", 60)
      .wake(2, 0.03, 3, 1);
    w.step(1, 0.03, 0.04, 9, [at(6), GET]).waits(1, "queue.join", 60);
    w.raised(3, "OSError", "no", [at(8)]).done(3, 0.04, 0.05, 1);
    w.raised(2, "KeyError", "'count'", [at(9)]).done(2, 0.05, 0.06, 1);
    const [found] = of(w.poll(0.07, -1, 0), "deadlock");
    assert.match(found.message, /t2, which had waited for it before, failed with KeyError at app\.py:9; see/);
  });

  it("names a task that failed while nothing but it was left to wake them", () => {
    const w = started(3).object(60, 0, "queue", "q", []);
    w.raised(3, "OSError", "no", [at(8)]).done(3, 0.01, 0.02, 1);
    w.step(1, 0.03, 0.04, 9, [at(6), GET]).waits(1, "queue.join", 60);
    w.raised(2, "KeyError", "'count'", [at(9)]).done(2, 0.05, 0.06, 1);
    const [found] = of(w.poll(0.07, -1, 0), "deadlock");
    assert.match(found.message, /never will: t2 failed with KeyError at app\.py:9 meanwhile; see/);
  });

  it("says that nothing is left that could wake anyone", () => {
    const w = started(1).object(61, 0, "event", "ready", []);
    w.step(1, 0.1, 0.2, 9, [at(4), EVENT])
      .waits(1, "event", 61)
      .poll(0.2, -1, 0);
    const [found] = of(w, "deadlock");
    assert.match(found.message, /nothing is left that could ever wake/);
    assert.equal(found.at?.line, 4);
  });

  for (const python of PYTHONS) {
    it(`is what futures are gathered for that nobody sets, until Ctrl-C (${python.split("/").at(-3)})`, () => {
      const { trace } = record(NEVER_SET, python);
      const found = findings(trace).filter(({ rule }) => rule === "deadlock");
      assert.deepEqual(
        found.map((each) => each.at?.line),
        [6],
      );
    });
  }

  it("tells a far timer from none", () => {
    const w = started(2).object(61, 0, "event", "ready", []);
    w.step(1, 0.1, 0.2, 9, [at(4), EVENT]).waits(1, "event", 61);
    w.step(2, 0.2, 0.3, 8, [at(5), SLEEP])
      .waits(2, "sleep", 0, 3600)
      .poll(0.3, 3600, 1);
    const [found] = of(w, "deadlock");
    assert.equal(found.severity, "info");
    assert.match(found.message, /Nothing but a timer due in 1 h/);
  });

  it("is not a program that waits for I/O, for a thread, or for a task that sleeps", () => {
    const event = () => {
      const w = started(2).object(61, 0, "event", "ready", []);
      return w.step(1, 0.1, 0.2, 9, [at(4), EVENT]).waits(1, "event", 61);
    };
    assert.deepEqual(of(event().poll(0.3, -1, 0, 1), "deadlock"), [], "a socket is watched");
    const thread = event()
      .step(2, 0.2, 0.3, 7, [at(5)])
      .waits(2, "thread")
      .poll(0.3, -1, 0);
    assert.deepEqual(of(thread, "deadlock"), [], "a thread works");
    const sleeper = event()
      .step(2, 0.2, 0.3, 7, [at(5), SLEEP])
      .waits(2, "sleep", 0, 1)
      .poll(0.3, 1, 1);
    assert.deepEqual(of(sleeper, "deadlock"), [], "a task sleeps");
  });

  it("is found in the trace of a program that was interrupted", () => {
    const w = twoLocks().poll(0.05, -1, 0).iter(5.05, 1);
    const cancel = ["lib:/usr/lib/python3.12/asyncio/runners.py:200 _cancel_all_tasks"];
    w.wake(1, 5.06, 6 + 16, 0, cancel).wake(2, 5.06, 6 + 16, 0, cancel);
    w.done(1, 5.06, 5.07, 2).done(2, 5.07, 5.08, 2).run(5.1, 0).end(130);
    const [found] = of(w, "deadlock");
    assert.deepEqual(found.tasks, [1, 2]);
  });

  it("is a circle that only a timeout broke", () => {
    const w = twoLocks().poll(0.05, 0.2, 1).iter(0.25, 1);
    w.wake(1, 0.25, 1 + 16, 0, ["lib:/usr/lib/python3.12/asyncio/timeouts.py:130 Timeout._on_timeout"]);
    w.hold(51, 0.26, 1, -1).done(1, 0.25, 0.26, 2).wake(2, 0.26, 3, 1).done(2, 0.27, 0.28);
    const [found] = of(w, "deadlock");
    assert.deepEqual([found.tasks, found.severity], [[1, 2], "warning"]);
    assert.match(found.message, /only when one of them was cancelled/);
  });

  it("is not a circle that ended by itself", () => {
    const w = twoLocks().poll(0.05, 0.2, 1).iter(0.25, 1).hold(52, 0.25, 2, -1).wake(1, 0.25, 5);
    w.done(1, 0.25, 0.26).wake(2, 0.26, 3, 1).done(2, 0.27, 0.28);
    assert.deepEqual(of(w, "deadlock"), []);
  });
});
