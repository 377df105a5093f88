import { type NodeType, type SyntaxNode, type Tree, TreeBuffer } from "@lezer/common";

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
  const root = new Code(node.type, node.from, node.to, null);
  // A small node has no tree of its own; it is made one.
  inside(node.tree ?? node.toTree(), node.from, root, headOnly);
  return root;
}

/** Lays out what is in a tree, which begins at an offset of the text. */
function inside(tree: Tree, from: number, parent: Code, headOnly: boolean): void {
  const { children, positions } = tree;
  for (let i = 0; i < children.length; i++) {
    const child = children[i];
    const start = from + positions[i];
    if (child instanceof TreeBuffer) inBuffer(child, start, parent, headOnly);
    else if (child.type.isAnonymous) inside(child, start, parent, headOnly);
    else {
      const code = new Code(child.type, start, start + child.length, parent);
      if (!headOnly || child.type.name !== "Body") inside(child, start, code, headOnly);
    }
  }
}

/** The same for a buffer: of each node its type, start, end, and where in the buffer what follows it begins. */
function inBuffer({ buffer, set }: TreeBuffer, from: number, around: Code, headOnly: boolean): void {
  let parent = around;
  const ends: number[] = [];
  for (let i = 0; i < buffer.length; ) {
    while (i === ends[ends.length - 1]) {
      ends.pop();
      parent = parent.parent!;
    }
    const code = new Code(set.types[buffer[i]], from + buffer[i + 1], from + buffer[i + 2], parent);
    const end = buffer[i + 3];
    i += 4;
    if (end === i) continue;
    if (headOnly && code.name === "Body") i = end;
    else {
      ends.push(end);
      parent = code;
    }
  }
}
