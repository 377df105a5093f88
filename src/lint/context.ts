import type { SyntaxNode, Tree } from "@lezer/common";
import type { SourceFile } from "./file";
import { Dispatch } from "./graph/dispatch";
import type { Expr, ExprRef, ScopeRef } from "./read/ir";
import type { Evaluator } from "./resolve/evaluate";
import { isNotebook } from "./resolve/modules";
import type { Unit } from "./resolve/unit";
import type { Value } from "./resolve/values";
import { children } from "./rules-correctness/tree";
import { nodeAt } from "./source/cut";
import type { CallParts, FileContext, FunctionInfo, Meaning, Names, RuleReport } from "./types";

/** Types that rules ask for: collected in one walk of a unit. Grows as rules ask. */
const wantedTypes = new Set<string>(["CallExpression"]);

/** A call and what it is known to call. */
interface Callee {
  call: Expr;
  values: readonly Value[];
}

/** The last parts of names: they rule out most functions of the workspace before their names are put together. */
const lastParts = new WeakMap<Names, ReadonlySet<string>>();

function lastPartsOf(names: Names): ReadonlySet<string> {
  let found = lastParts.get(names);
  if (!found) {
    found = new Set([...names.keys()].map((name) => name.slice(name.lastIndexOf(".") + 1)));
    lastParts.set(names, found);
  }
  return found;
}

/** What rules see of one unit. */
export class UnitContext implements FileContext {
  readonly path: string;
  readonly from: number;
  readonly to: number;
  readonly isAsync: boolean;
  readonly isNotebook: boolean;
  readonly text: string;
  private rootNode: SyntaxNode | null = null;
  private callees: Callee[] | null = null;
  private byType: Map<string, SyntaxNode[]> | null = null;
  private byRange: Map<number, ExprRef> | null = null;

  constructor(
    private readonly file: SourceFile,
    private readonly unit: Unit,
    private readonly e: Evaluator,
    private readonly onReport: (report: RuleReport) => void,
  ) {
    this.path = unit.path;
    this.from = unit.from;
    this.to = unit.to;
    this.isAsync = unit.hasAsync;
    this.isNotebook = isNotebook(unit.path);
    this.text = file.document.text;
  }

  // Asked for by the few units in which a rule has something to look at.
  get tree(): Tree {
    return this.file.document.tree;
  }

  get root(): SyntaxNode {
    this.rootNode ??= nodeAt(this.tree, this.unit) ?? this.tree.topNode;
    return this.rootNode;
  }

  nodes(...types: string[]): readonly SyntaxNode[] {
    const known = types.every((type) => wantedTypes.has(type));
    if (!known) for (const type of types) wantedTypes.add(type);
    if (!this.byType || !known) this.byType = this.index();
    if (types.length === 1) return this.byType.get(types[0]) ?? [];
    return types
      .flatMap((type) => this.byType!.get(type) ?? [])
      .sort((a, b) => a.from - b.from || b.to - a.to);
  }

  private index(): Map<string, SyntaxNode[]> {
    const found = new Map<string, SyntaxNode[]>();
    const { header, to } = this.unit;
    this.root.cursor().iterate((node) => {
      // A class's body is cut into units of their own.
      if (header && node.from >= to) return false;
      if (!wantedTypes.has(node.name)) return;
      const list = found.get(node.name);
      if (list) list.push(node.node);
      else found.set(node.name, [node.node]);
    });
    return found;
  }

  slice(node: { from: number; to: number }): string {
    return this.text.slice(node.from, node.to);
  }

  functionAt(node: SyntaxNode): FunctionInfo | null {
    const scope = this.scopeAt(node);
    return scope === null ? null : this.info(this.unit, scope);
  }

  /** The function or lambda whose body holds the node. */
  private scopeAt(node: SyntaxNode): ScopeRef | null {
    const found = functionAround(node);
    if (!found || found.from < this.unit.from) return null;
    const at = found.from - this.unit.from;
    const kind = found.name === "FunctionDefinition" ? "def" : "lambda";
    const scope = this.unit.ir.scopes.findIndex((each) => each.at === at && each.kind === kind);
    return scope < 0 ? null : scope;
  }

  classAt(node: SyntaxNode): string | null {
    for (let inner = node; inner.parent && inner.from >= this.unit.from; inner = inner.parent) {
      if (inner.parent.name !== "ClassDefinition" || inner.name !== "Body" || this.unit.header) continue;
      const at = inner.parent.from - this.unit.from;
      const scope = this.unit.ir.scopes.findIndex((each) => each.at === at && each.kind === "class");
      if (scope >= 0) return this.e.members.className(this.unit.classAt(scope));
    }
    const { cls } = this.unit.container;
    return cls ? this.e.members.className(cls) : null;
  }

  enclosing(node: SyntaxNode, ...types: string[]): SyntaxNode | null {
    for (let at = node.parent; at && at.from >= this.unit.from; at = at.parent) {
      if (types.includes(at.name)) return at;
      if (at.name === "FunctionDefinition" || at.name === "LambdaExpression" || at.name === "ClassDefinition")
        return null;
    }
    return null;
  }

  statement(node: SyntaxNode): SyntaxNode {
    let at = node;
    while (at.parent && !isStatement(at)) at = at.parent;
    return at;
  }

  isAwaited(node: SyntaxNode): boolean {
    let at = node.parent;
    while (at?.name === "ParenthesizedExpression") at = at.parent;
    return at?.name === "AwaitExpression";
  }

  callsOf(names: Names): readonly SyntaxNode[] {
    const last = lastPartsOf(names);
    return this.callsWhere(({ values }) => {
      const [first] = values;
      if (first.v === "external" || first.v === "member") return names.has(first.name);
      if (first.v === "function" && !last.has(first.unit.ir.scopes[first.scope]?.name)) return false;
      const name = this.nameOfValues(values);
      return name !== null && names.has(name);
    });
  }

  callsMaking(what: "coroutine" | "async generator"): readonly SyntaxNode[] {
    return this.callsWhere(({ values }) => values.some((value) => this.madeBy(value) === what));
  }

  callsOfAsyncOverrides(): readonly { call: SyntaxNode; override: string }[] {
    this.callees ??= this.findCallees();
    const found: { call: SyntaxNode; override: string }[] = [];
    for (const { call, values } of this.callees) {
      if (!values.every((value) => value.v === "function" && this.madeBy(value) === null)) continue;
      const override = this.asyncOverride(call);
      const node = override === null ? null : this.callAt(call);
      if (node && override !== null) found.push({ call: node, override });
    }
    return found;
  }

  private asyncOverride(call: Expr): string | null {
    const { exprs } = this.unit.ir;
    const fn = call.k === "call" ? exprs[call.fn] : null;
    const object = fn?.k === "attr" ? exprs[fn.of] : null;
    if (fn?.k !== "attr" || object?.k !== "name") return null;
    const dispatch = new Dispatch(this.unit, this.e);
    const on = dispatch.receiver(object.scope, fn.of);
    const overrides = (on && dispatch.dispatched(object.scope, fn.of, on, fn.name)?.overrides) ?? [];
    for (const { method } of overrides) {
      const scope = method.unit.ir.scopes[method.scope];
      if (method.v === "function" && !method.manager && scope.isAsync && !scope.isGenerator)
        return this.e.functions.qualname(method.unit, method.scope);
    }
    return null;
  }

  private callsWhere(test: (callee: Callee) => boolean): SyntaxNode[] {
    this.callees ??= this.findCallees();
    const found: SyntaxNode[] = [];
    for (const callee of this.callees) {
      const node = test(callee) ? this.callAt(callee.call) : null;
      if (node) found.push(node);
    }
    return found;
  }

  private findCallees(): Callee[] {
    const found: Callee[] = [];
    for (const call of this.unit.ir.exprs) {
      if (call.k !== "call") continue;
      const values = this.valuesOf(call.fn);
      if (values.length > 0) found.push({ call, values });
    }
    return found;
  }

  private madeBy(callee: Value): "coroutine" | "async generator" | null {
    if (callee.v === "external" || callee.v === "member")
      return this.e.knowledge.isCoroutine(callee.name) ? "coroutine" : null;
    const of = callee.v === "partial" ? callee.of : callee;
    const scope = of.v === "function" ? of.unit.ir.scopes[of.scope] : null;
    if (!scope?.isAsync) return null;
    return scope.isGenerator ? "async generator" : "coroutine";
  }

  /** The node of a call that was read; null in a string annotation, which has none. */
  private callAt(call: Expr): SyntaxNode | null {
    const from = call.at + this.unit.from;
    const to = call.end + this.unit.from;
    let node: SyntaxNode | null = this.tree.resolveInner(from, 1);
    while (node && node.from === from && (node.name !== "CallExpression" || node.to < to)) node = node.parent;
    return node?.name === "CallExpression" && node.from === from && node.to === to ? node : null;
  }

  call(node: SyntaxNode): CallParts {
    const positional: SyntaxNode[] = [];
    const keywords = new Map<string, SyntaxNode>();
    let open = false;
    const list = node.getChild("ArgList");
    const parts = list ? children(list) : [];
    if (parts.some((part) => part.name === "for"))
      return { callee: node.firstChild, positional: [list!], keywords, open };
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i];
      if (part.name === "*" || part.name === "**") {
        open = true;
        i++;
      } else if (parts[i + 1]?.name === "AssignOp" && this.slice(parts[i + 1]) === "=") {
        if (parts[i + 2]) keywords.set(this.slice(part), parts[i + 2]);
        i += 2;
      } else if (!notArgument.has(part.name) && !part.type.isError) positional.push(part);
    }
    return { callee: node.firstChild, positional, keywords, open };
  }

  resolve(node: SyntaxNode): readonly Meaning[] {
    return this.values(node).flatMap((value) => this.meaning(value));
  }

  nameOf(node: SyntaxNode): string | null {
    return this.nameOfValues(this.values(node));
  }

  private nameOfValues(values: readonly Value[]): string | null {
    for (const value of values) {
      if (value.v === "external" || value.v === "member") return value.name;
      if (value.v === "function") return this.e.functions.idOf(value.unit, value.scope);
      if (value.v === "class") return this.e.members.className(value.cls);
      if (value.v === "module") return value.name;
    }
    return null;
  }

  typeOf(node: SyntaxNode): readonly string[] {
    const types = this.e.members.objects([...this.values(node)]).flatMap((value) => {
      if (value.v === "coroutine") return ["typing.Coroutine"];
      return value.v === "instance" ? [value.type] : [];
    });
    return [...new Set(types)];
  }

  isSubclass(className: string, base: string): boolean {
    if (className === base || this.e.knowledge.ancestors(className).includes(base)) return true;
    const cls = this.classes?.get(className);
    return cls !== undefined && this.e.members.ancestors(cls).includes(base);
  }

  /** Classes of the workspace met while resolving, for `isSubclass`. */
  private classes: Map<string, Extract<Value, { v: "class" }>["cls"]> | null = null;

  uses(name: string, around: SyntaxNode): readonly SyntaxNode[] {
    const region = functionAround(around) ?? this.tree.topNode;
    const found: SyntaxNode[] = [];
    region.cursor().iterate((node) => {
      if (
        node.name === "VariableName" &&
        (node.from !== around.from || node.to !== around.to) &&
        this.slice(node) === name
      )
        found.push(node.node);
    });
    return found;
  }

  report(report: RuleReport): void {
    this.onReport(report);
  }

  private values(node: SyntaxNode): Value[] {
    let inner = node;
    while (inner.name === "ParenthesizedExpression" && inner.firstChild?.nextSibling)
      inner = inner.firstChild.nextSibling;
    const ref = this.refs().get(rangeKey(inner.from - this.unit.from, inner.to - this.unit.from));
    return ref === undefined ? [] : this.valuesOf(ref);
  }

  private valuesOf(ref: ExprRef): Value[] {
    const values = this.e.expr(this.unit, ref);
    for (const value of values) {
      if ((value.v === "instance" && value.cls) || value.v === "class") {
        this.classes ??= new Map();
        this.classes.set(this.e.members.className(value.cls!), value.cls!);
      }
    }
    return values;
  }

  /** The expressions read of the unit by their range. */
  private refs(): Map<number, ExprRef> {
    if (!this.byRange) {
      this.byRange = new Map();
      for (const [ref, expr] of this.unit.ir.exprs.entries())
        this.byRange.set(rangeKey(expr.at, expr.end), ref);
    }
    return this.byRange;
  }

  private meaning(value: Value): Meaning[] {
    switch (value.v) {
      case "external":
      case "member":
        return [
          {
            kind: "external",
            name: value.name,
            isCoroutineFunction: this.e.knowledge.isCoroutine(value.name),
          },
        ];
      case "module":
        return [{ kind: "module", name: value.name, path: value.path }];
      case "function":
      case "property": {
        const info = this.info(value.unit, value.scope);
        return [{ kind: "function", name: info.id, info }];
      }
      case "class":
        return [{ kind: "class", name: this.e.members.className(value.cls), isProject: true }];
      case "instance":
        return [{ kind: "instance", type: value.type, isProject: value.cls !== null }];
      case "coroutine":
        return [{ kind: "coroutine", of: value.of }];
      case "generator":
        return [
          { kind: "generator", of: this.e.functions.idOf(value.unit, value.scope), isAsync: value.isAsync },
        ];
      case "partial":
        return this.meaning(value.of);
      default:
        return [];
    }
  }

  private info(unit: Unit, ref: ScopeRef): FunctionInfo {
    const scope = unit.ir.scopes[ref];
    const { functions, members } = this.e;
    const parent = scope.parent === null ? null : unit.ir.scopes[scope.parent];
    const cls =
      parent?.kind === "class"
        ? unit.classAt(scope.parent!)
        : parent?.kind === "unit"
          ? unit.container.cls
          : null;
    return {
      name: scope.name,
      qualname: functions.qualname(unit, ref),
      id: functions.idOf(unit, ref),
      path: unit.path,
      isAsync: scope.isAsync,
      isGenerator: scope.isGenerator,
      isLambda: scope.kind === "lambda",
      className: cls ? members.className(cls) : null,
      decorators: scope.decorators.map((decorator) => functions.decoratorText(unit, decorator)),
      parameters: scope.params.map((param) => param.name),
      from: unit.from + scope.at,
      to: unit.from + scope.end,
    };
  }
}

/** Both ends of a range within a unit as one number, exact up to 64 MB. */
function rangeKey(from: number, to: number): number {
  return from * 2 ** 26 + to;
}

const notArgument = new Set(["(", ")", ",", "Comment"]);

function isStatement(node: SyntaxNode): boolean {
  return (
    node.name.endsWith("Statement") || node.name === "FunctionDefinition" || node.name === "ClassDefinition"
  );
}

/** The function or lambda in whose body the node stands. */
function functionAround(node: SyntaxNode): SyntaxNode | null {
  for (let inner = node; inner.parent; inner = inner.parent) {
    const { parent } = inner;
    if (parent.name === "FunctionDefinition" && inner.name === "Body") return parent;
    if (parent.name === "LambdaExpression" && inner.name !== "ParamList") return parent;
    if (parent.name === "ClassDefinition" && inner.name === "Body") return null;
  }
  return null;
}
