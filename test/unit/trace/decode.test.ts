import assert from "node:assert/strict";
import { Trace } from "../../../src/trace";
import { stepIndex, taskState } from "../../../src/trace/queries";
import { StreamWriter } from "./writer";

const MAIN = "/app/app.py:10 main";
const SLEEP = "lib:/usr/lib/python3.11/asyncio/tasks.py:605 sleep";

describe("the decoder", () => {
  it("makes tasks, steps and suspensions", () => {
    const w = new StreamWriter();
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

  it("lets a step begin where the one before ended, and a wake be by the step that ends next", () => {
    const w = new StreamWriter();
    w.new(1, 0, 0, MAIN, "a", ["/app/app.py:5 boss"]).newSame(2, 0.01, "b");
    w.iter(0.1, 2).step(1, 0.1, 0.2, 77, [MAIN]).wakeHere(1, 0.25).wakeHere(1).done(2, 0.2, 0.3);
    w.iter(0.4, 1).again(1, 0.4, 0.5, 78);
    const trace = w.trace();
    assert.deepEqual(trace.notes, []);
    assert.deepEqual(
      [trace.tasks.code.get(1), trace.tasks.creationStack.get(1)],
      [trace.tasks.code.get(0), trace.tasks.creationStack.get(0)],
    );
    const { begin, end, ready, by, stack } = trace.steps;
    const rounded = (t: number) => Math.round(t * 1e6) / 1e6;
    assert.deepEqual(
      [0, 1, 2].map((row) => [begin.get(row), end.get(row)].map(rounded)),
      [
        [0.1, 0.2],
        [0.2, 0.3],
        [0.4, 0.5],
      ],
    );
    assert.deepEqual([rounded(ready.get(0)), by.get(0)], [0.25, 1]);
    assert.equal(stack.get(2), stack.get(0), "the chain is as before");
  });

  it("counts on where a task has the name after the last, and knows none after a gap", () => {
    const w = new StreamWriter();
    w.new(1, 0, 0, MAIN, "boss", ["/app/app.py:5 boss"]).newNumbered(2, 0.01, 7).newNumbered(3, 0.02);
    w.newSame(4, 0.03, "seven").newNumbered(5, 0.04);
    const names = (trace: ReturnType<typeof w.trace>) => [0, 1, 2, 3, 4].map((row) => trace.tasks.name(row));
    assert.deepEqual(names(w.trace()), ["boss", "Task-7", "Task-8", "seven", "Task-9"]);
    const lost = new StreamWriter();
    lost.newNumbered(1, 0, 7).flush().newNumbered(2, 0.1).flush().parts.pop();
    lost.newNumbered(3, 0.2);
    assert.deepEqual(
      [0, 1].map((row) => lost.trace().tasks.name(row)),
      ["Task-7", "?"],
    );
  });

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

  it("knows a chain by its number, in the records of a loop, until something is lost", () => {
    const w = new StreamWriter();
    w.loop(1).loop(2, "_UnixSelectorEventLoop", "worker").on(1);
    w.new(1, 0, 0, MAIN, "t").new(2, 0, 0, MAIN, "u");
    w.numbered(1, 0.1, 0.2, 5, 1, [MAIN, "/app/app.py:20 a"]);
    w.numbered(2, 0.2, 0.3, 5, 2, [MAIN, "/app/app.py:21 a"]);
    w.numbered(2, 0.3, 0.4, 5, 1).numbered(1, 0.4, 0.5, 5, 2).again(2, 0.5, 0.6, 6);
    w.numbered(1, 0.6, 0.7, 5, 1, [MAIN]).numbered(2, 0.7, 0.8, 5, 1);
    w.on(2).new(3, 0.2, 0, MAIN, "v").numbered(3, 0.3, 0.4, 5, 2);
    w.gap().numbered(3, 0.5, 0.6, 5, 2).on(1).gap().numbered(1, 1.1, 1.2, 5, 1);
    const trace = w.trace();
    const lines = (task: number) => {
      const found: unknown[] = [];
      for (let row = trace.tasks.firstStep.get(task); row >= 0; row = trace.steps.next.get(row)) {
        found.push(trace.stacks.frames(trace.steps.stack.get(row)).map((p) => p.line));
        if (trace.steps.flags.get(row) & 16) found.push("incomplete");
      }
      return found;
    };
    assert.deepEqual(lines(0), [[10, 20], [10, 21], [10], [], "incomplete"]);
    assert.deepEqual(lines(1), [[10, 21], [10, 20], [10, 20], [10]]);
    assert.deepEqual(lines(2), [[], "incomplete", [], "incomplete"]);
  });

  it("gives a key that is used again to its new owner", () => {
    const w = new StreamWriter();
    w.new(1, 0, 0, MAIN, "first").done(1, 0.1, 0.2);
    w.new(1, 0.3, 0, MAIN, "second").done(1, 0.4, 0.5, 2);
    const trace = w.trace();
    assert.deepEqual([trace.tasks.name(0), trace.tasks.name(1)], ["first", "second"]);
    assert.deepEqual([trace.tasks.outcome.get(0), trace.tasks.outcome.get(1)], [0, 2]);
  });

  it("knows a task by its key while another loop's new task has that key already", () => {
    const w = new StreamWriter();
    w.loop(1).loop(2, "_UnixSelectorEventLoop", "worker");
    w.on(1).new(1, 0, 0, MAIN, "old").step(1, 0.01, 0.02, 5, [MAIN]).flush();
    // The old task ended before the new one was made; its loop is told of after the other.
    w.on(2)
      .new(1, 0.2, 0, "/app/app.py:40 work", "new")
      .step(1, 0.2, 0.21, 6, ["/app/app.py:41 work"])
      .flush();
    w.on(1).wake(1, 0.05, 2).done(1, 0.1, 0.11).flush();
    w.on(2).wake(1, 0.3, 2).done(1, 0.3, 0.31, 1).flush();
    w.on(1).new(1, 0.4, 0, MAIN, "third").flush();
    const trace = w.trace();
    assert.deepEqual(trace.notes, []);
    assert.deepEqual(
      [0, 1, 2].map((row) => [trace.tasks.name(row), taskState(trace, row, 0.5).state]),
      [
        ["old", "returned"],
        ["new", "raised"],
        ["third", "pending"],
      ],
    );
    assert.deepEqual(
      [0, 1].map((row) => trace.steps.end.get(trace.tasks.lastStep.get(row))),
      [0.11, 0.31],
    );
  });

  it("gives what an old task's end raised, and what waits for it, to that task and not to another loop's new one", () => {
    const w = new StreamWriter();
    w.loop(1).loop(2, "_UnixSelectorEventLoop", "worker");
    w.on(1).new(1, 0, 0, MAIN, "old").new(3, 0, 0, MAIN, "waits for old").flush();
    w.on(2).new(1, 0.3, 0, MAIN, "new").new(4, 0.3, 0, MAIN, "waits for a future").flush();
    w.on(1).step(3, 0.01, 0.02, 1, [MAIN]).new(5, 0.02, 0, MAIN, "late");
    w.done(1, 0.1, 0.11, 1).raised(1, "KeyError", "missing").flush();
    w.on(2).step(4, 0.4, 0.41, 5, [MAIN]).flush();
    const trace = w.trace();
    assert.deepEqual(trace.notes, []);
    assert.deepEqual(
      [0, 2].map((row) => [trace.tasks.name(row), trace.exceptions.get(row)?.type]),
      [
        ["old", "KeyError"],
        ["new", undefined],
      ],
    );
    const waits = [1, 3].map((row) => trace.steps.wait.get(trace.tasks.lastStep.get(row)));
    assert.deepEqual(waits, [1, 0], "the row of the task, and one more; 0 is nothing known");
  });

  it("reads the same whatever the chunks", () => {
    const w = new StreamWriter();
    w.new(1, 0, 0, MAIN, "a").step(1, 0.1, 0.2, 0, [MAIN, SLEEP]).wake(1, 0.3, 1).done(1, 0.4, 0.5);
    const bytes = w.bytes();
    for (const size of [1, 3, 7, 64]) {
      const { trace } = feedInChunks(bytes, size);
      assert.equal(trace.events, 6);
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
