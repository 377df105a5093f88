import type { SyntaxNode } from "@lezer/common";
import { indentation, newlineOf } from "../fixes/edits";
import type { FileContext, Rule } from "../types";
import { CANCELLED } from "./names";
import {
  awaited,
  children,
  contains,
  type Handler,
  isSuspension,
  statements,
  suspends,
  targetsOf,
  tryParts,
  walk,
  withItems,
} from "./tree";

/** Awaiting these is awaiting tasks that someone else cancels. */
const WAITS_FOR_TASKS = /(^|\.)(gather|wait|shield|wait_closed|cancel|aclose|join)$/;

export const cancellationSwallowed: Rule = {
  id: "cancellation-swallowed",
  equivalents: ["ASYNC103", "ASYNC104"],
  severity: "warning",
  defaultOn: true,
  asyncOnly: true,
  summary:
    "a cancellation that is caught and not raised again: timeouts, task groups and shutdown hang on it",
  check(context) {
    for (const statement of context.nodes("TryStatement")) {
      if (context.functionAt(statement)?.isAsync !== true) continue;
      const parts = tryParts(statement);
      if (parts === null) continue;
      if (suspends(parts.body)) {
        const handler = parts.handlers.find((one) => caughtBy(context, one) !== null);
        if (handler) checkHandler(context, statement, parts.body, handler);
      }
      const anySuspends = [parts.body, parts.orElse, ...parts.handlers.map((one) => one.body)];
      if (parts.finalBody && anySuspends.some((body) => body && suspends(body)))
        checkFinally(context, parts.finalBody);
    }
    for (const statement of context.nodes("WithStatement")) checkSuppress(context, statement);
  },
};

/** What makes the handler catch a cancellation, as written; null when it lets it pass. */
function caughtBy(context: FileContext, handler: Handler): string | null {
  if (handler.types.length === 0) return "a bare except";
  for (const type of handler.types) {
    const name = context.nameOf(type);
    if (name === null) continue;
    // Ending the program on Ctrl-C or a cancellation of the main task, on purpose.
    if (name === "builtins.KeyboardInterrupt" || name === "builtins.SystemExit") return null;
  }
  for (const type of handler.types) {
    const name = context.nameOf(type) ?? "";
    if (name === "builtins.BaseException" || CANCELLED.has(name)) return context.slice(type);
  }
  return null;
}

function checkHandler(context: FileContext, statement: SyntaxNode, body: SyntaxNode, handler: Handler): void {
  if (passesItOn(context, handler) || awaitsOthers(context, body, statement)) return;
  if (isRaisedAfter(context, statement, namesSet(context, handler.body))) return;
  const what = caughtBy(context, handler);
  const explicit = handler.types.some((type) => CANCELLED.has(context.nameOf(type) ?? ""));
  context.report({
    at: { from: handler.keyword.from, to: handler.types.at(-1)?.to ?? handler.keyword.to },
    // Nothing goes on after it: only who asks whether the task was cancelled is told wrong.
    severity: explicit && endsFunction(statement, handler) ? "info" : undefined,
    message: `${what} catches a cancellation and does not raise it again: ${
      explicit ? "clean up and end with `raise`" : "catch Exception instead, or end with `raise`"
    }`,
    fix: raiseAgain(context, handler),
  });
}

/** The names that an `x = value` in a body binds. */
function namesSet(context: FileContext, body: SyntaxNode): string[] {
  const found: string[] = [];
  walk(body, (node) => {
    for (const target of targetsOf(node) ?? []) found.push(context.slice(target));
    return undefined;
  });
  return found;
}

/**
 * `try: clean_up() except: log() raise`, all of it in a handler, perhaps for each of several things: the statement
 * below raises what was caught before. Or `cancelled = True` in the handler, and `if cancelled: raise` below.
 */
function isRaisedAfter(context: FileContext, statement: SyntaxNode, flags: readonly string[] = []): boolean {
  const isFlag = (node: SyntaxNode) => node.name === "VariableName" && flags.includes(context.slice(node));
  const asksFlag = (node: SyntaxNode) => node.name !== "Body" && contains(node, isFlag);
  for (let at = statement; at.name !== "FunctionDefinition" && at.parent; at = at.parent) {
    if (at.parent.name !== "Body") continue;
    for (let next = at.nextSibling; next; next = next.nextSibling) {
      if (next.name === "RaiseStatement") return true;
      if (next.name === "IfStatement" && children(next).some(asksFlag) && contains(next, isRaise))
        return true;
    }
  }
  return false;
}

function isRaise(node: SyntaxNode): boolean {
  return node.name === "RaiseStatement";
}

/** Whether the handler leads to the end of the function, and nothing is awaited on the way. */
function endsFunction(statement: SyntaxNode, handler: Handler): boolean {
  const last = statements(handler.body).at(-1);
  if (last?.name === "ReturnStatement") return true;
  if (contains(handler.body, isSuspension)) return false;
  let left = last?.name === "BreakStatement";
  for (let at: SyntaxNode = statement; at.parent; at = at.parent) {
    if (at.parent.name === "FunctionDefinition") return true;
    if (at.name === "WhileStatement" || at.name === "ForStatement") {
      if (!left) return false;
      left = false;
    }
    if (at.parent.name === "Body" && !left && awaitsAfter(at)) return false;
  }
  return false;
}

function awaitsAfter(statement: SyntaxNode): boolean {
  for (let next = statement.nextSibling; next; next = next.nextSibling) if (suspends(next)) return true;
  return false;
}

/** What may hold the exception among others: `("error", error)`. */
const DISPLAY = /^(?:(?:Tuple|Array|Dictionary|Parenthesized)Expression)$/;

/** Whether the handler raises, ends the process, or hands the exception to someone. */
function passesItOn(context: FileContext, handler: Handler): boolean {
  const name = handler.name ? context.slice(handler.name) : null;
  return contains(handler.body, (node) => {
    if (isRaise(node)) return true;
    if (node.name === "CallExpression") {
      const callee = context.slice(context.call(node).callee ?? node);
      return /(^|\.)(set_exception|set_exc_info|uncancel|cancel|_exit|exit|throw|__aexit__|send_exception)$/.test(
        callee,
      );
    }
    // Kept, returned or handed over: `self.error = e`, `return e`, `results.append(e)`; logging it is not.
    if (name === null || node.name !== "VariableName" || context.slice(node) !== name) return false;
    let parent = node.parent;
    while (parent && DISPLAY.test(parent.name)) parent = parent.parent;
    if (parent && /^(?:Assign|Return|Yield)Statement$/.test(parent.name)) return true;
    if (parent?.name !== "ArgList") return false;
    const callee = parent.parent?.firstChild;
    return (
      callee != null &&
      !/(^|\.)_?(log|print|warn|warning|debug|info|error|exception|critical|str|repr|format_exc\w*|print_exc\w*|isinstance|type)$/i.test(
        context.slice(callee),
      )
    );
  });
}

/**
 * Whether every await in the body is for tasks, which were cancelled here (`task.cancel()` before), or may have been by
 * someone else: `try: await task except CancelledError: pass` is how one waits for a cancelled task to end.
 */
function awaitsOthers(context: FileContext, body: SyntaxNode, statement: SyntaxNode): boolean {
  if (cancelsBefore(context, statement)) return true;
  let onlyTasks = true;
  walk(body, (node) => {
    if (!isSuspension(node)) return undefined;
    const operand = awaited(node);
    const callee = operand?.name === "CallExpression" ? context.call(operand).callee : null;
    if (operand === null || (operand.name === "CallExpression" && !callee)) onlyTasks = false;
    else if (callee && !WAITS_FOR_TASKS.test(context.slice(callee))) onlyTasks = false;
    return undefined;
  });
  return onlyTasks;
}

/** Whether something was cancelled in this function before. */
function cancelsBefore(context: FileContext, statement: SyntaxNode): boolean {
  let scope: SyntaxNode = statement;
  while (scope.parent && scope.name !== "FunctionDefinition") scope = scope.parent;
  return contains(scope, (node) => {
    if (node.name !== "CallExpression" || node.from > statement.to) return false;
    const callee = context.call(node).callee;
    const property = callee?.name === "MemberExpression" ? callee.getChild("PropertyName") : null;
    return property != null && context.slice(property) === "cancel";
  });
}

function checkFinally(context: FileContext, body: SyntaxNode): void {
  walk(body, (node) => {
    if (node.name === "ForStatement" || node.name === "WhileStatement") {
      // A break or continue in here is the inner loop's own.
      if (contains(node, (inner) => inner.name === "ReturnStatement")) return undefined;
      return false;
    }
    if (/^(Return|Break|Continue)Statement$/.test(node.name)) {
      const word = node.name.replace("Statement", "").toLowerCase();
      context.report({
        at: node,
        message: `${word} in a finally block drops the exception under way, a cancellation included`,
      });
    }
    return undefined;
  });
}

/** `with contextlib.suppress(CancelledError): await something()` */
function checkSuppress(context: FileContext, statement: SyntaxNode): void {
  const body = statement.getChild("Body");
  if (!body || context.functionAt(statement)?.isAsync !== true || !suspends(body)) return;
  for (const { context: expression } of withItems(statement)) {
    if (expression.name !== "CallExpression") continue;
    const { callee, positional } = context.call(expression);
    if (callee === null || context.nameOf(callee) !== "contextlib.suppress") continue;
    const caught = positional.find((type) => {
      const name = context.nameOf(type) ?? "";
      return name === "builtins.BaseException" || CANCELLED.has(name);
    });
    if (!caught || awaitsOthers(context, body, statement) || isRaisedAfter(context, statement)) continue;
    context.report({
      at: expression,
      message: `suppress(${context.slice(caught)}) swallows a cancellation of this task: timeouts, task groups and shutdown hang on it`,
    });
  }
}

function raiseAgain(context: FileContext, handler: Handler) {
  const last = statements(handler.body).at(-1);
  const indent = last && indentation(context.text, last);
  if (!last || indent == null || /^(Return|Break|Continue|Raise)Statement$/.test(last.name)) {
    return last && /^(Return|Break|Continue|Pass)Statement$/.test(last.name)
      ? { title: "Raise the cancellation again", edits: [{ from: last.from, to: last.to, text: "raise" }] }
      : undefined;
  }
  if (last.name === "PassStatement") {
    return {
      title: "Raise the cancellation again",
      edits: [{ from: last.from, to: last.to, text: "raise" }],
    };
  }
  // A statement with a body ends behind its last line's end.
  const end = last.from + context.slice(last).trimEnd().length;
  if (!/^[ \t]*(?:\r|\n|$)/.test(context.text.slice(end, end + 200))) return undefined;
  return {
    title: "Raise the cancellation again",
    edits: [{ from: end, to: end, text: `${newlineOf(context.text)}${indent}raise` }],
  };
}
