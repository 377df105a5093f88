import assert from "node:assert/strict";
import { deadlocked, type Row, taskRows } from "../../../src/editor/views/taskRows";
import type { Finding } from "../../../src/protocol/report";
import { Trace } from "../../../src/trace";
import { StreamWriter } from "../trace/writer";

const MAIN = "/app/app.py:10 main";
const FETCH = "/app/app.py:20 fetch";
const SLEEP = "lib:/usr/lib/python3.11/asyncio/tasks.py:605 sleep";
const RUN = ["lib:/usr/lib/python3.11/asyncio/runners.py:118 Runner.run", "/app/app.py:30 <module>"];

/** The tree as it looks: an indent per level, then icon, label and description. */
function text(rows: readonly Row[], indent = ""): string[] {
  return rows.flatMap((row) => [
    `${indent}[${row.icon}] ${row.label}: ${row.description}`,
    ...text(row.children, `${indent}  `),
  ]);
}

describe("the Tasks tree", () => {
  it("says of each task what it waits for and where, and folds those that ended", () => {
    const w = new StreamWriter();
    w.run(0, 1);
    w.new(1, 0.001, 0, MAIN, "Task-1", RUN);
    w.new(2, 0.002, 1, FETCH, "fetch-a", [MAIN]);
    w.step(1, 0.003, 0.004, 77, [MAIN, SLEEP]).waits(1, "sleep", 0, 0.5);
    w.done(2, 0.005, 0.006);
    assert.deepEqual(text(taskRows(w.trace())), [
      "[loop] MainThread: 1 live task · UnixSelectorEventLoop",
      "  [sleeping] main (Task-1): app.py:10 · asyncio.sleep(0.5)",
      "  [ended] Ended: 1 task",
      "    [returned] fetch-a: app.py:10 · returned",
    ]);
  });

  it("folds tasks that are alike into one row with a count", () => {
    const w = new StreamWriter();
    w.run(0, 1);
    for (let task = 1; task <= 1000; task++) {
      w.new(task, 0.001, 0, FETCH, `fetch-${task}`, RUN);
      w.step(task, 0.002, 0.003, 1000 + task, [FETCH, SLEEP]).waits(task, "sleep", 0, 9);
    }
    const [loop] = taskRows(w.trace());
    assert.deepEqual(
      loop.children.map((row) => [row.label, row.description, row.children.length]),
      [["fetch ×1,000", "app.py:20 · asyncio.sleep(9)", 201]],
    );
    assert.equal(loop.children[0].children.at(-1)?.label, "800 more");
  });

  it("marks the tasks of a deadlock, and does not fold them with others", () => {
    const w = new StreamWriter();
    w.run(0, 1);
    for (let task = 1; task <= 5; task++) {
      w.new(task, 0.001, 0, FETCH, `fetch-${task}`, RUN);
      w.step(task, 0.002, 0.003, 1000 + task, [FETCH, SLEEP]).waits(task, "sleep", 0, 9);
    }
    const finding = { rule: "deadlock", tasks: [2] } as Finding;
    const [loop] = taskRows(w.trace(), deadlocked([finding, { rule: "starved", tasks: [1] } as Finding]));
    assert.deepEqual(
      loop.children.map((row) => `[${row.icon}] ${row.label}: ${row.description}`),
      [
        "[sleeping] fetch ×4: app.py:20 · asyncio.sleep(9)",
        "[deadlocked] fetch-2: app.py:20 · deadlock · asyncio.sleep(9)",
      ],
    );
  });

  it("has a stable id for every row", () => {
    const build = (steps: number) => {
      const w = new StreamWriter();
      w.run(0, 1);
      w.new(1, 0.001, 0, MAIN, "Task-1", RUN);
      for (let n = 0; n < steps; n++) {
        w.step(1, 0.003 + n, 0.004 + n, 77, [MAIN, SLEEP]).waits(1, "sleep", 0, 0.5);
      }
      const ids = (rows: readonly Row[]): string[] => rows.flatMap((row) => [row.id, ...ids(row.children)]);
      return ids(taskRows(w.trace()));
    };
    assert.deepEqual(build(1), build(3));
    assert.equal(new Set(build(1)).size, build(1).length);
  });

  it("is empty while nothing is known", () => {
    assert.deepEqual(taskRows(new Trace()), []);
  });
});
