import assert from "node:assert/strict";
import type { Finding, FindingRule } from "../../../src/protocol/report";
import { FrameType } from "../../../src/protocol/stream";
import { findings } from "../../../src/trace";
import { at, of, SLEEP, started } from "./programs";
import type { StreamWriter } from "./writer";

describe("the findings that the runtime reports", () => {
  it("name the coroutine, the place and what to do", () => {
    const w = started(2);
    w.neverAwaited(0.1, 1, at(30, "save"), [at(31, "main")]).neverAwaited(0.2, 1, at(30, "save"), [
      at(31, "main"),
    ]);
    w.done(1, 0.1, 0.2, 1)
      .raised(1, "ValueError", "bad", [at(8)])
      .unretrieved(1, 0.3, "ValueError", "bad", []);
    w.step(2, 0.2, 0.3, 9, [at(40)]).lostTask(2, 0.4);
    w.unsafe(0.5, "loop.call_soon", "Thread-1", [at(50, "callback")]);
    const found = findings(w.trace());
    const by = (rule: FindingRule) => found.filter((finding) => finding.rule === rule);
    assert.deepEqual(
      by("never-awaited").map((f) => [f.at?.line, /twice/.test(f.message)]),
      [[31, true]],
    );
    assert.deepEqual(
      by("exception-never-retrieved").map((f) => [f.at?.line, f.task]),
      [[8, 1]],
    );
    assert.deepEqual(
      by("task-lost").map((f) => [f.at?.line, f.task]),
      [[40, 2]],
    );
    assert.deepEqual(
      by("not-thread-safe").map((f) => f.at?.line),
      [50],
    );
  });

  it("unfinished tasks are told when the program ended by itself, not when it was killed", () => {
    const pending = () => started(1).step(1, 0.1, 0.2, 9, [at(40)]);
    assert.deepEqual(
      of(pending().run(0.3, 0).end(0), "unfinished-at-exit").map((f) => f.at?.line),
      [40],
    );
    assert.deepEqual(of(pending().end(null, "SIGKILL"), "unfinished-at-exit"), []);
  });

  it("are said to run where the end came in the midst of a step", () => {
    const pending = () =>
      started(1)
        .step(1, 0.1, 0.2, 9, [at(40)])
        .wake(1, 0.3, 1);
    const told = (w: StreamWriter) => {
      const [found] = of(w.now(0.5, 1, 0.31).end(0), "unfinished-at-exit");
      return [found.at?.line, /program ended, (.*?):/.exec(found.message)?.[1]];
    };
    assert.deepEqual(told(pending()), [40, "running after Future at app.py"]);
    assert.deepEqual(told(pending().stall(1, 0.31, 0.4, [at(41)])), [41, "running at app.py"]);
  });

  it("are not those that the loop made to close a library's generator", () => {
    const cancel = ["lib:/usr/lib/python3.12/asyncio/runners.py:200 _cancel_all_tasks"];
    const made = ["lib:/usr/lib/python3.12/asyncio/base_events.py:450 create_task"];
    const told = (coroutine: string, frames: string[]) => {
      const w = started(1).new(2, 0.01, 0, coroutine, "closing", frames).done(1, 0.03, 0.04);
      w.cancel(2, 0.05, 3, 0, cancel).done(2, 0.05, 0.06, 2).run(0.07, 0).end(0);
      return of(w, "unfinished-at-exit").length;
    };
    const library = "lib:/v/site-packages/events/stream.py:9 events";
    assert.deepEqual([told(library, made), told(at(9), made), told(library, [at(30)])], [0, 1, 1]);
  });

  it("and not when the recording broke off before, which is said", () => {
    const pending = () => started(1).step(1, 0.1, 0.2, 9, [at(40)]);
    const closed = pending().broken(0).trace();
    assert.deepEqual(of(pending().broken(0), "unfinished-at-exit"), []);
    assert.match(closed.notes.join(), /the recording broke off before the program ended/);
    const wall = 1_700_000_001;
    const ends = [pending().broken(0, null, wall), pending().end(0, null, wall)];
    assert.deepEqual(
      ends.map((each) => each.trace().endTime),
      [0.2, 1],
    );
    const note = "tracing was switched off: _run_once failed: TypeError: unhashable type: 'F'";
    const off = pending().json(FrameType.stats, { notes: [note] });
    off.json(FrameType.bye, { t: 1e9, whole: false }).broken(0);
    assert.deepEqual([of(off, "unfinished-at-exit"), off.trace().notes], [[], [note]]);
  });

  it("nor when a signal ended the program, of whose last moments little is known", () => {
    const wall = 1_700_000_001;
    const killed = (t: number) =>
      started(1)
        .step(1, 0.1, t, 9, [at(40)])
        .broken(null, "SIGKILL", wall);
    const note = (seconds: number) =>
      `SIGKILL ended the program: what it did in the last ${seconds} s before that may not have been recorded`;
    assert.deepEqual([killed(0.95).trace().notes, killed(0.55).trace().notes], [[note(0.1)], [note(0.5)]]);
  });

  it("a lost task that the runner cancelled is told once", () => {
    const cancel = ["lib:/usr/lib/python3.12/asyncio/runners.py:200 _cancel_all_tasks"];
    const ended = (lost: boolean) => {
      const w = started(2).step(2, 0, 0.01, 9, [at(40)]);
      if (lost) w.lostTask(2, 0.02);
      w.done(1, 0.03, 0.04)
        .wake(2, 0.04, 3 + 16, 0, cancel)
        .done(2, 0.04, 0.05, 2)
        .run(0.06, 0)
        .end(0);
      return findings(w.trace()).map(({ rule }) => rule);
    };
    assert.deepEqual([ended(false), ended(true)], [["unfinished-at-exit"], ["task-lost"]]);
  });
});

describe("cancellation-swallowed", () => {
  /** Task 1 sleeps at line 5 and is cancelled by `frames`; then it sleeps once more. */
  function cancelled(frames: string[], outcome: number): Finding[] {
    const w = started(2)
      .step(1, 0.1, 0.2, 9, [at(5), SLEEP])
      .waits(1, "sleep", 0, 10);
    w.wake(1, 0.3, 3 + 16, 2, frames)
      .step(1, 0.3, 0.31, 9, [at(6), SLEEP])
      .waits(1, "sleep", 0, 0.1);
    return of(w.wake(1, 0.41, 1).done(1, 0.41, 0.42, outcome), "cancellation-swallowed");
  }

  it("is a task that was cancelled, waited on and returned", () => {
    const [found] = cancelled([at(50, "stop")], 0);
    assert.deepEqual([found.task, found.at?.line, found.severity], [1, 5, "info"]);
    assert.match(found.message, /cancelled by t2 at app.py:50 .* returned 120 ms later/);
  });

  it("is not one that cleaned up and was cancelled, nor a timeout that was caught", () => {
    assert.deepEqual(cancelled([at(50, "stop")], 2), []);
    assert.deepEqual(
      cancelled(["lib:/usr/lib/python3.12/asyncio/timeouts.py:130 Timeout._on_timeout"], 0),
      [],
    );
  });

  it("is not a library's task that ended as asyncio.run cancelled it", () => {
    const runner = "lib:/usr/lib/python3.12/asyncio/runners.py:200 _cancel_all_tasks";
    const told = (place: string, frame: string) => {
      const w = started(1).step(1, 0.1, 0.2, 9, [place, SLEEP]).waits(1, "sleep", 0, 10);
      return of(w.wake(1, 0.3, 3 + 16, 0, [frame]).done(1, 0.31, 0.32, 0), "cancellation-swallowed").length;
    };
    const library = "lib:/v/site-packages/engine/server.py:5 serve";
    assert.deepEqual([told(library, runner), told(at(5), runner), told(library, at(50))], [0, 1, 1]);
  });

  it("is not a task that caught the cancellation of another", () => {
    const w = started(2)
      .step(1, 0.1, 0.2, 2, [at(5)])
      .step(2, 0.2, 0.25, 9, [at(9), SLEEP]);
    w.wake(2, 0.3, 3 + 16, 0, [at(50, "stop")]).wake(1, 0.31, 3 + 16, 2, [at(50, "stop")]);
    w.done(2, 0.31, 0.32, 2).done(1, 0.33, 0.34);
    assert.deepEqual(of(w, "cancellation-swallowed"), []);
  });
});
