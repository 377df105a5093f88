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
      return reached;
    }
    reached = end + left + one.node.length;
  }
  return reached;
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
