/** Pieces that fixes are put together from. All edits of a fix are by offset in the text before it, last first. */
import type { SyntaxNode, Tree } from "@lezer/common";
import type { TextChange } from "../types";

export interface Source {
  text: string;
  tree: Tree;
}

/** How to say `module` in the file, and the edit that makes it so: none when it is imported at the top already. */
export function useModule(source: Source, module: string): { name: string; edits: TextChange[] } {
  const imported = importedAs(source, module);
  if (imported !== null) return { name: imported, edits: [] };
  const { at, newline } = importPlace(source);
  return { name: module, edits: [{ from: at, to: at, text: `import ${module}${newline}` }] };
}

/** The name `import module` or `import module as name` binds at the top level of the file. */
function importedAs({ text, tree }: Source, module: string): string | null {
  for (const node of tree.topNode.getChildren("ImportStatement")) {
    const written = /^(?:lazy\s+)?import\b(.*)/s.exec(text.slice(node.from, node.to))?.[1];
    if (written === undefined) continue;
    for (const item of written.split(",")) {
      const match = /^\s*([\w.]+)(?:\s+as\s+(\w+))?\s*$/.exec(item);
      if (match?.[1] === module) return match[2] ?? module;
    }
  }
  return null;
}

/** Where a new import goes: before the first one, `from __future__` aside; else below the docstring and first comments. */
export function importPlace({ text, tree }: Source): { at: number; newline: string } {
  const newline = newlineOf(text);
  let at: number | null = null;
  for (let node = tree.topNode.firstChild; node; node = node.nextSibling) {
    if (node.name === "Comment") continue;
    if (node.name === "ExpressionStatement" && /String$/.test(node.firstChild?.name ?? "") && at === null) {
      at = lineAfter(text, node.to);
    } else if (
      node.name === "ImportStatement" &&
      /^from\s+__future__\b/.test(text.slice(node.from, node.to))
    ) {
      at = lineAfter(text, node.to);
    } else if (node.name === "ImportStatement") {
      return { at: node.from, newline };
    } else break;
  }
  return { at: at ?? afterFirstComments(text), newline };
}

/** Below `#!`, an encoding cookie and what else the file's first lines comment. */
function afterFirstComments(text: string): number {
  return /^\uFEFF?(?:#[^\r\n]*(?:\r\n|\n|\r|$))*/.exec(text)?.[0].length ?? 0;
}

/** The start of the line after the one that holds the offset. */
export function lineAfter(text: string, offset: number): number {
  const rest = /[^\r\n]*(?:\r\n|\n|\r)?/.exec(text.slice(offset));
  return offset + (rest?.[0].length ?? 0);
}

/** The line ending the text uses. */
export function newlineOf(text: string): string {
  return /\r\n|\n|\r/.exec(text)?.[0] ?? "\n";
}

/** The white space a statement's line begins with, or null when it shares its line with something before it. */
export function indentation(text: string, statement: { from: number }): string | null {
  let start = statement.from;
  while (start > 0 && /[ \t\f]/.test(text[start - 1])) start--;
  if (start > 0 && !/[\r\n\uFEFF]/.test(text[start - 1])) return null;
  return text.slice(start, statement.from);
}

/** A name the file does not use, beginning with `base`. */
export function freshName(text: string, base: string): string {
  let name = base;
  for (let n = 2; new RegExp(`\\b${name}\\b`).test(text); n++) name = `${base}_${n}`;
  return name;
}

/** Last first, so that applying one leaves the places of the others right. */
export function ordered(edits: readonly TextChange[]): TextChange[] {
  return [...edits].sort((a, b) => b.from - a.from || b.to - a.to);
}

export function apply(text: string, edits: readonly TextChange[]): string {
  return ordered(edits).reduce(
    (result, edit) => result.slice(0, edit.from) + edit.text + result.slice(edit.to),
    text,
  );
}

/** The innermost node of one of the types that covers the range. */
export function covering(tree: Tree, from: number, to: number, ...types: string[]): SyntaxNode | null {
  for (let node: SyntaxNode | null = tree.resolveInner(from, 1); node; node = node.parent) {
    if (node.from <= from && node.to >= to && types.includes(node.name)) return node;
  }
  return null;
}
