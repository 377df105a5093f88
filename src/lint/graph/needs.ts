/**
 * What must be so for code under a condition to run, carried from callee to caller: `if flag:` runs for a call that gives
 * a true `flag`, or none where that is the default. Calls whose arguments rule it out are no way to what is in there.
 */
import type { Block, Event, Expr, Guard } from "../read/ir";
import type { Unit } from "../resolve/unit";
import { joinedMethods, neededOfObject } from "./dispatch";
import type { CallSite, FunctionNode, MethodNeed, Need, ParamNeed, Receiver } from "./node";

/** More needs than this are left out, as if they were met. */
const maxNeeds = 3;

/** What the parameters of the function must be for something in it to happen. */
export function needsOf(unit: Unit, event: Event): readonly Need[] {
  const { blocks } = unit.ir;
  let found: ParamNeed[] | null = null;
  for (let at: number | null = event.block; at !== null; at = blocks[at].parent) {
    for (const guard of blocks[at].when ?? []) {
      if (guard.scope !== event.scope || !isUntouched(unit, guard, at)) continue;
      found ??= [];
      found.push({ param: guard.param, is: guard.is });
    }
  }
  return found ? (joined(found, []) ?? []) : none;
}

const none: readonly Need[] = [];

/** Whether nothing but what stands under the condition assigns to the parameter: it is what the caller gave. */
function isUntouched(unit: Unit, { scope, param }: Guard, block: number): boolean {
  const { name } = unit.ir.scopes[scope].params[param];
  if (unit.hasNonlocals && unit.ir.scopes.some(({ nonlocals }) => nonlocals.includes(name))) return false;
  const bindings = unit.ir.scopes[scope].binds[name] ?? [];
  return bindings.every(
    (binding) =>
      binding.b === "param" || binding.b === "narrow" || isWithin(unit.ir.blocks, binding.block, block),
  );
}

function isWithin(blocks: readonly Block[], inner: number, outer: number): boolean {
  for (let at: number | null = inner; at !== null; at = blocks[at].parent) if (at === outer) return true;
  return false;
}

/** All of both, in one order, each once; null when they exclude one another. */
export function joined(a: readonly Need[], b: readonly Need[]): readonly Need[] | null {
  if (b.length === 0 && a.length < 2) return a;
  if (a.length === 0 && b.length < 2) return b;
  const params: ParamNeed[] = [];
  const methods: MethodNeed[] = [];
  for (const need of [...a, ...b])
    if (need.is === "method") methods.push(need);
    else params.push(need);
  const ofObject = methods.length < 2 ? methods : joinedMethods(methods);
  if (!ofObject) return null;
  for (const one of params)
    for (const other of params) if (one.param === other.param && excludes(one.is, other.is)) return null;
  const unique = new Map(params.map((need) => [`${need.param} ${need.is}`, need]));
  const kept = [...unique.keys()]
    .sort()
    .slice(0, maxNeeds)
    .map((key) => unique.get(key)!);
  return [...ofObject, ...kept];
}

function excludes(a: ParamNeed["is"], b: ParamNeed["is"]): boolean {
  if (a === "none") return b === "given" || b === "true";
  if (a === "true") return b === "false" || b === "none";
  return a === "given" ? b === "none" : b === "true";
}

/** What a callee's needs mean for the function that calls it; null when the call does not meet them. */
export function neededBy(
  needs: readonly Need[],
  callee: FunctionNode,
  call: CallSite | undefined,
  on: Receiver | undefined,
): readonly Need[] | null {
  if (needs.length === 0) return none;
  const found: Need[] = [];
  for (const need of needs) {
    if (need.is === "method") {
      const needed = neededOfObject(need, callee, on);
      if (!needed) return null;
      found.push(...needed);
      continue;
    }
    if (!call) continue;
    const given = argument(need, callee, call);
    if (given === null) continue;
    if (given.expr.k === "literal") {
      if (!meets(given.expr, need.is)) return null;
    } else if (given.isArgument && given.expr.k === "name") {
      const param = ownParam(call, given.expr.id);
      if (param >= 0) found.push({ param, is: need.is });
    }
  }
  return found;
}

/** What a parameter is given: the argument, or its default. Null when that cannot be told. */
function argument(
  { param: index }: ParamNeed,
  callee: FunctionNode,
  { unit, expr, skip }: CallSite,
): { expr: Expr; isArgument: boolean } | null {
  const scope = callee.unit.ir.scopes[callee.scope];
  const param = scope?.params[index];
  // A decorator may give what the call does not: a session, a client.
  if (!param || !scope.decorators.every((each) => isPlainDecorator(callee.unit.ir.exprs[each]))) return null;
  const { exprs } = unit.ir;
  const position = index - skip;
  if (param.kind !== "keyword" && position >= 0 && position < expr.args.length) {
    const isPlain = expr.args.slice(0, position + 1).every((arg) => exprs[arg]?.k !== "star");
    return isPlain ? { expr: exprs[expr.args[position]], isArgument: true } : null;
  }
  if (Object.hasOwn(expr.kw, param.name)) return { expr: exprs[expr.kw[param.name]], isArgument: true };
  if (expr.open || param.default === null || position < 0) return null;
  return { expr: callee.unit.ir.exprs[param.default], isArgument: false };
}

/** Decorators that hand on the arguments as they are. */
const plainDecorator = /^(?:staticmethod|classmethod|(?:async)?contextmanager)$/;

function isPlainDecorator(expr: Expr | undefined): boolean {
  return plainDecorator.test(expr?.k === "name" ? expr.id : expr?.k === "attr" ? expr.name : "");
}

function meets({ type, text }: Extract<Expr, { k: "literal" }>, is: ParamNeed["is"]): boolean {
  if (type === "None") return is === "none" || is === "false";
  if (is === "none") return false;
  if (is === "given") return true;
  if (type === "bool") return (text === "True") === (is === "true");
  if (type === "int" && /^\d+$/.test(text)) return (Number(text) !== 0) === (is === "true");
  return true;
}

/** Index of a parameter of the calling function to which nothing is assigned; -1 when the name is none. */
function ownParam({ unit, scope }: CallSite, name: string): number {
  const { params, binds, kind } = unit.ir.scopes[scope];
  if (kind !== "def" || !Object.hasOwn(binds, name) || binds[name].some((binding) => binding.b !== "param"))
    return -1;
  return params.findIndex((param) => param.name === name && param.kind !== "args" && param.kind !== "kwargs");
}

/** The needs as a part of a reason's key: "" for none. */
export function shownNeeds(needs: readonly Need[]): string {
  return needs
    .map((need) =>
      need.is === "method"
        ? ` if .${need.name} is ${need.node.unit.id}:${need.node.scope}`
        : ` if ${need.param} ${need.is}`,
    )
    .join("");
}
