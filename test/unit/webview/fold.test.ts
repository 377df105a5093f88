import assert from "node:assert/strict";
import { type FoldOptions, type FoldSource, foldSnapshot } from "../../../webview/graph/fold";
import { type Snapshot, State } from "../../../webview/model/snapshot";

interface Row {
  parent: number;
  coroutine?: number;
  state?: number;
  place?: number;
}

function snapshot(rows: Row[]): { snapshot: Snapshot; source: FoldSource } {
  const state = Uint8Array.from(rows, (row) => row.state ?? State.suspended);
  const totals = new Array<number>(8).fill(0);
  for (const s of state) totals[s]++;
  return {
    snapshot: {
      t: 1,
      count: rows.length,
      state,
      since: new Float64Array(rows.length),
      row: new Int32Array(rows.length),
      totals,
    },
    source: {
      parent: (task) => rows[task].parent,
      coroutine: (task) => rows[task].coroutine ?? 1,
      place: (task) => rows[task].place ?? 1,
    },
  };
}

const options: FoldOptions = {
  foldFrom: 4,
  showFinished: false,
  only: null,
  apart: new Set(),
  expanded: new Set(),
  limit: 300,
  more: new Map(),
};

function fold(rows: Row[], more: Partial<FoldOptions> = {}) {
  const { snapshot: shot, source } = snapshot(rows);
  return foldSnapshot(shot, source, { ...options, ...more });
}

const repeat = (count: number, row: Row): Row[] => Array.from({ length: count }, () => ({ ...row }));

describe("folding of alike tasks", () => {
  it("keeps a task that waits far longer than the others out of the fold, and few of many", () => {
    const rows = [{ parent: -1 }, ...repeat(990, { parent: 0, coroutine: 2, place: 7 })];
    const { snapshot: shot, source } = snapshot(rows);
    shot.t = 60;
    shot.since.fill(59.95);
    shot.since[500] = 20;
    const alone = (count: number) => {
      const { nodes } = foldSnapshot(shot, source, options);
      const tasks = nodes.filter((node) => node.kind === "task" && node.parent === 0);
      assert.equal(tasks.length, count);
      assert.equal(nodes.find((node) => node.kind === "group")?.tasks.length, 990 - count);
      return tasks.map((node) => node.tasks[0]);
    };
    assert.deepEqual(alone(1), [500]);
    for (let task = 100; task < 200; task++) shot.since[task] = 30;
    assert.deepEqual(alone(3), [100, 101, 500]);
    shot.since.fill(58);
    shot.since[500] = 45;
    alone(0);
  });

  it("makes one node of tasks with the same creator, coroutine, state and line", () => {
    const { nodes, shown } = fold([{ parent: -1 }, ...repeat(990, { parent: 0, coroutine: 2, place: 7 })]);
    assert.equal(shown, 991);
    assert.deepEqual(
      nodes.map(({ kind, tasks, parent }) => [kind, tasks.length, parent]),
      [
        ["task", 1, -1],
        ["group", 990, 0],
      ],
    );
  });

  it("keeps outliers out: another line, another state, a deadlock", () => {
    const rows = [
      { parent: -1 },
      ...repeat(10, { parent: 0, coroutine: 2, place: 7 }),
      { parent: 0, coroutine: 2, place: 8 },
      { parent: 0, coroutine: 2, state: State.running, place: 0 },
    ];
    const { nodes } = fold(rows, { apart: new Set([5]) });
    assert.deepEqual(
      nodes.map((node) => node.tasks),
      [[0], [5], [1, 2, 3, 4, 6, 7, 8, 9, 10], [11], [12]],
    );
  });

  it("gives children of folded tasks the folded node as creator", () => {
    const rows = [{ parent: -1 }, ...repeat(5, { parent: 0, coroutine: 2 })];
    for (let i = 1; i <= 5; i++) rows.push({ parent: i, coroutine: 3 });
    const { nodes, nodeOf } = fold(rows);
    assert.deepEqual(
      nodes.map(({ tasks, parent }) => [tasks.length, parent]),
      [
        [1, -1],
        [5, 0],
        [5, 1],
      ],
    );
    assert.equal(nodeOf[10], 2);
  });

  it("shows each task of a group that was opened", () => {
    const rows = [{ parent: -1 }, ...repeat(5, { parent: 0, coroutine: 2 })];
    const key = fold(rows).nodes[1].key;
    assert.equal(fold(rows, { expanded: new Set([key]) }).nodes.length, 6);
  });

  it("counts what has ended at its nearest creator on screen, and keeps failures visible", () => {
    const rows = [
      { parent: -1 },
      ...repeat(20, { parent: 0, coroutine: 2, state: State.returned }),
      { parent: 0, coroutine: 2, state: State.raised },
      { parent: 1, coroutine: 3, state: State.cancelled },
    ];
    const { nodes, finished } = fold(rows);
    assert.deepEqual(
      nodes.map((node) => node.state),
      [State.suspended, State.raised],
    );
    assert.deepEqual([...finished], [21, 0]);
  });

  it("shows what has ended when nothing is left alive", () => {
    const { nodes } = fold([
      { parent: -1, state: State.returned },
      ...repeat(50, { parent: 0, coroutine: 2, state: State.returned }),
    ]);
    assert.deepEqual(
      nodes.map((node) => node.tasks.length),
      [1, 50],
    );
  });

  it("draws never more than the limit, and says how many are left", () => {
    const rows: Row[] = [{ parent: -1 }];
    for (let i = 0; i < 5000; i++) rows.push({ parent: i % 7 === 0 ? 0 : 1 + (i % 50), coroutine: i });
    const all = rows.map((row, i) => ({ ...row, parent: Math.min(row.parent, i - 1) }));
    const { nodes, nodeOf } = fold(all);
    assert.ok(nodes.length <= 320, `${nodes.length} nodes`);
    const left = nodes.filter((node) => node.kind === "more");
    assert.ok(left.length > 0);
    assert.ok(nodeOf.every((node) => node >= 0 && node < nodes.length));
    for (const node of nodes) assert.ok(node.parent < nodes.indexOf(node));
  });

  it("filters to matches and their creators", () => {
    const rows = [{ parent: -1 }, { parent: 0 }, { parent: 1, coroutine: 9 }, { parent: 0 }];
    const { nodes } = fold(rows, { only: (task) => task === 2 });
    assert.deepEqual(
      nodes.map((node) => [node.tasks[0], node.matches]),
      [
        [0, false],
        [1, false],
        [2, true],
      ],
    );
  });
});
