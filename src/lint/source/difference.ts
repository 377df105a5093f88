import { Tree, TreeBuffer } from "@lezer/common";
import type { EditedRange } from "./document";

interface Part {
  node: Tree | TreeBuffer;
  from: number;
}

/**
 * All that an edit changed in the tree, at least the edit itself. Where code is broken that may be more than what was
 * typed: how the parser gets over an error depends on what follows, and a bracket may take half of the file with it.
 */
export function changedBy(before: Tree, after: Tree, edited: EditedRange): EditedRange {
  const from = Math.min(edited.from, commonStart(before, after, 0));
  const left = Math.min(after.length - edited.newTo, commonEnd(before, after, 0));
  return {
    from,
    oldTo: Math.max(from, before.length - left),
    newTo: Math.max(from, after.length - left),
  };
}

/** Where two trees of one text differ, which may share nothing; null when they are the same. */
export function differenceOf(before: Tree, after: Tree): EditedRange | null {
  const from = commonStart(before, after, 0, isAlike);
  if (from >= after.length || isAlike(before, after)) return null;
  const to = Math.max(from, after.length - commonEnd(before, after, 0, isAlike));
  return { from, oldTo: to, newTo: to };
}

/** Up to where two trees that start at the same place are the same. */
function commonStart(before: Tree, after: Tree, start: number, same = isSame): number {
  const a = partsOf(before, start);
  const b = partsOf(after, start);
  let reached = start;
  for (let i = 0; i < a.length && i < b.length; i++) {
    if (a[i].from !== b[i].from) return reached;
    if (!same(a[i].node, b[i].node)) {
      const [one, other] = [a[i].node, b[i].node];
      if (one instanceof Tree && other instanceof Tree && one.type === other.type)
        return commonStart(one, other, a[i].from, same);
      if (one instanceof TreeBuffer && other instanceof TreeBuffer)
        return Math.max(reached, a[i].from + bufferStart(one, other));
      return reached;
    }
    reached = a[i].from + a[i].node.length;
  }
  return reached;
}

/** How much at the end two trees have in common that end at the same distance from the end of their texts. */
function commonEnd(before: Tree, after: Tree, end: number, same = isSame): number {
  const a = partsOf(before, 0);
  const b = partsOf(after, 0);
  let reached = end;
  for (let i = 1; i <= a.length && i <= b.length; i++) {
    const one = a[a.length - i];
    const other = b[b.length - i];
    const left = before.length - one.from - one.node.length;
    if (left !== after.length - other.from - other.node.length) return reached;
    if (!same(one.node, other.node)) {
      if (one.node instanceof Tree && other.node instanceof Tree && one.node.type === other.node.type)
        return commonEnd(one.node, other.node, end + left, same);
      if (one.node instanceof TreeBuffer && other.node instanceof TreeBuffer)
        return Math.max(reached, end + left + bufferEnd(one.node, other.node));
      return reached;
    }
    reached = end + left + one.node.length;
  }
  return reached;
}

/** Up to where the nodes packed into two buffers are the same: small functions share one with their neighbours. */
function bufferStart({ buffer: a }: TreeBuffer, { buffer: b }: TreeBuffer): number {
  let reached = 0;
  for (let i = 0; i < a.length && i < b.length; i = a[i + 3]) {
    if (!isSameNode(a, i, b, i, 0)) break;
    reached = a[i + 2];
  }
  return reached;
}

/** How much at their end the nodes packed into two buffers have in common. */
function bufferEnd(before: TreeBuffer, after: TreeBuffer): number {
  const [a, b] = [outermost(before.buffer), outermost(after.buffer)];
  const delta = after.length - before.length;
  let reached = 0;
  for (let i = 1; i <= a.length && i <= b.length; i++) {
    const [one, other] = [a[a.length - i], b[b.length - i]];
    if (!isSameNode(before.buffer, one, after.buffer, other, delta)) break;
    reached = before.length - before.buffer[one + 1];
  }
  return reached;
}

/** Where in a buffer the nodes start that are in no other: each takes four numbers (type, start, end, where it ends) and its children's. */
function outermost(buffer: Uint16Array): number[] {
  const found: number[] = [];
  for (let i = 0; i < buffer.length; i = buffer[i + 3]) found.push(i);
  return found;
}

/** Whether the nodes at two places of buffers are the same with all that is in them, the other moved by `delta`. */
function isSameNode(a: Uint16Array, i: number, b: Uint16Array, j: number, delta: number): boolean {
  const size = a[i + 3] - i;
  if (b[j + 3] - j !== size) return false;
  for (let at = 0; at < size; at += 4) {
    if (a[i + at] !== b[j + at] || a[i + at + 1] + delta !== b[j + at + 1]) return false;
    if (a[i + at + 2] + delta !== b[j + at + 2] || a[i + at + 3] - i !== b[j + at + 3] - j) return false;
  }
  return true;
}

/** The children of a node, those of the unnamed nodes that balance long lists in their place. */
function partsOf(tree: Tree, start: number, found: Part[] = []): Part[] {
  for (let i = 0; i < tree.children.length; i++) {
    const node = tree.children[i];
    const from = start + tree.positions[i];
    if (node instanceof Tree && node.type.isAnonymous) partsOf(node, from, found);
    else found.push({ node, from });
  }
  return found;
}

/** What is reused stays the same object, but for small nodes, which are packed into buffers anew. */
function isSame(a: Tree | TreeBuffer, b: Tree | TreeBuffer): boolean {
  if (a === b) return true;
  if (!(a instanceof TreeBuffer) || !(b instanceof TreeBuffer)) return false;
  if (a.length !== b.length || a.buffer.length !== b.buffer.length) return false;
  return a.buffer.every((value, i) => value === b.buffer[i]);
}

/** The same, whether or not they are the same objects. */
function isAlike(a: Tree | TreeBuffer, b: Tree | TreeBuffer): boolean {
  if (!(a instanceof Tree) || !(b instanceof Tree)) return isSame(a, b);
  if (a === b) return true;
  if (a.type !== b.type || a.length !== b.length) return false;
  const one = partsOf(a, 0);
  const other = partsOf(b, 0);
  return (
    one.length === other.length &&
    one.every((part, i) => part.from === other[i].from && isAlike(part.node, other[i].node))
  );
}
