import assert from "node:assert/strict";
import { findings, report, taskState, timeline } from "../../../src/trace";
import { StreamWriter } from "./writer";

const COROUTINE = "/app/app.py:1 work";

/** Two tasks that wait since 0.2 s; the loop goes round at 0.5 s, and the first holds it until 0.8 s. */
function two(detail: "light" | "full" = "light"): StreamWriter {
  const w = new StreamWriter(1, { detail }).run(0, 1);
  w.new(1, 0.1, 0, COROUTINE, "a").new(2, 0.1, 0, COROUTINE, "b").iter(0.1, 2);
  w.bare(1, 0.1, 0.15).bare(2, 0.15, 0.2);
  return w.poll(0.2, 0.3, 1).iter(0.5, 2).bare(1, 0.5, 0.8).bare(2, 0.8, 0.81);
}

describe("light detail", () => {
  it("has a task suspended until its iteration began, and ready from then on", () => {
    const trace = two().trace();
    const states = [0.15, 0.3, 0.49, 0.6, 0.805, 0.81].map((t) => taskState(trace, 1, t));
    assert.deepEqual(
      states.map(({ state, since }) => [state, since]),
      [
        ["running", 0.15],
        ["suspended", 0.2],
        ["suspended", 0.2],
        ["ready", 0.5],
        ["running", 0.8],
        ["suspended", 0.81],
      ],
    );
    const task = report(trace).tasks[1];
    const round = (seconds: number) => Math.round(seconds * 1e6) / 1e6;
    assert.deepEqual(
      [task.runSeconds, task.readySeconds, task.suspendedSeconds].map(round),
      [0.06, 0.35, 0.3],
      "since it was made, too, it was ready for 50 ms",
    );
  });

  it("makes up neither when a task was woken, nor by whom, nor what it waited for", () => {
    const trace = two().trace();
    const [first] = report(trace).tasks[1].suspensions;
    assert.deepEqual([first.from, first.ready, first.resumed, first.wokenBy], [0.2, null, 0.8, null]);
    assert.deepEqual([first.at, first.on.kind, first.on.label], [null, "other", "something not recorded"]);
    const events = [...timeline(trace)].map(({ event }) => event);
    assert.ok(!events.includes("woken") && events.includes("resumed"));
  });

  it("is not what full detail with a lost wake is", () => {
    const [first] = report(two("full").trace()).tasks[1].suspensions;
    assert.deepEqual([first.ready, first.on.label], [null, "await"]);
    assert.equal(taskState(two("full").trace(), 1, 0.6).state, "suspended");
  });

  it("tells who had to wait for the loop, for no longer than is certain", () => {
    const found = findings(two().run(0.9, 0).trace()).filter(({ rule }) => rule === "starved");
    assert.deepEqual(
      found.map(({ task, from, seconds }) => [task, from, Math.round((seconds ?? 0) * 1e3)]),
      [[2, 0.5, 300]],
    );
  });

  it("takes no iteration from before a gap for the one that runs", () => {
    const w = two().flush().iter(4, 1).flush();
    w.parts.pop();
    const trace = w.bare(2, 5, 5.1).trace();
    const { state, since } = taskState(trace, 1, 4.9);
    assert.deepEqual([state, since], ["suspended", 0.81]);
  });

  it("tells who cancelled, and accuses nobody of having caught it", () => {
    const stop = ["/app/app.py:50 stop", "/app/app.py:9 main"];
    const cancelled = (outcome: number) =>
      two()
        .wake(2, 0.9, 3 + 16, 1, stop)
        .iter(0.91, 1)
        .bare(2, 0.91, 0.92)
        .iter(3, 1)
        .done(2, 3, 3.1, outcome);
    const [, task] = report(cancelled(2).trace()).tasks;
    assert.deepEqual(
      [task.cancelledBy?.kind, task.cancelledBy?.task, task.cancelledBy?.at?.line],
      ["task", 1, 50],
    );
    assert.deepEqual(task.suspensions.at(-2)?.wokenBy, { kind: "cancel", task: 1 });
    const rules = findings(cancelled(0).trace()).map(({ rule }) => rule);
    assert.ok(!rules.includes("cancellation-swallowed"), String(rules));
  });

  it("does not say that a task waits where it was made", () => {
    const w = new StreamWriter(1, { detail: "light" }).run(0, 1);
    w.new(1, 0.1, 0, COROUTINE, "a", ["/app/app.py:7 main"]).iter(0.1, 1).bare(1, 0.1, 0.15).end(0);
    const [found] = findings(w.trace()).filter(({ rule }) => rule === "unfinished-at-exit");
    assert.match(found.message, /when the program ended, waiting for something not recorded: what was left/);
  });
});
