import type { SyntaxNode } from "@lezer/common";
import type { FileContext, Rule } from "../types";
import { isCoroutineFunction } from "./callables";
import { assignedValue, bare, children, contains, parenthesised, spoken, targetsOf } from "./tree";

/** Builtins and the like that use a value on the spot, for which a coroutine is never meant. */
const TAKES_VALUES = new Set(
  `abs all any ascii bool bytes complex dict divmod enumerate float format frozenset hash int len list map max min next
   print range repr reversed round set sorted str sum tuple zip`
    .split(/\s+/)
    .map((name) => `builtins.${name}`)
    .concat("json.dumps", "json.loads", "json.dump", "time.sleep"),
);

/** What looks at each item of a generator, instead of keeping it. */
const TESTS_ITEMS = /^builtins\.(?:all|any|max|min|sum|sorted|bytes)$/;

/** What a coroutine object itself offers. */
const OWN_ATTRIBUTES = /^(send|throw|close|cr_\w+|__\w+__)$/;

export const missingAwait: Rule = {
  id: "missing-await",
  equivalents: ["ASYNC105"],
  severity: "error",
  defaultOn: true,
  summary: "a coroutine that is made but not awaited: its body never runs",
  check(context) {
    for (const call of context.callsMaking("coroutine")) {
      if (context.isAwaited(call)) continue;
      const misuse = misuseOf(context, parenthesised(call));
      if (misuse === null) continue;
      const { callee } = context.call(call);
      if (callee === null || !isCoroutineFunction(context, callee) || isAskedFor(context, call, callee))
        continue;
      const owner = context.functionAt(call);
      const inAsync = owner === null ? context.isNotebook : owner.isAsync;
      const name = spoken(context, call);
      context.report({
        at: call,
        message: `${name} makes a coroutine that is ${misuse}: ${
          inAsync ? `await it` : "nothing here runs it, and only async code can await it"
        }`,
        fix: inAsync ? insertAwait(context, call) : undefined,
      });
    }
    for (const { call, override } of context.callsOfAsyncOverrides()) {
      // Plain callers of a class whose methods are all plain are not what an asynchronous one inherits it for.
      if (!context.functionAt(call)?.isAsync || parenthesised(call).parent?.name !== "ExpressionStatement")
        continue;
      const { callee } = context.call(call);
      if (callee === null || isAskedFor(context, call, callee)) continue;
      context.report({
        at: call,
        message: `${spoken(context, call)} makes a coroutine that is never awaited where ${override}() runs, an async override`,
      });
    }
  },
};

/**
 * `if isinstance(self.lock, SyncLock): self.lock.acquire()`, `if not iscoroutinefunction(self.close): self.close()`: in
 * there it is not what it was declared to be.
 */
function isAskedFor(context: FileContext, call: SyntaxNode, callee: SyntaxNode): boolean {
  const receiver = callee.name === "MemberExpression" && callee.firstChild ? callee.firstChild : callee;
  const asked = new Set([receiver, callee].map((node) => context.slice(node)));
  for (let at = call.parent; at && at.name !== "FunctionDefinition"; at = at.parent) {
    if (at.name !== "IfStatement" && at.name !== "ConditionalExpression") continue;
    const asks = children(at).some(
      (part) =>
        part.name !== "Body" &&
        contains(part, (node) => {
          const test = node.name === "CallExpression" ? context.call(node) : null;
          const [about] = test?.positional ?? [];
          return (
            about !== undefined &&
            asked.has(context.slice(about)) &&
            /(?:^|\.)(?:isinstance|hasattr|iscoroutinefunction|isawaitable)$/.test(
              context.slice(test?.callee ?? node),
            )
          );
        }),
    );
    if (asks) return true;
  }
  return false;
}

/** `async for` over an abstract method: what it is declared as with `async def` is mostly meant to be an async generator. */
function isDeclaredOnly(context: FileContext, expression: SyntaxNode): boolean {
  const { callee } = context.call(bare(expression));
  return (
    expression.parent?.firstChild?.name === "async" &&
    callee !== null &&
    context
      .resolve(callee)
      .some(({ kind, ...meaning }) => "info" in meaning && meaning.info.decorators.some(isDeclaration))
  );
}

function isDeclaration(decorator: string): boolean {
  return /(?:^|\.)(?:abstractmethod|overload)$/.test(decorator);
}

/** How an expression's value is used in a way no coroutine is made for; null when it may be meant. */
function misuseOf(context: FileContext, expression: SyntaxNode): string | null {
  const parent = expression.parent;
  switch (parent?.name) {
    case "ExpressionStatement":
      return "never awaited";
    case "AssignStatement":
      return misuseOfVariable(context, parent, expression);
    case "IfStatement":
    case "WhileStatement":
    case "AssertStatement":
      return "always true, awaited or not";
    case "UnaryExpression":
    case "BinaryExpression":
      return isLastOperand(parent, expression) ? null : "used as if it were the result";
    case "ConditionalExpression":
      return expression.prevSibling?.name === "if" ? "always true, awaited or not" : null;
    case "MemberExpression": {
      if (parent.firstChild?.from !== expression.from) return "used as if it were the result";
      const attribute = parent.getChild("PropertyName");
      if (attribute && OWN_ATTRIBUTES.test(context.slice(attribute))) return null;
      return "used as if it were the result";
    }
    case "ForStatement":
      return expression.prevSibling?.name === "in" && !isDeclaredOnly(context, expression)
        ? "iterated as if it were the result"
        : null;
    case "FormatReplacement":
      return "formatted as if it were the result";
    case "UpdateStatement":
      return "used as if it were the result";
    case "WithStatement":
      return parent.firstChild?.name === "async" ? null : "entered as if it were the result";
    case "ArgList": {
      const callee = parent.parent?.firstChild;
      const name = callee ? context.nameOf(callee) : null;
      // `tuple(coro(x) for x in xs)`: made to be handed to gather.
      if (parent.getChild("for") && !TESTS_ITEMS.test(name ?? "")) return null;
      const positional = expression.prevSibling?.name !== "AssignOp" && expression.prevSibling?.name !== "*";
      return name !== null && positional && TAKES_VALUES.has(name)
        ? `passed on to ${shortName(name)}()`
        : null;
    }
    default:
      return null;
  }
}

/** `a() or b()` evaluates to its last operand, which may be handed on; any other operand is tested or computed with. */
function isLastOperand(parent: SyntaxNode, expression: SyntaxNode): boolean {
  const operator = expression.prevSibling?.name;
  return (operator === "or" || operator === "and") && parent.lastChild?.from === expression.from;
}

/** The same for a coroutine kept in a local name: when every use of the name is one. */
function misuseOfVariable(context: FileContext, statement: SyntaxNode, value: SyntaxNode): string | null {
  const [target, ...more] = targetsOf(statement) ?? [];
  if (!target || more.length > 0 || assignedValue(statement)?.from !== value.from) return null;
  if (target.name !== "VariableName" || context.functionAt(statement) === null) return null;
  const uses = context.uses(context.slice(target), target);
  if (uses.length === 0) return "assigned and never used";
  const misuses = uses.map((use) =>
    use.parent?.name === "AssignStatement" || context.isAwaited(use)
      ? null
      : misuseOf(context, parenthesised(use)),
  );
  return misuses.every((misuse) => misuse !== null) ? misuses[0] : null;
}

function insertAwait(context: FileContext, call: SyntaxNode) {
  const outer = parenthesised(call);
  const binds = outer.parent && /^(MemberExpression|CallExpression)$/.test(outer.parent.name);
  const wrap = binds === true && outer.from === call.from;
  const edits = [{ from: call.from, to: call.from, text: wrap ? "(await " : "await " }];
  if (wrap) edits.unshift({ from: call.to, to: call.to, text: ")" });
  return { title: `Await ${spoken(context, call)}`, edits };
}

function shortName(name: string): string {
  return name.replace(/^builtins\./, "");
}
