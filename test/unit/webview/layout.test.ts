import assert from "node:assert/strict";
import { type LayoutNode, layoutAround, layoutForest, type Spacing } from "../../../webview/graph/layout";

const spacing: Spacing = { column: 100, gap: 10, outline: false };

/** A forest from "key<parent" words, each 40 pixels high. */
function forest(...words: string[]): LayoutNode[] {
  const keys = words.map((word) => word.split("<")[0]);
  return words.map((word) => ({
    key: word.split("<")[0],
    parent: keys.indexOf(word.split("<")[1]),
    height: 40,
  }));
}

function tops(nodes: LayoutNode[], y: Float64Array): Record<string, number> {
  return Object.fromEntries(nodes.map((node, i) => [node.key, y[i]]));
}

/** Two nodes of one column that lie over each other, if any. */
function overlap(nodes: LayoutNode[], { x, y }: { x: Float64Array; y: Float64Array }): string | null {
  for (let a = 0; a < nodes.length; a++) {
    for (let b = 0; b < a; b++) {
      if (x[a] === x[b] && y[a] < y[b] + nodes[b].height && y[b] < y[a] + nodes[a].height) {
        return `${nodes[a].key} over ${nodes[b].key}`;
      }
    }
  }
  return null;
}

function random(count: number, seed: number): LayoutNode[] {
  let state = seed;
  const next = () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
  return Array.from({ length: count }, (_, i) => ({
    key: `n${i}`,
    parent: i === 0 || next() < 0.05 ? -1 : Math.floor(next() * i),
    height: next() < 0.3 ? 26 : 46,
  }));
}

describe("layout of the graph", () => {
  it("puts a parent on the row of its first child and siblings below one another", () => {
    const nodes = forest("main", "a<main", "b<main", "b1<b", "b2<b", "c<main");
    const layout = layoutForest(nodes, spacing);
    assert.deepEqual(tops(nodes, layout.y), { main: 0, a: 0, b: 50, b1: 50, b2: 100, c: 100 });
    assert.deepEqual([...layout.x], [0, 100, 100, 200, 200, 100]);
  });

  it("lays nothing over anything, whatever the forest", () => {
    for (let seed = 1; seed < 30; seed++) {
      const nodes = random(200, seed);
      assert.equal(overlap(nodes, layoutForest(nodes, spacing)), null);
    }
  });

  it("moves nothing when a task comes", () => {
    let nodes = forest("main", "a<main", "a1<a", "b<main", "other");
    let layout = layoutForest(nodes, spacing);
    for (const word of ["a2<a", "main2", "a3<a", "b1<b", "c<main", "a4<a"]) {
      const before = new Map(nodes.map((node, i) => [node.key, layout.y[i]]));
      const words = [...nodes.map((n) => (n.parent < 0 ? n.key : `${n.key}<${nodes[n.parent].key}`)), word];
      nodes = forest(...words);
      layout = layoutAround(nodes, spacing, before);
      for (const [key, top] of before) assert.equal(tops(nodes, layout.y)[key], top, `${key} after ${word}`);
      assert.equal(overlap(nodes, layout), null);
    }
  });

  it("makes room when a node grows taller", () => {
    const small = forest("main", "a<main", "b<main").map((node) => ({ ...node, height: 26 }));
    const layout = layoutForest(small, spacing);
    const before = new Map(small.map((node, i) => [node.key, layout.y[i]]));
    const tall = forest("main", "a<main", "b<main");
    assert.equal(overlap(tall, layoutAround(tall, spacing, before)), null);
  });

  it("lists an outline in the order of reading", () => {
    const nodes = forest("main", "a<main", "b<main", "a1<a");
    const { x, y } = layoutForest(nodes, { column: 18, gap: 6, outline: true });
    assert.deepEqual(tops(nodes, y), { main: 0, a: 46, a1: 92, b: 138 });
    assert.deepEqual([...x], [0, 18, 18, 36]);
  });

  it("takes a chain ten thousand tasks deep", () => {
    const chain = Array.from({ length: 10_000 }, (_, i) => ({ key: `${i}`, parent: i - 1, height: 40 }));
    assert.equal(layoutForest(chain, spacing).x[9999], 999_900);
  });
});
