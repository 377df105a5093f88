import type { SyntaxNode, Tree } from "@lezer/common";

/** Where a unit stands. `body`: it is the header of a class, whose body's statements follow, one level deeper. */
export interface Cut {
  from: number;
  to: number;
  type: string;
  /** How many classes are around it. */
  level: number;
  header: boolean;
}

const maxLevel = 20;

/** Cuts a file into units, in source order; a class's header comes right before the units of its body. */
export function cut(tree: Tree): Cut[] {
  const found: Cut[] = [];
  for (let node = tree.topNode.firstChild; node; node = node.nextSibling) cutStatement(node, 0, found);
  return found;
}

function cutStatement(node: SyntaxNode, level: number, found: Cut[]): void {
  if (node.name === "Comment") return;
  const body = level < maxLevel ? classOf(node)?.getChild("Body") : null;
  if (!body) {
    found.push({ from: node.from, to: node.to, type: node.name, level, header: false });
    return;
  }
  found.push({ from: node.from, to: body.from, type: node.name, level, header: true });
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
