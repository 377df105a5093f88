/**
 * Methods that classes override. What `self.step()` runs depends on whose `self` it is, so a way through it holds for
 * objects of some classes only: that is a need, carried from callee to caller until a call says what the object is.
 */
import type { ExprRef, ScopeRef } from "../read/ir";
import type { ProjectClass } from "../resolve/classes";
import type { Evaluator } from "../resolve/evaluate";
import type { Override } from "../resolve/hierarchy";
import type { Unit } from "../resolve/unit";
import type { FunctionNode, MethodNeed, Receiver, Target } from "./node";

/** Ways that need more of an object than this are not followed. */
const maxMethods = 2;

/** Overrides that a call of a method may run, and what the method itself needs to be what runs. */
export interface Dispatched {
  overrides: readonly Override[];
  needOf(node: FunctionNode, cls: ProjectClass, isOverride: boolean): MethodNeed | undefined;
}

/** What the methods of one unit are called on. */
export class Dispatch {
  constructor(
    private readonly unit: Unit,
    private readonly e: Evaluator,
  ) {}

  /** The object an attribute is had of, where its class is one of the workspace. `from`: the function that asks. */
  receiver(from: ScopeRef, ref: ExprRef): Receiver | null {
    const values = this.e.expr(this.unit, ref);
    const classes: { cls: ProjectClass; exact: boolean }[] = [];
    let isSuper = false;
    for (const value of values) {
      if (value.v === "instance" && value.cls) classes.push({ cls: value.cls, exact: value.exact === true });
      if (value.v === "super") isSuper = true;
    }
    if (classes.length === 0 && !isSuper) return null;
    return { self: isSuper || this.isSelf(from, ref) ? this.method(from) : null, classes };
  }

  /** What else than its own method may run for an object of one of these classes. */
  dispatched(from: ScopeRef, ref: ExprRef, on: Receiver, name: string): Dispatched | null {
    const { hierarchy } = this.e;
    const all = on.classes.flatMap(({ cls, exact }) => (exact ? [] : hierarchy.overrides(cls, name)));
    if (all.length === 0) return null;
    // An object that has another method in place of this one does not get here.
    const around = this.methodOf(from, ref);
    const own = around && this.unit.ir.scopes[around.node.scope].name;
    if (around) hierarchy.overrides(around.cls, own!); // read, so that this is worked out again when they change
    const overrides = all.filter(
      ({ cls, method }) =>
        (!isTest(method.unit.path) || isTest(this.unit.path)) &&
        (!around || !hierarchy.family(around.cls).has(cls) || hierarchy.runs(cls, own!) === around.node),
    );
    const needOf = (node: FunctionNode, witness: ProjectClass, isOverride: boolean) =>
      on.self ? ({ is: "method", name, node, witness, isOverride, hierarchy } as const) : undefined;
    return { overrides, needOf };
  }

  /** Whether an expression is the first parameter of the method it stands in. */
  private isSelf(from: ScopeRef, ref: ExprRef): boolean {
    const expr = this.unit.ir.exprs[ref];
    const { params, binds } = this.unit.ir.scopes[from];
    return expr.k === "name" && params[0]?.name === expr.id && binds[expr.id]?.length === 1;
  }

  private method(scope: ScopeRef): Receiver["self"] {
    const node = this.unit.functions.get(scope);
    const { parent, kind } = this.unit.ir.scopes[scope];
    if (!node || kind !== "def" || parent === null) return null;
    const isNested = this.unit.ir.scopes[parent].kind === "class";
    if (!isNested && parent !== 0) return null;
    const cls = isNested ? this.unit.classAt(parent) : this.unit.container.cls;
    return cls && { node, cls };
  }

  /** The method whose object an expression names, in it or in a function in it. */
  private methodOf(from: ScopeRef, ref: ExprRef): Receiver["self"] {
    const { exprs, scopes } = this.unit.ir;
    const expr = exprs[ref];
    for (let at: ScopeRef | null = from; at !== null; at = scopes[at].parent) {
      const method = this.method(at);
      if (method) return expr.k === "name" && expr.id === scopes[at].params[0]?.name ? method : null;
    }
    return null;
  }
}

/** A method that some classes override runs for objects of the others. */
export function unlessOverridden(
  found: readonly Target[],
  { needOf }: Dispatched,
  { classes }: Receiver,
): Target[] {
  return found.map((target) =>
    target.t === "function" && classes[0]
      ? { ...target, dispatch: needOf(target.node, classes[0].cls, false) }
      : target,
  );
}

/** What a callee's need of its object means for the function that calls it; null when the call does not meet it. */
export function neededOfObject(
  need: MethodNeed,
  callee: FunctionNode,
  on: Receiver | undefined,
): readonly MethodNeed[] | null {
  const { hierarchy, name, node, witness, isOverride } = need;
  if (!on || (!on.self && on.classes.length === 0)) return isOverride ? null : [];
  const admits = (cls: ProjectClass, method: FunctionNode) =>
    hierarchy.family(cls).has(witness) && hierarchy.runs(witness, method.name) === method;
  if (on.self) {
    const { cls, node: caller } = on.self;
    if (hierarchy.runs(cls, name) === node) return [{ ...need, witness: cls }];
    return admits(cls, caller) ? [need] : null;
  }
  const isMet = on.classes.some(
    ({ cls, exact }) => hierarchy.runs(cls, name) === node || (!exact && admits(cls, callee)),
  );
  return isMet ? [] : null;
}

/** All that ways through several methods need of one object, in one order; null when no object can be so. */
export function joinedMethods(needs: readonly MethodNeed[]): MethodNeed[] | null {
  const found: MethodNeed[] = [];
  for (const need of needs) {
    const same = found.find((other) => other.name === need.name);
    if (same && same.node !== need.node) return null;
    if (!same) found.push(need);
  }
  if (found.length > maxMethods) return null;
  const meets = (cls: ProjectClass) =>
    found.every(({ hierarchy, name, node }) => hierarchy.runs(cls, name) === node);
  const fit = found.find(({ witness }) => meets(witness));
  if (!fit) return null;
  return found
    .map((need) => ({ ...need, witness: fit.witness }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Stand-ins of tests override methods as well; what is not a test never meets them. */
function isTest(path: string): boolean {
  return /(?:^|\/)(?:tests?|testing)\/|(?:^|\/)(?:test_[^/]*|[^/]*_test|conftest)\.pyi?$/.test(path);
}
