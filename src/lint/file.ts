import { FunctionNode } from "./graph/node";
import type { UnitIR } from "./read/ir";
import { shapeOf } from "./read/shape";
import { readUnit } from "./read/unit";
import type { ProjectClass } from "./resolve/classes";
import { Container, globalsOf } from "./resolve/container";
import { getOrMake } from "./resolve/maps";
import { nameOf, Unit } from "./resolve/unit";
import { type Cut, cut, recut } from "./source/cut";
import type { Document, EditedRange } from "./source/document";

/** Called when something concluded of a unit no longer holds. */
export interface StaleHooks {
  resolution(unit: Unit): void;
  /** The classes of the unit have other bases. */
  bases(unit: Unit): void;
  /** Names in the body of the class mean something else. */
  members(cls: ProjectClass, names: Iterable<string>): void;
}

/** A file: its text, its units, and the scopes they stand in. */
export class SourceFile {
  readonly module: Container;
  /** In source order, all levels. */
  units: Unit[] = [];

  constructor(
    readonly document: Document,
    private readonly hooks: StaleHooks,
  ) {
    this.module = new Container(document.path, null, null);
  }

  /** Reads the file, all of it (`edited` null) or what an edit touched; returns the units that are new or gone. */
  update(edited: EditedRange | null): { fresh: Unit[]; gone: Unit[] } {
    const { tree, text } = this.document;
    const read = (at: Cut) => (at.node ? readUnit(text, at.node, at.header) : null);
    const part = edited ? recut(tree, this.units, edited) : null;
    if (!edited || !part) {
      const whole = new Assembly(this.module, this.units, edited, this.hooks, read);
      return this.adopt(whole, cut(tree), [], []);
    }
    const middle = this.units.slice(part.from, part.to);
    const after = this.units.slice(part.to);
    const delta = edited.newTo - edited.oldTo;
    for (const unit of delta === 0 ? [] : after) {
      unit.from += delta;
      unit.to += delta;
    }
    const assembly = new Assembly(this.module, middle, edited, this.hooks, read);
    return this.adopt(assembly, part.cuts, this.units.slice(0, part.from), after);
  }

  /** Takes over units read before, for the same text. */
  restore(cuts: readonly Cut[], irs: readonly UnitIR[]): { fresh: Unit[]; gone: Unit[] } {
    let next = 0;
    const assembly = new Assembly(this.module, this.units, null, this.hooks, () => irs[next++] ?? null);
    return this.adopt(assembly, cuts, [], []);
  }

  /** Puts what an assembly makes of the cuts between the units before and after. */
  private adopt(
    assembly: Assembly,
    cuts: readonly Cut[],
    before: readonly Unit[],
    after: readonly Unit[],
  ): { fresh: Unit[]; gone: Unit[] } {
    const { units: assembled, fresh, gone, moved } = assembly.run(cuts);
    this.units = [...before, ...assembled, ...after];
    const { units } = this;
    const touched = new Map<Container, Set<string>>();
    for (const unit of [...fresh, ...gone, ...moved]) {
      const isRead = unit.container.isRead;
      note(touched, unit.container, isRead ? visibleNames(unit.ir) : []);
      if (unit.hasGlobals) note(touched, this.module, globalsOf(unit));
    }
    for (const [container, names] of assembly.headerNames) note(touched, container, names);
    for (const container of touched.keys()) container.units = [];
    for (const unit of touched.size > 0 ? units : [])
      if (touched.has(unit.container)) unit.container.units.push(unit);
    const withGlobals = touched.has(this.module) ? units.filter((unit) => unit.hasGlobals) : [];
    for (const [container, names] of touched) {
      container.index(container === this.module ? withGlobals : []);
      for (const name of names) container.changed(name);
      if (names.size === 0) continue;
      container.changed("**");
      if (container.cls) this.hooks.members(container.cls, names);
    }
    return { fresh, gone };
  }
}

function note(touched: Map<Container, Set<string>>, container: Container, names: Iterable<string>): void {
  const set = getOrMake(touched, container, () => new Set());
  for (const name of names) set.add(name);
}

/** What a unit adds to its container: names, attributes of the instance as ".name", "*" for a star import. */
function visibleNames(ir: UnitIR): string[] {
  const names = Object.keys(ir.scopes[0].binds);
  for (const scope of ir.scopes) for (const name of Object.keys(scope.attributes)) names.push(`.${name}`);
  if (ir.events.some((event) => event.e === "star")) names.push("*");
  return names;
}

/** Puts a file's units together, keeping those an edit did not touch. */
class Assembly {
  readonly units: Unit[] = [];
  readonly fresh: Unit[] = [];
  readonly headerNames = new Map<Container, string[]>();
  private readonly untouched = new Map<number, Unit>();
  /** By type and name; the first `taken` of them have been kept already. */
  private readonly touched = new Map<string, { units: Unit[]; taken: number }>();
  private readonly kept = new Set<Unit>();

  constructor(
    private readonly module: Container,
    private readonly old: readonly Unit[],
    edited: EditedRange | null,
    private readonly hooks: StaleHooks,
    private readonly read: (at: Cut) => UnitIR | null,
  ) {
    const delta = edited ? edited.newTo - edited.oldTo : 0;
    for (const unit of old) {
      // What only touches the edit is the same, unless it has become longer.
      if (edited && unit.to <= edited.from) this.untouched.set(unit.from, unit);
      else if (edited && unit.from >= edited.oldTo) this.untouched.set(unit.from + delta, unit);
      else
        getOrMake(this.touched, keyOf(unit.type, unit.ir), () => ({ units: [], taken: 0 })).units.push(unit);
    }
  }

  /** `moved`: units that are as they were, but behind or before others: of two of one name, the last counts. */
  run(cuts: readonly Cut[]): { units: Unit[]; fresh: Unit[]; gone: Unit[]; moved: Unit[] } {
    const containers: Container[] = [this.module];
    for (const at of cuts) {
      const container = containers[at.level];
      const unit = this.place(at, container);
      if (!unit) continue;
      this.units.push(unit);
      this.kept.add(unit);
      if (at.header) containers[at.level + 1] = unit.inner ??= new Container(container.path, container, unit);
    }
    const fresh = new Set(this.fresh);
    const before = this.old.filter((unit) => this.kept.has(unit));
    const after = fresh.size === 0 ? this.units : this.units.filter((unit) => !fresh.has(unit));
    return {
      units: this.units,
      fresh: this.fresh,
      gone: this.old.filter((unit) => !this.kept.has(unit)),
      moved: after.filter((unit, at) => before[at] !== unit),
    };
  }

  private place(at: Cut, container: Container): Unit | null {
    const same = this.untouched.get(at.from);
    if (
      same &&
      same.type === at.type &&
      same.to - same.from === at.to - at.from &&
      same.header === at.header
    ) {
      if (same.container === container) return move(same, at);
      return this.create(at, container, same.ir);
    }
    const ir = this.read(at);
    if (!ir) return null;
    const before = this.partner(at, container, ir);
    if (!before) return this.create(at, container, ir);
    const shape = shapeOf(ir);
    const changed = (before.shape ?? shapeOf(before.ir)) !== shape;
    // A class keeps its identity while it keeps its name: its methods have not changed.
    if (changed && !at.header) return this.create(at, container, ir);
    if (changed) this.headerNames.set(container, [...(this.headerNames.get(container) ?? []), nameOf(ir)]);
    before.ir = ir;
    before.shape = shape;
    if (changed) {
      before.headed?.basesCell().invalidate();
      this.hooks.bases(before);
    }
    before.resolution.invalidate();
    this.hooks.resolution(before);
    return move(before, at);
  }

  /** The unit this one was before the edit. */
  private partner(at: Cut, container: Container, ir: UnitIR): Unit | undefined {
    const candidates = this.touched.get(keyOf(at.type, ir));
    if (!candidates) return undefined;
    const { units } = candidates;
    while (candidates.taken < units.length && this.kept.has(units[candidates.taken])) candidates.taken++;
    for (let i = candidates.taken; i < units.length; i++) {
      const unit = units[i];
      if (unit.container === container && unit.header === at.header && !this.kept.has(unit)) return unit;
    }
    return undefined;
  }

  private create(at: Cut, container: Container, ir: UnitIR): Unit {
    const unit = new Unit(container, at.type, at.header, ir, at.from, at.to, this.hooks);
    for (const [scope, { kind }] of ir.scopes.entries())
      if (kind !== "comp" && kind !== "class") unit.functions.set(scope, new FunctionNode(unit, scope));
    unit.hasGlobals = globalsOf(unit).length > 0;
    this.fresh.push(unit);
    return unit;
  }
}

function keyOf(type: string, ir: UnitIR): string {
  return `${type} ${nameOf(ir)}`;
}

function move(unit: Unit, at: Cut): Unit {
  unit.from = at.from;
  unit.to = at.to;
  return unit;
}
