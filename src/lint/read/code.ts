import type { NodeType, SyntaxNode } from "@lezer/common";

/**
 * A syntax node with its links laid out. Lezer's own nodes are made anew at each step from one to the next, which is what
 * reading a file would mostly spend its time with: it looks at every node, and at most of them several times.
 */
export class Code {
  readonly name: string;
  firstChild: Code | null = null;
  lastChild: Code | null = null;
  nextSibling: Code | null = null;
  prevSibling: Code | null = null;

  constructor(
    readonly type: NodeType,
    readonly from: number,
    readonly to: number,
    readonly parent: Code | null,
  ) {
    this.name = type.name;
    const before = parent?.lastChild;
    if (!parent) return;
    if (before) {
      before.nextSibling = this;
      this.prevSibling = before;
    } else parent.firstChild = this;
    parent.lastChild = this;
  }

  getChild(name: string): Code | null {
    for (let child = this.firstChild; child; child = child.nextSibling) if (child.name === name) return child;
    return null;
  }

  getChildren(name: string): Code[] {
    const found: Code[] = [];
    for (let child = this.firstChild; child; child = child.nextSibling)
      if (child.name === name) found.push(child);
    return found;
  }
}

/** Lays out a node and all that is in it; with `headOnly` a class without its body. */
export function layOut(node: SyntaxNode, headOnly = false): Code {
  let current: Code | null = null;
  let root: Code | null = null;
  const cursor = node.cursor();
  cursor.iterate(
    ({ type, from, to }) => {
      const code: Code = new Code(type, from, to, current);
      root ??= code;
      // What is not gone into is not left either.
      if (headOnly && type.name === "Body") return false;
      current = code;
      return true;
    },
    () => {
      current = current?.parent ?? null;
    },
  );
  return root ?? new Code(node.type, node.from, node.to, null);
}
