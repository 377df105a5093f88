import type { FileContext, Rule } from "../types";
import { type AwaitStatement, awaitRuns, lastName } from "./awaitRuns";
import { spoken } from "./tree";

/** Names that promise to fetch something and change nothing. */
const FETCHES =
  /^_?(a|async_)?(get|fetch|load|list|find|query|search|count|download|lookup|retrieve|request|read|describe|calculate|compute)(?=_|$|[A-Z])/;

export const sequentialAwaits: Rule = {
  id: "sequential-awaits",
  equivalents: [],
  severity: "info",
  defaultOn: true,
  asyncOnly: true,
  summary: "awaits in a row that do not need one another and could run together",
  check(context) {
    for (const run of awaitRuns(context, (step) => fetches(context, step)))
      if (!isOfOthers(context)) report(context, run);
  },
};

/** `x = await fetch_it(...)`: the call promises to change nothing, and its result is what it is for. */
function fetches(context: FileContext, { statement, call, callee, targets }: AwaitStatement): boolean {
  if (targets.length === 0 || statement.getChild("TypeDef") || context.call(call).open) return false;
  return FETCHES.test(lastName(context, callee));
}

/** Whether the file is written for another framework than asyncio, which has no use for `gather`. */
function isOfOthers({ text }: FileContext): boolean {
  return (
    /^\s*(?:from|import)\s+(?:twisted|trio|curio)\b/m.test(text) &&
    !/^\s*(?:from|import)\s+asyncio\b/m.test(text)
  );
}

function report(context: FileContext, run: readonly AwaitStatement[]): void {
  const [first, ...others] = run;
  const names = run.map((step) => spoken(context, step.call));
  const last = names.pop();
  context.report({
    at: { from: first.statement.from, to: run[run.length - 1].statement.to },
    message: `${names.join(", ")} and ${last} wait one after another, though none needs another's result: asyncio.gather or a TaskGroup would run them together`,
    related: others.map((step) => ({ at: step.call, message: "could run at the same time" })),
  });
}
