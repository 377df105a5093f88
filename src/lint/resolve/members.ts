import type { ProjectClass } from "./classes";
import type { Evaluator } from "./evaluate";
import { flatten } from "./maps";
import { catalogType } from "./types";
import type { FunctionValue, Value } from "./values";

/** Attributes of values. */
export class Members {
  constructor(private readonly e: Evaluator) {}

  of(values: Value[], name: string): Value[] {
    return flatten(values, (value) => this.member(value, name));
  }

  private member(value: Value, name: string): Value[] {
    const { knowledge } = this.e;
    switch (value.v) {
      case "module":
        return this.e.names.inModule({ path: value.path, dir: value.dir }, name);
      case "external":
        if (knowledge.isClass(value.name))
          return [{ v: "external", name: knowledge.canonical(knowledge.member(value.name, name)) }];
        return this.ofExternal(value.name, name);
      case "class":
        return this.onClass(value.cls, name, null);
      case "instance":
        if (value.cls) return this.onClass(value.cls, name, value);
        return [{ v: "member", name: knowledge.member(value.type, name), self: value }];
      case "member":
        return this.of(this.objects([value]), name);
      case "super":
        return this.inBases(value.cls, name).flatMap((found) => this.bind(found, true));
      case "offloaded":
        // What decorators of Celery's make.
        return /^(?:delay|apply_async)$/.test(name) ? [{ v: "external", name: `celery.Task.${name}` }] : [];
      case "function":
        // `function.__wrapped__`, and whatever decorators add: unknown.
        return [];
      default:
        return [];
    }
  }

  /** An attribute of what a module from outside has: of a module below it, or of an object (`sys.stdin.buffer`). */
  private ofExternal(owner: string, name: string): Value[] {
    const { knowledge } = this.e;
    const full = knowledge.canonical(`${owner}.${name}`);
    const known = knowledge.isKnown(full) ? undefined : knowledge.returns(owner);
    const found = known ? this.of(catalogType(knowledge, known, null), name) : [];
    return found.length > 0 ? found : [{ v: "external", name: full }];
  }

  private onClass(cls: ProjectClass, name: string, object: Value | null): Value[] {
    const found = this.lookup(cls, name);
    if (!found) return object ? this.otherwise(cls, object) : [];
    return flatten(found, (value): Value[] => {
      if (value.v === "property") return object ? this.e.functions.returned(asMethod(value)) : [value];
      if (value.v === "accessor") return [];
      if (value.v === "member") return [{ ...value, self: object ?? this.instance(cls) }];
      if (value.v === "instance" && value.args.length === 0 && this.knowsItsOwner(value))
        return [{ ...value, args: [[this.instance(cls)]] }];
      return this.bind(value, object !== null);
    });
  }

  private instance(cls: ProjectClass): Value {
    return { v: "instance", cls, type: this.className(cls), args: [] };
  }

  /** Whether it is about objects of the class it is an attribute of, as a manager of Django's is: `objects = Recent()`. */
  private knowsItsOwner({ cls, type }: Extract<Value, { v: "instance" }>): boolean {
    const { knowledge } = this.e;
    const getter = cls
      ? (this.lookup(cls, "__get__") ?? []).map((value) => (value.v === "member" ? value.name : ""))
      : [knowledge.member(type, "__get__")];
    return getter.some((name) => knowledge.returns(name) === "Self");
  }

  /** An attribute that no class of the workspace has: what `__getattr__` gives. */
  private otherwise(cls: ProjectClass, object: Value): Value[] {
    return flatten(this.lookup(cls, "__getattr__") ?? [], (value): Value[] => {
      if (value.v === "function") return this.e.functions.returned(value);
      const known = value.v === "member" ? this.e.knowledge.returns(value.name) : undefined;
      return known ? catalogType(this.e.knowledge, known, object) : [];
    });
  }

  /** A function found on a class becomes a method when read from an object. */
  private bind(value: Value, onObject: boolean): Value[] {
    if (value.v !== "function" || value.kind === "static") return [value];
    return value.kind === "class" || onObject ? [{ ...value, skip: 1 }] : [value];
  }

  /** What the class, or the first of its bases that has it, has under a name; properties as such. */
  lookup(cls: ProjectClass, name: string): Value[] | null {
    return cls.memberCell(name).read(
      () =>
        this.e.fresh(() => {
          const own = this.own(cls, name);
          if (own) return own;
          const inherited = this.inBases(cls, name);
          return inherited.length > 0 ? inherited : null;
        }),
      null,
    );
  }

  /** What the class itself has under a name. */
  private own(cls: ProjectClass, name: string): Value[] | null {
    return cls.ownCell(name).read(
      () =>
        this.e.fresh(() => {
          const own = cls.bindings(name);
          const attributes = cls.attributeBindings(name);
          if (own.length === 0 && attributes.length === 0) return null;
          let typed = own.length > 0 ? this.e.names.values(own) : [];
          // Getter, setter and deleter are one property under one name.
          if (typed.some((value) => value.v === "accessor"))
            typed = own.flatMap(({ unit, binding }) => this.e.binding(unit, binding, 0));
          const says = ({ binding }: (typeof own)[number]) =>
            binding.b === "annotation" || binding.b === "def";
          if (typed.length > 0 && own.some(says)) return typed;
          return [...typed, ...this.attributeValues(attributes)];
        }),
      null,
    );
  }

  /** An annotated one says it all; else what any of the methods sets. */
  private attributeValues(placed: ReturnType<ProjectClass["attributeBindings"]>): Value[] {
    for (const { unit, binding } of placed) {
      if (binding.b !== "value" || binding.annotation === null) continue;
      const typed = this.e.declared(unit, binding);
      if (typed.length > 0) return typed;
    }
    return placed.flatMap(({ unit, binding }) => this.e.binding(unit, binding, 0));
  }

  private inBases(cls: ProjectClass, name: string): Value[] {
    for (const base of this.resolutionOrder(cls)) {
      if (base.v === "class") {
        const found = this.own(base.cls, name);
        if (found) return found;
      } else if (base.v === "external") {
        const full = this.e.knowledge.member(base.name, name);
        if (this.e.knowledge.isKnown(full)) return [{ v: "member", name: full, self: base }];
      }
    }
    return [];
  }

  /** Where attributes are looked for after the class itself, as Python orders its bases and theirs (C3). */
  private resolutionOrder(cls: ProjectClass): Value[] {
    return cls.orderCell().read(
      () =>
        this.e.fresh(() => {
          const bases = this.bases(cls);
          const theirs = bases.map((base) =>
            base.v === "class" ? [base, ...this.resolutionOrder(base.cls)] : [base],
          );
          return merge([...theirs, bases]);
        }),
      [],
    );
  }

  /** The class and its bases in the workspace. */
  withBases(cls: ProjectClass): ProjectClass[] {
    return [cls, ...this.resolutionOrder(cls).flatMap((each) => (each.v === "class" ? [each.cls] : []))];
  }

  /** Whether a method of the class, or of its bases in the workspace, sets this on its object. */
  setsOnSelf(cls: ProjectClass, name: string): boolean {
    return this.withBases(cls).some((each) => each.attributeBindings(name).length > 0);
  }

  bases(cls: ProjectClass): Value[] {
    return cls
      .basesCell()
      .read(
        () =>
          this.e.fresh(() =>
            cls.baseExprs.flatMap((ref) =>
              this.e.expr(cls.unit, ref).filter((value) => value.v === "class" || value.v === "external"),
            ),
          ),
        [],
      );
  }

  /** A method looked up for an implicit call (`__enter__`), already bound; null when there is none in the workspace. */
  method(cls: ProjectClass, name: string): FunctionValue | null {
    for (const value of this.lookup(cls, name) ?? []) {
      if (value.v === "function") return { ...value, skip: value.kind === "static" ? 0 : 1 };
    }
    return null;
  }

  /** The function behind a property. */
  property(cls: ProjectClass, name: string): FunctionValue | null {
    for (const value of this.lookup(cls, name) ?? []) if (value.v === "property") return asMethod(value);
    return null;
  }

  /** The function behind assigning to a property, or deleting it. */
  accessor(cls: ProjectClass, name: string, kind: "setter" | "deleter"): FunctionValue | null {
    for (const value of this.lookup(cls, name) ?? [])
      if (value.v === "accessor" && value.kind === kind) return asMethod(value);
    return null;
  }

  /** Known classes the class inherits from, nearest first: itself, bases in the workspace, bases outside. */
  ancestors(cls: ProjectClass): string[] {
    const found: string[] = [];
    const seen = new Set<ProjectClass>();
    const queue: Value[] = [{ v: "class", cls }];
    for (let i = 0; i < queue.length && i < 100; i++) {
      const value = queue[i];
      if (value.v === "class" && !seen.has(value.cls)) {
        seen.add(value.cls);
        found.push(this.className(value.cls));
        queue.push(...this.bases(value.cls));
      } else if (value.v === "external") found.push(...this.e.knowledge.ancestors(value.name));
    }
    return found;
  }

  /** Whether all it can have is in the workspace. */
  isWhollyKnown(cls: ProjectClass): boolean {
    return this.externalBases(cls).every((base) =>
      /^(?:typing\.(?:Generic|Protocol)|abc\.ABC|builtins\.object)$/.test(base),
    );
  }

  /** Whether it only describes others that do not inherit from it, and whose methods may well be of another kind: zope's. */
  isInterface(cls: ProjectClass): boolean {
    return (
      /^I[A-Z]/.test(cls.name) &&
      this.externalBases(cls).some((base) => /^zope\.interface\..*Interface$/.test(base))
    );
  }

  /** The names of classes outside of the workspace a class inherits from, directly or not. */
  externalBases(cls: ProjectClass): string[] {
    const found: string[] = [];
    const seen = new Set<ProjectClass>([cls]);
    const queue = [...this.bases(cls)];
    for (let i = 0; i < queue.length && i < 100; i++) {
      const value = queue[i];
      if (value.v === "external") found.push(value.name);
      else if (value.v === "class" && !seen.has(value.cls)) {
        seen.add(value.cls);
        queue.push(...this.bases(value.cls));
      }
    }
    return found;
  }

  className(cls: ProjectClass): string {
    const outer = cls.unit.container.cls;
    const module = this.e.modules.nameOf(cls.unit.path);
    return outer ? `${this.className(outer)}.${cls.name}` : `${module}.${cls.name}`;
  }

  /** What an attribute is that nothing more is known of, where the catalogue says so by `__getattr__`: `mongo.users`. */
  private anyAttribute(name: string, self: Value): string | undefined {
    const { knowledge } = this.e;
    if (!isInstance(self) || knowledge.isKnown(name)) return undefined;
    return knowledge.returns(knowledge.member(self.type, "__getattr__"));
  }

  /** Values as objects: an attribute of something from outside becomes what the catalogue says it is. */
  objects(values: readonly Value[]): Value[] {
    return flatten(values, (value): Value[] => {
      if (value.v === "external") {
        const known = this.e.knowledge.isClass(value.name) ? undefined : this.e.knowledge.returns(value.name);
        return known ? catalogType(this.e.knowledge, known, null) : [value];
      }
      if (value.v !== "member") return [value];
      const known = this.e.knowledge.returns(value.name) ?? this.anyAttribute(value.name, value.self);
      return known ? catalogType(this.e.knowledge, known, value.self) : [];
    });
  }
}

function isInstance(value: Value): value is Extract<Value, { v: "instance" }> {
  return value.v === "instance";
}

/** A property as the method behind it. */
export function asMethod(value: Extract<Value, { v: "property" | "accessor" }>): FunctionValue {
  return {
    v: "function",
    unit: value.unit,
    scope: value.scope,
    skip: 1,
    env: null,
    kind: "plain",
    manager: null,
  };
}

/** Joins orders so that none is violated; where that cannot be (Python would refuse the class), the first goes on. */
function merge(lists: readonly (readonly Value[])[]): Value[] {
  /** How many lists have it behind their first. */
  const behind = new Map<unknown, number>();
  for (const list of lists)
    for (const value of list.slice(1)) behind.set(keyOf(value), (behind.get(keyOf(value)) ?? 0) + 1);
  const places = lists.map((list) => ({ list, at: 0 })).filter(({ list }) => list.length > 0);
  const found: Value[] = [];
  const taken = new Set<unknown>();
  for (;;) {
    const open = places.filter(({ list, at }) => at < list.length);
    if (open.length === 0) return found;
    const next = open.find(({ list, at }) => !behind.get(keyOf(list[at]))) ?? open[0];
    const value = next.list[next.at];
    const key = keyOf(value);
    if (!taken.has(key)) found.push(value);
    taken.add(key);
    for (const place of open) {
      if (keyOf(place.list[place.at]) !== key) continue;
      place.at++;
      const head = place.list[place.at];
      if (head) behind.set(keyOf(head), (behind.get(keyOf(head)) ?? 1) - 1);
    }
  }
}

/** Classes of the workspace are known by themselves, others by name. */
function keyOf(value: Value): unknown {
  return value.v === "class" ? value.cls : value.v === "external" ? value.name : value;
}
