import type { Binding } from "../read/ir";
import { Cell } from "./cell";
import { ProjectClass } from "./classes";
import { getOrMake } from "./maps";
import type { Unit } from "./unit";
import type { Value } from "./values";

/** A binding with the unit it stands in. */
export interface PlacedBinding {
  unit: Unit;
  binding: Binding;
}

/** The scope units stand in: a module, or a class whose body is cut into units. */
export class Container {
  /** How many classes are around what stands in it. */
  readonly level: number;
  /** In source order, those of nested classes not included. */
  units: Unit[] = [];
  /** Which units bind a name here. */
  private names = new Map<string, Unit[]>();
  /** Which units (methods) set an attribute of the instance. */
  private attributes = new Map<string, Unit[]>();
  private stars: Unit[] = [];
  private readonly inputs = new Map<string, Cell<unknown>>();
  private readonly lookups = new Map<string, Cell<Value[] | null>>();
  private isWatched = false;

  constructor(
    readonly path: string,
    /** Null for a module. */
    readonly outer: Container | null,
    /** The unit of the `class` line; null for a module. */
    readonly header: Unit | null,
  ) {
    this.level = outer ? outer.level + 1 : 0;
    header?.setHeaded(new ProjectClass(header, 1, this));
  }

  /** The class whose body this is. */
  get cls(): ProjectClass | null {
    return this.header?.headed ?? null;
  }

  get module(): Container {
    let found: Container = this;
    while (found.outer) found = found.outer;
    return found;
  }

  /** Reads anew who binds what. `also`: units elsewhere that bind here, by `global`. */
  index(also: readonly Unit[]): void {
    this.names = new Map();
    this.attributes = new Map();
    this.stars = [];
    for (const unit of this.units) {
      for (const name of Object.keys(unit.ir.scopes[0].binds)) append(this.names, name, unit);
      for (const scope of unit.ir.scopes) {
        if (scope.parent !== 0) continue;
        for (const name of Object.keys(scope.attributes)) append(this.attributes, name, unit);
      }
      if (unit.ir.events.some((event) => event.e === "star")) this.stars.push(unit);
    }
    for (const unit of also) for (const name of globalsOf(unit)) append(this.names, name, unit);
  }

  /** What binds a name here, in source order. */
  bindings(name: string): PlacedBinding[] {
    this.input(name).track();
    const found: PlacedBinding[] = [];
    for (const unit of this.names.get(name) ?? []) {
      const own = unit.container === this ? unit.ir.scopes[0].binds : {};
      if (Object.hasOwn(own, name)) for (const binding of own[name]) found.push({ unit, binding });
      for (const scope of unit.ir.scopes) {
        if (!scope.globals.includes(name) || !Object.hasOwn(scope.binds, name)) continue;
        for (const binding of scope.binds[name]) found.push({ unit, binding });
      }
    }
    return found;
  }

  attributeBindings(name: string): PlacedBinding[] {
    this.input(`.${name}`).track();
    return (this.attributes.get(name) ?? []).flatMap((unit) =>
      unit.ir.scopes
        .filter((scope) => scope.parent === 0 && Object.hasOwn(scope.attributes, name))
        .flatMap((scope) => scope.attributes[name].map((binding) => ({ unit, binding }))),
    );
  }

  starImports(): { unit: Unit; module: string; level: number }[] {
    this.input("*").track();
    return this.stars.flatMap((unit) =>
      unit.ir.events.flatMap((event) =>
        event.e === "star" ? [{ unit, module: event.module, level: event.level }] : [],
      ),
    );
  }

  /** All names bound here. */
  allNames(): string[] {
    this.input("**").track();
    return [...this.names.keys()];
  }

  lookup(name: string): Cell<Value[] | null> {
    return getOrMake(this.lookups, name, () => new Cell());
  }

  /** Whether anybody ever asked for a name here. */
  get isRead(): boolean {
    return this.inputs.size > 0 || this.isWatched;
  }

  /** Whether a name is bound here, for somebody who is told of changes by other ways. */
  binds(name: string): boolean {
    this.isWatched = true;
    return this.names.has(name);
  }

  /** A name (".name" for an attribute, "*" for star imports, "**" for the set of names) may mean something else now. */
  changed(name: string): void {
    this.inputs.get(name)?.invalidate();
  }

  private input(name: string): Cell<unknown> {
    return getOrMake(this.inputs, name, () => new Cell());
  }
}

/** Names the unit's functions bind in the module with `global`. */
export function globalsOf(unit: Unit): string[] {
  if (unit.ir.scopes.every((scope) => scope.globals.length === 0)) return [];
  return unit.ir.scopes.flatMap((scope) => scope.globals.filter((name) => Object.hasOwn(scope.binds, name)));
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (!list) map.set(key, [value]);
  else if (list[list.length - 1] !== value) list.push(value);
}
