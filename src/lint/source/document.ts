import { type ChangedRange, type Tree, TreeFragment } from "@lezer/common";
import { parseTree } from "../parser/parse";
import type { Location, TextChange } from "../types";
import { changedBy, differenceOf } from "./difference";
import { LineIndex } from "./lines";

/** What an edit did, in offsets: `from..oldTo` of the text before became `from..newTo` of the text after. */
export interface EditedRange {
  from: number;
  oldTo: number;
  newTo: number;
}

/** A file's text with its lines and its syntax tree, re-parsed incrementally. */
export class Document {
  text: string;
  readonly lines: LineIndex;
  private parsed: Tree | null = null;
  private fragments: readonly TreeFragment[] = [];
  /** Where the tree has errors, each with the statement around it, in order; null: not looked for yet. */
  private broken: readonly Range[] | null = null;
  /** The code had errors since it was last parsed in one go. */
  private suspect = false;

  constructor(
    readonly path: string,
    text: string,
  ) {
    this.text = text;
    this.lines = new LineIndex(text);
  }

  get tree(): Tree {
    if (!this.parsed) {
      this.parsed = parse(this.text, this.fragments);
      this.fragments = TreeFragment.addTree(this.parsed, this.fragments);
    }
    return this.parsed;
  }

  /**
   * Whether the tree may differ from that of a first parse: the text has had errors since it was last read in one go,
   * and how the parser gets over an error depends on what it could reuse.
   */
  get isSuspect(): boolean {
    return this.suspect;
  }

  /**
   * Parses all of the text again and returns the range in which the tree is another now, or null. Takes as long as a
   * first parse, so it is for when nobody types.
   */
  reparse(): EditedRange | null {
    const before = this.tree;
    this.parsed = parse(this.text, []);
    this.fragments = TreeFragment.addTree(this.parsed, []);
    this.suspect = false;
    this.broken = null;
    return differenceOf(before, this.tree);
  }

  /** Applies the changes one after another and returns the range that covers all that may be read differently now. */
  edit(changes: readonly TextChange[]): EditedRange | null {
    let covered: EditedRange | null = null;
    const before = this.tree;
    this.broken ??= brokenIn(before, 0, before.length);
    // What was made of broken code is not used again: it may be whole now, and would be found broken still.
    const again = this.broken
      .filter(({ from, to }) =>
        changes.some((change) => from > change.from - nearby && to < change.to + nearby),
      )
      .map(({ from, to }) => ({ fromA: from, toA: to, fromB: from, toB: to }));
    this.fragments = TreeFragment.applyChanges(this.fragments, again, 32);
    for (const change of changes) {
      const from = clamp(change.from, 0, this.text.length);
      const to = clamp(change.to, from, this.text.length);
      const inserted = change.text;
      this.text = this.text.slice(0, from) + inserted + this.text.slice(to);
      this.lines.apply({ from, to, text: inserted }, this.text);
      const range: ChangedRange = { fromA: from, toA: to, fromB: from, toB: from + inserted.length };
      this.fragments = TreeFragment.applyChanges(this.fragments, [range], 32);
      covered = covered
        ? joinRanges(covered, from, to, inserted.length)
        : { from, oldTo: to, newTo: range.toB };
    }
    if (!covered) return null;
    this.parsed = null;
    const range = changedBy(before, this.tree, covered);
    this.broken = stillBroken(this.broken, range).concat(brokenIn(this.tree, range.from, range.newTo));
    this.suspect ||= this.broken.length > 0;
    return range;
  }

  location(from: number, to: number): Location {
    const start = this.lines.lineOf(from);
    const end = this.lines.lineOf(to);
    return {
      file: this.path,
      line: start + 1,
      column: from - this.lines.startOf(start) + 1,
      endLine: end + 1,
      endColumn: to - this.lines.startOf(end) + 1,
    };
  }

  lineAt(offset: number): number {
    return this.lines.lineOf(offset) + 1;
  }

  offsetAt(line: number, column: number): number {
    const index = clamp(line - 1, 0, this.lines.lineCount - 1);
    const end = index + 1 < this.lines.lineCount ? this.lines.startOf(index + 1) : this.text.length;
    return clamp(this.lines.startOf(index) + column - 1, 0, end);
  }
}

function parse(text: string, fragments: readonly TreeFragment[]): Tree {
  // A byte order mark is no part of the program; a space in its place keeps the offsets.
  const code = text.charCodeAt(0) === 0xfeff ? ` ${text.slice(1)}` : text;
  try {
    return parseTree(code, fragments);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return parseShallow(code);
  }
}

/**
 * The parser's recursion is bounded by the stack alone. Code nested tens of thousands deep is generated, or an attack,
 * and mostly on one line: without its very long lines, else without its code at all, the file is read as far as it can be.
 */
function parseShallow(code: string): Tree {
  try {
    return parseTree(code.replace(/[^\r\n]{5000,}/g, (line) => " ".repeat(line.length)));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return parseTree(code.replace(/[^\r\n]/g, " "));
  }
}

/** The statements with errors in a part of the tree. An error may lie between two: the one before it is where it comes from. */
function brokenIn(tree: Tree, from: number, to: number): Range[] {
  const found: Range[] = [];
  tree.iterate({
    from: Math.max(0, from - 1),
    to: to + 1,
    enter: (node) => {
      const last = found[found.length - 1];
      if (!node.type.isError || (last && node.to <= last.to) || found.length > maxBroken) return;
      let statement = node.node;
      while (statement.parent?.parent && !/^(?:Body|Script)$/.test(statement.parent.name))
        statement = statement.parent;
      const start = Math.min(statement.prevSibling?.from ?? statement.from, statement.from);
      if (last && start <= last.to) last.to = Math.max(last.to, statement.to);
      else found.push({ from: start, to: statement.to });
    },
  });
  return found;
}

/** Errors outside of what an edit changed, where they are now. */
function stillBroken(broken: readonly Range[], { from, oldTo, newTo }: EditedRange): Range[] {
  const delta = newTo - oldTo;
  return broken.flatMap((range) => {
    if (range.to < from) return [range];
    return range.from > oldTo ? [{ from: range.from + delta, to: range.to + delta }] : [];
  });
}

/** More errors than this are no code that somebody types. */
const maxBroken = 1000;

/** Broken code further away than this (an open bracket takes the rest of the file with it) is left for `reparse`. */
const nearby = 2000;

interface Range {
  from: number;
  to: number;
}

function joinRanges(covered: EditedRange, from: number, to: number, length: number): EditedRange {
  // `from..to` is in the text that `covered` led to: what lies beyond `covered.newTo` was there before it, shifted.
  const beyond = Math.max(0, to - covered.newTo);
  return {
    from: Math.min(covered.from, from),
    oldTo: covered.oldTo + beyond,
    newTo: Math.max(covered.newTo, to) + length - (to - from),
  };
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
