import type { Expr, ExprRef } from "../read/ir";
import { methodOfContainer } from "./containers";
import type { Evaluator } from "./evaluate";
import { Iterators } from "./iterators";
import { flatten } from "./maps";
import { catalogType } from "./types";
import type { Unit } from "./unit";
import { type Env, type FunctionValue, instanceOf, isCallable, paramKey, type Value } from "./values";

export type CallExpr = Extract<Expr, { k: "call" }>;

/** Parameters whose default is one of these are given what the function in it makes. */
const dependencies = new Set(
  "fastapi.Depends fastapi.Security fast_depends.Depends faststream.Depends taskiq.TaskiqDepends taskiq_dependencies.Depends".split(
    " ",
  ),
);

/** The type of queues that take whatever is put, being made without a limit, and the classes of which they are made. */
export const unboundedQueue = "queue._UnboundedQueue";
const boundedQueues = new Set(["queue.Queue", "queue.LifoQueue", "queue.PriorityQueue"]);

function isUnbounded(unit: Unit, call: CallExpr): boolean {
  const limit = call.args[0] ?? call.kw.maxsize;
  if (limit === undefined) return !call.open;
  const given = unit.ir.exprs[limit];
  return given.k === "literal" && /^-?\d+$/.test(given.text) && Number(given.text) <= 0;
}

/** What opens a file by its name, or is wrapped around one that is open (or in memory). */
const wrappers = new Set(
  "gzip.GzipFile gzip.open bz2.BZ2File bz2.open lzma.LZMAFile lzma.open zipfile.ZipFile tarfile.open tarfile.TarFile".split(
    " ",
  ),
);

function isDatagram(unit: Unit, call: CallExpr): boolean {
  const kind = call.args[1] ?? call.kw.type;
  const given = kind === undefined ? undefined : unit.ir.exprs[kind];
  return (given?.k === "attr" ? given.name : given?.k === "name" ? given.id : "") === "SOCK_DGRAM";
}

/** What calls give, and what functions are called with. */
export class Calls {
  private readonly iterators: Iterators;

  constructor(private readonly e: Evaluator) {
    this.iterators = new Iterators(e);
  }

  result(unit: Unit, ref: ExprRef): Value[] {
    const call = unit.ir.exprs[ref] as CallExpr;
    return flatten(this.e.expr(unit, call.fn), (callee) => this.resultOf(unit, call, callee));
  }

  private resultOf(unit: Unit, call: CallExpr, callee: Value): Value[] {
    if (callee.v === "external") {
      const special = this.special(unit, call, callee.name);
      if (special) return special;
    }
    const args = call.args.map((arg) => this.e.expr(unit, arg));
    const kw: Record<string, Value[]> = {};
    if (callee.v === "function" || callee.v === "partial" || callee.v === "class")
      for (const [name, arg] of Object.entries(call.kw)) kw[name] = this.e.expr(unit, arg);
    return this.call(callee, args, kw);
  }

  /** What calling a value with these arguments gives. */
  call(callee: Value, args: Value[][], kw: Record<string, Value[]>): Value[] {
    switch (callee.v) {
      case "external":
      case "member":
        return this.external(callee.name, callee.v === "member" ? callee.self : null, args);
      case "function":
        return this.e.functions.result(callee, this.env(callee, args, kw));
      case "class":
        return [
          {
            v: "instance",
            cls: callee.cls,
            type: this.e.members.className(callee.cls),
            args: [],
            exact: true,
          },
        ];
      case "instance":
        return callee.cls
          ? this.e.functions.returned(this.e.members.method(callee.cls, "__call__"))
          : callee.type === "typing.Callable"
            ? (callee.args[1] ?? [])
            : this.calledInstance(callee);
      case "partial":
        return this.call(callee.of, [...callee.given, ...args], kw);
      default:
        return [];
    }
  }

  /** `sessionmaker(engine)()`: what calling an object from outside gives, where the catalogue says so. */
  private calledInstance(object: Extract<Value, { v: "instance" }>): Value[] {
    const { knowledge } = this.e;
    const known = knowledge.returns(knowledge.member(object.type, "__call__"));
    return known ? catalogType(knowledge, known, object) : [];
  }

  /** Calls that need more than the catalogue can say. */
  private special(unit: Unit, call: CallExpr, name: string): Value[] | null {
    const arg = (at: number) => (call.args[at] === undefined ? [] : this.e.expr(unit, call.args[at]));
    if (name === "builtins.super") return this.superOf(unit, call);
    if (name === "functools.partial" || name === "functools.partialmethod") {
      const given = call.args.slice(1).map((ref) => this.e.expr(unit, ref));
      return arg(0).map((of) => ({ v: "partial", of, skip: given.length, given }));
    }
    if (boundedQueues.has(name) && isUnbounded(unit, call)) return [instanceOf(unboundedQueue)];
    if (wrappers.has(name) && (call.kw.fileobj !== undefined || this.isInMemory(unit, call))) return [];
    if (name === "socket.socket" && isDatagram(unit, call)) return [instanceOf("socket._DatagramSocket")];
    if (name === "builtins.getattr") {
      const attribute = call.args[1] === undefined ? undefined : unit.ir.exprs[call.args[1]];
      const written = attribute?.k === "literal" ? /^["'](\w+)["']$/.exec(attribute.text)?.[1] : undefined;
      return written === undefined ? [] : this.e.members.of(arg(0), written);
    }
    if (/^typing(?:_extensions)?\.TypeVar$/.test(name)) return this.boundOf(unit, call);
    if (dependencies.has(name)) return arg(0).flatMap((of) => this.provided(of));
    if (name === "typing.cast")
      return call.args[0] === undefined ? [] : this.e.annotation(unit, call.args[0]);
    if (name === "copy.copy" || name === "copy.deepcopy" || name === "typing.assert_type") return arg(0);
    if (name === "contextlib.closing" || name === "contextlib.aclosing") return [instanceOf(name, [arg(0)])];
    if (name === "contextlib.ExitStack" || name === "contextlib.AsyncExitStack") return [instanceOf(name)];
    if (name === "builtins.type" && call.args.length === 1)
      return arg(0).flatMap((value): Value[] => {
        if (value.v !== "instance") return [];
        return value.cls ? [{ v: "class", cls: value.cls }] : [{ v: "external", name: value.type }];
      });
    if (name === "builtins.next" || name === "builtins.min" || name === "builtins.max")
      return call.args.length === 1 || name === "builtins.next"
        ? this.e.element(arg(0))
        : call.args.flatMap((_, i) => arg(i));
    return this.iterators.made(unit, call, name, arg);
  }

  /** Whether a function for files is given one in memory: `ZipFile(BytesIO(data))`. */
  isInMemory(unit: Unit, call: CallExpr): boolean {
    const [file] = call.args;
    return (
      file !== undefined &&
      this.e
        .expr(unit, file)
        .some(
          (value) => value.v === "instance" && (value.type === "io.BytesIO" || value.type === "io.StringIO"),
        )
    );
  }

  /** What an annotation with a type variable stands for: its bound, or one of those it may be. */
  private boundOf(unit: Unit, call: CallExpr): Value[] {
    const refs = call.kw.bound === undefined ? call.args.slice(1) : [call.kw.bound];
    const types = refs.flatMap((ref) => this.e.annotation(unit, ref));
    return types.flatMap((type): Value[] => {
      if (type.v !== "instance") return [];
      return type.cls ? [{ v: "class", cls: type.cls }] : [{ v: "external", name: type.type }];
    });
  }

  /** `session=Depends(get_session)`: what the framework calls it for. */
  private provided(of: Value): Value[] {
    return this.call(of, [], {}).flatMap((made): Value[] => {
      if (made.v === "generator") return this.e.functions.yielded(made.unit, made.scope);
      return made.v === "coroutine" ? this.e.awaited([made]) : [made];
    });
  }

  private superOf(unit: Unit, call: CallExpr): Value[] {
    const fn = unit.ir.exprs[call.fn];
    if (fn.k !== "name") return [];
    for (let ref: number | null = fn.scope; ref !== null; ref = unit.ir.scopes[ref].parent) {
      if (unit.ir.scopes[ref].kind === "class") return [{ v: "super", cls: unit.classAt(ref) }];
    }
    return unit.container.cls ? [{ v: "super", cls: unit.container.cls }] : [];
  }

  private external(name: string, self: Value | null, args: Value[][]): Value[] {
    const { knowledge } = this.e;
    if (knowledge.offloader(name)?.wraps) return [{ v: "offloaded" }];
    const contained = self === null ? null : methodOfContainer(name, self, args);
    if (contained) return contained;
    const known = knowledge.returns(name);
    const result = () => {
      if (name === "asyncio.create_task" || name === "asyncio.ensure_future" || name.endsWith(".create_task"))
        return [instanceOf("asyncio.Task", [this.e.awaited(args[0] ?? [])])];
      if (name === "asyncio.wait_for" || name === "asyncio.shield") return this.e.awaited(args[0] ?? []);
      if (name.endsWith("ExitStack.enter_context")) return this.e.entered(args[0] ?? [], false);
      if (name.endsWith("ExitStack.enter_async_context")) return this.e.entered(args[0] ?? [], true);
      if (known) return catalogType(knowledge, known, self);
      // `drive.files()`: whatever attribute it is, it is an object that can be called.
      const objects = self === null ? [] : this.e.members.objects([{ v: "member", name, self }]);
      return objects.flatMap((object) => (object.v === "instance" ? this.calledInstance(object) : []));
    };
    if (knowledge.isCoroutine(name)) return [{ v: "coroutine", of: name, result }];
    if (knowledge.blockingCall(name)?.lazy)
      return [{ v: "lazy", sink: name, runs: [], over: [], element: () => this.e.element(result()) }];
    if (self === null && knowledge.isClass(name)) return [instanceOf(name)];
    return result();
  }

  /** Which parameters of a function are given something that can be called. */
  env(fn: FunctionValue, args: Value[][], kw: Record<string, Value[]>): Env | null {
    const params = fn.unit.ir.scopes[fn.scope]?.params ?? [];
    if (params.length === 0) return null;
    const env = new Map<string, Value[]>();
    let position = fn.skip;
    for (const values of args) {
      const param = params[position];
      if (!param || param.kind === "args" || param.kind === "keyword") break;
      this.give(env, fn, position++, values);
    }
    for (const [name, values] of Object.entries(kw)) {
      const index = params.findIndex((param) => param.name === name);
      if (index >= 0) this.give(env, fn, index, values);
    }
    return env.size > 0 ? env : null;
  }

  private give(env: Map<string, Value[]>, fn: FunctionValue, index: number, values: Value[]): void {
    const callable = values.filter(isCallable);
    if (callable.length > 0) env.set(paramKey(fn.unit, fn.scope, index), callable);
  }
}
