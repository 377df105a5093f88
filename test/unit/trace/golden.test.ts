import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import { findings, report, Trace } from "../../../src/trace";

/** A stream recorded by the CPython runtime, which its own tests read too. */
function golden(name: string): Trace {
  const trace = new Trace({ inflate: (bytes, maxOutputLength) => inflateSync(bytes, { maxOutputLength }) });
  trace.feed(readFileSync(`test/fixtures/streams/${name}.loopscope`));
  trace.finish();
  assert.deepEqual(trace.notes, []);
  return trace;
}

describe("the golden streams", () => {
  it("three sleepers", () => {
    const { tasks } = report(golden("sleepers"));
    const sleepers = tasks.filter(({ coroutine }) => coroutine.startsWith("task_"));
    assert.deepEqual(
      sleepers.map(({ coroutine, outcome, suspensions: [s] }) => [
        coroutine,
        outcome,
        s.on.label,
        s.wokenBy?.kind,
      ]),
      [
        ["task_one", "returned", "asyncio.sleep(0.05)", "timer"],
        ["task_two", "returned", "asyncio.sleep(0.1)", "timer"],
        ["task_three", "returned", "asyncio.sleep(0.2)", "timer"],
      ],
    );
    const main = tasks.find(({ coroutine }) => coroutine === "main");
    assert.deepEqual(
      main?.suspensions.map(({ on }) => [on.kind, on.tasks]),
      [["tasks", sleepers.map(({ id }) => id)]],
    );
  });

  it("a blocked loop", () => {
    const found = findings(golden("blocked")).map(({ rule, at, task }) => [rule, at?.function, task]);
    assert.deepEqual(found, [
      ["blocking-call", "blocker", 3],
      ["starved", "victim", 2],
    ]);
  });

  it("a deadlock that was cancelled in the end", () => {
    const [found, ...more] = findings(golden("deadlock"));
    assert.deepEqual(more, []);
    assert.equal(found.rule, "deadlock");
    assert.match(found.message, /Lock 'orders'.acquire.*Lock 'accounts'.acquire/);
  });

  it("waits of every kind", () => {
    const trace = golden("waits");
    const labels = new Set(
      report(trace).tasks.flatMap(({ suspensions }) => suspensions.map(({ on }) => on.label)),
    );
    for (const label of [
      "Queue 'queue'.get",
      "Queue 'queue'.put",
      "Queue 'queue'.join",
      "Lock 'lock'.acquire",
      "Semaphore 'sema'.acquire",
      "Event 'event'.wait",
      "Condition 'cond'.wait",
      "asyncio.wait of slow",
      "asyncio.wait_for(task slow)",
      "await task slow",
      "gather of slow",
      "asyncio.to_thread(time.sleep)",
      "asyncio.sleep(0)",
      "await Future",
      "StreamReader.readline",
      "Process.wait",
    ]) {
      assert.ok(labels.has(label), `${label} among ${[...labels].join(", ")}`);
    }
    assert.deepEqual(findings(trace), []);
  });
});
