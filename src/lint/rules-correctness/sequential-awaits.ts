import type { SyntaxNode } from "@lezer/common";
import type { FileContext, Rule } from "../types";
import { assignedValue, awaited, children, contains, spoken, statements, targetsOf } from "./tree";

/** Names that promise to fetch something and change nothing. */
const FETCHES =
  /^_?(a|async_)?(get|fetch|load|list|find|query|search|count|download|lookup|retrieve|request|read|describe|calculate|compute)(?=_|$|[A-Z])/;
/** Shared arguments that are values: handing one to two calls does not order them. */
const VALUE_NAMES =
  /(^|_)(id|ids|name|url|uri|path|key|email|date|day|month|year|start|end|since|until|limit|offset|page|size|query|symbol|slug|token|region|currency|lang|language|locale|lat|lon|latitude|longitude|city|country|username|settings|config|timeout|headers|params)$/i;
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

interface Step {
  statement: SyntaxNode;
  call: SyntaxNode;
  targets: string[];
}

export const sequentialAwaits: Rule = {
  id: "sequential-awaits",
  equivalents: [],
  severity: "info",
  defaultOn: true,
  asyncOnly: true,
  summary: "awaits in a row that do not need one another and could run together",
  check(context) {
    if (context.nodes("AwaitExpression").length < 2) return;
    for (const body of context.nodes("Body")) {
      let run: Step[] = [];
      for (const statement of statements(body)) {
        const step = stepOf(context, statement);
        if (step && run.every((earlier) => independent(context, earlier, step))) {
          run.push(step);
          continue;
        }
        report(context, run);
        run = step ? [step] : [];
      }
      report(context, run);
    }
  },
};

function report(context: FileContext, run: readonly Step[]): void {
  if (run.length < 2) return;
  const [first, ...others] = run;
  const names = run.map((step) => spoken(context, step.call));
  const last = names.pop();
  context.report({
    at: { from: first.statement.from, to: run[run.length - 1].statement.to },
    message: `${names.join(", ")} and ${last} wait one after another, though none needs another's result: asyncio.gather or a TaskGroup would run them together`,
    related: others.map((step) => ({ at: step.call, message: "could run at the same time" })),
  });
}

/** `x = await call(...)` that fetches something; null for anything else. */
function stepOf(context: FileContext, statement: SyntaxNode): Step | null {
  const targets = targetsOf(statement);
  const value = assignedValue(statement);
  if (targets === null || value?.name !== "AwaitExpression" || statement.getChild("TypeDef")) return null;
  const call = awaited(value);
  if (call?.name !== "CallExpression" || !targets.every((target) => target.name === "VariableName"))
    return null;
  const { callee, open } = context.call(call);
  if (callee === null || open || !FETCHES.test(lastName(context, callee))) return null;
  if (contains(call, (node) => node.name === "AwaitExpression" || node.name === "NamedExpression"))
    return null;
  if (context.functionAt(statement)?.isAsync !== true) return null;
  return { statement, call, targets: targets.map((target) => context.slice(target)) };
}

function lastName(context: FileContext, callee: SyntaxNode): string {
  const property = callee.name === "MemberExpression" ? callee.getChild("PropertyName") : callee;
  return property ? context.slice(property) : "";
}

/** Whether the later call could have started with the earlier one: it uses no result of it, and they share nothing but values. */
function independent(context: FileContext, earlier: Step, later: Step): boolean {
  const read = variables(context, later.call);
  const before = variables(context, earlier.call);
  if (reads(read, earlier.targets) || reads(before, later.targets)) return false;
  if (earlier.targets.some((target) => later.targets.includes(target))) return false;
  for (const [name, node] of read) {
    if (before.has(name) && !isShareable(context, name, node)) return false;
  }
  return true;
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
function isChain(node: SyntaxNode): boolean {
  if (node.name === "VariableName") return true;
  const [object, dot, property] = children(node);
  return node.name === "MemberExpression" && dot?.name === "." && property !== undefined && isChain(object);
}

function isShareable(context: FileContext, name: string, node: SyntaxNode): boolean {
  if (context.resolve(node).some((meaning) => meaning.kind === "module" || meaning.kind === "class"))
    return true;
  const types = context.typeOf(node);
  if (types.length > 0) {
    return types.every(
      (type) => VALUE_TYPES.has(type) || CONCURRENT.some((client) => context.isSubclass(type, client)),
    );
  }
  return VALUE_NAMES.test(name) || /^[A-Z][A-Z0-9_]*$/.test(name);
}
