/** Statements that await one call after another and need nothing of one another: for the rule, and for the findings of a run. */
import type { SyntaxNode } from "@lezer/common";
import type { FileContext, Meaning } from "../types";
import { assignedValue, awaited, children, contains, statements, targetsOf } from "./tree";

/** Shared arguments that are values: handing one to two calls does not order them. */
const VALUE_NAMES =
  /^[ijkn]$|(^|_)(id|ids|index|idx|number|count|name|url|uri|path|key|email|date|day|month|year|start|end|since|until|limit|offset|page|size|query|symbol|slug|token|region|currency|lang|language|locale|lat|lon|latitude|longitude|city|country|username|settings|config|timeout|headers|params)$/i;
const VALUE_TYPES = new Set(
  "str int float bool bytes complex"
    .split(" ")
    .map((name) => `builtins.${name}`)
    .concat(
      "datetime.datetime",
      "datetime.date",
      "uuid.UUID",
      "decimal.Decimal",
      "pathlib.Path",
      "pathlib.PurePath",
    ),
);
/** Clients that serve several requests at a time. */
const CONCURRENT = ["httpx.AsyncClient", "aiohttp.ClientSession", "asyncpg.pool.Pool", "redis.asyncio.Redis"];

/** `x = await call(...)`, or `await call(...)` with no targets. */
export interface AwaitStatement {
  statement: SyntaxNode;
  call: SyntaxNode;
  callee: SyntaxNode;
  targets: readonly string[];
}

/** The runs, of at least two statements each, among those that `counts` lets pass. */
export function awaitRuns(
  context: FileContext,
  counts: (statement: AwaitStatement) => boolean,
): AwaitStatement[][] {
  const runs: AwaitStatement[][] = [];
  if (context.nodes("AwaitExpression").length < 2) return runs;
  for (const body of context.nodes("Body")) {
    let run: AwaitStatement[] = [];
    const close = (next: AwaitStatement[]) => {
      if (run.length > 1) runs.push(run);
      run = next;
    };
    for (const statement of statements(body)) {
      const step = awaitStatement(context, statement);
      if (step === null || !counts(step)) close([]);
      else if (run.every((earlier) => independent(context, earlier, step))) run.push(step);
      else close([step]);
    }
    close([]);
  }
  return runs;
}

/** The last part of what a call names: "get" of `self.client.get`. */
export function lastName(context: FileContext, callee: SyntaxNode): string {
  const property = callee.name === "MemberExpression" ? callee.getChild("PropertyName") : callee;
  return property ? context.slice(property) : "";
}

function awaitStatement(context: FileContext, statement: SyntaxNode): AwaitStatement | null {
  const targets = statement.name === "ExpressionStatement" ? [] : targetsOf(statement);
  const value = assignedValue(statement);
  if (targets === null || value?.name !== "AwaitExpression") return null;
  const call = awaited(value);
  if (call?.name !== "CallExpression" || !targets.every((target) => target.name === "VariableName"))
    return null;
  const { callee } = context.call(call);
  if (callee === null || contains(call, takesPart)) return null;
  if (context.functionAt(statement)?.isAsync !== true) return null;
  return { statement, call, callee, targets: targets.map((target) => context.slice(target)) };
}

/** Awaits and assignments inside the call have an order of their own. */
function takesPart(node: SyntaxNode): boolean {
  return (
    node.name === "AwaitExpression" || node.name === "YieldExpression" || node.name === "NamedExpression"
  );
}

/** Whether the later call could have started with the earlier one: it uses no result of it, and they share nothing but values. */
function independent(context: FileContext, earlier: AwaitStatement, later: AwaitStatement): boolean {
  const read = variables(context, later.call);
  const before = variables(context, earlier.call);
  if (reads(read, earlier.targets) || reads(before, later.targets)) return false;
  if (earlier.targets.some((target) => later.targets.includes(target))) return false;
  for (const [name, node] of read) {
    if (before.has(name) && !isShareable(context, name, node)) return false;
  }
  return !hasShared(context, earlier, later) && !hasShared(context, later, earlier);
}

/** Whether one of the names is read, itself or for an attribute (`user.id`). */
function reads(read: ReadonlyMap<string, SyntaxNode>, names: readonly string[]): boolean {
  return [...read.keys()].some((each) => names.includes(each.split(".")[0]));
}

/** What the call reads: variables, and attributes of self ("self.reader"); the name of a plain function called is not one. */
function variables(context: FileContext, call: SyntaxNode): Map<string, SyntaxNode> {
  const found = new Map<string, SyntaxNode>();
  const visit = (node: SyntaxNode): void => {
    if (node.name === "MemberExpression" && isChain(node)) {
      const isCallee = node.parent?.name === "CallExpression" && node.parent.firstChild?.from === node.from;
      const holder = isCallee && node.firstChild ? node.firstChild : node;
      found.set(context.slice(holder), holder);
      return;
    }
    if (node.name === "VariableName") {
      const callee = node.parent?.name === "CallExpression" && node.parent.firstChild?.from === node.from;
      const keyword = node.parent?.name === "ArgList" && node.nextSibling?.name === "AssignOp";
      if (!callee && !keyword) found.set(context.slice(node), node);
    }
    for (const child of children(node)) visit(child);
  };
  visit(call);
  return found;
}

/** `a.b.c` */
export function isChain(node: SyntaxNode): boolean {
  if (node.name === "VariableName") return true;
  const [object, dot, property] = children(node);
  return node.name === "MemberExpression" && dot?.name === "." && property !== undefined && isChain(object);
}

function isShareable(context: FileContext, name: string, node: SyntaxNode): boolean {
  if (context.resolve(node).some(isDefinition)) return true;
  const types = context.typeOf(node);
  if (types.length > 0) {
    return types.every(
      (type) => VALUE_TYPES.has(type) || CONCURRENT.some((client) => context.isSubclass(type, client)),
    );
  }
  return VALUE_NAMES.test(name) || /^[A-Z][A-Z0-9_]*$/.test(name);
}

/** Modules, classes and functions: what calls do with them has nothing to do with their order. */
function isDefinition(meaning: Meaning): boolean {
  // `import asyncio` gives a name without a dot, `from library import client` one that may be anything.
  if (meaning.kind === "external") return !meaning.name.includes(".");
  return meaning.kind === "module" || meaning.kind === "class" || meaning.kind === "function";
}

/** Whether one call's function assigns a global, or a variable around both, that the other's speaks of. */
function hasShared(context: FileContext, writer: AwaitStatement, other: AwaitStatement): boolean {
  const spoken = bodyOf(context, other);
  for (const [, names] of bodyOf(context, writer).matchAll(/^\s*(?:global|nonlocal)\s+([\w\s,]+?)\s*$/gm)) {
    if (names.split(/[\s,]+/).some((name) => new RegExp(`\\b${name}\\b`).test(spoken))) return true;
  }
  return false;
}

/** The text of the function that is called, where it stands in the same file; else "". */
function bodyOf(context: FileContext, { callee }: AwaitStatement): string {
  const called = context.resolve(callee).find((meaning) => meaning.kind === "function");
  if (called?.kind !== "function" || called.info.path !== context.path) return "";
  return context.slice(called.info);
}
