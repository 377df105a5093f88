import type { Code } from "./code";
import { readDefinition } from "./definitions";
import { operands, readAnnotation, readCondition, readExpr, readYield } from "./expressions";
import { type Tested, testedBy } from "./guards";
import { readImport } from "./imports";
import type { ExprRef, Guard } from "./ir";
import { bindIn, children, maxDepth, type Place, type Reader } from "./reader";
import { readTarget, unpacked } from "./targets";

/** Reads a statement, or whatever else stands where one should. */
export function readStatement(r: Reader, node: Code, place: Place): void {
  if (r.depth > maxDepth) {
    r.ir.isDeep = true;
    return;
  }
  r.depth++;
  const read = readers[node.name];
  if (read) read(r, node, place);
  else readLoose(r, node, place);
  r.depth--;
}

type StatementReader = (r: Reader, node: Code, place: Place) => void;

const readers: Record<string, StatementReader> = {
  FunctionDefinition: (r, node, place) => readDefinition(r, node, place, []),
  ClassDefinition: (r, node, place) => readDefinition(r, node, place, []),
  DecoratedStatement: (r, node, place) => {
    const definition = node.getChild("FunctionDefinition") ?? node.getChild("ClassDefinition");
    if (definition) readDefinition(r, definition, place, node.getChildren("Decorator"));
  },
  AssignStatement: readAssign,
  UpdateStatement: (r, node, place) => {
    const [target, ...rest] = operands(node);
    if (!target) return;
    const left = readExpr(r, target, place);
    setsAttribute(r, target, left, place, "setter");
    let op = "";
    for (const part of rest) {
      if (part.name === "UpdateOp") op = r.slice(part);
      else r.event(place, node, { e: "operator", op, left, right: readExpr(r, part, place) });
    }
  },
  AssertStatement: (r, node, place) => {
    const [condition, ...rest] = operands(node).filter((part) => part.name !== "assert");
    if (condition) readCondition(r, condition, place);
    for (const part of rest) readExpr(r, part, place);
  },
  IfStatement: readIf,
  WhileStatement: readArms,
  ForStatement: readFor,
  TryStatement: readTry,
  WithStatement: readWith,
  MatchStatement: readMatch,
  ReturnStatement: (r, node, place) => {
    const parts = operands(node).filter((part) => part.name !== "return" && part.name !== "*");
    const values = parts.map((part) => readExpr(r, part, place));
    const fn = r.functionOf(place.scope);
    if (isInArm(r, place, fn.block)) fn.returnsEarly = true;
    if (values.length === 1) fn.returned = [...fn.returned, values[0]];
    else if (values.length > 1)
      fn.returned = [
        ...fn.returned,
        r.add({ at: node.from, end: node.to, k: "items", type: "tuple", of: values }),
      ];
  },
  YieldStatement: (r, node, place) => void readYield(r, node, place),
  ImportStatement: readImport,
  ScopeStatement: (r, node, place) => {
    const scope = r.functionOf(place.scope);
    const names = node.getChildren("VariableName").map((name) => r.slice(name));
    if (node.getChild("global")) scope.globals = [...scope.globals, ...names];
    else scope.nonlocals = [...scope.nonlocals, ...names];
  },
  DeleteStatement: (r, node, place) => {
    for (const part of operands(node))
      if (part.name !== "del") setsAttribute(r, part, readExpr(r, part, place), place, "deleter");
  },
  TypeDefinition: (r, node, place) => {
    const [name, ...rest] = node.getChildren("VariableName");
    const value = node.lastChild;
    if (!name || !value || (rest.length === 0 && value === name)) return;
    const annotation = readAnnotation(r, value, place);
    if (annotation !== null)
      r.bind(place, r.slice(name), name, { b: "value", value: annotation, annotation: null, path: [] });
  },
};

/** `a.b += 1` and `del a.b`, where `b` may be a property. */
function setsAttribute(
  r: Reader,
  node: Code,
  read: ExprRef,
  place: Place,
  method: "setter" | "deleter",
): void {
  const expr = r.ir.exprs[read];
  if (expr.k === "attr") r.event(place, node, { e: "set", of: expr.of, name: expr.name, method });
}

/** Whether the place is in an arm of a statement of its function, whose definition stands in `outer`. */
function isInArm(r: Reader, place: Place, outer: number): boolean {
  for (let at: number | null = place.block; at !== null && at !== outer; at = r.ir.blocks[at].parent)
    if (r.ir.blocks[at].statement >= 0) return true;
  return false;
}

/** Expressions in the order they stand, and statements among them. */
function readLoose(r: Reader, node: Code, place: Place): void {
  if (node.name === "Body") {
    readBody(r, node, place);
    return;
  }
  if (isExpression(node)) {
    readExpr(r, node, place);
    return;
  }
  for (const child of children(node)) {
    if (child.name.endsWith("Statement") || child.name.endsWith("Definition") || child.name === "Body")
      readStatement(r, child, place);
    else if (child.firstChild || isExpression(child)) readStatement(r, child, place);
  }
}

function isExpression(node: Code): boolean {
  return node.type.is("Expression") || expressionNames.has(node.name);
}

const expressionNames = new Set([
  // `not x`, `x == y`, `x and y` are outside the grammar's group of expressions.
  "UnaryExpression",
  "BinaryExpression",
  "YieldExpression",
  "ConditionalExpression",
  "LambdaExpression",
  "NamedExpression",
]);

export function readBody(r: Reader, body: Code, place: Place): void {
  let at = place;
  for (let child = body.firstChild; child; child = child.nextSibling) {
    if (child.name === ":") continue;
    readStatement(r, child, at);
    const when = child.name === "IfStatement" ? knownBelow(r, child, at) : [];
    if (when.length === 0) continue;
    at = { ...at, block: r.block(at.block, -1, 0) };
    r.ir.blocks[at.block].when = when;
  }
}

/** `if flag: return`: what holds for the statements below. */
function knownBelow(r: Reader, node: Code, place: Place): Guard[] {
  const bodies = node.getChildren("Body");
  const last = bodies.length === 1 ? bodies[0].lastChild : null;
  if (last?.name !== "ReturnStatement" && last?.name !== "RaiseStatement") return [];
  const condition = bodies[0].prevSibling;
  return condition ? testedBy(r, condition, place).fails : [];
}

function readAssign(r: Reader, node: Code, place: Place): void {
  const groups: Code[][] = [[]];
  let type: Code | null = null;
  for (const part of children(node)) {
    if (part.name === "AssignOp") groups.push([]);
    else if (part.name === "TypeDef") type = part;
    else if (part.name !== "," && part.name !== "Comment") groups[groups.length - 1].push(part);
  }
  const annotation = type ? readAnnotation(r, type, place) : null;
  if (groups.length === 1) {
    const target = groups[0][0];
    if (target?.name === "VariableName" && annotation !== null)
      r.bind(place, r.slice(target), target, { b: "annotation", annotation });
    else if (target && annotation !== null)
      readTarget(r, target, place, { b: "value", value: annotation, annotation, path: [] });
    return;
  }
  const values = groups[groups.length - 1];
  const value = readList(r, values, node, place);
  const takesApart = groups.some((part) => part.length > 1 || part[0]?.name === "TupleExpression");
  if (takesApart && values[0] && r.ir.exprs[value].k === "call")
    r.event(place, values[0], { e: "iterate", of: value });
  for (const targets of groups.slice(0, -1)) {
    const named = targets.filter((part) => part.name !== "*");
    const given = { b: "value" as const, value, annotation, path: [] };
    for (const [i, target] of named.entries()) {
      const starred = target.prevSibling?.name === "*";
      readTarget(
        r,
        target,
        place,
        starred ? { b: "unknown" } : named.length > 1 || targets.length > 1 ? unpacked(given, i) : given,
      );
    }
  }
}

function readList(r: Reader, parts: Code[], node: Code, place: Place): ExprRef {
  const of: ExprRef[] = [];
  for (const part of parts) {
    if (part.name === "*") continue;
    const value = readExpr(r, part, place);
    if (part.prevSibling?.name === "*") r.event(place, part, { e: "iterate", of: value });
    of.push(
      part.prevSibling?.name === "*" ? r.add({ at: part.from, end: part.to, k: "star", of: value }) : value,
    );
  }
  if (of.length === 1) return of[0];
  return of.length
    ? r.add({ at: node.from, end: node.to, k: "items", type: "tuple", of })
    : r.add({ at: node.from, end: node.to, k: "other" });
}

/** `if`/`elif`/`else`: conditions run in the place itself, each body is an arm of its own. */
function readIf(r: Reader, node: Code, place: Place): void {
  let arm = 0;
  const statement = node.from - r.base;
  let offLoop: "then" | "else" | null = null;
  let narrowed: Narrowed | null = null;
  let before: Guard[] = [];
  let tested: Tested = { holds: [], fails: [] };
  for (const part of children(node)) {
    if (part.name === "Body") {
      const block = r.block(place.block, statement, arm++);
      const isElse = part.prevSibling?.name === "else";
      if (offLoop === (isElse ? "else" : "then")) r.ir.blocks[block].isOffLoop = true;
      const when = isElse ? before : [...before, ...tested.holds];
      if (when.length > 0) r.ir.blocks[block].when = when;
      before = [...before, ...tested.fails];
      tested = { holds: [], fails: [] };
      const inside = { ...place, block };
      if (narrowed && !isElse) narrow(r, narrowed, part, inside);
      readBody(r, part, inside);
    } else if (isExpression(part)) {
      narrowed = narrowedBy(r, part, readCondition(r, part, place));
      offLoop = armOffLoop(r, part, place);
      tested = testedBy(r, part, place);
    }
  }
}

interface Narrowed {
  name: string;
  type: ExprRef;
}

/** `isinstance(name, Type)`, or what starts so and goes on with `and`. */
function narrowedBy(r: Reader, condition: Code, read: ExprRef): Narrowed | null {
  if (!r.slice(condition).startsWith("isinstance(")) return null;
  const { exprs } = r.ir;
  const first = condition.name === "BinaryExpression" ? condition.firstChild : condition;
  const isCall = (expr: (typeof exprs)[number]) =>
    expr.k === "call" && expr.at === first!.from - r.base && expr.end === first!.to - r.base;
  const call = isCall(exprs[read]) ? exprs[read] : exprs.findLast(isCall);
  if (call?.k !== "call" || call.args.length !== 2) return null;
  const [subject, type] = call.args;
  const name = exprs[subject];
  return name.k === "name" ? { name: name.id, type } : null;
}

/** Only for names that are bound in the function, as its parameters are: what a global is, others may change. */
function narrow(r: Reader, { name, type }: Narrowed, body: Code, inside: Place): void {
  const scope = r.functionOf(inside.scope);
  if (!Object.hasOwn(scope.binds, name)) return;
  bindIn(scope, name, { b: "narrow", type, at: body.from - r.base, block: inside.block });
}

/** Which arm runs only where no loop is running, when the condition asks for the loop that `get_running_loop` gave. */
function armOffLoop(r: Reader, condition: Code, place: Place): "then" | "else" | null {
  const match =
    /^(?:(not)\s+)?(\w+)(?:\s+is\s+(not\s+)?None|\s+and\s+\2\.is_running\(\)|(\.is_running\(\)))?$/.exec(
      r.slice(condition).slice(0, 200),
    );
  if (!match) return null;
  const [code, negated, name, isNot] = match;
  const { binds } = r.functionOf(place.scope);
  const bindings = Object.hasOwn(binds, name) ? binds[name] : [];
  const asksForLoop = bindings.some((binding) => {
    const value = binding.b === "value" ? r.ir.exprs[binding.value] : null;
    const callee = value?.k === "call" ? r.ir.exprs[value.fn] : null;
    const called = callee?.k === "attr" ? callee.name : callee?.k === "name" ? callee.id : "";
    return /^_?get_(?:running|event)_loop$/.test(called);
  });
  // `is_running()` is asked of loops alone, and what is called "loop" is one.
  if (!asksForLoop && !code.endsWith(".is_running()") && !/(?:^|_)loop$/.test(name)) return null;
  const isNone = /\bis\s+None$/.test(code) && !isNot;
  return isNone !== (negated !== undefined) ? "then" : "else";
}

/** A statement whose bodies may or may not run. */
function readArms(r: Reader, node: Code, place: Place): void {
  for (const part of children(node)) {
    if (part.name === "Body") readBody(r, part, { ...place, block: r.block(place.block, -1, 0) });
    else if (isExpression(part)) readCondition(r, part, place);
  }
}

function readFor(r: Reader, node: Code, place: Place): void {
  const parts = children(node);
  const to = parts.findIndex((part) => part.name === "in");
  const bodyAt = parts.findIndex((part) => part.name === "Body");
  const isAsync = parts[0]?.name === "async";
  if (to < 0) {
    readArms(r, node, place);
    return;
  }
  const inside = { ...place, block: r.block(place.block, -1, 0) };
  const iterables = parts.slice(to + 1, bodyAt < 0 ? undefined : bodyAt).filter((part) => part.name !== ",");
  let of: ExprRef;
  if (iterables.length === 1) of = readExpr(r, iterables[0], place, isAsync && "entered");
  else of = readList(r, iterables, node, place);
  if (!isAsync && iterables[0]) r.event(place, iterables[0], { e: "iterate", of });
  const targets = parts.slice(1, to).filter((part) => ![",", "*", "for"].includes(part.name));
  for (const [i, target] of targets.entries())
    readTarget(r, target, inside, { b: "element", of, path: targets.length > 1 ? [i] : [] });
  let first = true;
  for (const part of parts) {
    if (part.name !== "Body") continue;
    readBody(r, part, first ? inside : { ...place, block: r.block(place.block, -1, 0) });
    first = false;
  }
}

function readTry(r: Reader, node: Code, place: Place): void {
  const parts = children(node);
  let clause = "";
  let inside = place;
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (["try", "except", "else", "finally"].includes(part.name)) {
      clause = part.name;
      // What `finally` does always happens; the rest may not.
      inside = clause === "finally" ? place : { ...place, block: r.block(place.block, -1, 0) };
      if (clause === "try" && handlesBlocking(r, parts)) r.ir.blocks[inside.block].isNonBlocking = true;
      if (clause === "except") r.ir.blocks[inside.block].isHandler = true;
      if (clause === "except" && meansNoLoop(r, parts, i)) r.ir.blocks[inside.block].isOffLoop = true;
    } else if (part.name === "Body") readBody(r, part, inside);
    else if (clause === "except" && part.name === "as" && parts[i + 1]) i++;
    else if (isExpression(part)) {
      const type = readExpr(r, part, place);
      const name = parts[i + 1]?.name === "as" ? parts[i + 2] : null;
      if (name?.name === "VariableName") r.bind(inside, r.slice(name), name, { b: "except", type });
    }
  }
}

/** `except RuntimeError` after asking for the running loop, and little else that could raise one. */
function meansNoLoop(r: Reader, parts: readonly Code[], at: number): boolean {
  const [, body] = parts;
  if (!parts[at + 1] || !/\bRuntimeError\b/.test(r.slice(parts[at + 1]).slice(0, 200))) return false;
  return /\b(?:get_running_loop|get_event_loop|current_task)\(/.test(r.slice(body).slice(0, 300));
}

function handlesBlocking(r: Reader, parts: readonly Code[]): boolean {
  return parts.some((part, i) => {
    if (part.name !== "except" || !parts[i + 1] || parts[i + 1].name === "Body") return false;
    return /\b(?:BlockingIOError|SSLWantReadError|SSLWantWriteError)\b/.test(
      r.slice(parts[i + 1]).slice(0, 500),
    );
  });
}

function readWith(r: Reader, node: Code, place: Place): void {
  const isAsync = node.firstChild?.name === "async";
  const items: { value: Code; target: Code | null }[] = [];
  const body = node.getChild("Body");
  let afterAs = false;
  for (const part of children(node)) {
    if (part.name === "as") afterAs = true;
    else if (isExpression(part)) {
      if (afterAs) items[items.length - 1].target = part;
      else items.push({ value: part, target: null });
      afterAs = false;
    }
  }
  const only = items.length === 1 && !items[0].target ? items[0].value : null;
  if (only && (only.name === "TupleExpression" || only.name === "ParenthesizedExpression")) {
    items.length = 0;
    for (const part of operands(only)) {
      const [value, target] = part.name === "AsItem" ? operands(part).filter((p) => p.name !== "as") : [part];
      items.push({ value, target: target ?? null });
    }
  }
  for (const { value, target } of items) {
    const of = readExpr(r, value, place, isAsync && "entered");
    if (!isAsync) r.event(place, value, { e: "enter", of });
    if (target) readTarget(r, target, place, { b: "enter", of, isAsync });
  }
  if (body) readBody(r, body, place);
}

function readMatch(r: Reader, node: Code, place: Place): void {
  const statement = node.from - r.base;
  for (const part of children(node)) {
    if (isExpression(part)) readExpr(r, part, place);
    if (part.name !== "MatchBody") continue;
    for (const [arm, clause] of part.getChildren("MatchClause").entries()) {
      const inside = { ...place, block: r.block(place.block, statement, arm) };
      for (const child of children(clause)) {
        if (child.name === "Body") readBody(r, child, inside);
        else if (child.name === "Guard") readStatement(r, child, inside);
        else readPattern(r, child, inside);
      }
    }
  }
}

/** A pattern binds names to parts of the subject: `Path() as p` and `case x` alike are unknown. */
function readPattern(r: Reader, node: Code, place: Place): void {
  const captures = node.name === "CapturePattern" || node.name === "StarPattern";
  const named = node.name === "VariableName" && node.prevSibling?.name === "as";
  if (captures || named) {
    const name = r.slice(node).replace(/^\*+\s*/, "");
    const scope = r.functionOf(place.scope);
    if (name !== "_") bindIn(scope, name, { b: "unknown", at: node.from - r.base, block: place.block });
  }
  if (r.depth > maxDepth) return;
  r.depth++;
  for (let child = node.firstChild; child; child = child.nextSibling) readPattern(r, child, place);
  r.depth--;
}
