import type { SyntaxNode } from "@lezer/common";
import { freshName, importPlace, indentation, lineAfter, newlineOf, ordered } from "../fixes/edits";
import type { FileContext, Rule, TextChange } from "../types";
import { MAKES_TASK } from "./names";
import { assignedValue, bare, children, parenthesised, targetsOf } from "./tree";

export const danglingTask: Rule = {
  id: "dangling-task",
  equivalents: ["RUF006", "ASYNC300"],
  severity: "warning",
  defaultOn: true,
  summary: "a task nobody holds a reference to may be garbage-collected before it is done",
  check(context) {
    for (const call of context.callsOf(MAKES_TASK)) {
      if (context.isAwaited(call) || isOfKnownTask(context, call)) continue;
      // What a cell ends with is kept in `Out`.
      if (context.isNotebook && context.functionAt(call) === null) continue;
      const dropped = droppedBy(context, call);
      if (dropped === null) continue;
      context.report({
        at: call,
        message: `the loop keeps only a weak reference to this task, and ${dropped}: it may vanish before it is done`,
        fix: keepReference(context, call),
      });
    }
  },
};

/** `ensure_future(task)` of what is a task already makes none: whoever holds that one holds it. */
function isOfKnownTask(context: FileContext, call: SyntaxNode): boolean {
  const { callee, positional } = context.call(call);
  if (callee === null || context.nameOf(callee) !== "asyncio.ensure_future") return false;
  const [given] = positional;
  if (given?.name !== "VariableName" && given?.name !== "MemberExpression") return false;
  const meanings = context.resolve(given);
  return meanings.length === 0 || meanings.some((meaning) => meaning.kind !== "coroutine");
}

/** Why nothing keeps the task, or null when something may. */
function droppedBy(context: FileContext, call: SyntaxNode): string | null {
  const expression = parenthesised(call);
  const parent = expression.parent;
  if (parent?.name === "ExpressionStatement") return "nothing else holds it";
  // `create_task(f()).add_done_callback(log)`: the callback does not hold the task.
  if (parent?.name === "MemberExpression" && parent.parent?.name === "CallExpression") {
    const method = parent.getChild("PropertyName");
    const isStatement = parenthesised(parent.parent).parent?.name === "ExpressionStatement";
    return method && context.slice(method) === "add_done_callback" && isStatement
      ? "nothing else holds it"
      : null;
  }
  // `[create_task(f(x)) for x in xs]` as a statement.
  if (parent?.name === "ArrayComprehensionExpression" && parent.parent?.name === "ExpressionStatement") {
    return "nothing holds the list";
  }
  if (parent?.name !== "AssignStatement" || assignedValue(parent)?.from !== expression.from) return null;
  const [target, ...more] = targetsOf(parent) ?? [];
  if (!target || more.length > 0 || target.name !== "VariableName") return null;
  if (context.functionAt(parent) === null) return null;
  const variable = context.slice(target);
  return context.uses(variable, target).length === 0 ? `"${variable}" is never used again` : null;
}

const HOLDER = "background_tasks";

/** The documented way: a set that holds the task until it is done. */
function keepReference(context: FileContext, call: SyntaxNode) {
  const statement = context.statement(call);
  const value = assignedValue(statement);
  const indent = indentation(context.text, statement);
  if (value === null || bare(value).from !== call.from || indent === null || !endsItsLine(context, statement))
    return;
  const newline = newlineOf(context.text);
  const target = targetsOf(statement)?.[0];
  const task = target ? context.slice(target) : freshName(context.text, "task");
  const hasHolder = children(context.tree.topNode).some((node) => isHolder(context, node));
  const holder = hasHolder ? HOLDER : freshName(context.text, HOLDER);
  const lines = [`${holder}.add(${task})`, `${task}.add_done_callback(${holder}.discard)`];
  const edits: TextChange[] = [
    { from: statement.to, to: statement.to, text: lines.map((line) => newline + indent + line).join("") },
  ];
  if (!target) edits.push({ from: statement.from, to: statement.from, text: `${task} = ` });
  if (!hasHolder) {
    const at = afterImports(context);
    edits.push({ from: at, to: at, text: `${newline}${holder} = set()${newline}` });
  }
  return { title: "Keep a reference to the task until it is done", edits: ordered(edits) };
}

/** `background_tasks = set()` at the top level. */
function isHolder(context: FileContext, node: SyntaxNode): boolean {
  const target = targetsOf(node)?.[0];
  const value = assignedValue(node);
  return (
    target != null && value != null && context.slice(target) === HOLDER && context.slice(value) === "set()"
  );
}

/** Whether only a line end follows, so that lines can be added below. A comment would be torn off the statement. */
function endsItsLine(context: FileContext, statement: SyntaxNode): boolean {
  return /^[ \t]*(?:\r|\n|$)/.test(context.text.slice(statement.to, statement.to + 200));
}

/** Below the imports that the module begins with; the set must exist before a statement of the module runs. */
function afterImports(context: FileContext): number {
  let at: number | null = null;
  for (const node of children(context.tree.topNode)) {
    if (node.name === "ImportStatement") at = lineAfter(context.text, node.to);
    else if (at !== null && node.name !== "Comment") break;
    else if (node.name !== "Comment" && node.name !== "ExpressionStatement") break;
  }
  return at ?? importPlace(context).at;
}
