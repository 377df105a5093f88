import type { Binding, Expr, ExprRef, ScopeRef } from "../read/ir";
import { Calls, unboundedQueue } from "./calls";
import { type Cell, currentCell, markGuess } from "./cell";
import type { Container } from "./container";
import { reaching } from "./flow";
import { FunctionValues } from "./functions";
import { Hierarchy } from "./hierarchy";
import type { Knowledge } from "./knowledge";
import { flatten } from "./maps";
import { Members } from "./members";
import type { ModuleTable } from "./modules";
import { Names } from "./names";
import { arithmetic } from "./operators";
import { catalogType, elementOf, externalType } from "./types";
import type { Unit } from "./unit";
import { instanceOf, type Value } from "./values";

/** How deep one expression is followed, and how deep all that are being followed: recursion stays bounded. */
const maxDepth = 40;
const maxTotalDepth = 250;
/** Steps spent on one question. What takes more is code that multiplies possibilities, and stays unknown. */
const maxSteps = 4000;
const maxValues = 12;

/** What expressions may evaluate to. Everything it reads of other code goes through cells, so results can be kept. */
export class Evaluator {
  readonly names: Names;
  readonly members: Members;
  readonly calls: Calls;
  readonly functions: FunctionValues;
  readonly hierarchy: Hierarchy;
  private depth = 0;
  private total = 0;
  private steps = 0;
  /** Expressions being followed, innermost last; those before `activeFrom` belong to who asked for a fresh computation. */
  private readonly active: number[] = [];
  private activeFrom = 0;
  /** The outermost expression being followed that was met again meanwhile. */
  private cut = Number.POSITIVE_INFINITY;
  /** What expressions (by number) and names that are bound once (by their binding) were found to be. */
  private memo = new Map<number | Binding, Value[]>();
  private memoOwner: Cell<unknown> | undefined;

  constructor(
    readonly knowledge: Knowledge,
    readonly modules: ModuleTable,
    readonly containerOf: (path: string) => Container | undefined,
  ) {
    this.names = new Names(this);
    this.members = new Members(this);
    this.calls = new Calls(this);
    this.functions = new FunctionValues(this);
    this.hierarchy = new Hierarchy(this.members, ({ unit, scope }) => this.functions.idOf(unit, scope));
  }

  /** Keeps the values of expressions while `run` (the computation of the current cell) lasts. */
  remembering(run: () => void): void {
    const { memo, memoOwner } = this;
    this.memo = new Map();
    this.memoOwner = currentCell();
    try {
      run();
    } finally {
      this.memo = memo;
      this.memoOwner = memoOwner;
    }
  }

  expr(unit: Unit, ref: ExprRef): Value[] {
    const key = unit.firstExpr + ref;
    const remember = this.isRemembering();
    const known = remember ? this.memo.get(key) : undefined;
    if (known) return known;
    for (let i = this.active.length - 1; i >= this.activeFrom; i--) {
      if (this.active[i] !== key) continue;
      this.cut = Math.min(this.cut, i);
      return [];
    }
    const expr = unit.ir.exprs[ref];
    if (!expr) return [];
    if (!this.goDeeper()) return [];
    this.active.push(key);
    let found = this.evaluate(unit, expr, ref);
    if (found.length > maxValues) found = found.slice(0, maxValues);
    this.active.pop();
    this.depth--;
    this.total--;
    // What was left out because an expression around it is being followed may be found when asked for by itself.
    if (this.cut >= this.active.length) this.cut = Number.POSITIVE_INFINITY;
    if (remember && this.cut === Number.POSITIVE_INFINITY) this.memo.set(key, found);
    return found;
  }

  private isRemembering(): boolean {
    return this.memoOwner !== undefined && currentCell() === this.memoOwner;
  }

  private goDeeper(): boolean {
    if (this.depth > maxDepth) return false;
    if (this.total === 0) this.steps = 0;
    if (this.total > maxTotalDepth || ++this.steps > maxSteps) {
      markGuess();
      return false;
    }
    this.depth++;
    this.total++;
    return true;
  }

  /** Follows something one step deeper, unless that is too deep. */
  deeper(run: () => Value[]): Value[] {
    if (!this.goDeeper()) return [];
    const found = run();
    this.depth--;
    this.total--;
    return found.length > maxValues ? found.slice(0, maxValues) : found;
  }

  /** Runs a computation whose result will be kept by a cell, so it must not depend on who asked first. */
  fresh<T>(run: () => T): T {
    const { depth, activeFrom, active } = this;
    const { length } = active;
    this.depth = 0;
    this.activeFrom = length;
    try {
      return run();
    } finally {
      this.depth = depth;
      this.activeFrom = activeFrom;
      active.length = length;
    }
  }

  private evaluate(unit: Unit, expr: Expr, ref: ExprRef): Value[] {
    switch (expr.k) {
      case "name":
        return this.names.lookup(unit, expr.id, expr.scope, expr.block, expr.at);
      case "attr":
        return this.members.of(this.expr(unit, expr.of), expr.name);
      case "call":
        return this.calls.result(unit, ref);
      case "await":
        return this.awaited(this.expr(unit, expr.of));
      case "any":
        return expr.of.flatMap((arm) => this.expr(unit, arm));
      case "items":
        return [this.items(unit, expr.type, expr.of)];
      case "comp":
        return [instanceOf(`builtins.${expr.type}`, [this.expr(unit, expr.value)])];
      case "dict":
        return [
          instanceOf("builtins.dict", [
            [],
            expr.values.slice(0, 8).flatMap((value) => this.expr(unit, value)),
          ]),
        ];
      case "literal":
        return expr.type === "None" ? [] : [instanceOf(`builtins.${expr.type}`)];
      case "function":
        return [this.functions.plain(unit, expr.scope)];
      case "generator":
        return [
          {
            v: "generator",
            unit,
            scope: expr.scope,
            env: null,
            isAsync: unit.ir.scopes[expr.scope].isAsync,
            skip: 0,
          },
        ];
      case "sub":
        return this.subscript(unit, expr);
      case "bin":
        return this.binary(unit, expr.op, expr.left, expr.right);
      default:
        return [];
    }
  }

  private items(unit: Unit, type: string, refs: readonly ExprRef[]): Value {
    const values = refs.slice(0, 8).map((ref) => {
      const item = unit.ir.exprs[ref];
      return item.k === "star" ? this.element(this.expr(unit, item.of)) : this.expr(unit, ref);
    });
    return instanceOf(`builtins.${type}`, type === "tuple" ? values : [values.flat().slice(0, maxValues)]);
  }

  private subscript(unit: Unit, expr: Extract<Expr, { k: "sub" }>): Value[] {
    return this.expr(unit, expr.of).flatMap((value): Value[] => {
      if (value.v === "external" || value.v === "class") return [value];
      const object = value.v === "member" ? this.members.objects([value])[0] : value;
      if (object?.v !== "instance") return [];
      if (object.cls) return this.functions.returned(this.members.method(object.cls, "__getitem__"));
      if (expr.isSlice) return [object];
      if (object.type === "builtins.dict" || /Mapping$|Dict$/i.test(object.type)) return object.args[1] ?? [];
      const index = expr.index === null ? null : unit.ir.exprs[expr.index];
      if (object.type === "builtins.tuple" && index?.k === "literal" && index.type === "int")
        return object.args[Number(index.text)] ?? [];
      const known = this.knowledge.returns(this.knowledge.member(object.type, "__getitem__"));
      return known ? catalogType(this.knowledge, known, object) : elementOf(object.type, object.args);
    });
  }

  private binary(unit: Unit, op: string, left: ExprRef, right: ExprRef): Value[] {
    const method = arithmetic[op];
    if (!method) return [];
    const a = this.members.objects(this.expr(unit, left));
    const found = a.flatMap((value) => this.operator(value, `__${method}__`));
    if (found.length > 0) return found;
    return this.members
      .objects(this.expr(unit, right))
      .flatMap((value) => this.operator(value, `__r${method}__`));
  }

  private operator(value: Value, method: string): Value[] {
    if (value.v !== "instance") return [];
    if (value.cls) return this.functions.returned(this.members.method(value.cls, method));
    const known = this.knowledge.returns(this.knowledge.member(value.type, method));
    return known ? catalogType(this.knowledge, known, value) : [];
  }

  /** What a name bound this way may be. `scope`: where it is bound. */
  binding(unit: Unit, binding: Binding, scope: ScopeRef): Value[] {
    switch (binding.b) {
      case "value": {
        const typed = this.declared(unit, binding);
        return typed.length > 0 ? typed : this.unpack(unit, binding.value, binding.path);
      }
      case "annotation":
        return this.annotation(unit, binding.annotation);
      case "element":
        return binding.path.reduce(
          (values, index) => this.itemAt(values, index),
          this.element(this.expr(unit, binding.of)),
        );
      case "enter":
        return this.entered(this.expr(unit, binding.of), binding.isAsync);
      case "param":
        return this.functions.param(unit, scope, binding.index);
      case "def":
        return this.functions.decorated(unit, binding.scope);
      case "class":
        return [{ v: "class", cls: unit.classAt(binding.scope) }];
      case "import":
        return this.names.imported(unit.path, binding);
      case "narrow":
        return this.annotation(unit, binding.type);
      case "except":
        return this.instances(this.expr(unit, binding.type));
      default:
        return [];
    }
  }

  /** What the annotation of an assignment says; a queue that is made without a limit stays one: `q: Queue[int] = Queue()`. */
  declared(unit: Unit, binding: Extract<Binding, { b: "value" }>): Value[] {
    if (binding.annotation === null) return [];
    const typed = this.annotation(unit, binding.annotation);
    const [declared] = typed;
    if (declared?.v !== "instance" || declared.cls || !declared.type.startsWith("queue.")) return typed;
    return this.unpack(unit, binding.value, binding.path).some(
      (made) => made.v === "instance" && made.type === unboundedQueue,
    )
      ? [{ ...declared, type: unboundedQueue }]
      : typed;
  }

  private unpack(unit: Unit, ref: ExprRef, path: readonly number[]): Value[] {
    let expr = unit.ir.exprs[ref];
    let at = 0;
    let current = ref;
    while (at < path.length && expr?.k === "items" && expr.of[path[at]] !== undefined) {
      current = expr.of[path[at++]];
      expr = unit.ir.exprs[current];
    }
    return path.slice(at).reduce((values, index) => this.itemAt(values, index), this.expr(unit, current));
  }

  private itemAt(values: Value[], index: number): Value[] {
    return values.flatMap((value): Value[] => {
      if (value.v !== "instance" || value.cls) return [];
      return value.type === "builtins.tuple" ? (value.args[index] ?? []) : elementOf(value.type, value.args);
    });
  }

  /** Bindings that may hold at a place of the same unit, evaluated. */
  reached(
    unit: Unit,
    bindings: readonly Binding[],
    scope: ScopeRef,
    at: number | null,
    block: number,
  ): Value[] {
    if (bindings.length === 1) return this.onlyBinding(unit, bindings[0], scope);
    const typed = bindings.find(
      (binding) => binding.b === "annotation" || (binding.b === "value" && binding.annotation !== null),
    );
    if (typed) {
      const values = this.binding(unit, typed, scope);
      if (values.length > 0) return values;
    }
    return reaching(bindings, unit.ir.blocks, at, block).flatMap((binding) =>
      this.binding(unit, binding, scope),
    );
  }

  /** A name that is bound once is the same wherever it stands: `self`, most parameters. */
  private onlyBinding(unit: Unit, binding: Binding, scope: ScopeRef): Value[] {
    if (!this.isRemembering()) return this.binding(unit, binding, scope);
    let found = this.memo.get(binding);
    if (!found) {
      found = this.binding(unit, binding, scope);
      if (this.cut === Number.POSITIVE_INFINITY) this.memo.set(binding, found);
    }
    return found;
  }

  /**
   * Instances of what an annotation names. That it is a Callable says less than the function that is returned or assigned;
   * only of a parameter nothing better is known (`parameterType`).
   */
  annotation(unit: Unit, ref: ExprRef): Value[] {
    return this.parameterType(unit, ref).filter(
      (value) => value.v !== "instance" || value.type !== "typing.Callable",
    );
  }

  /** The same, callables included. */
  parameterType(unit: Unit, ref: ExprRef): Value[] {
    const expr = unit.ir.exprs[ref];
    if (!expr || this.depth > maxDepth) return [];
    if (expr.k === "bin" && expr.op === "|")
      return [...this.parameterType(unit, expr.left), ...this.parameterType(unit, expr.right)];
    if (expr.k === "items") return expr.of.flatMap((item) => this.parameterType(unit, item));
    if (expr.k === "sub") {
      const index = expr.index === null ? null : unit.ir.exprs[expr.index];
      const refs =
        index?.k === "items" && index.type === "tuple" ? index.of : expr.index === null ? [] : [expr.index];
      this.depth++;
      const args = refs.slice(0, 8).map((arg) => this.parameterType(unit, arg));
      this.depth--;
      return this.instances(this.expr(unit, expr.of), args, unit);
    }
    if (expr.k !== "name" && expr.k !== "attr") return [];
    return this.instances(this.expr(unit, ref), [], unit);
  }

  private instances(values: Value[], args: Value[][] = [], unit: Unit | null = null): Value[] {
    return flatten(values, (value): Value[] => {
      if (value.v === "class")
        return this.members.isInterface(value.cls)
          ? []
          : [{ v: "instance", cls: value.cls, type: this.members.className(value.cls), args }];
      if (value.v !== "external") return [];
      if (/^typing(?:_extensions)?\.Self$/.test(value.name)) {
        const cls = unit?.container.cls;
        return cls ? [{ v: "instance", cls, type: this.members.className(cls), args }] : [];
      }
      return externalType(this.knowledge, value.name, args);
    });
  }

  /** What iterating gives. */
  element(values: Value[]): Value[] {
    return this.deeper(() => values.flatMap((value) => this.elementOf(value)));
  }

  private elementOf(value: Value): Value[] {
    if (value.v === "member") return this.element(this.members.objects([value]));
    if (value.v === "lazy") return value.element();
    if (value.v === "generator") return this.functions.yielded(value.unit, value.scope);
    if (value.v !== "instance") return [];
    if (!value.cls) {
      const known = this.knowledge.returns(this.knowledge.member(value.type, "__iter__"));
      const args = known ? catalogType(this.knowledge, known, value) : [value];
      return args.flatMap((arg) => (arg.v === "instance" && !arg.cls ? elementOf(arg.type, arg.args) : []));
    }
    const next = this.functions.returned(this.members.method(value.cls, "__next__"));
    return next.length > 0 ? next : this.element(this.iterator(value));
  }

  private iterator(value: Value): Value[] {
    if (value.v !== "instance" || !value.cls || this.depth > maxDepth) return [];
    const iter = this.members.method(value.cls, "__iter__");
    if (iter?.unit.ir.scopes[iter.scope]?.isGenerator)
      return [{ v: "generator", unit: iter.unit, scope: iter.scope, env: null, isAsync: false, skip: 1 }];
    this.depth += 10;
    const found = this.functions
      .returned(iter)
      .filter((made) => made.v !== "instance" || made.cls !== value.cls);
    this.depth -= 10;
    return found;
  }

  /** What `with … as x` binds. */
  entered(values: Value[], isAsync: boolean): Value[] {
    const method = isAsync ? "__aenter__" : "__enter__";
    return values.flatMap((value): Value[] => {
      if (value.v === "manager") return this.functions.yielded(value.unit, value.scope);
      if (value.v === "coroutine") return this.entered(this.deeper(value.result), isAsync);
      if (value.v === "member") return this.entered(this.members.objects([value]), isAsync);
      if (value.v !== "instance") return [];
      if (value.cls) {
        const found = this.members.method(value.cls, method);
        const given = found ? this.functions.returned(found) : [];
        const awaited = isAsync ? this.awaited(given) : given;
        // `PrefectClient | SyncClient`: only one of them can be entered so.
        if (!found && values.length > 1) return [];
        return awaited.length > 0 || found ? awaited : [value];
      }
      if (value.type === "contextlib.closing" || value.type === "contextlib.aclosing")
        return value.args[0] ?? [];
      const known = this.knowledge.returns(this.knowledge.member(value.type, method));
      return known ? catalogType(this.knowledge, known, value) : [value];
    });
  }

  awaited(values: Value[]): Value[] {
    return values.flatMap((value): Value[] => {
      if (value.v === "coroutine") return this.deeper(value.result);
      return value.v === "instance" && !value.cls && /^asyncio\.(?:Task|Future)$/.test(value.type)
        ? (value.args[0] ?? [])
        : [];
    });
  }
}
