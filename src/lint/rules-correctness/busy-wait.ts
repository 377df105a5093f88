import type { SyntaxNode } from "@lezer/common";
import type { FileContext, Rule } from "../types";
import { SLEEPS } from "./names";
import { awaited, bare, children, contains, statements, written } from "./tree";

/** Methods that ask an object of this process how it is doing. */
const STATE_METHODS =
  /^(done|cancelled|empty|full|qsize|is_set|locked|running|is_running|closed|is_closed|is_closing|is_connected|is_alive|is_ready|ready|get|finished|is_finished|is_done)$/;
const PURE_BUILTINS = new Set("len any all bool int float isinstance getattr hasattr not".split(" "));

export const busyWait: Rule = {
  id: "busy-wait",
  equivalents: ["ASYNC110"],
  severity: "warning",
  defaultOn: true,
  asyncOnly: true,
  summary: "sleeping in a loop until something has changed, where an event would say so at once",
  check(context) {
    for (const loop of context.nodes("WhileStatement")) {
      const condition = loop.firstChild?.nextSibling;
      const body = loop.getChild("Body");
      if (!condition || !body || !isInProcess(context, condition)) continue;
      const [only, ...more] = statements(body);
      const sleep = only?.name === "ExpressionStatement" && only.firstChild ? awaited(only.firstChild) : null;
      if (more.length > 0 || sleep?.name !== "CallExpression") continue;
      const callee = context.call(sleep).callee;
      if (callee === null || !SLEEPS.has(context.nameOf(callee) ?? "")) continue;
      context.report({
        at: { from: loop.from, to: condition.to },
        message: `this loop wakes up again and again to look at ${written(context, bare(condition))}: wait for an asyncio.Event, a Condition or the task itself, which wake at once and cost nothing`,
      });
    }
  },
};

/**
 * Whether the condition is about this process, so that whoever changes it can say so. A clock, a file or a server has no
 * event to wait for, and `while True` sleeps on purpose. Of `not self.ready and time.monotonic() < end`, the latter is
 * what the timeout of a wait is for.
 */
function isInProcess(context: FileContext, condition: SyntaxNode): boolean {
  const asked = conjuncts(bare(condition)).filter((part) => !isClock(context, part));
  return asked.length > 0 && asked.every((part) => isState(context, part));
}

/** What is joined by `and`. */
function conjuncts(condition: SyntaxNode): SyntaxNode[] {
  if (condition.name !== "BinaryExpression" || !condition.getChild("and")) return [condition];
  return children(condition)
    .filter((part) => part.name !== "and")
    .flatMap((part) => conjuncts(bare(part)));
}

/** A comparison with what a clock says. */
function isClock(context: FileContext, comparison: SyntaxNode): boolean {
  if (comparison.name !== "BinaryExpression") return false;
  return contains(comparison, (node) => {
    const callee = node.name === "CallExpression" ? context.call(node).callee : null;
    return callee !== null && /(?:^|\.)(?:monotonic|perf_counter|time)$/.test(context.slice(callee));
  });
}

function isState(context: FileContext, condition: SyntaxNode): boolean {
  if (!contains(condition, (node) => node.name === "VariableName")) return false;
  return !contains(condition, (node) => {
    if (node.name === "AwaitExpression" || node.name === "NamedExpression") return true;
    return node.name === "CallExpression" && !isStateCall(context, node);
  });
}

function isStateCall(context: FileContext, call: SyntaxNode): boolean {
  const callee = context.call(call).callee;
  if (callee === null) return false;
  if (callee.name === "VariableName" && PURE_BUILTINS.has(context.slice(callee))) return true;
  const method = callee.getChild("PropertyName");
  if (callee.name !== "MemberExpression" || !method || !STATE_METHODS.test(context.slice(method)))
    return false;
  const name = context.nameOf(callee) ?? "";
  // `queue.get()`-like calls do something; only a mapping's get just looks.
  return context.slice(method) !== "get" || /^builtins\.dict\./.test(name);
}
