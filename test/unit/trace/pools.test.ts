import assert from "node:assert/strict";
import { criticalPathInfo } from "../../../src/trace";
import { StreamWriter } from "./writer";

const at = (line: number) => [`/app/app.py:${line} work`];
const THREAD = 4;
const POOL = 77;

interface Work {
  /** When it is handed over, and when the loop hears that it is done. */
  from: number;
  to: number;
  pool?: number;
  cancelled?: boolean;
  /** Another task waits for the work of that one. */
  sameAs?: number;
}

/** Task 100 waits for tasks 1, 2, ..., which each wait for work in a pool of so many threads, as `all` says. */
function handed(workers: number, all: Work[], busy = false) {
  const w = new StreamWriter().run(0, 1).new(100, 0, 0, "/app/app.py:1 main", "main");
  for (const [i] of all.entries()) w.new(i + 1, 0, 100, "/app/app.py:3 work", `t${i + 1}`);
  for (const [i, { from, pool = POOL, sameAs }] of all.entries()) {
    const future = 200 + (sameAs ?? i);
    if (sameAs === undefined) w.future(future, from, "thread", "load", [pool, workers]);
    w.step(i + 1, from, from + 0.001, future, at(4));
  }
  let now = Math.max(...all.map(({ from }) => from)) + 0.001;
  w.step(100, now, now + 0.001, 0, at(9)).waits(
    100,
    "tasks",
    0,
    -1,
    [...all.keys()].map((i) => i + 1),
  );
  now += 0.001;
  const order = [...all.keys()].sort((a, b) => all[a].to - all[b].to);
  for (const i of order) {
    const { to, cancelled } = all[i];
    if (busy) w.callback(now, to);
    else w.poll(now, -1, 0);
    w.iter(to, 1)
      .wake(i + 1, to, THREAD + (cancelled ? 16 : 0))
      .done(i + 1, to, to + 0.001);
    now = to + 0.001;
  }
  w.wake(100, now, 3, order[order.length - 1] + 1).done(100, now, now + 0.001);
  const path = criticalPathInfo(w.trace())!;
  const sum = path.parts.reduce((total, { seconds }) => total + seconds, 0);
  assert.ok(Math.abs(sum - path.seconds) < 1e-9, `${sum} s of ${path.seconds} s are told`);
  const [part] = path.parts;
  return {
    count: [part.kind, part.label, part.count, part.tasks.length],
    through: path.through.map(({ object, label, count }) => [object, label, count]),
  };
}

/** n pieces of work handed over at once, of which `together` take 0.2 s each at a time. */
const rounds = (n: number, together: number): Work[] =>
  [...Array(n).keys()].map((i) => ({
    from: i * 0.001,
    to: 0.2 * (1 + Math.floor(i / together)) + 0.01 * (i % together) + 0.05,
  }));

const ONE = ["wait", "run_in_executor(load)", 1, 1];

describe("work that had to wait for its turn in a pool", () => {
  it("is told of a pool of one thread: eight pieces ran one at a time", () => {
    const { count, through } = handed(1, rounds(8, 1));
    assert.deepEqual(count, ["wait", "run_in_executor(load)", 8, 8]);
    assert.deepEqual(through, [[null, "a pool of 1 thread", 7]]);
  });

  it("is told of a pool of three: nine pieces took three rounds", () => {
    const { count, through } = handed(3, rounds(9, 3));
    assert.deepEqual(count, ["wait", "run_in_executor(load)", 3, 3]);
    assert.deepEqual(through, [[null, "a pool of 3 threads", 2]]);
  });

  it("is not told where there was a thread for each", () => {
    assert.deepEqual(handed(8, rounds(8, 1)), { count: ONE, through: [] });
  });

  it("is not told of pools of their own", () => {
    const own = rounds(4, 1).map((work, i) => ({ ...work, pool: POOL + i }));
    assert.deepEqual(handed(1, own), { count: ONE, through: [] });
  });

  it("is not told of what was handed over after the other was done", () => {
    const later = [
      { from: 0, to: 0.3 },
      { from: 0.31, to: 0.6 },
    ];
    assert.deepEqual(handed(1, later).through, []);
  });

  it("is not concluded from a wait that was cancelled: the work may have gone on, or never begun", () => {
    const work = rounds(2, 1).map((each, i) => ({ ...each, cancelled: i === 0 }));
    assert.deepEqual(handed(1, work), { count: ONE, through: [] });
  });

  it("is not concluded where the loop was busy as it heard: the work may have been done long before", () => {
    assert.deepEqual(handed(1, rounds(3, 1), true).through, []);
  });

  it("is not told of two tasks that wait for the same work", () => {
    const shared = [
      { from: 0, to: 0.3 },
      { from: 0.01, to: 0.3005, sameAs: 0 },
    ];
    assert.deepEqual(handed(1, shared).through, []);
  });
});
