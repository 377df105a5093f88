import type { Expr, ExprRef, Scope, ScopeRef } from "../read/ir";
import type { Evaluator } from "./evaluate";
import type { Unit } from "./unit";
import {
  type Env,
  type FunctionValue,
  instanceOf,
  joinEnv,
  paramKey,
  substitute,
  type Value,
} from "./values";

/** Decorators that hand the function to something else than the caller's own thread, by how such things are called. */
const elsewhere =
  /thread|executor|to_async|(?:^|_)async(?:_|$|io)|background|celery|(?:^|_)task$|shared_task|dramatiq|actor|remote|worker|deferred?$|(?:^|_)job$|process|pool|defer_to|make_async|asyncify/i;

/** Functions of the workspace as values: what decorators make of them, what their parameters are, what they return. */
export class FunctionValues {
  constructor(private readonly e: Evaluator) {}

  plain(unit: Unit, scope: ScopeRef): FunctionValue {
    return { v: "function", unit, scope, skip: 0, env: null, kind: "plain", manager: null };
  }

  /** What the name of a `def` stands for, decorators applied. */
  decorated(unit: Unit, scope: ScopeRef): Value[] {
    const definition = unit.ir.scopes[scope];
    let values: Value[] = [this.plain(unit, scope)];
    if (definition.decorators.length === 0) return values;
    for (const ref of [...definition.decorators].reverse())
      values = values.flatMap((value) => this.decorate(unit, ref, value));
    return values;
  }

  private decorate(unit: Unit, ref: ExprRef, value: Value): Value[] {
    if (value.v !== "function") return [value];
    const expr = unit.ir.exprs[ref];
    const name = this.decoratorName(unit, expr, ref);
    if (name !== null) return this.byName(name, value);
    const made = this.e.expr(unit, ref).flatMap((decorator) => {
      if (decorator.v === "offloaded") return [decorator];
      if (decorator.v === "class") return this.asObject(decorator, value);
      return decorator.v === "function" ? this.e.calls.call(decorator, [[value]], {}) : [];
    });
    return made.length > 0 ? made.slice(0, 4) : this.byName(writtenName(unit, expr), value);
  }

  /** What a class makes of the function it decorates: an object that can be called, which mostly calls the function. */
  private asObject(decorator: Value & { v: "class" }, value: FunctionValue): Value[] {
    if (elsewhere.test(decorator.cls.name)) return [{ v: "offloaded" }];
    if (!this.e.members.method(decorator.cls, "__call__")) return [];
    return [value, ...this.e.calls.call(decorator, [[value]], {})];
  }

  /** The name of a decorator from outside, called with arguments or not. */
  private decoratorName(unit: Unit, expr: Expr, ref: ExprRef): string | null {
    const callee = expr.k === "call" ? expr.fn : ref;
    const calleeExpr = unit.ir.exprs[callee];
    // `@name.setter`: `name` is the property it is a part of.
    if (calleeExpr.k === "attr" && /^(?:setter|getter|deleter)$/.test(calleeExpr.name))
      return `property.${calleeExpr.name}`;
    const [value] = this.e.expr(unit, callee);
    return value && (value.v === "external" || value.v === "member") ? value.name : null;
  }

  /** For people and rules: the qualified name, or what is written. */
  decoratorText(unit: Unit, ref: ExprRef): string {
    const expr = unit.ir.exprs[ref];
    return this.decoratorName(unit, expr, ref) ?? writtenName(unit, expr);
  }

  private byName(name: string, value: FunctionValue): Value[] {
    const { knowledge } = this.e;
    if (knowledge.offloader(name)?.wraps) return [{ v: "offloaded" }];
    const last = name.slice(name.lastIndexOf(".") + 1);
    if (last === "property" || last === "cached_property" || name === "property.getter")
      return [{ v: "property", unit: value.unit, scope: value.scope }];
    if (name === "property.setter" || name === "property.deleter") {
      const kind = name === "property.setter" ? "setter" : "deleter";
      return [{ v: "accessor", kind, unit: value.unit, scope: value.scope }];
    }
    if (last === "staticmethod") return [{ ...value, kind: "static" }];
    if (last === "classmethod") return [{ ...value, kind: "class" }];
    if (last === "contextmanager") return [{ ...value, manager: "sync" }];
    if (last === "asynccontextmanager") return [{ ...value, manager: "async" }];
    if (name === "builtins.property") return [{ v: "property", unit: value.unit, scope: value.scope }];
    const isAsync = value.unit.ir.scopes[value.scope]?.isAsync;
    return !isAsync && elsewhere.test(last) ? [{ v: "offloaded" }] : [value];
  }

  /** What a parameter may be inside of its function. */
  param(unit: Unit, scope: ScopeRef, index: number): Value[] {
    const fn = unit.ir.scopes[scope];
    const param = fn.params[index];
    if (!param) return [];
    if (index === 0 && fn.kind === "def") {
      const self = this.self(unit, scope, fn);
      if (self) return self;
    }
    const typed = param.annotation === null ? [] : this.e.parameterType(unit, param.annotation);
    if (param.kind === "args") return typed.length > 0 ? [instanceOf("builtins.tuple", [typed])] : [];
    if (param.kind === "kwargs") return typed.length > 0 ? [instanceOf("builtins.dict", [[], typed])] : [];
    const given: Value = { v: "param", key: paramKey(unit, scope, index) };
    if (typed.length > 0) return [...typed, given];
    const used = fn.kind === "lambda" ? this.lambdaParam(unit, scope, index) : [];
    const fallback = param.default === null ? [] : this.e.expr(unit, param.default);
    return [...used, ...fallback.filter((value) => value.v === "instance"), given];
  }

  private self(unit: Unit, scope: ScopeRef, fn: Scope): Value[] | null {
    const parent = unit.ir.scopes[fn.parent ?? 0];
    const inUnit = parent.kind === "unit" && unit.container.cls;
    if (parent.kind !== "class" && !inUnit) return null;
    const cls = parent.kind === "class" ? unit.classAt(fn.parent!) : unit.container.cls!;
    const decorated = this.decorated(unit, scope)[0];
    const kind = decorated?.v === "function" && decorated.scope === scope ? decorated.kind : "plain";
    if (kind === "static") return null;
    if (kind === "class" || fn.name === "__new__" || fn.name === "__init_subclass__")
      return [{ v: "class", cls }];
    return [{ v: "instance", cls, type: this.e.members.className(cls), args: [] }];
  }

  /** The parameter of a lambda given to `sorted`, `map` and the like is an element of what they iterate. */
  private lambdaParam(unit: Unit, scope: ScopeRef, index: number): Value[] {
    if (index > 0) return [];
    const { exprs } = unit.ir;
    const lambda = exprs.findIndex((expr) => expr.k === "function" && expr.scope === scope);
    const call = exprs.find(
      (expr) => expr.k === "call" && (expr.args.includes(lambda) || Object.values(expr.kw).includes(lambda)),
    );
    if (call?.k !== "call") return [];
    const callee = this.e.expr(unit, call.fn);
    const iterating = callee.some(
      (value) =>
        (value.v === "external" && this.e.knowledge.caller(value.name)) ||
        (value.v === "member" && value.name === "builtins.list.sort"),
    );
    if (!iterating) return [];
    const iterable = call.args.find((arg) => arg !== lambda);
    if (iterable !== undefined) return this.e.element(this.e.expr(unit, iterable));
    const fn = exprs[call.fn];
    return fn.k === "attr" ? this.e.element(this.e.expr(unit, fn.of)) : [];
  }

  /** What calling the function gives when nothing is known of the arguments. */
  returned(fn: FunctionValue | null): Value[] {
    return fn ? this.result(fn, null) : [];
  }

  /** What calling the function gives. */
  result(fn: FunctionValue, args: Env | null): Value[] {
    const scope = fn.unit.ir.scopes[fn.scope];
    if (!scope) return [];
    const env = joinEnv(fn.env, args);
    if (fn.manager)
      return [
        { v: "manager", unit: fn.unit, scope: fn.scope, env, isAsync: fn.manager === "async", skip: fn.skip },
      ];
    if (scope.isGenerator)
      return [{ v: "generator", unit: fn.unit, scope: fn.scope, env, isAsync: scope.isAsync, skip: fn.skip }];
    if (!scope.isAsync) return substitute(this.returnValues(fn.unit, fn.scope), env);
    const of = this.idOf(fn.unit, fn.scope);
    return [{ v: "coroutine", of, result: () => substitute(this.returnValues(fn.unit, fn.scope), env) }];
  }

  /** What `return` gives: by the annotation, else by the returned expressions. */
  private returnValues(unit: Unit, scope: ScopeRef): Value[] {
    return unit.returnCell(scope).read(
      () =>
        this.e.fresh(() => {
          const fn = unit.ir.scopes[scope];
          if (!fn) return [];
          const typed = fn.returns === null ? [] : this.e.annotation(unit, fn.returns);
          if (typed.length > 0) return typed;
          return fn.returned
            .slice(0, 8)
            .flatMap((ref) => this.e.expr(unit, ref))
            .slice(0, 12);
        }),
      [],
    );
  }

  /** What iterating a generator gives. */
  yielded(unit: Unit, scope: ScopeRef): Value[] {
    return unit.yieldCell(scope).read(() => this.e.fresh(() => this.yieldValues(unit, scope)), []);
  }

  private yieldValues(unit: Unit, scope: ScopeRef): Value[] {
    const fn = unit.ir.scopes[scope];
    if (!fn) return [];
    const typed = fn.returns === null ? [] : this.e.element(this.e.annotation(unit, fn.returns));
    if (typed.length > 0) return typed;
    const values = fn.yielded.slice(0, 4).flatMap((ref) => {
      const expr = unit.ir.exprs[ref];
      return expr.k === "star" ? this.e.element(this.e.expr(unit, expr.of)) : this.e.expr(unit, ref);
    });
    return values.slice(0, 12);
  }

  /** "app.db.Session.get" */
  idOf(unit: Unit, scope: ScopeRef): string {
    return `${this.e.modules.nameOf(unit.path)}.${this.qualname(unit, scope)}`;
  }

  qualname(unit: Unit, scope: ScopeRef): string {
    const parts: string[] = [];
    for (let ref: ScopeRef | null = scope; ref !== null; ref = unit.ir.scopes[ref].parent) {
      const { kind, name } = unit.ir.scopes[ref];
      if (kind !== "unit" && kind !== "comp") parts.unshift(name || "?");
    }
    for (let container = unit.container; container.cls; container = container.outer!)
      parts.unshift(container.cls.name);
    return parts.join(".");
  }
}

/** The decorator as written, when its name means nothing known. */
function writtenName(unit: Unit, expr: Expr): string {
  const { exprs } = unit.ir;
  let current = expr.k === "call" ? exprs[expr.fn] : expr;
  let name = "";
  for (let i = 0; i < 10; i++) {
    if (current.k === "attr") {
      name = name ? `${current.name}.${name}` : current.name;
      current = exprs[current.of];
    } else {
      return current.k === "name" ? (name ? `${current.id}.${name}` : current.id) : name || "?";
    }
  }
  return name;
}
