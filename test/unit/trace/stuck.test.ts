import assert from "node:assert/strict";
import { circles, neverWake, waitingFor } from "../../../src/trace/findings/stuck";
import type { Waiter } from "../../../src/trace/findings/waitGraph";

const wait = { kind: "other" as const, label: "", tasks: [], object: -1, delay: Number.NaN };

/** Who waits for whom: "all" of them, "any" of them, or for anybody ("open"). */
function graph(edges: Record<number, [how: "all" | "any" | "open", ...on: number[]]>): Map<number, Waiter> {
  return new Map(
    Object.entries(edges).map(([key, [how, ...on]]) => {
      const task = Number(key);
      return [task, { task, row: task, wait, on, all: how === "all", open: how === "open", proved: false }];
    }),
  );
}

const sorted = (tasks: Iterable<number>) => [...tasks].sort((a, b) => a - b);

describe("who can never wake", () => {
  it("are those whose wakers can never wake", () => {
    const waiters = graph({ 1: ["all", 2, 3], 2: ["any", 1], 3: ["any", 9], 4: ["all", 3] });
    assert.deepEqual(sorted(neverWake(waiters, true)), [1, 2]);
  });

  it("is nobody of those who wait for anybody, while something is awake", () => {
    const waiters = graph({ 1: ["open"], 2: ["any", 1] });
    assert.deepEqual(sorted(neverWake(waiters, true)), []);
    assert.deepEqual(sorted(neverWake(waiters, false)), [1, 2]);
  });

  it("one that can wake can wake those who wait for anybody", () => {
    assert.deepEqual(sorted(neverWake(graph({ 1: ["open"], 2: ["any", 9] }), false)), []);
  });

  it("needs time in proportion to the chain", () => {
    const chain: Record<number, ["any", number]> = {};
    for (let i = 0; i < 20_000; i++) chain[i] = ["any", i + 1];
    assert.equal(neverWake(graph(chain), true).size, 0);
    chain[19_999] = ["any", 19_998];
    const waiters = graph(chain);
    const stuck = neverWake(waiters, true);
    assert.equal(stuck.size, 20_000);
    assert.deepEqual(circles(waiters, stuck), [[19_998, 19_999]]);
    assert.equal(waitingFor(waiters, stuck, [19_999]).size, 20_000);
  });
});

describe("circles", () => {
  it("are found wherever the search begins", () => {
    const waiters = graph({
      1: ["all", 2, 3],
      2: ["open"],
      3: ["any", 4],
      4: ["any", 1],
      5: ["any", 5],
      6: ["any", 1],
    });
    const stuck = neverWake(waiters, false);
    assert.deepEqual(circles(waiters, stuck).sort(), [[1, 3, 4], [5]]);
    assert.deepEqual(sorted(waitingFor(waiters, stuck, [3])), [1, 3, 4, 6]);
  });
});
