/**
 * Places the nodes of a forest, left to right by depth, in linear time. A parent stands on the row of its
 * first child, so a child added later moves nothing above it; and nodes that were on screen before keep
 * their place: a new one is put into free space, below its siblings where it can.
 */
export interface LayoutNode {
  key: string;
  /** Index of the parent among the nodes, which comes before it; -1 for a root. */
  parent: number;
  /** Height in pixels, without the gap. */
  height: number;
}

export interface Layout {
  /** Top left corners, by node. */
  x: Float64Array;
  y: Float64Array;
  width: number;
  height: number;
}

export interface Spacing {
  /** Distance of two columns; in an outline, the indent. */
  column: number;
  /** Gap between two nodes of a column. */
  gap: number;
  /** Every node on its own row (narrow panels). */
  outline: boolean;
}

/** The whole forest anew. */
export function layoutForest(nodes: readonly LayoutNode[], spacing: Spacing): Layout {
  const n = nodes.length;
  const x = new Float64Array(n);
  const y = new Float64Array(n);
  const depth = depths(nodes);
  const { order, firstChild } = preorder(nodes);
  const bottom: number[] = [];
  let row = 0;
  for (let k = 0; k < n; k++) {
    const node = order[k];
    const d = depth[node];
    x[node] = d * spacing.column;
    if (spacing.outline) {
      y[node] = row;
      row += nodes[node].height + spacing.gap;
      continue;
    }
    const parent = nodes[node].parent;
    if (parent >= 0 && firstChild[parent] === node) {
      y[node] = y[parent];
    } else {
      // The row must be free in every column that the chain of first children will take.
      let top = bottom[d] ?? 0;
      for (let c = firstChild[node], at = d + 1; c >= 0; c = firstChild[c], at++) {
        top = Math.max(top, bottom[at] ?? 0);
      }
      y[node] = top;
    }
    bottom[d] = y[node] + nodes[node].height + spacing.gap;
  }
  return { x, y, ...extent(nodes, x, y) };
}

/**
 * The forest with the nodes of `before` (top edges by key) where they were. It may hold places of nodes that
 * are gone: those are free to take.
 */
export function layoutAround(
  nodes: readonly LayoutNode[],
  spacing: Spacing,
  before: ReadonlyMap<string, number>,
): Layout {
  const n = nodes.length;
  const x = new Float64Array(n);
  const y = new Float64Array(n);
  const depth = depths(nodes);
  const columns: Occupied[] = [];
  const column = (d: number) => {
    const at = spacing.outline ? 0 : d;
    columns[at] ??= new Occupied();
    return columns[at];
  };
  const lowest = new Float64Array(n).fill(Number.NEGATIVE_INFINITY);
  const placed = new Uint8Array(n);
  const place = (node: number, top: number) => {
    x[node] = depth[node] * spacing.column;
    y[node] = top;
    placed[node] = 1;
    column(depth[node]).take(top, top + nodes[node].height + spacing.gap);
    const { parent } = nodes[node];
    if (parent >= 0) lowest[parent] = Math.max(lowest[parent], top + nodes[node].height + spacing.gap);
  };
  const stay: { node: number; top: number }[] = [];
  for (let node = 0; node < n; node++) {
    const top = before.get(nodes[node].key);
    if (top !== undefined) stay.push({ node, top });
  }
  // One that has grown taller (a finished task that is alive again, going back in time) makes way for none.
  stay.sort((a, b) => a.top - b.top);
  for (const { node, top } of stay) {
    place(node, column(depth[node]).free(top, nodes[node].height + spacing.gap));
  }
  for (let node = 0; node < n; node++) {
    if (placed[node]) continue;
    const { parent, height } = nodes[node];
    const wanted = parent < 0 ? 0 : Math.max(lowest[parent], y[parent] + (spacing.outline ? 1 : 0));
    place(node, column(depth[node]).free(wanted, height + spacing.gap));
  }
  return { x, y, ...extent(nodes, x, y) };
}

/** Intervals of a column that are taken, in order. */
class Occupied {
  private readonly from: number[] = [];
  private readonly to: number[] = [];

  take(from: number, to: number): void {
    let at = this.from.length;
    while (at > 0 && this.from[at - 1] > from) at--;
    this.from.splice(at, 0, from);
    this.to.splice(at, 0, to);
  }

  /** The first place at or below `wanted` with `size` free. */
  free(wanted: number, size: number): number {
    let top = wanted;
    for (let i = 0; i < this.from.length; i++) {
      if (this.to[i] <= top) continue;
      if (this.from[i] >= top + size) break;
      top = this.to[i];
    }
    return top;
  }
}

function depths(nodes: readonly LayoutNode[]): Int32Array {
  const depth = new Int32Array(nodes.length);
  for (let i = 0; i < nodes.length; i++) {
    if (nodes[i].parent >= 0) depth[i] = depth[nodes[i].parent] + 1;
  }
  return depth;
}

/** Nodes in the order an outline would list them, and each one's first child (-1: none). */
export function preorder(nodes: readonly LayoutNode[]): { order: Int32Array; firstChild: Int32Array } {
  const n = nodes.length;
  const firstChild = new Int32Array(n).fill(-1);
  const lastChild = new Int32Array(n).fill(-1);
  const sibling = new Int32Array(n).fill(-1);
  let firstRoot = -1;
  let lastRoot = -1;
  for (let i = 0; i < n; i++) {
    const parent = nodes[i].parent;
    const last = parent < 0 ? lastRoot : lastChild[parent];
    if (last >= 0) sibling[last] = i;
    else if (parent < 0) firstRoot = i;
    else firstChild[parent] = i;
    if (parent < 0) lastRoot = i;
    else lastChild[parent] = i;
  }
  const order = new Int32Array(n);
  const stack: number[] = [];
  let at = firstRoot;
  for (let k = 0; k < n; k++) {
    order[k] = at;
    if (sibling[at] >= 0) stack.push(sibling[at]);
    at = firstChild[at] >= 0 ? firstChild[at] : (stack.pop() ?? -1);
  }
  return { order, firstChild };
}

function extent(nodes: readonly LayoutNode[], x: Float64Array, y: Float64Array) {
  let width = 0;
  let height = 0;
  for (let i = 0; i < nodes.length; i++) {
    width = Math.max(width, x[i]);
    height = Math.max(height, y[i] + nodes[i].height);
  }
  return { width, height };
}
