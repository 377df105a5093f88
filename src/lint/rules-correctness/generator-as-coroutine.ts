import type { SyntaxNode } from "@lezer/common";
import type { FileContext, Rule } from "../types";
import { generatorKind, isCoroutineFunction } from "./callables";
import { bare, spoken } from "./tree";

/** Calls that take coroutines: which of their positional arguments. */
const TAKES_COROUTINES = new Map<string, "first" | "all">([
  ["asyncio.create_task", "first"],
  ["asyncio.ensure_future", "first"],
  ["asyncio.run", "first"],
  ["asyncio.shield", "first"],
  ["asyncio.wait_for", "first"],
  ["asyncio.run_coroutine_threadsafe", "first"],
  ["asyncio.gather", "all"],
  ["asyncio.TaskGroup.create_task", "first"],
  ["asyncio.AbstractEventLoop.create_task", "first"],
  ["asyncio.AbstractEventLoop.run_until_complete", "first"],
]);

export const generatorAsCoroutine: Rule = {
  id: "generator-as-coroutine",
  equivalents: [],
  severity: "error",
  defaultOn: true,
  summary: "a generator, or a function that was not called, where a coroutine is needed",
  check(context) {
    for (const node of context.isAsync ? context.nodes("AwaitExpression") : []) {
      if (node.lastChild) checkAwaitable(context, bare(node.lastChild), "awaited");
    }
    for (const call of context.callsOf(TAKES_COROUTINES)) {
      const { callee, positional, open } = context.call(call);
      const name = callee ? context.nameOf(callee) : null;
      const takes = name === null || open ? undefined : TAKES_COROUTINES.get(name);
      if (takes === undefined || callee === null) continue;
      for (const argument of takes === "first" ? positional.slice(0, 1) : positional) {
        checkAwaitable(context, argument, `given to ${context.slice(callee)}()`);
      }
    }
    if (context.isAsync || context.callsMaking("async generator").length > 0)
      for (const loop of context.nodes("ForStatement")) checkLoop(context, loop);
  },
};

/** Reports an expression that is certainly no awaitable. */
function checkAwaitable(context: FileContext, expression: SyntaxNode, use: string): void {
  const kind = generatorKind(context, expression);
  if (kind !== null) {
    const name = spoken(context, expression);
    const advice =
      kind === "async"
        ? "an async generator: iterate it with `async for`"
        : "a generator: write `async def` and `await` instead of `yield`";
    context.report({ at: expression, message: `${name} cannot be ${use}, it is ${advice}` });
  } else if (isReference(expression) && isCoroutineFunction(context, expression)) {
    const name = spoken(context, expression);
    context.report({
      at: expression,
      message: `${name} cannot be ${use}: it is a function, call it to get its coroutine`,
      fix: {
        title: `Call ${name}`,
        edits: [{ from: expression.to, to: expression.to, text: "()" }],
      },
    });
  }
}

/** `name` or `object.name` */
function isReference(expression: SyntaxNode): boolean {
  return expression.name === "VariableName" || expression.name === "MemberExpression";
}
/** `for` over an async generator, or `async for` over a plain one. */
function checkLoop(context: FileContext, loop: SyntaxNode): void {
  const iterable = loop.getChild("in")?.nextSibling;
  const isAsync = loop.firstChild?.name === "async";
  const kind = iterable ? generatorKind(context, bare(iterable)) : null;
  if (!iterable || kind !== (isAsync ? "sync" : "async")) return;
  const name = spoken(context, iterable);
  if (isAsync) {
    context.report({
      at: iterable,
      message: `\`async for\` cannot iterate ${name}, it is a plain generator: use \`for\``,
      fix: {
        title: "Use a plain for",
        edits: [{ from: loop.from, to: loop.getChild("for")?.from ?? loop.from, text: "" }],
      },
    });
  } else {
    const inAsync = context.functionAt(loop)?.isAsync === true;
    context.report({
      at: iterable,
      message: `\`for\` cannot iterate ${name}, it is an async generator: use \`async for\``,
      fix: inAsync
        ? { title: "Use async for", edits: [{ from: loop.from, to: loop.from, text: "async " }] }
        : undefined,
    });
  }
}
