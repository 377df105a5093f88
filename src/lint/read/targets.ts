import type { Code } from "./code";
import { operands, readExpr } from "./expressions";
import type { Binding } from "./ir";
import { children, define, noNames, type Place, type Reader } from "./reader";

type Given =
  Extract<Binding, { b: "value" | "element" | "enter" | "unknown" }> extends infer B
    ? B extends unknown
      ? Omit<B, "at" | "block">
      : never
    : never;

/** Reads what is on the left of `=`, after `for` or after `as`, and binds its names to what is given. */
export function readTarget(r: Reader, node: Code, place: Place, given: Given, here = false): void {
  if (r.depth > 100) return;
  if (node.name === "VariableName") {
    const from = { from: holdsFrom(r, node, given) };
    if (here) r.bindHere(place, r.slice(node), from, given);
    else r.bind(place, r.slice(node), from, given);
    return;
  }
  if (
    node.name === "ParenthesizedExpression" ||
    node.name === "TupleExpression" ||
    node.name === "ArrayExpression"
  ) {
    const parts = operands(node).filter((part) => part.name !== "*");
    const single = node.name === "ParenthesizedExpression";
    r.depth++;
    for (const [i, part] of parts.entries()) {
      const starred = part.prevSibling?.name === "*";
      readTarget(r, part, place, starred ? { b: "unknown" } : single ? given : unpacked(given, i), here);
    }
    r.depth--;
    return;
  }
  if (node.name !== "MemberExpression") {
    readExpr(r, node, place);
    return;
  }
  readMemberTarget(r, node, place, given);
}

/** Where the name begins to mean what it is given: in `path = path / "x"` the second is still what it was before. */
function holdsFrom(r: Reader, node: Code, given: Given): number {
  const ref = given.b === "value" ? given.value : given.b === "element" ? given.of : null;
  return ref === null ? node.from : Math.max(node.from, r.base + r.ir.exprs[ref].end);
}

/** `a.b = …` and `a[b] = …`. */
function readMemberTarget(r: Reader, node: Code, place: Place, given: Given): void {
  const object = node.firstChild!;
  const property = node.getChild("PropertyName");
  const of = readExpr(r, object, place);
  if (!property) {
    for (const part of operands(node).slice(1)) readExpr(r, part, place);
    if (children(node).some((part) => part.name === "["))
      r.event(place, node, { e: "index", of, method: "__setitem__" });
    return;
  }
  r.event(place, node, { e: "set", of, name: r.slice(property), method: "setter" });
  setAttribute(r, object, r.slice(property), place, {
    at: node.from - r.base,
    block: place.block,
    ...given,
  } as Binding);
}

/** Keeps what a method sets on its first parameter. */
function setAttribute(r: Reader, object: Code, name: string, place: Place, binding: Binding): void {
  const fn = r.functionOf(place.scope);
  if (fn.kind !== "def" || object.name !== "VariableName" || fn.params[0]?.name !== r.slice(object)) return;
  if (Object.hasOwn(fn.attributes, name)) fn.attributes[name].push(binding);
  else {
    if (fn.attributes === noNames) fn.attributes = {};
    define(fn.attributes, name, [binding]);
  }
}

/** Keeps that a method makes a socket of its object non-blocking: `self.sock.setblocking(False)`. */
export function readNonBlocking(r: Reader, call: Code, place: Place): void {
  const callee = call.firstChild;
  const method = callee?.lastChild;
  const socket = callee?.firstChild;
  if (method?.name !== "PropertyName" || socket?.name !== "MemberExpression" || !socket.firstChild) return;
  const length = method.to - method.from;
  if ((length !== 10 && length !== 11) || socket.lastChild?.name !== "PropertyName") return;
  const said = r.text.slice(method.from, call.to);
  if (!/^(?:setblocking\(\s*(?:False|0)|settimeout\(\s*0(?:\.0*)?)\s*\)$/.test(said)) return;
  const name = r.slice(socket.lastChild);
  const binding: Binding = { at: call.from - r.base, block: place.block, b: "unknown" };
  setAttribute(r, socket.firstChild, nonBlocking(name), place, binding);
}

/** The key among a class's attributes for an attribute being made non-blocking: no name that code could have. */
export function nonBlocking(attribute: string): string {
  return `${attribute}.setblocking`;
}

export function unpacked(given: Given, index: number): Given {
  return given.b === "value" || given.b === "element"
    ? { ...given, path: [...given.path, index], ...(given.b === "value" ? { annotation: null } : {}) }
    : { b: "unknown" };
}
