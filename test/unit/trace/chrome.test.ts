import assert from "node:assert/strict";
import { chromeTrace } from "../../../src/trace";
import { StreamWriter } from "./writer";

interface Event {
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  name: string;
  cat?: string;
  id?: number;
  args?: Record<string, unknown>;
}

function exported(w: StreamWriter): Event[] {
  return (JSON.parse([...chromeTrace(w.trace())].join("")) as { traceEvents: Event[] }).traceEvents;
}

describe("the Chrome trace", () => {
  it("has a track a task, slices in microseconds, and an arrow from waker to woken", () => {
    const w = new StreamWriter();
    w.new(1, 0, 0, "/a.py:1 main", 'na"me\n').new(2, 0, 1, "/a.py:2 other", "b");
    w.step(1, 0.001, 0.002, 2, ["/a.py:3 main"]);
    w.wake(1, 0.0035, 3, 2).done(2, 0.003, 0.004).done(1, 0.005, 0.006);
    const events = exported(w);
    const names = events.filter(({ ph, name }) => ph === "M" && name === "thread_name");
    assert.deepEqual(names.map(({ args }) => args?.name).slice(1), ['na"me\n', "b"]);
    const main = events.filter(({ ph, tid }) => ph === "X" && tid === 1000);
    assert.deepEqual(
      main.map(({ cat, name, ts, dur = 0 }) => [cat, name, ts, Math.round(dur * 1e3) / 1e3]),
      [
        ["ready", "ready", 0, 1000],
        ["running", "running", 1000, 1000],
        ["suspended", "await task b", 2000, 1500],
        ["ready", "ready", 3500, 1500],
        ["running", "running", 5000, 1000],
      ],
    );
    // Strictly before: a reader may take what ends as another begins for what is around it.
    main.slice(1).forEach(({ ts }, i) => {
      assert.ok(main[i].ts + (main[i].dur ?? 0) < ts);
    });
    const [start, finish] = events.filter(({ cat }) => cat === "wake");
    assert.deepEqual([start.ph, start.tid, start.ts], ["s", 1001, 3500]);
    assert.deepEqual([finish.ph, finish.tid, finish.ts, finish.id], ["f", 1000, 5000, start.id]);
  });

  it("of an empty trace is valid", () => {
    assert.equal(exported(new StreamWriter()).filter(({ ph }) => ph === "X").length, 0);
  });
});
