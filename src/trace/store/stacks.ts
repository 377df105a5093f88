import type { Place } from "../../protocol/report";
import { firstWhere, Int32Column } from "./columns";
import { PairMap } from "./pairMap";

/** A code object, as the runtime defined it. */
export interface Code {
  file: string;
  /** `co_name` */
  name: string;
  qualname: string;
  firstLine: number;
  user: boolean;
}

/** A code object as one program numbers its instructions. */
interface CodeTable {
  code: number;
  offsets: number[];
  lines: number[];
}

/**
 * Code objects and places (code object + line), interned over all programs of the trace: the same line has
 * one id however often it is met. Place 0 is "not known".
 */
export class PlaceTable {
  readonly codes: Code[] = [];
  private readonly tables: CodeTable[] = [];
  private readonly byName = new Map<string, number>();
  private readonly all: Place[] = [{ file: "", line: 0, function: "?", user: false }];
  private readonly codeOf = [-1];
  private readonly byLine = new PairMap();
  private readonly byOffset = new PairMap();

  constructor() {
    this.code({ file: "", name: "?", qualname: "?", firstLine: 0, user: false });
  }

  get count(): number {
    return this.all.length;
  }

  get(place: number): Place {
    return this.all[place];
  }

  /** The code object a place is in; code 0 is "not known". */
  codeAt(place: number): Code {
    return this.codes[Math.max(0, this.codeOf[place])];
  }

  /** Adds a program's code object; returns the number to give to `at`. */
  define(code: Code, positions: number[]): number {
    const offsets: number[] = [];
    const lines: number[] = [];
    for (let i = 0; i + 1 < positions.length; i += 2) {
      offsets.push(positions[i]);
      lines.push(positions[i + 1]);
    }
    return this.tables.push({ code: this.code(code), offsets, lines }) - 1;
  }

  /** The code object of a defined table. */
  codeOfTable(table: number): number {
    return this.tables[table]?.code ?? 0;
  }

  /** The place of an instruction offset in a table of `define`. */
  at(table: number, offset: number): number {
    const known = this.byOffset.get(table, offset);
    if (known >= 0) return known;
    const { code, offsets, lines } = this.tables[table];
    const after = firstWhere(0, offsets.length, (i) => offsets[i] > offset);
    const line = offsets.length === 0 ? offset : after === 0 ? this.codes[code].firstLine : lines[after - 1];
    const place = this.line(code, line);
    this.byOffset.set(table, offset, place);
    return place;
  }

  /** The place of a line of a table's code object. */
  atLine(table: number, line: number): number {
    return this.line(this.codeOfTable(table), line);
  }

  private line(code: number, line: number): number {
    const known = this.byLine.get(code, line);
    if (known >= 0) return known;
    const { file, name, user } = this.codes[code];
    const place = this.all.push({ file, line, function: name, user }) - 1;
    this.codeOf.push(code);
    this.byLine.set(code, line, place);
    return place;
  }

  private code(code: Code): number {
    const key = `${code.file}\0${code.qualname}\0${code.firstLine}`;
    let index = this.byName.get(key);
    if (index === undefined) {
      index = this.codes.push(code) - 1;
      this.byName.set(key, index);
    }
    return index;
  }
}

/** Deeper frames are left out: no program awaits that deep, so it is damage. */
export const MAX_DEPTH = 4096;

/** Stacks as (parent stack, place): equal stacks have equal ids. Stack 0 is empty (or not known). */
export class StackTable {
  private readonly parents = new Int32Column();
  private readonly leaves = new Int32Column();
  private readonly depths = new Int32Column();
  /** The stack whose leaf is the innermost user frame, or 0. */
  private readonly users = new Int32Column();
  private readonly interned = new PairMap();

  constructor(readonly places: PlaceTable) {
    for (const column of [this.parents, this.leaves, this.depths, this.users]) column.push(0);
  }

  get count(): number {
    return this.parents.length;
  }

  /** The stack one frame deeper. */
  push(parent: number, place: number): number {
    const known = this.interned.get(parent, place);
    if (known >= 0) return known;
    const depth = this.depths.get(parent) + 1;
    if (depth > MAX_DEPTH) return parent;
    const stack = this.parents.push(parent);
    this.leaves.push(place);
    this.depths.push(depth);
    this.users.push(this.places.get(place).user ? stack : this.users.get(parent));
    this.interned.set(parent, place, stack);
    return stack;
  }

  /** The outermost `depth` frames of a stack. */
  cut(stack: number, depth: number): number {
    let cut = stack;
    while (this.depths.get(cut) > depth) cut = this.parents.get(cut);
    return cut;
  }

  parent(stack: number): number {
    return this.parents.get(stack);
  }

  depth(stack: number): number {
    return this.depths.get(stack);
  }

  /** Place of the innermost frame; 0 for the empty stack. */
  leaf(stack: number): number {
    return this.leaves.get(stack);
  }

  /** The part of a stack that ends in its innermost user frame; 0 when there is none. */
  userPart(stack: number): number {
    return this.users.get(stack);
  }

  /** Place ids, outermost first. */
  placeIds(stack: number): number[] {
    const ids = new Array<number>(this.depths.get(stack));
    for (let at = stack, i = ids.length - 1; i >= 0; i--) {
      ids[i] = this.leaves.get(at);
      at = this.parents.get(at);
    }
    return ids;
  }

  /** Frames, outermost first. */
  frames(stack: number): Place[] {
    return this.placeIds(stack).map((id) => this.places.get(id));
  }

  /** Place of the innermost user frame, or null. */
  userPlace(stack: number): Place | null {
    const part = this.users.get(stack);
    return part === 0 ? null : this.places.get(this.leaves.get(part));
  }
}
