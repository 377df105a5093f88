import type { FunctionNode } from "../graph/node";
import type { Expr } from "../read/ir";
import type { Cell } from "./cell";
import type { ProjectClass } from "./classes";
import { getOrMake } from "./maps";
import type { Members } from "./members";
import type { Unit } from "./unit";
import type { FunctionValue, Value } from "./values";

type Method = FunctionValue | Extract<Value, { v: "property" }>;

/** What a class that inherits from another has in place of a method, by itself or by a base that comes first. */
export interface Override {
  /** The class whose objects run it, one of those that do. */
  cls: ProjectClass;
  method: Method;
}

const none: readonly Override[] = [];
const nobody: ReadonlySet<ProjectClass> = new Set();

/** More methods than this in place of one are not told apart: the first by name stand for all. */
const maxOverrides = 12;

/**
 * Which classes of the workspace inherit from which. It is read off how bases are written, so that no file has to be
 * resolved to be in it; whether a class of that name is meant is asked when somebody wants to know.
 */
export class Hierarchy {
  /** Classes by the last part of each base they name. */
  private readonly byBase = new Map<string, Set<ProjectClass>>();
  private readonly named = new Map<string, Set<ProjectClass>>();
  private readonly entered = new Map<Unit, readonly { cls: ProjectClass; name: string; bases: string[] }[]>();
  /** What does not hold any more; files are read while others are being resolved, so this waits until that is done. */
  private readonly staleFamilies = new Set<string>();
  private readonly staleMethods = new Map<ProjectClass, Set<string>>();

  constructor(
    private readonly members: Members,
    private readonly idOf: (method: Method) => string,
  ) {}

  /** The unit is new, or its classes have other bases. */
  enter(unit: Unit): void {
    this.leave(unit);
    const classes = unit.ir.scopes.flatMap((scope, at) => {
      if (scope.kind !== "class") return [];
      const bases = scope.bases.map((ref) => lastName(unit.ir.exprs, unit.ir.exprs[ref])).filter(Boolean);
      return [{ cls: unit.classAt(at), name: scope.name, bases }];
    });
    if (classes.length === 0) return;
    this.entered.set(unit, classes);
    for (const { cls, name, bases } of classes) {
      getOrMake(this.named, name, () => new Set()).add(cls);
      for (const base of bases) {
        getOrMake(this.byBase, base, () => new Set()).add(cls);
        this.staleFamilies.add(base);
      }
    }
  }

  leave(unit: Unit): void {
    for (const { cls, name, bases } of this.entered.get(unit) ?? []) {
      this.named.get(name)?.delete(cls);
      for (const base of bases) {
        this.byBase.get(base)?.delete(cls);
        this.staleFamilies.add(base);
      }
    }
    this.entered.delete(unit);
  }

  /** Names in the body of the class mean something else now. */
  changed(cls: ProjectClass, names: Iterable<string>): void {
    const stale = getOrMake(this.staleMethods, cls, () => new Set());
    for (const name of names) stale.add(name);
  }

  /** Forgets what does not hold any more; false when there was nothing. */
  flush(): boolean {
    if (this.staleFamilies.size === 0 && this.staleMethods.size === 0) return false;
    const families = [...this.staleFamilies];
    const methods = [...this.staleMethods];
    this.staleFamilies.clear();
    this.staleMethods.clear();
    const stale: Cell<unknown>[] = [];
    for (const name of families)
      for (const cls of this.named.get(name) ?? []) if (cls.family) stale.push(cls.family);
    for (const [cls, names] of methods) {
      for (const base of this.members.withBases(cls))
        for (const name of names) {
          const cell = base.overrides?.get(name);
          if (cell) stale.push(cell);
        }
    }
    for (const cell of stale) cell.invalidate();
    return true;
  }

  /** The classes that inherit from the class, directly or not. */
  family(cls: ProjectClass): ReadonlySet<ProjectClass> {
    return cls.familyCell().read(() => {
      const found = new Set<ProjectClass>();
      for (const sub of this.byBase.get(cls.name) ?? []) {
        if (!this.members.bases(sub).some((base) => base.v === "class" && base.cls === cls)) continue;
        found.add(sub);
        for (const deeper of this.family(sub)) found.add(deeper);
      }
      return found.size > 0 ? found : nobody;
    }, nobody);
  }

  /** What may run in place of the class's own method when its object is one of a class that inherits from it. */
  overrides(cls: ProjectClass, name: string): readonly Override[] {
    if (this.family(cls).size === 0) return none;
    return cls.overridesCell(name).read(() => this.find(cls, name), none);
  }

  private find(cls: ProjectClass, name: string): readonly Override[] {
    const family = this.family(cls);
    const own = this.method(cls, name);
    const seen = new Map<string, Override>();
    for (const sub of family) {
      // One with several bases may have it of a base that is not of the family.
      if (!sub.has(name) && this.members.bases(sub).length < 2) continue;
      const method = this.method(sub, name);
      if (!method || (own && method.unit === own.unit && method.scope === own.scope)) continue;
      const id = this.idOf(method);
      const known = seen.get(id);
      if (!known || sub.has(name) || this.members.className(sub) < this.members.className(known.cls))
        seen.set(id, { cls: sub, method });
    }
    const ids = [...seen.keys()].sort().slice(0, maxOverrides);
    return ids.map((id) => seen.get(id)!);
  }

  private method(cls: ProjectClass, name: string): Method | null {
    for (const value of this.members.lookup(cls, name) ?? [])
      if (value.v === "function" || value.v === "property") return value;
    return null;
  }

  /** The function that an object of the class runs under a name. */
  runs(cls: ProjectClass, name: string): FunctionNode | null {
    const method = this.method(cls, name);
    return method?.unit.functions.get(method.scope) ?? null;
  }
}

/** `Base`, `app.Base` and `Base[T]` are all called "Base". */
function lastName(exprs: readonly Expr[], expr: Expr | undefined): string {
  if (expr?.k === "sub") return lastName(exprs, exprs[expr.of]);
  return expr?.k === "name" ? expr.id : expr?.k === "attr" ? expr.name : "";
}
