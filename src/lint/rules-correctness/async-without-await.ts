import type { SyntaxNode } from "@lezer/common";
import type { FileContext, Rule } from "../types";
import { contains, functionOf, isSuspension, statements } from "./tree";

export const asyncWithoutAwait: Rule = {
  id: "async-without-await",
  equivalents: ["RUF029"],
  severity: "info",
  defaultOn: false,
  asyncOnly: true,
  summary: "an async function that never awaits: a plain function would do",
  check(context) {
    // Only what is a unit of its own: a nested function is mostly handed to someone who wants it async.
    const definition = functionOf(context.root);
    const body = definition?.getChild("Body");
    const name = definition?.getChild("VariableName");
    if (definition?.firstChild?.name !== "async" || !body || !name) return;
    if (context.root.name === "DecoratedStatement" || isWanted(context, context.slice(name), definition))
      return;
    if (isStub(context, body) || contains(body, (node) => isSuspension(node) || isYield(node))) return;
    context.report({
      at: name,
      message: `${context.slice(name)}() is async but never awaits: its callers await for nothing`,
    });
  },
};

/** Whether someone else may have asked for it to be async: a base class, a protocol, the language, a test runner. */
function isWanted(context: FileContext, name: string, definition: SyntaxNode): boolean {
  if (/^__\w+__$/.test(name) || /^(test|setup|teardown|on|handle)_/i.test(name)) return true;
  if (context.classAt(definition) === null) return false;
  for (let node: SyntaxNode | null = definition.parent; node; node = node.parent) {
    if (node.name === "ClassDefinition") return node.getChild("ArgList") !== null;
  }
  return false;
}

function isYield(node: SyntaxNode): boolean {
  return node.name === "YieldStatement" || node.name === "YieldExpression";
}

/** A docstring, `...`, `pass` or `raise NotImplementedError`, and nothing else: there is no body yet. */
function isStub(context: FileContext, body: SyntaxNode): boolean {
  return statements(body).every(
    (statement) =>
      statement.name === "PassStatement" ||
      (statement.name === "RaiseStatement" && /NotImplementedError/.test(context.slice(statement))) ||
      (statement.name === "ExpressionStatement" &&
        /^(String|ContinuedString|Ellipsis)$/.test(statement.firstChild?.name ?? "")),
  );
}
