import type { Code } from "./code";
import type { Binding, BlockRef, Event, Expr, ExprRef, Scope, ScopeRef, UnitIR } from "./ir";

/** Where the reader is: which scope names belong to, which function events happen in, under which conditions. */
export interface Place {
  scope: ScopeRef;
  owner: ScopeRef;
  block: BlockRef;
}

/** Nesting that is read; what is nested deeper (generated code, attacks) is left out, so that recursion stays bounded. */
export const maxDepth = 250;

/** What most scopes and calls have none of: one for all of them, for there are many. */
export const none: readonly never[] = [];
export const noNames: Readonly<Record<string, never>> = {};

type Without<T, K extends string> = T extends unknown ? Omit<T, K> : never;

/** Collects a unit's IR. */
export class Reader {
  readonly ir: UnitIR = {
    exprs: [],
    scopes: [],
    blocks: [{ parent: null, statement: -1, arm: 0 }],
    events: [],
  };
  depth = 0;
  /** Above 0 while in code that does not run where it stands: decorators, defaults, annotations. */
  muted = 0;
  /** Above 0 in annotations, where a string is code. */
  inAnnotation = 0;
  /** What type parameters of the definitions around stand for, by name: their bounds. */
  typeParams: ReadonlyMap<string, ExprRef> = new Map();

  constructor(
    public text: string,
    /** Offset of the unit in the text. */
    public base: number,
  ) {}

  slice(node: { from: number; to: number }): string {
    return this.text.slice(node.from, node.to);
  }

  /** `expr` has its range as offsets in the text. */
  add(expr: Expr): ExprRef {
    expr.at -= this.base;
    expr.end -= this.base;
    return this.ir.exprs.push(expr) - 1;
  }

  event(
    place: Place,
    node: { from: number; to: number },
    event: Without<Event, "at" | "end" | "scope" | "block">,
  ): void {
    if (this.muted) return;
    const at = node.from - this.base;
    const end = node.to - this.base;
    const { owner: scope, block } = place;
    // The frequent ones by themselves: spreading is many times slower.
    const { e } = event;
    if (e === "get") this.ir.events.push({ at, end, scope, block, e, attr: event.attr });
    else if (e === "call")
      this.ir.events.push({ at, end, scope, block, e, call: event.call, awaited: event.awaited });
    else this.ir.events.push({ at, end, scope, block, ...event });
  }

  bind(place: Place, name: string, node: { from: number }, binding: Without<Binding, "at" | "block">): void {
    const full = placed(node.from - this.base, place.block, binding);
    let scope = this.ir.scopes[place.scope];
    // A `:=` in a comprehension binds around it; the comprehension's own targets are bound with `bindIn`.
    while (scope.kind === "comp" || scope.kind === "generator") scope = this.ir.scopes[scope.parent!];
    bindIn(scope, name, full);
  }

  /** Binds in exactly this scope. */
  bindHere(
    place: Place,
    name: string,
    node: { from: number },
    binding: Without<Binding, "at" | "block">,
  ): void {
    const full = placed(node.from - this.base, place.block, binding);
    bindIn(this.ir.scopes[place.scope], name, full);
  }

  block(parent: BlockRef, statement: number, arm: number): BlockRef {
    this.ir.blocks.push({ parent, statement, arm });
    return this.ir.blocks.length - 1;
  }

  scope(
    node: { from: number; to: number },
    kind: Scope["kind"],
    name: string,
    place: Place | null,
    nameAt = node.from,
  ): ScopeRef {
    this.ir.scopes.push({
      kind,
      name,
      parent: place ? place.scope : null,
      block: place ? place.block : 0,
      at: node.from - this.base,
      end: node.to - this.base,
      isAsync: false,
      isGenerator: false,
      params: none,
      decorators: none,
      returns: null,
      returned: none,
      yielded: none,
      bases: none,
      binds: {},
      globals: none,
      nonlocals: none,
      attributes: noNames,
      nameAt: nameAt - this.base,
    });
    return this.ir.scopes.length - 1;
  }

  /** The function a `return`, `yield` or `await` in this scope belongs to. */
  functionOf(scope: ScopeRef): Scope {
    let found = this.ir.scopes[scope];
    while (found.kind === "comp" && found.parent !== null) found = this.ir.scopes[found.parent];
    return found;
  }
}

/** The frequent ones by themselves: spreading is many times slower. */
function placed(at: number, block: BlockRef, binding: Without<Binding, "at" | "block">): Binding {
  const { b } = binding;
  if (b === "param") return { at, block, b, index: binding.index };
  if (b === "value")
    return { at, block, b, value: binding.value, annotation: binding.annotation, path: binding.path };
  return { at, block, ...binding };
}

export function bindIn(scope: Scope, name: string, binding: Binding): void {
  if (Object.hasOwn(scope.binds, name)) scope.binds[name].push(binding);
  else define(scope.binds, name, [binding]);
}

/** Sets a key that comes from source code, where `__proto__` is a name like any other. */
export function define<T>(record: Record<string, T>, key: string, value: T): void {
  if (key !== "__proto__") record[key] = value;
  else Object.defineProperty(record, key, { value, writable: true, enumerable: true, configurable: true });
}

export function children(node: Code): Code[] {
  const found: Code[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) found.push(child);
  return found;
}
