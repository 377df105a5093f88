import type { SyntaxNode } from "@lezer/common";
import type { FileContext, Rule } from "../types";
import { awaited, isAsync, parenthesised, spoken, statements, tryParts, withItems } from "./tree";

const GROUP = "asyncio.TaskGroup";
const CALLS = new Set([GROUP, `${GROUP}.create_task`]);
/** An exception group is one of these, so a plain `except` for it does catch. */
const CATCHES_GROUPS = new Set(
  "Exception BaseException ExceptionGroup BaseExceptionGroup KeyboardInterrupt SystemExit GeneratorExit"
    .split(" ")
    .map((name) => `builtins.${name}`)
    .concat("asyncio.CancelledError", "asyncio.exceptions.CancelledError"),
);

export const taskgroupMisuse: Rule = {
  id: "taskgroup-misuse",
  equivalents: [],
  severity: "error",
  defaultOn: true,
  summary:
    "a TaskGroup that is not entered, used after its end, awaited task by task, or whose errors are not caught",
  check(context) {
    for (const call of context.callsOf(CALLS)) {
      const callee = context.call(call).callee;
      if (callee && context.nameOf(callee) === GROUP) checkEntered(context, call);
      else checkAwaited(context, call);
    }
    if (!context.isAsync) return;
    for (const statement of context.nodes("WithStatement")) {
      if (!isAsync(statement)) continue;
      const target = groupTarget(context, statement);
      if (target) checkUsedAfter(context, statement, context.slice(target));
    }
    for (const statement of context.nodes("TryStatement")) checkExcept(context, statement);
  },
};

/** The variable a TaskGroup is bound to by this `async with`. */
function groupTarget(context: FileContext, statement: SyntaxNode): SyntaxNode | null {
  const item = withItems(statement).find((one) => isGroup(context, one.context));
  return item?.target?.name === "VariableName" ? item.target : null;
}

function isGroup(context: FileContext, expression: SyntaxNode): boolean {
  const callee = expression.name === "CallExpression" ? context.call(expression).callee : null;
  return callee !== null && context.nameOf(callee) === GROUP;
}

/** `with TaskGroup()` and `TaskGroup().create_task(...)`. */
function checkEntered(context: FileContext, call: SyntaxNode): void {
  const parent = parenthesised(call).parent;
  if (parent?.name === "WithStatement" && !isAsync(parent)) {
    context.report({
      at: call,
      message: "a TaskGroup is entered with `async with`: a plain `with` fails",
      fix: {
        title: "Use async with",
        edits: [{ from: parent.from, to: parent.from, text: "async " }],
      },
    });
  } else if (parent?.name === "MemberExpression" || parent?.name === "ExpressionStatement") {
    context.report({
      at: call,
      message:
        "this TaskGroup is never entered: `async with asyncio.TaskGroup() as group:` waits for its tasks",
    });
  }
}

/** `await group.create_task(f())`: the group adds nothing, the tasks run one at a time. */
function checkAwaited(context: FileContext, call: SyntaxNode): void {
  const awaiting = parenthesised(call).parent;
  if (awaiting?.name !== "AwaitExpression" || awaited(awaiting)?.from !== call.from) return;
  const statement = context.statement(call);
  const coroutine = context.call(call).positional[0];
  if (statement.name !== "ExpressionStatement" && statement.name !== "AssignStatement") return;
  context.report({
    at: awaiting,
    severity: "warning",
    message: `awaiting the task at once waits here, so nothing runs beside it: leave out the await (the group waits at its end)${
      coroutine ? `, or await ${spoken(context, coroutine)} itself` : ""
    }`,
  });
}

/** `group.create_task()` in a statement that follows the block: the group is finished and raises. */
function checkUsedAfter(context: FileContext, block: SyntaxNode, group: string): void {
  const body = block.parent;
  if (body?.name !== "Body") return;
  for (const statement of statements(body)) {
    if (statement.from <= block.from) continue;
    if (rebinds(context, statement, group)) return;
    for (const call of context.nodes("CallExpression")) {
      if (call.from < statement.from || call.to > statement.to) continue;
      const callee = context.call(call).callee;
      if (callee && context.slice(callee) === `${group}.create_task`) {
        context.report({
          at: call,
          message: `the block of "${group}" has ended: a finished TaskGroup takes no more tasks and raises RuntimeError`,
        });
      }
    }
  }
}

function rebinds(context: FileContext, statement: SyntaxNode, name: string): boolean {
  return new RegExp(`\\b(as\\s+${name}\\b|${name}\\s*=[^=])`).test(context.slice(statement));
}

/** `try: async with TaskGroup() ... except ValueError`: what comes out is an ExceptionGroup. */
function checkExcept(context: FileContext, statement: SyntaxNode): void {
  const parts = tryParts(statement);
  const inside = parts ? statements(parts.body) : [];
  if (parts === null || inside.length !== 1 || inside[0].name !== "WithStatement" || !isAsync(inside[0]))
    return;
  const items = withItems(inside[0]);
  if (items.length !== 1 || !isGroup(context, items[0].context)) return;
  for (const handler of parts.handlers) {
    if (handler.star || handler.types.length === 0) continue;
    const names = handler.types.map((type) => context.nameOf(type));
    if (names.some((name) => name === null || CATCHES_GROUPS.has(name) || name.endsWith("ExceptionGroup")))
      continue;
    const shown = handler.types.map((type) => context.slice(type)).join(", ");
    context.report({
      at: { from: handler.keyword.from, to: handler.types.at(-1)?.to ?? handler.keyword.to },
      severity: "warning",
      message: `a TaskGroup raises an ExceptionGroup, which \`except ${shown}\` does not catch: use \`except*\` (Python 3.11)`,
    });
  }
}
