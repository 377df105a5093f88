import type { Binding, ExprRef, ScopeRef } from "../read/ir";
import { Cell } from "./cell";
import type { Container, PlacedBinding } from "./container";
import type { Override } from "./hierarchy";
import { getOrMake } from "./maps";
import type { Unit } from "./unit";
import type { Value } from "./values";

/** A class of the workspace. */
export class ProjectClass {
  private readonly bases = new Cell<Value[]>();
  private readonly order = new Cell<Value[]>();
  private readonly own = new Map<string, Cell<Value[] | null>>();
  private readonly members = new Map<string, Cell<Value[] | null>>();
  /** The classes that inherit from it, and what those have in place of its methods, once somebody asked. */
  family: Cell<ReadonlySet<ProjectClass>> | null = null;
  overrides: Map<string, Cell<readonly Override[]>> | null = null;

  constructor(
    readonly unit: Unit,
    readonly scope: ScopeRef,
    /** The scope of its body when that is cut into units; null when the class stands inside of a unit. */
    readonly container: Container | null,
  ) {}

  get name(): string {
    return this.unit.ir.scopes[this.scope]?.name ?? "";
  }

  get baseExprs(): readonly ExprRef[] {
    return this.unit.ir.scopes[this.scope]?.bases ?? [];
  }

  get decorators(): readonly ExprRef[] {
    return this.unit.ir.scopes[this.scope]?.decorators ?? [];
  }

  /** What the class body binds a name to. */
  bindings(name: string): PlacedBinding[] {
    if (this.container) return this.container.bindings(name);
    const binds = this.unit.ir.scopes[this.scope]?.binds;
    return binds && Object.hasOwn(binds, name) ? place(this.unit, binds[name]) : [];
  }

  /** What its methods set on `self`. */
  attributeBindings(name: string): PlacedBinding[] {
    if (this.container) return this.container.attributeBindings(name);
    return this.unit.ir.scopes.flatMap((scope) =>
      scope.parent === this.scope && Object.hasOwn(scope.attributes, name)
        ? place(this.unit, scope.attributes[name])
        : [],
    );
  }

  /** Whether the class body binds a name, without depending on it: `Hierarchy.changed` says when that is different. */
  has(name: string): boolean {
    if (this.container) return this.container.binds(name);
    return Object.hasOwn(this.unit.ir.scopes[this.scope]?.binds ?? {}, name);
  }

  familyCell(): Cell<ReadonlySet<ProjectClass>> {
    this.family ??= new Cell();
    return this.family;
  }

  overridesCell(name: string): Cell<readonly Override[]> {
    this.overrides ??= new Map();
    return getOrMake(this.overrides, name, () => new Cell());
  }

  basesCell(): Cell<Value[]> {
    return this.bases;
  }

  orderCell(): Cell<Value[]> {
    return this.order;
  }

  ownCell(name: string): Cell<Value[] | null> {
    return getOrMake(this.own, name, () => new Cell());
  }

  memberCell(name: string): Cell<Value[] | null> {
    return getOrMake(this.members, name, () => new Cell());
  }
}

function place(unit: Unit, bindings: readonly Binding[]): PlacedBinding[] {
  return bindings.map((binding) => ({ unit, binding }));
}
