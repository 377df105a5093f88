import type { SyntaxNode, Tree } from "@lezer/common";
import type { EditedRange } from "./document";

/** Where a unit stands. */
export interface Cut {
  from: number;
  to: number;
  type: string;
  /** How many classes are around it. */
  level: number;
  /** It is the first line of a class, whose body's statements follow, one level deeper. */
  header: boolean;
  /** Its syntax node, while it is being read; the whole class for a header. */
  node?: SyntaxNode;
}

const maxLevel = 20;

/** Cuts a file into units, in source order; a class's header comes right before the units of its body. */
export function cut(tree: Tree): Cut[] {
  const found: Cut[] = [];
  for (let node = tree.topNode.firstChild; node; node = node.nextSibling) cutStatement(node, 0, found);
  return found;
}

/** Units `from..to` of the list before an edit have become `cuts`; those after have moved, and nothing else. */
export interface Recut {
  from: number;
  to: number;
  cuts: Cut[];
}

/** Cuts only what is around an edit. Null when its surroundings have changed too much to tell. */
export function recut(tree: Tree, old: readonly Cut[], edited: EditedRange): Recut | null {
  // One statement before those the edit touches: an `else` typed below an `if` makes it longer.
  let from = groupBefore(old, lastAtMost(old, edited.from));
  from = groupBefore(old, from - 1);
  const start = old[from];
  if (!start || start.from >= edited.from) return null;
  let node = tree.topNode.childAfter(start.from);
  while (node && (node.name === "Comment" || node.from === node.to)) node = node.nextSibling;
  if (!node || node.from !== start.from) return null;
  const delta = edited.newTo - edited.oldTo;
  const cuts: Cut[] = [];
  for (; node; node = node.nextSibling) {
    if (node.from > edited.newTo) {
      const to = startingAt(old, node.from - delta);
      if (to > from && isSame(old, to, node, delta)) return { from, to, cuts };
    }
    cutStatement(node, 0, cuts);
  }
  return { from, to: old.length, cuts };
}

/** Whether the statement is what the units from an index on were made of. */
function isSame(old: readonly Cut[], at: number, node: SyntaxNode, delta: number): boolean {
  const now: Cut[] = [];
  cutStatement(node, 0, now);
  if ((old[at + now.length]?.level ?? 0) > 0) return false;
  return now.every(({ from, to, type, level, header }, i) => {
    const before = old[at + i];
    return (
      before !== undefined &&
      before.from + delta === from &&
      before.to + delta === to &&
      before.type === type &&
      before.level === level &&
      before.header === header
    );
  });
}

/** Index of the last unit that starts at or before an offset, or -1. */
function lastAtMost(units: readonly Cut[], offset: number): number {
  let low = -1;
  let high = units.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (units[middle].from <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

function startingAt(units: readonly Cut[], offset: number): number {
  let at = lastAtMost(units, offset);
  // A class and its first decorator's unit may start at one offset: the header comes first.
  while (at > 0 && units[at - 1].from === offset) at--;
  return at >= 0 && units[at].from === offset && units[at].level === 0 ? at : -1;
}

/** Index of the top-level unit that a unit belongs to. */
function groupBefore(units: readonly Cut[], index: number): number {
  let at = Math.max(0, index);
  while (at > 0 && units[at].level > 0) at--;
  return at;
}

function cutStatement(node: SyntaxNode, level: number, found: Cut[]): void {
  // Where something is missing there is an error node without length, which comes and goes.
  if (node.name === "Comment" || node.to === node.from) return;
  const body = level < maxLevel ? classOf(node)?.getChild("Body") : null;
  if (!body) {
    found.push({ from: node.from, to: node.to, type: node.name, level, header: false, node });
    return;
  }
  found.push({ from: node.from, to: body.from, type: node.name, level, header: true, node });
  for (let child = body.firstChild; child; child = child.nextSibling)
    if (child.name !== ":") cutStatement(child, level + 1, found);
}

function classOf(node: SyntaxNode): SyntaxNode | null {
  if (node.name === "ClassDefinition") return node;
  return node.name === "DecoratedStatement" ? node.getChild("ClassDefinition") : null;
}

/** The syntax node of a unit; the whole class for a header. */
export function nodeAt(tree: Tree, unit: { from: number; to: number; type: string }): SyntaxNode | null {
  let node: SyntaxNode | null = tree.resolveInner(unit.from, 1);
  for (; node; node = node.parent)
    if (node.name === unit.type && node.from === unit.from && node.to >= unit.to) return node;
  return null;
}
