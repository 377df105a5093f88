import assert from "node:assert/strict";
import { Trace } from "../../../src/trace";
import { stepIndex, taskState } from "../../../src/trace/queries";
import { StreamWriter } from "./writer";

const MAIN = "/app/app.py:10 main";
const SLEEP = "lib:/usr/lib/python3.11/asyncio/tasks.py:605 sleep";

describe("the decoder", () => {
  const forms = [
    ["batch", null],
    ["records", 4],
    ["records", 8],
  ] as const;
  for (const [form, width] of forms) {
    it(`makes tasks, steps and suspensions of ${form}${width ? ` of width ${width}` : ""}`, () => {
      const w = new StreamWriter();
      w.form = form;
      w.width = width;
      w.run(0, 1);
      w.new(1, 0.001, 0, MAIN, "Task-1", ["lib:/usr/lib/python3.11/asyncio/runners.py:118 Runner.run"]);
      w.poll(0.002, 0, 0).iter(0.002, 1);
      w.step(1, 0.002, 0.003, 77, [MAIN, SLEEP]).waits(1, "sleep", 0, 0.5);
      w.poll(0.003, 0.5, 1).wake(1, 0.503, 1).iter(0.503, 1);
      w.done(1, 0.503, 0.504).run(0.505, 0);
      const trace = w.trace();
      assert.deepEqual(trace.notes, []);
      assert.equal(trace.tasks.count, 1);
      assert.equal(trace.tasks.name(0), "Task-1");
      assert.deepEqual(
        [0, 0.0015, 0.0025, 0.1, 0.503, 0.6].map((t) => taskState(trace, 0, t).state),
        ["absent", "pending", "running", "suspended", "running", "returned"],
      );
      assert.equal(trace.waits.delay.get(-trace.steps.wait.get(0)), 0.5);
      assert.equal(stepIndex(trace).lastBegun(0, 0.1), 0);
      assert.deepEqual(
        trace.stacks.frames(trace.steps.stack.get(0)).map((p) => `${p.line} ${p.function} ${p.user}`),
        ["10 main true", "605 sleep false"],
      );
      assert.equal(trace.stacks.userPlace(trace.steps.stack.get(0))?.line, 10);
    });
  }

  it("keeps the outer frames a record says it keeps", () => {
    const w = new StreamWriter();
    w.new(1, 0, 0, MAIN, "t");
    w.step(1, 0.1, 0.2, 5, [MAIN, "/app/app.py:20 a", "/app/app.py:30 b"]);
    w.step(1, 0.3, 0.4, 5, ["/app/app.py:21 a"], 1);
    w.step(1, 0.5, 0.6, 5, ["/app/app.py:31 b"], 7);
    const trace = w.trace();
    const lines = (row: number) => trace.stacks.frames(trace.steps.stack.get(row)).map((p) => p.line);
    assert.deepEqual(lines(0), [10, 20, 30]);
    assert.deepEqual(lines(1), [10, 21]);
    assert.deepEqual(lines(2), [10, 21, 31]);
    assert.equal(trace.steps.flags.get(2) & 16, 16, "a chain with frames missing is marked");
  });

  it("gives a key that is used again to its new owner", () => {
    const w = new StreamWriter();
    w.new(1, 0, 0, MAIN, "first").done(1, 0.1, 0.2);
    w.new(1, 0.3, 0, MAIN, "second").done(1, 0.4, 0.5, 2);
    const trace = w.trace();
    assert.deepEqual([trace.tasks.name(0), trace.tasks.name(1)], ["first", "second"]);
    assert.deepEqual([trace.tasks.outcome.get(0), trace.tasks.outcome.get(1)], [0, 2]);
  });

  it("reads the same whatever the chunks", () => {
    const w = new StreamWriter();
    w.new(1, 0, 0, MAIN, "a").step(1, 0.1, 0.2, 0, [MAIN, SLEEP]).wake(1, 0.3, 1).done(1, 0.4, 0.5);
    const bytes = w.bytes();
    for (const size of [1, 3, 7, 64]) {
      const { trace } = feedInChunks(bytes, size);
      assert.equal(trace.events, 4);
      assert.deepEqual(trace.notes, []);
    }
  });
});

function feedInChunks(bytes: Uint8Array, size: number) {
  const trace = new Trace();
  for (let at = 0; at < bytes.length; at += size) trace.feed(bytes.subarray(at, at + size));
  trace.finish();
  return { trace };
}
