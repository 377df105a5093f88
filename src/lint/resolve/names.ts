import type { Binding, BlockRef, ScopeRef } from "../read/ir";
import type { Container, PlacedBinding } from "./container";
import type { Evaluator } from "./evaluate";
import type { ModuleFile } from "./modules";
import type { Unit } from "./unit";
import type { Value } from "./values";

/** Names as Python looks them up: function scopes outwards, the class only from its own level, the module, builtins. */
export class Names {
  constructor(private readonly e: Evaluator) {}

  lookup(unit: Unit, id: string, from: ScopeRef, block: BlockRef, at: number): Value[] {
    const { scopes } = unit.ir;
    let position: number | null = at;
    let own = true;
    for (let ref: ScopeRef = from; ; ) {
      const scope = scopes[ref];
      if (scope.kind === "unit") break;
      if (scope.globals.includes(id)) return this.global(unit.container.module, id) ?? [];
      const visible = scope.kind !== "class" || own;
      if (visible && Object.hasOwn(scope.binds, id) && !scope.nonlocals.includes(id)) {
        const bindings = unit.hasNonlocals
          ? [...scope.binds[id], ...this.rebound(unit, ref, id)]
          : scope.binds[id];
        return this.e.reached(unit, bindings, ref, position, block);
      }
      // What runs later sees every binding of the scopes around it.
      if (scope.kind !== "comp" && scope.kind !== "class") position = null;
      if (scope.kind !== "comp") own = false;
      ref = scope.parent!;
    }
    if (own && unit.container.outer) {
      const found = this.inContainer(unit.container, id);
      if (found) return found;
    }
    return this.global(unit.container.module, id) ?? this.builtin(id);
  }

  /** What nested functions bind a name to with `nonlocal`. */
  private rebound(unit: Unit, ref: ScopeRef, id: string): Binding[] {
    const found: Binding[] = [];
    for (const scope of unit.ir.scopes) {
      if (!scope.nonlocals.includes(id) || !Object.hasOwn(scope.binds, id)) continue;
      let outer = scope.parent;
      while (outer !== null && !Object.hasOwn(unit.ir.scopes[outer].binds, id))
        outer = unit.ir.scopes[outer].parent;
      if (outer === ref) found.push(...scope.binds[id]);
    }
    return found;
  }

  /** A name at the level of a module, star imports included; null when nothing binds it. */
  global(module: Container, id: string): Value[] | null {
    return this.inContainer(module, id);
  }

  private inContainer(container: Container, id: string): Value[] | null {
    return container.lookup(id).read(
      () =>
        this.e.fresh(() => {
          const placed = container.bindings(id);
          if (placed.length > 0) return this.values(placed);
          return container.outer || id.startsWith("_") ? null : this.fromStars(container, id);
        }),
      // Two modules that import all of each other: neither binds what only the other could.
      null,
    );
  }

  /** Bindings of several units, in source order: what the last unconditional one and those after it give. */
  values(placed: readonly PlacedBinding[]): Value[] {
    if (placed.length === 1) return this.e.binding(placed[0].unit, placed[0].binding, 0);
    let first = 0;
    for (const [i, { unit, binding }] of placed.entries()) {
      if (binding.b === "annotation" || (binding.b === "value" && binding.annotation !== null)) {
        const typed = this.e.binding(unit, binding, 0);
        if (typed.length > 0) return typed;
      }
      if (binding.block === 0) first = i;
    }
    return placed.slice(first).flatMap(({ unit, binding }) => this.e.binding(unit, binding, 0));
  }

  private fromStars(container: Container, id: string): Value[] | null {
    for (const { unit, module, level } of container.starImports()) {
      const file = this.e.modules.resolve(unit.path, module, level);
      if (!file) {
        const name = this.e.knowledge.canonical(`${module}.${id}`);
        if (level === 0 && this.e.knowledge.isKnown(name)) return [{ v: "external", name }];
      } else if (file.path !== null) {
        const target = this.e.containerOf(file.path);
        const found = target ? this.global(target, id) : null;
        if (found) return found;
      }
    }
    return null;
  }

  /** A name nothing binds: a builtin, or a module whose import is not typed yet. */
  private builtin(id: string): Value[] {
    const { knowledge } = this.e;
    if (builtins.has(id) || knowledge.isKnown(`builtins.${id}`))
      return [{ v: "external", name: `builtins.${id}` }];
    return knowledge.isModule(id) ? [{ v: "external", name: knowledge.canonical(id) }] : [];
  }

  imported(path: string, binding: Extract<Binding, { b: "import" }>): Value[] {
    const { module, level, name, whole } = binding;
    if (name === null) return this.module(path, whole ? module : module.split(".")[0], 0);
    const file = this.e.modules.resolve(path, module, level);
    if (!file) {
      return level > 0 ? [] : [{ v: "external", name: this.e.knowledge.canonical(`${module}.${name}`) }];
    }
    return this.inModule(file, name);
  }

  /** A name of a module of the workspace, or a submodule of it. */
  inModule(file: ModuleFile, name: string): Value[] {
    const container = file.path === null ? undefined : this.e.containerOf(file.path);
    const found = container ? this.global(container, name) : null;
    if (found) return found;
    const submodule = this.e.modules.submodule(file, name);
    return submodule ? [{ v: "module", path: submodule.path, dir: submodule.dir, name }] : [];
  }

  private module(path: string, name: string, level: number): Value[] {
    const file = this.e.modules.resolve(path, name, level);
    if (file) return [{ v: "module", path: file.path, dir: file.dir, name }];
    return [{ v: "external", name: this.e.knowledge.canonical(name) }];
  }
}

const builtins = new Set(
  (
    "abs aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile complex delattr " +
    "dict dir divmod enumerate eval exec filter float format frozenset getattr globals hasattr hash help hex id input " +
    "int isinstance issubclass iter len list locals map max memoryview min next object oct open ord pow print property " +
    "range repr reversed round set setattr slice sorted staticmethod str sum super tuple type vars zip " +
    "BaseException Exception TimeoutError OSError ValueError KeyError RuntimeError StopIteration KeyboardInterrupt"
  ).split(" "),
);
