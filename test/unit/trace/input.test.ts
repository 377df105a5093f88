import assert from "node:assert/strict";
import { deflateSync, inflateSync } from "node:zlib";
import { overview } from "../../../src/cli/overview";
import { caveats } from "../../../src/cli/summary";
import { FLAG_DEFLATED, FrameType } from "../../../src/protocol/stream";
import { report, Trace, TraceFormatError } from "../../../src/trace";
import { inflateZlib } from "../../../src/trace/read/inflate";
import { frame, header, json } from "./frames";
import { StreamWriter } from "./writer";

function read(...parts: Uint8Array[]): Trace {
  const trace = new Trace();
  for (const part of parts) trace.feed(part);
  trace.finish();
  return trace;
}

const valid = () => new StreamWriter().new(1, 0, 0, "/a.py:1 main", "t").done(1, 0.1, 0.2).bytes();

describe("a trace that is not quite one", () => {
  it("of another kind is refused, saying so", () => {
    assert.throws(() => read(new TextEncoder().encode("#!/usr/bin/env python\nprint(1)\n")), {
      name: "TraceFormatError",
      message: /not a Loopscope trace/,
    });
  });

  it("of another kind is refused though it is shorter than a header, in whatever pieces it comes", () => {
    for (const pieces of [["not a trace"], ["n", "o"], ["\u0089"]]) {
      assert.throws(() => read(...pieces.map((piece) => new TextEncoder().encode(piece))), {
        message: /not a Loopscope trace/,
      });
    }
  });

  it("of a newer major format is refused, naming both", () => {
    assert.throws(
      () => read(header(2, 3)),
      (error: Error) => {
        assert.ok(error instanceof TraceFormatError);
        assert.match(error.message, /format 2\.3.*reads format 1\.0/);
        return true;
      },
    );
    assert.doesNotThrow(() => read(header(1, 7)), "a larger minor only adds");
  });

  it("that is empty, or ends in its header, is noted", () => {
    assert.deepEqual(read().notes, ["the trace is empty"]);
    assert.match(read(header().subarray(0, 9)).notes[0], /ends inside its header/);
    assert.equal(report(read(header())).tasks.length, 0);
  });

  it("is read up to its last whole record wherever it is cut", () => {
    const bytes = valid();
    for (let cut = 16; cut < bytes.length; cut += 7) {
      const trace = read(bytes.subarray(0, cut));
      assert.ok(trace.notes.length <= 1, trace.notes.join());
      assert.ok(trace.tasks.count <= 1);
    }
    const [note] = read(bytes.subarray(0, bytes.length - 3)).notes;
    assert.match(note, /^the last \d+ bytes are an incomplete record/);
  });

  it("with a record of an impossible length is read up to it", () => {
    const bad = frame(FrameType.records, new Uint8Array(0));
    new DataView(bad.buffer).setUint32(0, 0xffffffff, true);
    const trace = read(valid(), bad, valid());
    assert.equal(trace.tasks.count, 1);
    assert.match(trace.notes[0], /damaged at byte \d+: a record of 4294967295 bytes/);
  });

  it("with damaged records is read around them", () => {
    const trace = read(
      valid(),
      frame(FrameType.codes, new TextEncoder().encode("[[1,")),
      frame(FrameType.records, new Uint8Array(7)),
      json(FrameType.hello, [1]),
      frame(200, new Uint8Array(5)),
      frame(FrameType.stats, new Uint8Array([1, 2, 3]), 1, FLAG_DEFLATED),
    );
    assert.equal(trace.notes.length, 4);
    assert.equal(report(trace).tasks[0].outcome, "returned");
  });

  it("with a deflate bomb does not inflate it", () => {
    const bomb = deflateSync(new Uint8Array(80 << 20), { level: 9 });
    const limit = 1 << 20;
    assert.throws(() => inflateZlib(bomb, limit), /more than 1048576 bytes/);
    const trace = read(valid(), frame(FrameType.records, bomb, 1, FLAG_DEFLATED));
    assert.match(trace.notes[0], /inflates to more than/);
  });

  it("with bodies that are deflated reads the same with both inflaters", () => {
    const data = deflateSync(new Uint8Array(300_000).map((_, i) => i * 31));
    assert.deepEqual(Buffer.from(inflateZlib(data, 1 << 20)), inflateSync(data));
  });
});

describe("a trace of several programs and loops", () => {
  it("keeps their keys apart and their clocks together", () => {
    const parent = new StreamWriter(1);
    parent.new(1, 0, 0, "/a.py:1 main", "parent").done(1, 0.1, 0.2);
    const child = new StreamWriter(2, { pid: 42, ppid: 41 }, false);
    child.loop(2, "uvloop.Loop", "worker").new(1, 1, 0, "/b.py:1 work", "child").done(1, 1.1, 1.2, 2);
    const r = report(read(parent.bytes(), child.bytes()));
    assert.deepEqual(
      r.tasks.map(({ name, loop, created }) => [name, loop, created]),
      [
        ["parent", 1, 0],
        ["child", 3, 1],
      ],
    );
    assert.deepEqual(r.loops.map(({ id, kind }) => [id, kind.split(".").pop()]).at(-1), [3, "Loop"]);
  });

  it("says that the loop made a task where its method is compiled and has no frame", () => {
    const made = (kind: string, frames: string[]) => {
      const w = new StreamWriter().loop(1, kind).new(1, 0, 0, "/a.py:1 main", "t", frames);
      return report(w.trace()).tasks[0].createdBy;
    };
    const gather = ["lib:/usr/lib/python3.12/asyncio/tasks.py:800 gather", "/a.py:9 main"];
    assert.deepEqual(
      [
        made("uvloop.Loop", ["/a.py:9 main"]),
        made("uvloop.Loop", gather),
        made("asyncio._UnixSelectorEventLoop", ["/a.py:9 main"]),
      ],
      ["create_task", "gather", "other"],
    );
  });

  it("counts as idle, of a loop that does not tell when it waits, what no step took", () => {
    const w = new StreamWriter().loop(1, "uvloop.Loop").run(0, 1).new(1, 0, 0, "/a.py:1 main", "t");
    const [{ runSeconds, idleSeconds }] = report(w.done(1, 0.1, 0.2).run(1, 0).trace()).loops;
    assert.deepEqual(
      [runSeconds, idleSeconds].map((each) => each.toFixed(3)),
      ["0.100", "0.900"],
    );
  });

  it("counts as idle no time of a loop that never waited", () => {
    const w = new StreamWriter().loop(1).run(0, 1).iter(0, 1).new(1, 0, 0, "/a.py:1 main", "t");
    const [{ runSeconds, idleSeconds }] = report(w.done(1, 0.1, 0.2).run(1, 0).trace()).loops;
    assert.deepEqual([runSeconds.toFixed(3), idleSeconds], ["1.000", 0]);
  });

  it("says when a program recorded less than all", () => {
    const caveat = /light detail: what tasks wait for, and where, was not recorded/;
    for (const detail of ["full", "light"] as const) {
      const trace = new StreamWriter(1, { detail }).new(1, 0, 0, "/a.py:1 main", "t").trace();
      assert.equal(report(trace).trust.detail, detail);
      assert.equal(caveat.test([...caveats(overview(trace))].join()), detail === "light");
    }
  });

  it("counts what was dropped", () => {
    const w = new StreamWriter().new(1, 0, 0, "/a.py:1 main", "t").flush();
    w.lost = 12;
    w.done(1, 0.1, 0.2);
    const trace = w.trace();
    assert.equal(report(trace).trust.dropped, 12);
    assert.match(trace.notes.join(), /12 events of loop 1 were dropped/);
  });

  it("takes over a task that existed before", () => {
    const w = new StreamWriter().adopt(1, 2, 99, "/a.py:1 serve", "old", ["/a.py:5 serve"]);
    w.wake(1, 3, 2).done(1, 3.1, 3.2);
    const [task] = report(w.trace()).tasks;
    assert.deepEqual([task.name, task.coroutine, task.outcome, task.steps], ["old", "serve", "returned", 1]);
    assert.deepEqual([task.suspensions[0].at?.line, task.suspensions[0].from], [5, 2]);
  });
});

describe("eager tasks", () => {
  const eager = () => new StreamWriter().new(1, 0, 0, "/a.py:1 main", "main");

  it("that end at once are tasks with one step inside their creator's", () => {
    const w = eager().eager(90, 0.11, 1, "/a.py:9 child", ["/a.py:3 main"]);
    w.eagerEnd(90, 2, 0.12, 0, "child").done(1, 0.1, 0.2);
    const [main, child] = report(w.trace()).tasks;
    assert.deepEqual(
      [child.name, child.parent, child.outcome, child.steps],
      ["child", main.id, "returned", 1],
    );
    assert.deepEqual([child.started, child.ended, main.steps], [0.11, 0.12, 1]);
  });

  it("are none where the factory raised", () => {
    const w = eager().eager(90, 0.11, 1, "/a.py:9 child").new(3, 0.115, 90, "/a.py:20 made", "made");
    w.eagerEnd(90, 0, 0.12, 4, "").done(1, 0.1, 0.2).done(3, 0.2, 0.21).run(0.3, 0).end(0);
    assert.deepEqual(
      report(w.trace()).tasks.map(({ name, parent }) => [name, parent]),
      [
        ["main", null],
        ["made", 1],
      ],
    );
  });

  it("that suspend wait on what is told beside their end", () => {
    const w = eager().object(50, 0.05, "lock", "accounts").eager(90, 0.11, 1, "/a.py:9 child");
    w.eagerEnd(90, 2, 0.12, 3, "child", 77, ["/a.py:10 child"]).waitsOn(2, "lock", 50).done(1, 0.1, 0.2);
    const [, child] = report(w.trace()).tasks;
    assert.deepEqual(child.suspensions[0].on, {
      kind: "lock",
      label: "Lock 'accounts'.acquire",
      tasks: [],
      object: 1,
    });
  });

  it("that suspend go on like any other, and their children know them", () => {
    const w = eager().eager(90, 0.11, 1, "/a.py:9 child");
    w.new(3, 0.115, 90, "/a.py:20 grandchild", "grandchild");
    w.eagerEnd(90, 2, 0.12, 3, "child", 77, ["/a.py:10 child"]).done(1, 0.1, 0.2);
    w.wake(2, 0.3, 1).done(2, 0.31, 0.32);
    const [, child, grandchild] = report(w.trace()).tasks;
    assert.equal(grandchild.parent, child.id);
    assert.deepEqual([child.steps, child.suspensions[0].from, child.suspensions[0].at?.line], [2, 0.12, 10]);
  });

  it("that yield in their first step are ready at once", () => {
    const w = eager().eager(90, 0.11, 1, "/a.py:9 child");
    w.eagerEnd(90, 2, 0.12, 5, "child", 0, ["/a.py:10 child"]).done(1, 0.1, 0.2).done(2, 0.31, 0.32);
    const [, child] = report(w.trace()).tasks;
    const [{ from, ready, resumed, on }] = child.suspensions;
    assert.deepEqual([child.steps, child.outcome, from, ready, resumed], [2, "returned", 0.12, 0.12, 0.31]);
    assert.equal(on.kind, "yield");
  });

  it("that were made past the loop have their first step inside their creator's", () => {
    const w = eager().iter(0.1, 1).new(2, 0.11, 1, "/a.py:9 ends", "ends").atOnce(2, 0.12);
    w.new(3, 0.13, 1, "/a.py:9 waits", "waits").atOnce(3, 0.14, 77, ["/a.py:10 waits"]);
    w.wakeHere(4, 0.15).done(1, 0.1, 0.2).wake(3, 0.3, 1).done(3, 0.31, 0.32);
    const [main, ends, waits] = report(w.trace()).tasks;
    assert.deepEqual(
      [ends, waits].map(({ parent, outcome, steps, started }) => [parent, outcome, steps, started]),
      [
        [main.id, "returned", 1, 0.11],
        [main.id, "returned", 2, 0.13],
      ],
    );
    const [{ from, ready, at }] = waits.suspensions;
    assert.deepEqual([ends.ended, from, ready, at?.line], [0.12, 0.14, 0.3, 10]);
    assert.deepEqual([main.steps, main.started, main.ended], [1, 0.1, 0.2], "its clock did not move");
  });

  it("are still in their first step where a trace breaks off", () => {
    const w = eager().iter(0.1, 1).new(2, 0.11, 1, "/a.py:9 runs", "runs").atOnce(2);
    const [, runs] = report(w.trace()).tasks;
    assert.deepEqual([runs.outcome, runs.steps], ["pending", 0]);
  });

  for (const when of ["before", "after"] as const) {
    it(`that were not started at once are one task, its NEW ${when} the factory's end`, () => {
      const w = eager().eager(90, 0.11, 1, "/a.py:9 child", ["/a.py:3 main"]);
      if (when === "before") w.new(2, 0.111, 90, "/a.py:9 child", "child");
      w.eagerEnd(90, 2, 0.12, 4, "");
      if (when === "after") w.new(2, 0.121, 1, "/a.py:9 child", "child");
      w.done(1, 0.1, 0.2).done(2, 0.2, 0.3);
      const tasks = report(w.trace()).tasks;
      assert.deepEqual(
        tasks.map(({ name, parent }) => [name, parent]),
        [
          ["main", null],
          ["child", 1],
        ],
      );
      assert.equal(tasks[1].outcome, "returned");
    });
  }
});
