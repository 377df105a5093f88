import assert from "node:assert/strict";
import { CAUSE_CANCELLED } from "../../../src/protocol/stream";
import { findings, report } from "../../../src/trace";
import { StreamWriter } from "./writer";

const TASK = 3;
const CALLBACK = 5;
const CANCELLED = 2;
const WORK = "/app/app.py:1 work";
const AT = "/app/app.py:5 work";
const STOP = "/app/app.py:50 stop";

/** Task 1 runs; task 2 is made and, if `parked`, suspended at 0.3 s on a future. */
function two(parked: boolean): StreamWriter {
  const w = new StreamWriter(1).run(0, 1);
  w.new(1, 0.1, 0, WORK, "one").new(2, 0.1, 0, WORK, "two").iter(0.1, 2);
  return parked ? w.step(2, 0.1, 0.3, 77, [AT]) : w;
}

const told = (w: StreamWriter) => {
  const { cancelledBy } = report(w.trace()).tasks[1];
  return cancelledBy && [cancelledBy.kind, cancelledBy.task, cancelledBy.at?.line ?? null];
};

describe("a task that is cancelled while it does not wait", () => {
  it("is told with who called, before its first step", () => {
    assert.deepEqual(told(two(false).cancel(2, 0.2, TASK, 1, [STOP]).done(2, 0.3, 0.4, CANCELLED)), [
      "task",
      1,
      50,
    ]);
    assert.deepEqual(told(two(false).done(2, 0.3, 0.4, CANCELLED)), ["unknown", null, null]);
    assert.deepEqual(told(two(false).cancel(2, 0.2, CALLBACK, 0, [STOP]).done(2, 0.3, 0.4, CANCELLED)), [
      "loop",
      null,
      50,
    ]);
  });

  it("is told with who called while it was ready, and was woken by another", () => {
    const w = two(true).wake(2, 0.4, TASK, 1).cancel(2, 0.5, TASK, 1, [STOP]).done(2, 0.6, 0.7, CANCELLED);
    assert.deepEqual(told(w), ["task", 1, 50]);
    const [suspension] = report(w.trace()).tasks[1].suspensions;
    assert.deepEqual([suspension.ready, suspension.wokenBy?.kind], [0.4, "task"]);
  });

  it("is told with its own line where it cancels itself, though its step passes that on", () => {
    const w = two(false)
      .cancel(2, 0.2, TASK, 2, [STOP])
      .wake(2, 0.3, TASK + CAUSE_CANCELLED, 2);
    assert.deepEqual(told(w.step(2, 0.1, 0.3, 77, [AT]).done(2, 0.4, 0.5, CANCELLED)), ["task", 2, 50]);
  });

  it("is cancelled by who called last", () => {
    const again = (w: StreamWriter) => w.wake(2, 0.8, TASK + CAUSE_CANCELLED, 1, ["/app/app.py:60 stop"]);
    const w = two(true).wake(2, 0.4, TASK, 1).cancel(2, 0.5, TASK, 1, [STOP]).step(2, 0.6, 0.7, 78, [AT]);
    assert.deepEqual(told(again(w).done(2, 0.9, 1, CANCELLED)), ["task", 1, 60]);
  });

  it("swallows it when it goes on", () => {
    const w = two(true).wake(2, 0.4, TASK, 1).cancel(2, 0.5, TASK, 1, [STOP]);
    const swallowed = (w: StreamWriter) =>
      findings(w.trace()).filter(({ rule }) => rule === "cancellation-swallowed");
    const [found, ...others] = swallowed(w.step(2, 0.6, 0.7, 78, [AT]).wake(2, 2, 1).done(2, 2.5, 2.6));
    assert.deepEqual([found.task, found.at?.line, others], [2, 5, []]);
    assert.match(found.message, /cancelled by one at app\.py:50/);
    assert.deepEqual(swallowed(two(true).wake(2, 0.4, TASK, 1).done(2, 2.5, 2.6)), []);
  });
});
