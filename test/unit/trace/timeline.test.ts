import assert from "node:assert/strict";
import { formatTimeline, timeline } from "../../../src/trace";
import { StreamWriter } from "./writer";

const SLEEP = "lib:/usr/lib/python3.12/asyncio/tasks.py:665 sleep";

function story(): StreamWriter {
  const w = new StreamWriter().run(0, 1);
  w.new(1, 0.001, 0, "/app/app.py:1 main", "na\tme\nof a task", ["/app/app.py:9 <module>"]);
  w.step(1, 0.002, 0.003, 7, ["/app/app.py:4 main", SLEEP]).waits(1, "sleep", 0, 0.5);
  w.poll(0.003, 0.5, 1).iter(0.503, 1).wake(1, 0.503, 1);
  w.stall(1, 0.504, 0.6, ["/app/app.py:5 main"]);
  w.done(1, 0.504, 0.904, 1).raised(1, "ValueError", "no", ["/app/app.py:6 main"]).run(0.905, 0);
  return w;
}

describe("the timeline", () => {
  it("tells the story in order, a line an event", () => {
    const told = [...formatTimeline(timeline(story().trace()), { tty: false })];
    assert.deepEqual(
      told.map((line) => line.slice(0, -1).split("\t")),
      [
        ["0.000", "loop", "loop-started", "", ""],
        ["0.001", "na\\tme\\nof a task", "created", "/app/app.py:9 <module>", "other"],
        ["0.002", "na\\tme\\nof a task", "started", "/app/app.py:1 main", ""],
        ["0.003", "na\\tme\\nof a task", "suspended", "/app/app.py:4 main", "asyncio.sleep(0.5)"],
        ["0.003", "loop", "loop-idle", "", ""],
        ["0.503", "na\\tme\\nof a task", "woken", "", "by timer"],
        ["0.504", "na\\tme\\nof a task", "resumed", "/app/app.py:4 main", ""],
        ["0.904", "na\\tme\\nof a task", "blocked", "/app/app.py:5 main", "400 ms"],
        ["0.904", "na\\tme\\nof a task", "raised", "/app/app.py:6 main", "ValueError: no"],
        ["0.905", "loop", "loop-stopped", "", ""],
      ],
    );
  });

  it("is aligned on a terminal", () => {
    const lines = [...formatTimeline(timeline(story().trace()), { tty: true })];
    const column = lines[0].indexOf("loop-started");
    assert.ok(column > 0);
    assert.ok(lines.every((line) => line[column - 1] === " " && line[column] !== " "));
  });

  it("tells what goes on still", () => {
    const w = new StreamWriter().new(1, 0, 0, "/app/app.py:1 main", "t");
    w.step(1, 0.1, 0.2, 7, ["/app/app.py:4 main"]).wake(1, 0.3, 2).now(1.3, 1, 0.3);
    const rows = [...timeline(w.trace())].map(({ t, event, place }) => [t, event, place?.line]);
    assert.deepEqual(rows.slice(-2), [
      [0.3, "resumed", 4],
      [1.3, "blocked", 1],
    ]);
  });
});
