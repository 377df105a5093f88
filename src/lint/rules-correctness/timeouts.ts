/** The rules about `async with asyncio.timeout()` and its like. */
import type { SyntaxNode } from "@lezer/common";
import type { FileContext, Rule } from "../types";
import { TASK_GROUPS, TIMEOUTS } from "./names";
import { contains, spoken, suspends, withItems } from "./tree";

export const timeoutWithoutAwait: Rule = {
  id: "timeout-without-await",
  equivalents: ["ASYNC100"],
  severity: "warning",
  defaultOn: true,
  asyncOnly: true,
  summary: "a timeout around code that never awaits can never strike",
  check(context) {
    for (const statement of context.nodes("WithStatement")) {
      const body = statement.getChild("Body");
      const timeout = managerAmong(context, statement, TIMEOUTS);
      if (!timeout || !body || suspends(body) || contains(body, isYield)) continue;
      // `async with timeout(3), session.get(url):` waits while it enters the second.
      if (
        statement.firstChild?.name === "async" &&
        withItems(statement).at(-1)?.context.from !== timeout.from
      )
        continue;
      context.report({
        at: timeout,
        message: `nothing in this block awaits, so ${spoken(context, timeout)} can never strike: a timeout works by cancelling an await`,
      });
    }
  },
};

export const yieldInTimeout: Rule = {
  id: "yield-in-timeout",
  equivalents: ["ASYNC101", "ASYNC119"],
  severity: "warning",
  defaultOn: true,
  asyncOnly: true,
  summary: "a yield inside a timeout or task group lets it cancel code that is not in the block",
  check(context) {
    for (const statement of context.nodes("WithStatement")) {
      const body = statement.getChild("Body");
      const manager =
        managerAmong(context, statement, TIMEOUTS) ?? managerAmong(context, statement, TASK_GROUPS);
      const owner = context.functionAt(statement);
      if (!manager || !body || !owner?.isGenerator || owner.decorators.some(makesManager)) continue;
      for (const node of context.nodes("YieldStatement", "YieldExpression")) {
        if (node.from < body.from || node.to > body.to || context.functionAt(node)?.from !== owner.from)
          continue;
        // A `yield` inside an inner timeout is reported there.
        const inner = context.enclosing(node, "WithStatement");
        if (inner && inner.from !== statement.from && innerReports(context, inner, statement)) continue;
        context.report({
          at: node,
          message: `whoever iterates this generator runs inside ${spoken(context, manager)} between two yields, and may be cancelled by it: yield outside of the block`,
        });
      }
    }
  },
};

/** A decorator that makes a context manager or a fixture of the generator: it yields once, and the block is meant to be open. */
function makesManager(decorator: string): boolean {
  return /(contextmanager|fixture)$/i.test(decorator);
}

function innerReports(context: FileContext, inner: SyntaxNode, outer: SyntaxNode): boolean {
  for (let node: SyntaxNode | null = inner; node && node.from > outer.from; node = node.parent) {
    if (node.name !== "WithStatement") continue;
    if (managerAmong(context, node, TIMEOUTS) ?? managerAmong(context, node, TASK_GROUPS)) return true;
  }
  return false;
}

/** The context expression of the `with` that calls one of these. */
function managerAmong(
  context: FileContext,
  statement: SyntaxNode,
  names: ReadonlySet<string>,
): SyntaxNode | null {
  for (const { context: expression } of withItems(statement)) {
    if (expression.name !== "CallExpression") continue;
    const callee = context.call(expression).callee;
    if (callee && names.has(context.nameOf(callee) ?? "")) return expression;
  }
  return null;
}

function isYield(node: SyntaxNode): boolean {
  return node.name === "YieldStatement" || node.name === "YieldExpression";
}
