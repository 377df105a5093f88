import type { Code } from "./code";
import type { Awaited, ExprRef, Param } from "./ir";
import { children, define, maxDepth, noNames, none, type Place, type Reader } from "./reader";
import { parseAnnotation, stringContent } from "./strings";
import { readNonBlocking, readTarget } from "./targets";

/** Reads an expression and what happens in it. `awaited`: its value is awaited. */
export function readExpr(r: Reader, node: Code, place: Place, awaited: Awaited = false): ExprRef {
  if (r.depth > maxDepth) {
    r.ir.isDeep = true;
    return r.add({ at: node.from, end: node.to, k: "other" });
  }
  r.depth++;
  const expr = readers[node.name]?.(r, node, place, awaited) ?? readOther(r, node, place);
  r.depth--;
  return expr;
}

const skipped = new Set([
  "Comment",
  "(",
  ")",
  "[",
  "]",
  "{",
  "}",
  ",",
  ":",
  "for",
  "in",
  "if",
  "else",
  "async",
]);

type ExprReader = (r: Reader, node: Code, place: Place, awaited: Awaited) => ExprRef;

const readers: Record<string, ExprReader> = {
  VariableName: (r, node, place) => {
    const id = r.slice(node);
    const bound = r.inAnnotation > 0 ? r.typeParams.get(id) : undefined;
    return (
      bound ?? r.add({ at: node.from, end: node.to, k: "name", id, scope: place.scope, block: place.block })
    );
  },
  MemberExpression: readMember,
  CallExpression: readCall,
  ParenthesizedExpression: (r, node, place, awaited) => {
    const inner = operands(node)[0];
    return inner ? readExpr(r, inner, place, awaited) : r.add({ at: node.from, end: node.to, k: "other" });
  },
  AwaitExpression: (r, node, place) => {
    const inner = operands(node).find((child) => child.name !== "await");
    return r.add({
      at: node.from,
      end: node.to,
      k: "await",
      of: inner ? readExpr(r, inner, place, true) : r.add({ at: node.from, end: node.to, k: "other" }),
    });
  },
  BinaryExpression: readBinary,
  ConditionalExpression: (r, node, place, awaited) => {
    const [yes, condition, no] = operands(node);
    const of = [yes, no].filter((arm) => arm).map((arm) => readExpr(r, arm, place, awaited));
    if (condition) readCondition(r, condition, place);
    return r.add({ at: node.from, end: node.to, k: "any", of });
  },
  UnaryExpression: (r, node, place) => {
    const [first, ...rest] = children(node);
    const operand = rest.find((child) => !skipped.has(child.name));
    if (!operand) return readOther(r, node, place);
    if (first.name === "not") readCondition(r, operand, place);
    else {
      const left = readExpr(r, operand, place);
      if (isObject(r, left))
        r.event(place, node, { e: "operator", op: `${r.slice(first)}x`, left, right: null });
    }
    return r.add({ at: node.from, end: node.to, k: "other" });
  },
  NamedExpression: (r, node, place) => {
    const [target, value] = operands(node).filter((child) => child.name !== "AssignOp");
    const read = value ? readExpr(r, value, place) : r.add({ at: node.from, end: node.to, k: "other" });
    if (target?.name === "VariableName")
      r.bind(
        place,
        r.slice(target),
        { from: value?.to ?? target.to },
        { b: "value", value: read, annotation: null, path: [] },
      );
    return read;
  },
  LambdaExpression: readLambda,
  String: (r, node, place) => {
    const text = r.slice(node);
    if (r.inAnnotation) return readQuoted(r, node, place, text);
    const type = /^[rR]?[bB]/.test(text) ? "bytes" : "str";
    return r.add({ at: node.from, end: node.to, k: "literal", type, text: text.length < 200 ? text : "" });
  },
  FormatString: (r, node, place) => {
    readOther(r, node, place);
    return r.add({ at: node.from, end: node.to, k: "literal", type: "str", text: "" });
  },
  FormatReplacement: (r, node, place) => {
    const [value, ...rest] = operands(node);
    const conversion = rest.find((part) => part.name === "FormatConversion");
    const of = value ? readExpr(r, value, place) : null;
    for (const part of rest) if (part.firstChild) readOther(r, part, place);
    if (of !== null && isObject(r, of)) {
      const method = conversion && r.slice(conversion) === "!r" ? "__repr__" : "__str__";
      r.event(place, value, { e: "test", of, method });
    }
    return of ?? r.add({ at: node.from, end: node.to, k: "other" });
  },
  ContinuedString: (r, node, place) => {
    for (const part of children(node)) if (part.name === "FormatString") readOther(r, part, place);
    return r.add({
      at: node.from,
      end: node.to,
      k: "literal",
      type: "str",
      text: r.slice(node).slice(0, 200),
    });
  },
  Number: (r, node) => {
    const text = r.slice(node);
    return r.add({
      at: node.from,
      end: node.to,
      k: "literal",
      type: /^\d[\d_]*$|^0[xXoObB]/.test(text) ? "int" : "float",
      text,
    });
  },
  Boolean: (r, node) =>
    r.add({ at: node.from, end: node.to, k: "literal", type: "bool", text: r.slice(node) }),
  None: (r, node) => r.add({ at: node.from, end: node.to, k: "literal", type: "None", text: "None" }),
  TupleExpression: (r, node, place) => readItems(r, node, place, "tuple"),
  ArrayExpression: (r, node, place) => readItems(r, node, place, "list"),
  SetExpression: (r, node, place) => readItems(r, node, place, "set"),
  DictionaryExpression: (r, node, place) => {
    const values: ExprRef[] = [];
    for (const child of operands(node)) {
      const value = readExpr(r, child, place);
      if (child.prevSibling?.name === ":") values.push(value);
    }
    return r.add({ at: node.from, end: node.to, k: "dict", values });
  },
  ComprehensionExpression: (r, node, place) => readComprehension(r, node, children(node), place, "generator"),
  ArrayComprehensionExpression: (r, node, place) => readComprehension(r, node, children(node), place, "list"),
  SetComprehensionExpression: (r, node, place) => readComprehension(r, node, children(node), place, "set"),
  DictionaryComprehensionExpression: (r, node, place) =>
    readComprehension(r, node, children(node), place, "dict"),
  YieldExpression: (r, node, place) => readYield(r, node, place),
  AsItem: (r, node, place) => {
    const [value] = operands(node);
    return value ? readExpr(r, value, place) : r.add({ at: node.from, end: node.to, k: "other" });
  },
};

/** Children that are expressions (or broken code). */
export function operands(node: Code): Code[] {
  return children(node).filter((child) => !skipped.has(child.name));
}

/** Anything else: what is inside it still happens. */
function readOther(r: Reader, node: Code, place: Place): ExprRef {
  for (let child = node.firstChild; child; child = child.nextSibling) {
    if (readers[child.name] || child.firstChild) readExpr(r, child, place);
  }
  return r.add({ at: node.from, end: node.to, k: "other" });
}

function readMember(r: Reader, node: Code, place: Place): ExprRef {
  const last = node.lastChild;
  if (last?.name === "PropertyName" && node.firstChild) {
    const attr = r.add({
      at: node.from,
      end: node.to,
      k: "attr",
      of: readExpr(r, node.firstChild, place),
      name: r.slice(last),
    });
    r.event(place, node, { e: "get", attr });
    return attr;
  }
  const [of, ...rest] = operands(node);
  if (!of) return r.add({ at: node.from, end: node.to, k: "other" });
  const object = readExpr(r, of, place);
  const property = rest.find((child) => child.name === "PropertyName");
  if (property || rest.some((child) => child.name === ".")) {
    const attr = r.add({
      at: node.from,
      end: node.to,
      k: "attr",
      of: object,
      name: property ? r.slice(property) : "",
    });
    r.event(place, node, { e: "get", attr });
    return attr;
  }
  const indexes = rest.map((child) => readExpr(r, child, place));
  const isSlice = children(node).some((child) => child.name === ":");
  r.event(place, node, { e: "index", of: object, method: "__getitem__" });
  const index =
    indexes.length > 1
      ? r.add({ at: node.from, end: node.to, k: "items", type: "tuple", of: indexes })
      : (indexes[0] ?? null);
  return r.add({ at: node.from, end: node.to, k: "sub", of: object, index, isSlice });
}

function readCall(r: Reader, node: Code, place: Place, awaited: Awaited): ExprRef {
  const callee = node.firstChild!;
  const fn = readExpr(r, callee, place);
  const list = node.getChild("ArgList");
  const args: ExprRef[] = [];
  let kw: Record<string, ExprRef> | null = null;
  let open = false;
  const parts = list ? children(list) : [];
  if (parts.some((part) => part.name === "for")) {
    args.push(readComprehension(r, list!, parts, place, "generator"));
  } else {
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i];
      if (skipped.has(part.name) || part.name === "AssignOp") continue;
      if (part.name === "*" || part.name === "**") {
        open = true;
        if (part.name === "*" && parts[i + 1]) {
          const of = readExpr(r, parts[++i], place);
          r.event(place, parts[i], { e: "iterate", of });
        }
      } else if (parts[i + 1]?.name === "AssignOp" && r.slice(parts[i + 1]) === "=") {
        kw ??= {};
        if (parts[i + 2]) define(kw, r.slice(part), readExpr(r, parts[i + 2], place));
        i += 2;
      } else if (!part.type.isError) {
        args.push(readExpr(r, part, place));
      }
    }
  }
  const call = r.add({
    at: node.from,
    end: node.to,
    k: "call",
    fn,
    args: args.length > 0 ? args.slice() : none,
    kw: kw ?? noNames,
    open,
  });
  r.event(place, node, { e: "call", call, awaited });
  if (args.length === 1) readNonBlocking(r, node, place);
  return call;
}

function readBinary(r: Reader, node: Code, place: Place, awaited: Awaited): ExprRef {
  const parts = operands(node);
  const left = parts[0];
  const right = parts[parts.length - 1];
  if (!left || left === right) return readOther(r, node, place);
  const words = children(node).filter((part) => part.from >= left.to && part.to <= right.from);
  const op = words.map((part) => r.slice(part)).join(" ");
  const a = readExpr(r, left, place, awaited && (op === "or" || op === "and"));
  if (op === "or" || op === "and") readTruth(r, left, a, place);
  const b = readExpr(r, right, place, awaited && (op === "or" || op === "and"));
  if (op === "or") return r.add({ at: node.from, end: node.to, k: "any", of: [a, b] });
  if (op === "and") return r.add({ at: node.from, end: node.to, k: "any", of: [b] });
  if (op === "in" || op === "not in") r.event(place, node, { e: "test", of: b, method: "__contains__" });
  else if (op !== "is" && op !== "is not" && (isObject(r, a) || isObject(r, b)))
    r.event(place, node, { e: "operator", op, left: a, right: b });
  return r.add({ at: node.from, end: node.to, k: "bin", op, left: a, right: b });
}

/** An expression that is asked whether it is true. */
export function readCondition(r: Reader, node: Code, place: Place): ExprRef {
  const read = readExpr(r, node, place);
  readTruth(r, node, read, place);
  return read;
}

function readTruth(r: Reader, node: Code, read: ExprRef, place: Place): void {
  const expr = r.ir.exprs[read];
  // Of `a and b` the first was asked already.
  const of = expr.k === "any" ? expr.of[expr.of.length - 1] : read;
  if (isObject(r, of)) r.event(place, node, { e: "test", of, method: "__bool__" });
}

/** Whether the expression may be an object of a class with methods of its own. */
function isObject(r: Reader, ref: ExprRef): boolean {
  const { k } = r.ir.exprs[ref];
  return k === "name" || k === "attr" || k === "call" || k === "await" || k === "sub";
}

function readItems(r: Reader, node: Code, place: Place, type: "tuple" | "list" | "set"): ExprRef {
  const of: ExprRef[] = [];
  for (const child of operands(node)) {
    if (child.name === "*") continue;
    const value = readExpr(r, child, place);
    if (child.prevSibling?.name === "*") {
      r.event(place, child, { e: "iterate", of: value });
      of.push(r.add({ at: child.from, end: child.to, k: "star", of: value }));
    } else of.push(value);
  }
  return r.add({ at: node.from, end: node.to, k: "items", type, of });
}

function readLambda(r: Reader, node: Code, place: Place): ExprRef {
  const scope = r.scope(node, "lambda", "<lambda>", place);
  const params = node.getChild("ParamList");
  if (params) readParams(r, params, scope, place);
  const body = node.lastChild;
  if (body && body.name !== "ParamList" && body.name !== ":" && body.name !== "lambda") {
    const inside = { scope, owner: scope, block: r.block(place.block, -1, 0) };
    const muted = r.muted;
    r.muted = 0;
    r.ir.scopes[scope].returned = [readExpr(r, body, inside)];
    r.muted = muted;
  }
  return r.add({ at: node.from, end: node.to, k: "function", scope });
}

/** Parameters of a `def` or `lambda`; defaults and annotations belong to the place around it. */
export function readParams(r: Reader, list: Code, scope: number, place: Place): void {
  const parts = children(list);
  const params: Param[] = [];
  let kind: "plain" | "keyword" = "plain";
  const inside = { scope, owner: scope, block: 0 };
  r.muted++;
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (part.name === "*" && parts[i + 1]?.name !== "VariableName") kind = "keyword";
    if (part.name === "/") for (const param of params) param.kind = "positional";
    if (part.name !== "VariableName") continue;
    const star = parts[i - 1]?.name;
    let annotation: ExprRef | null = null;
    let fallback: ExprRef | null = null;
    if (parts[i + 1]?.name === "TypeDef") annotation = readAnnotation(r, parts[++i], place);
    if (parts[i + 1]?.name === "AssignOp" && parts[i + 2]) {
      fallback = readExpr(r, parts[i + 2], place);
      i += 2;
    }
    const name = r.slice(part);
    params.push({
      name,
      kind: star === "*" ? "args" : star === "**" ? "kwargs" : kind,
      annotation,
      default: fallback,
    });
    if (star === "*") kind = "keyword";
    r.bindHere(inside, name, part, { b: "param", index: params.length - 1 });
  }
  r.ir.scopes[scope].params = params.slice();
  r.muted--;
}

/** A TypeDef (`: X`), or a bare expression in the place of a type. */
export function readAnnotation(r: Reader, node: Code, place: Place): ExprRef | null {
  const inner = node.name === "TypeDef" ? operands(node).find((child) => child.name !== "->") : node;
  if (!inner) return null;
  r.muted++;
  r.inAnnotation++;
  const read = readExpr(r, inner, place);
  r.inAnnotation--;
  r.muted--;
  return read;
}

/** The code in a string annotation. All of it gets the place of the string. */
function readQuoted(r: Reader, node: Code, place: Place, literal: string): ExprRef {
  const content = stringContent(literal);
  const inner = parseAnnotation(content);
  if (!inner || r.inAnnotation > 3)
    return r.add({ at: node.from, end: node.to, k: "literal", type: "str", text: literal });
  const { text, base } = r;
  r.text = content;
  r.base = base - node.from;
  r.inAnnotation++;
  const read = readExpr(r, inner, place);
  r.inAnnotation--;
  r.text = text;
  r.base = base;
  return read;
}

export function readYield(r: Reader, node: Code, place: Place): ExprRef {
  const fn = r.functionOf(place.scope);
  fn.isGenerator = fn.kind !== "unit" && fn.kind !== "class";
  const parts = operands(node).filter((child) => child.name !== "yield" && child.name !== "*");
  const from = parts.findIndex((child) => child.name === "from");
  const values = parts.filter((_, i) => i !== from).map((child) => readExpr(r, child, place));
  if (from >= 0 && values[0] !== undefined) {
    r.event(place, node, { e: "iterate", of: values[0] });
    fn.yielded = [...fn.yielded, r.add({ at: node.from, end: node.to, k: "star", of: values[0] })];
  } else if (values.length === 1) fn.yielded = [...fn.yielded, values[0]];
  return r.add({ at: node.from, end: node.to, k: "other" });
}

/** `parts` are the nodes from the element on: `element for target in iterable if condition …`. */
function readComprehension(
  r: Reader,
  node: Code,
  parts: Code[],
  place: Place,
  type: "generator" | "list" | "set" | "dict",
): ExprRef {
  const first = parts.findIndex((part) => part.name === "for");
  const isGenerator = type === "generator";
  const scope = r.scope(
    node,
    isGenerator ? "generator" : "comp",
    isGenerator ? "<genexpr>" : "<comp>",
    place,
  );
  const inside: Place = {
    scope,
    owner: isGenerator ? scope : place.owner,
    block: r.block(place.block, -1, 0),
  };
  let outer = true;
  for (let i = Math.max(first, 0); i < parts.length; i++) {
    if (parts[i].name === "if" && parts[i + 1]) readCondition(r, parts[++i], inside);
    if (parts[i].name !== "for") continue;
    const isAsync = parts[i - 1]?.name === "async";
    if (isAsync) r.ir.scopes[scope].isAsync = true;
    const to = parts.findIndex((part, at) => at > i && part.name === "in");
    const iterable = parts[to + 1];
    if (to < 0 || !iterable) continue;
    const of = readExpr(r, iterable, outer ? place : inside, isAsync && "entered");
    if (!isAsync) r.event(inside, iterable, { e: "iterate", of });
    const targets = parts.slice(i + 1, to).filter((part) => part.name !== "," && part.name !== "*");
    for (const [at, target] of targets.entries()) {
      readTarget(r, target, inside, { b: "element", of, path: targets.length > 1 ? [at] : [] }, true);
    }
    i = to + 1;
    outer = false;
  }
  const elements = parts.slice(0, Math.max(first, 0)).filter((part) => !skipped.has(part.name));
  let value: ExprRef | null = null;
  for (const element of elements) {
    if (element.name !== "*" && element.name !== "**") value = readExpr(r, element, inside);
  }
  const last = value ?? r.add({ at: node.from, end: node.to, k: "other" });
  if (isGenerator) r.ir.scopes[scope].yielded = [last];
  return isGenerator
    ? r.add({ at: node.from, end: node.to, k: "generator", scope, value: last })
    : r.add({ at: node.from, end: node.to, k: "comp", type, value: last });
}
