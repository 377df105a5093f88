import type { CallExpr } from "./calls";
import type { Evaluator } from "./evaluate";
import type { Unit } from "./unit";
import { instanceOf, type Value } from "./values";

/** Iterators that give what they are given, some of it or all. */
const passing = new Set(
  `builtins.iter builtins.reversed builtins.aiter itertools.chain itertools.islice itertools.cycle tqdm.tqdm
   tqdm.auto.tqdm tqdm.std.tqdm tqdm.rich.tqdm rich.progress.track`.split(/\s+/),
);
/** Those that give several at a time. */
const grouping = new Set("itertools.batched itertools.pairwise more_itertools.chunked".split(" "));
const collecting = new Set(
  "builtins.list builtins.set builtins.sorted builtins.tuple builtins.frozenset".split(" "),
);

type Argument = (at: number) => Value[];

/** What functions make of iterables: other iterators, which iterate those when they are iterated; or collections. */
export class Iterators {
  constructor(private readonly e: Evaluator) {}

  /** Null when the name is of no such function. */
  made(unit: Unit, call: CallExpr, name: string, arg: Argument): Value[] | null {
    const all = () => call.args.flatMap((_, at) => arg(at));
    if (passing.has(name))
      return name === "itertools.chain"
        ? this.passed(all())
        : arg(0).flatMap((value) => this.passed([value]));
    if (collecting.has(name)) {
      const made = name === "builtins.sorted" ? "builtins.list" : name;
      return [instanceOf(made, call.args.length ? [this.e.element(arg(0))] : [])];
    }
    if (grouping.has(name))
      return [this.over(arg(0), () => [instanceOf("typing.Sequence", [this.e.element(arg(0))])])];
    if (name === "builtins.enumerate")
      return [this.tuples(arg(0), [[instanceOf("builtins.int")], this.e.element(arg(0))])];
    if (name === "builtins.zip" || name === "itertools.zip_longest")
      return [
        this.tuples(
          all(),
          call.args.map((_, at) => this.e.element(arg(at))),
        ),
      ];
    return this.e.knowledge.caller(name)?.when === "lazy" ? [this.calling(unit, call, name, arg)] : null;
  }

  /** An iterator over what others give. */
  private passed(values: Value[]): Value[] {
    if (values.length === 1 && (values[0].v === "lazy" || values[0].v === "generator")) return values;
    const made = instanceOf("typing.Iterator", [this.e.element(values)]);
    return values.some(runsCode) ? [this.over(values, () => this.e.element(values))] : [made];
  }

  private tuples(values: Value[], items: Value[][]): Value {
    return this.over(values, () => [instanceOf("builtins.tuple", items)]);
  }

  private over(values: Value[], element: () => Value[]): Value {
    return { v: "lazy", sink: null, runs: [], over: values.filter(runsCode), element };
  }

  /** `map(f, xs)`: iterating it iterates `xs` and runs `f`. */
  private calling(unit: Unit, call: CallExpr, name: string, arg: Argument): Value {
    const caller = this.e.knowledge.caller(name)!;
    const given = caller.callable.map((ref) => (typeof ref === "number" ? call.args[ref] : call.kw[ref]));
    const runs = given.flatMap((expr) => (expr === undefined ? [] : this.e.expr(unit, expr)));
    const over = call.args
      .filter((ref) => !given.includes(ref))
      .flatMap((ref) => this.e.expr(unit, ref))
      .filter(runsCode);
    const element = () =>
      name === "builtins.map"
        ? runs.flatMap((fn) => this.e.calls.call(fn, [this.e.element(arg(1))], {}))
        : this.e.element(arg(1));
    return { v: "lazy", sink: null, runs, over, element };
  }
}

/** Whether iterating the value may run code that matters: not what is a list, a tuple... */
function runsCode(value: Value): boolean {
  if (value.v === "lazy" || value.v === "generator" || value.v === "member") return true;
  return value.v === "instance" && !value.type.startsWith("builtins.") && !value.type.startsWith("typing.");
}
