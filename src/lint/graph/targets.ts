import type { BlockingCall } from "../catalog/types";
import type { Awaited, Expr, ExprRef } from "../read/ir";
import type { CallExpr } from "../resolve/calls";
import type { ProjectClass } from "../resolve/classes";
import type { Evaluator } from "../resolve/evaluate";
import { flatten } from "../resolve/maps";
import { asMethod } from "../resolve/members";
import type { Unit } from "../resolve/unit";
import type { Env, FunctionValue, Value } from "../resolve/values";
import type { Dispatched } from "./dispatch";
import type { Bind, CallSite, Receiver, Target } from "./node";

/** The call that made a value, as it is written; null where that is another one, or none. */
type MadeBy = (Omit<CallSite, "skip"> & { on: Receiver | null }) | null;

/** What runs when a value is called, iterated or entered. */
export class Targets {
  constructor(
    private readonly e: Evaluator,
    /** The user's own blocking calls by id; null when there are none. */
    private readonly ownBlocking: ((id: string) => BlockingCall | undefined) | null,
  ) {}

  /** What a call runs on the spot. `awaited` calls of things from outside are coroutines, whatever the catalogue says. */
  called(
    value: Value,
    args: Value[][],
    kw: Record<string, Value[]>,
    awaited: Awaited = false,
    by: MadeBy = null,
  ): Target[] {
    switch (value.v) {
      case "external":
      case "member":
        return awaited ? [] : this.sink(value.name);
      case "function":
        return this.functionCalled(value, this.e.calls.env(value, args, kw), awaited, by);
      case "class":
        return this.constructed(value.cls, args, kw, by);
      case "instance":
        return value.cls
          ? this.method(value.cls, "__call__", args, kw, by)
          : this.sink(`${value.type}.__call__`);
      case "partial":
        return this.called(value.of, [...value.given, ...args], kw, awaited);
      case "param":
        return [{ t: "param", key: value.key }];
      default:
        return [];
    }
  }

  private functionCalled(
    fn: FunctionValue,
    given: Env | null,
    awaited: Awaited = false,
    by: MadeBy = null,
  ): Target[] {
    const scope = fn.unit.ir.scopes[fn.scope];
    const node = fn.unit.functions.get(fn.scope);
    if (!scope || !node) return [];
    const own =
      awaited || scope.isAsync ? undefined : this.ownBlocking?.(this.e.functions.idOf(fn.unit, fn.scope));
    if (own) return [{ t: "sink", call: own }];
    if (scope.isGenerator || fn.manager) return [];
    if (awaited === true && isOverridden(fn)) return [];
    const call = by ? { unit: by.unit, scope: by.scope, expr: by.expr, skip: fn.skip } : undefined;
    const bind = this.bind(fn.env, given);
    const on = by?.on ?? undefined;
    const ran: Target = { t: "function", node, bind, awaited: awaited === true && !scope.isAsync, call, on };
    return awaited || scope.isAsync ? [ran] : [ran, ...this.sleepsBetween(fn)];
  }

  /** What a call of a method runs where the object's class overrides it with a plain function, or a property. */
  overriding(
    { overrides, needOf }: Dispatched,
    args: Value[][],
    kw: Record<string, Value[]>,
    by: NonNullable<MadeBy> | { on: Receiver },
  ): Target[] {
    return overrides.flatMap(({ cls, method }): Target[] => {
      const on: Receiver = { self: by.on?.self ?? null, classes: [{ cls, exact: false }] };
      const fn: FunctionValue =
        method.v === "property" ? asMethod(method) : { ...method, skip: method.kind === "static" ? 0 : 1 };
      if ((method.v === "property") !== !("expr" in by) || fn.unit.ir.scopes[fn.scope]?.isAsync) return [];
      const env = this.e.calls.env(fn, args, kw);
      const ran = this.functionCalled(fn, env, false, "expr" in by ? { ...by, on } : null);
      return ran.map((target) =>
        target.t === "function"
          ? { ...target, on, isOverride: true, dispatch: needOf(target.node, cls, true) }
          : target,
      );
    });
  }

  /** `@retry(wait=...)`: a decorator that sleeps before it calls a plain function again. */
  private sleepsBetween({ unit, scope }: FunctionValue): Target[] {
    return unit.ir.scopes[scope].decorators.flatMap((ref): Target[] => {
      const sink = this.e.knowledge.blockingCall(`${this.e.functions.decoratorText(unit, ref)}.__call__`);
      const expr = unit.ir.exprs[ref];
      const given = expr.k === "call" ? Object.keys(expr.kw) : [];
      if (!sink || (sink.needsArguments && !given.some((name) => /^(?:wait|delay)/.test(name)))) return [];
      return [{ t: "sink", call: sink }];
    });
  }

  private bind(...envs: (Env | null)[]): Bind | null {
    const bound = new Map<string, Target[]>();
    for (const env of envs) {
      for (const [key, values] of env ?? []) {
        const targets = values.flatMap((value) => this.called(value, [], {}));
        if (targets.length > 0) bound.set(key, targets);
      }
    }
    return bound.size > 0 ? bound : null;
  }

  private constructed(cls: ProjectClass, args: Value[][], kw: Record<string, Value[]>, by: MadeBy): Target[] {
    const made = by && { ...by, on: { self: null, classes: [{ cls, exact: true }] } };
    const found = ["__init__", "__new__", "__post_init__"].flatMap((name) =>
      this.method(cls, name, args, kw, made),
    );
    if (this.e.members.lookup(cls, "__init__")) return found;
    return [...found, ...this.e.members.externalBases(cls).flatMap((base) => this.sink(base))];
  }

  /** A method called implicitly, of the workspace or known from outside. */
  private method(
    cls: ProjectClass,
    name: string,
    args: Value[][] = [],
    kw: Record<string, Value[]> = {},
    by: MadeBy = null,
  ): Target[] {
    return (this.e.members.lookup(cls, name) ?? []).flatMap((value) => {
      if (value.v === "function")
        return this.called({ ...value, skip: value.kind === "static" ? 0 : 1 }, args, kw, false, by);
      return value.v === "member" ? this.sink(value.name) : [];
    });
  }

  sink(name: string): Target[] {
    const call = this.e.knowledge.blockingCall(name);
    return call && !call.lazy && !this.e.knowledge.isCoroutine(name) ? [{ t: "sink", call }] : [];
  }

  /** `by`: the call that made the values, where they are iterated on the spot. */
  iterated(values: readonly Value[], by: MadeBy = null, depth = 0): Target[] {
    if (depth > 8) return [];
    return values.flatMap((value): Target[] => {
      switch (value.v) {
        case "generator":
          return this.body(value, by);
        case "lazy": {
          const sink = value.sink === null ? undefined : this.e.knowledge.blockingCall(value.sink);
          const run = value.runs.flatMap((fn) => this.called(fn, [], {}));
          return [
            ...(sink ? [{ t: "sink" as const, call: sink }] : []),
            ...run,
            ...this.iterated(value.over, null, depth + 1),
          ];
        }
        case "member":
          return this.iterated(this.e.members.objects([value]), null, depth + 1);
        case "external":
          // `sys.stdin`; a class is not iterated.
          return this.e.knowledge.returns(value.name)
            ? this.iterated(this.e.members.objects([value]), null, depth + 1)
            : [];
        case "instance":
          if (!value.cls) return this.sink(this.e.knowledge.member(value.type, "__iter__"));
          return this.iteratedClass(value.cls, depth);
        default:
          return [];
      }
    });
  }

  private iteratedClass(cls: ProjectClass, depth: number): Target[] {
    const iter = this.e.members.method(cls, "__iter__");
    const made = this.e.functions
      .returned(iter)
      .filter((value) => value.v !== "instance" || value.cls !== cls);
    return [
      ...this.method(cls, "__iter__"),
      ...this.method(cls, "__next__"),
      ...this.iterated(made, null, depth + 1),
    ];
  }

  /** What the body of a generator runs, with what its parameters were given. */
  private body(made: Extract<Value, { v: "generator" | "manager" }>, by: MadeBy): Target[] {
    const node = made.unit.functions.get(made.scope);
    if (!node || made.isAsync) return [];
    const isMaker = (fn: Value) => fn.v === "function" && fn.unit === made.unit && fn.scope === made.scope;
    const isDirect = by !== null && this.e.expr(by.unit, by.expr.fn).some(isMaker);
    const call = isDirect ? { unit: by.unit, scope: by.scope, expr: by.expr, skip: made.skip } : undefined;
    return [{ t: "function", node, bind: this.bind(made.env), call }];
  }

  entered(values: readonly Value[], by: MadeBy = null): Target[] {
    return this.e.members.objects(values).flatMap((value): Target[] => {
      if (value.v === "manager") return this.body(value, by);
      if (value.v !== "instance") return [];
      if (value.cls) return [...this.method(value.cls, "__enter__"), ...this.method(value.cls, "__exit__")];
      if (value.type === "contextlib.closing")
        return this.e.members.of(value.args[0] ?? [], "close").flatMap((close) => this.called(close, [], {}));
      const { knowledge } = this.e;
      return ["__enter__", "__exit__"].flatMap((name) => this.sink(knowledge.member(value.type, name)));
    });
  }

  /** Implicit calls on an object: `a[b]`, `b in a`. */
  implicit(values: readonly Value[], name: string): Target[] {
    return this.e.members.objects(values).flatMap((value): Target[] => {
      if (value.v !== "instance") return [];
      if (!value.cls) return this.sink(this.e.knowledge.member(value.type, name));
      return this.method(value.cls, name);
    });
  }

  /** The same where there are several methods that may be called: the first of those that the class has. */
  firstOf(values: readonly Value[], names: readonly string[]): Target[] {
    if (values.length === 0) return [];
    return flatten(this.e.members.objects(values), (value): Target[] => {
      if (value.v !== "instance") return [];
      for (const name of names) {
        const found = value.cls
          ? this.method(value.cls, name)
          : this.sink(this.e.knowledge.member(value.type, name));
        if (found.length > 0 || (value.cls && this.e.members.lookup(value.cls, name))) return found;
      }
      return [];
    });
  }

  /** Reading an attribute that is a property, or another object that is asked what it stands for (`__get__`). */
  read(values: readonly Value[], name: string): Target[] {
    return flatten(this.e.members.objects(values), (value): Target[] => {
      if (value.v !== "instance" || !value.cls) return [];
      const found = this.e.members.lookup(value.cls, name);
      if (!found) return this.e.members.isWhollyKnown(value.cls) ? this.method(value.cls, "__getattr__") : [];
      return flatten(found, (attribute): Target[] => {
        if (attribute.v === "property") return this.functionCalled(asMethod(attribute), null);
        return attribute.v === "instance" && attribute.cls && value.cls!.has(name)
          ? this.method(attribute.cls, "__get__")
          : [];
      });
    });
  }

  /** Assigning to an attribute that is a property, or deleting it. */
  written(values: readonly Value[], name: string, kind: "setter" | "deleter"): Target[] {
    return this.e.members.objects(values).flatMap((value): Target[] => {
      const accessor =
        value.v === "instance" && value.cls ? this.e.members.accessor(value.cls, name, kind) : null;
      return accessor ? this.functionCalled(accessor, null) : [];
    });
  }

  /** Whether an argument says that the call does not block after all: `get(block=False)`. */
  excused(call: BlockingCall, unit: Unit, expr: CallExpr): boolean {
    if (call.needsArguments && expr.args.length === 0 && Object.keys(expr.kw).length === 0 && !expr.open)
      return true;
    if (call.given) {
      const { position, keyword, like } = call.given;
      const ref =
        keyword !== undefined && Object.hasOwn(expr.kw, keyword) ? expr.kw[keyword] : expr.args[position];
      if (!like.test(writtenAs(unit.ir.exprs, unit.ir.exprs[ref]))) return true;
    }
    return (call.unless ?? []).some(({ keyword, position, values }) => {
      const ref: ExprRef | undefined =
        keyword !== undefined && Object.hasOwn(expr.kw, keyword)
          ? expr.kw[keyword]
          : position === undefined
            ? undefined
            : expr.args[position];
      const given = ref === undefined ? undefined : unit.ir.exprs[ref];
      if (values === null) return given !== undefined && !(given.k === "literal" && given.type === "None");
      if (given?.k === "literal") return values.includes(given.text);
      return given !== undefined && constantsOf(unit.ir.exprs, given).some((name) => values.includes(name));
    });
  }
}

/**
 * Whether a plain method that is awaited gives nothing to await, so that what runs must be another's: of a subclass that
 * overrides it with an `async def`.
 */
function isOverridden({ unit, scope: ref, skip }: FunctionValue): boolean {
  const scope = unit.ir.scopes[ref];
  return (
    skip > 0 &&
    !scope.isAsync &&
    scope.returned.length === 0 &&
    scope.returns === null &&
    scope.decorators.length === 0
  );
}

/** A name, the last part of one, a literal (of an f-string nothing is known but that it is put together), or what is looked up. */
function writtenAs(exprs: readonly Expr[], expr: Expr | undefined): string {
  if (expr?.k === "sub") return expr.index === null ? "" : writtenAs(exprs, exprs[expr.index]);
  if (expr?.k === "literal") return expr.text || "url";
  return expr?.k === "name" ? expr.id : expr?.k === "attr" ? expr.name : "";
}

/** The names of constants, however they were imported: of `os.WNOHANG`, and each of `fcntl.LOCK_EX | fcntl.LOCK_NB`. */
function constantsOf(exprs: readonly Expr[], expr: Expr): string[] {
  if (expr.k === "attr") return [expr.name];
  if (expr.k === "name") return [expr.id];
  if (expr.k !== "bin" || expr.op !== "|") return [];
  return [expr.left, expr.right].flatMap((ref) => constantsOf(exprs, exprs[ref]));
}
