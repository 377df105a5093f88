/** Questions about the syntax tree that several rules ask. */
import type { SyntaxNode } from "@lezer/common";
import type { FileContext } from "../types";

const FUNCTIONS = new Set(["FunctionDefinition", "LambdaExpression", "ClassDefinition"]);
const PARENTHESES = "ParenthesizedExpression";

export function children(node: SyntaxNode): SyntaxNode[] {
  const result: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) result.push(child);
  return result;
}

/** The statements of a Body, those of a `a; b` line one by one. */
export function statements(body: SyntaxNode): SyntaxNode[] {
  return children(body)
    .flatMap((child) => (child.name === "StatementGroup" ? children(child) : [child]))
    .filter((child) => child.name.endsWith("Statement") || child.name.endsWith("Definition"));
}

/** The function, whatever its decorators, a unit or statement is; null when it is none. */
export function functionOf(node: SyntaxNode): SyntaxNode | null {
  if (node.name === "FunctionDefinition") return node;
  return node.name === "DecoratedStatement" ? node.getChild("FunctionDefinition") : null;
}

/** Goes over a node and what is in it, but not into nested functions and classes; `false` leaves a node's inside out. */
export function walk(node: SyntaxNode, visit: (node: SyntaxNode) => boolean | undefined): void {
  if (visit(node) === false) return;
  for (let child = node.firstChild; child; child = child.nextSibling) {
    if (!FUNCTIONS.has(child.name)) walk(child, visit);
  }
}

/** Whether the node holds one that passes, nested functions not counted. */
export function contains(node: SyntaxNode, test: (node: SyntaxNode) => boolean): boolean {
  let found = false;
  walk(node, (inner) => {
    found ||= test(inner);
    return !found;
  });
  return found;
}

/** Whether the loop can take over while this node is evaluated. */
export function suspends(node: SyntaxNode): boolean {
  return contains(node, isSuspension);
}

export function isSuspension(node: SyntaxNode): boolean {
  // `async for`, `async with`, and the `async for` of a comprehension; `async def` is not walked into.
  return node.name === "AwaitExpression" || node.name === "async";
}

/** The expression inside parentheses. */
export function bare(node: SyntaxNode): SyntaxNode {
  let inner = node;
  while (inner.name === PARENTHESES && inner.firstChild?.nextSibling) inner = inner.firstChild.nextSibling;
  return inner;
}

/** The outermost pair of parentheses around a node, or the node. */
export function parenthesised(node: SyntaxNode): SyntaxNode {
  let outer = node;
  while (outer.parent?.name === PARENTHESES) outer = outer.parent;
  return outer;
}

/** Operand of an AwaitExpression, without its parentheses. */
export function awaited(node: SyntaxNode): SyntaxNode | null {
  return node.name === "AwaitExpression" && node.lastChild ? bare(node.lastChild) : null;
}

/** The value of an `x = value`, `x: T = value` or bare expression statement. */
export function assignedValue(statement: SyntaxNode): SyntaxNode | null {
  if (statement.name === "ExpressionStatement") return statement.firstChild;
  if (statement.name !== "AssignStatement") return null;
  const assigns = statement.getChildren("AssignOp");
  return assigns.length > 0 ? (assigns[assigns.length - 1].nextSibling ?? null) : null;
}

/** The targets of a plain assignment with one `=`: `a`, or `a` and `b` of `a, b = ...`. */
export function targetsOf(statement: SyntaxNode): SyntaxNode[] | null {
  if (statement.name !== "AssignStatement" || statement.getChildren("AssignOp").length !== 1) return null;
  const targets: SyntaxNode[] = [];
  for (let child = statement.firstChild; child && child.name !== "AssignOp"; child = child.nextSibling) {
    if (child.name !== "," && child.name !== "TypeDef") targets.push(child);
  }
  return targets;
}

/** The items of a `with`: each context expression and what it is bound to. */
export function withItems(statement: SyntaxNode): { context: SyntaxNode; target: SyntaxNode | null }[] {
  const items: { context: SyntaxNode; target: SyntaxNode | null }[] = [];
  const read = (nodes: SyntaxNode[]) => {
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i];
      if (/^(async|with|as|,|\(|\)|Body)$/.test(node.name)) continue;
      if (node.name === "AsItem" && node.firstChild) {
        items.push({ context: node.firstChild, target: node.lastChild });
      } else if (/^(ParenthesizedExpression|TupleExpression)$/.test(node.name) && node.getChild("AsItem")) {
        read(children(node));
      } else {
        const bound = nodes[i + 1]?.name === "as" ? nodes[i + 2] : null;
        items.push({ context: node, target: bound ?? null });
        if (bound) i += 2;
      }
    }
  };
  read(children(statement));
  return items;
}

export function isAsync(statement: SyntaxNode): boolean {
  return statement.firstChild?.name === "async";
}

export interface Handler {
  keyword: SyntaxNode;
  /** What it catches, one by one; empty for a bare `except:`. */
  types: SyntaxNode[];
  /** The name in `as name`. */
  name: SyntaxNode | null;
  star: boolean;
  body: SyntaxNode;
}

export interface TryParts {
  body: SyntaxNode;
  handlers: Handler[];
  orElse: SyntaxNode | null;
  finalBody: SyntaxNode | null;
}

/** The parts of a TryStatement; null while it is being typed. */
export function tryParts(statement: SyntaxNode): TryParts | null {
  const nodes = children(statement);
  const body = nodes[1];
  if (body?.name !== "Body") return null;
  const parts: TryParts = { body, handlers: [], orElse: null, finalBody: null };
  for (let i = 2; i < nodes.length; ) {
    const end = nodes.findIndex((node, index) => index > i && node.name === "Body");
    if (end < 0) return null;
    const keyword = nodes[i];
    if (keyword.name === "except") parts.handlers.push(handler(keyword, nodes.slice(i + 1, end), nodes[end]));
    else if (keyword.name === "else") parts.orElse = nodes[end];
    else if (keyword.name === "finally") parts.finalBody = nodes[end];
    i = end + 1;
  }
  return parts;
}

function handler(keyword: SyntaxNode, between: SyntaxNode[], body: SyntaxNode): Handler {
  const as = between.findIndex((node) => node.name === "as");
  const caught = between
    .slice(0, as < 0 ? undefined : as)
    .filter((node) => node.name !== "," && node.name !== "*");
  return {
    keyword,
    types: caught.flatMap((node) =>
      node.name === "TupleExpression"
        ? children(node).filter((item) => !/^[(),]$/.test(item.name))
        : [bare(node)],
    ),
    name: as < 0 ? null : (between[as + 1] ?? null),
    star: between.some((node) => node.name === "*"),
    body,
  };
}

/** "fetch()" for a call, the source as written for anything else; cut when long. */
export function spoken(context: FileContext, node: SyntaxNode): string {
  const callee = node.name === "CallExpression" ? node.firstChild : null;
  return callee ? inLine(`${context.slice(callee)}()`) : written(context, node);
}

/** The source in one line, cut when long. */
export function written(context: FileContext, node: SyntaxNode): string {
  return inLine(context.slice(node));
}

function inLine(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > 60 ? `${line.slice(0, 57)}...` : line;
}
