import type { SyntaxNode } from "@lezer/common";
import { ordered, useModule } from "../fixes/edits";
import type { FileContext, Rule } from "../types";
import { children, contains, tryParts } from "./tree";

/** What is on its way out, and what to use instead. */
const DEPRECATED: Record<string, string> = {
  "asyncio.set_event_loop": "asyncio.run or asyncio.Runner make and close the loop",
  "asyncio.set_event_loop_policy": "deprecated in 3.14: give asyncio.run or asyncio.Runner a loop_factory",
  "asyncio.get_event_loop_policy": "deprecated in 3.14: give asyncio.run or asyncio.Runner a loop_factory",
  "asyncio.DefaultEventLoopPolicy": "deprecated in 3.14: give asyncio.run or asyncio.Runner a loop_factory",
  "asyncio.WindowsSelectorEventLoopPolicy":
    "deprecated in 3.14: asyncio.run(..., loop_factory=asyncio.SelectorEventLoop)",
  "asyncio.WindowsProactorEventLoopPolicy":
    "deprecated in 3.14: asyncio.run(..., loop_factory=asyncio.ProactorEventLoop)",
  "asyncio.get_child_watcher": "removed in 3.14: the loop watches processes by itself",
  "asyncio.set_child_watcher": "removed in 3.14: the loop watches processes by itself",
  "asyncio.coroutine": "removed in 3.11: write `async def`",
  "asyncio.async": "removed in 3.7: use asyncio.create_task",
};

/** Calls that took a `loop=` argument, removed in Python 3.10. */
const TOOK_LOOP = new Set(
  `sleep wait wait_for gather shield as_completed Lock Event Condition Semaphore BoundedSemaphore Queue LifoQueue
   PriorityQueue open_connection start_server open_unix_connection start_unix_server create_subprocess_exec
   create_subprocess_shell`
    .split(/\s+/)
    .map((name) => `asyncio.${name}`),
);

const WATCHED = new Set(["asyncio.get_event_loop", ...Object.keys(DEPRECATED), ...TOOK_LOOP]);

const RUNS_LOOP = /\.(run_until_complete|run_forever)\s*\(/;

export const deprecatedLoopApi: Rule = {
  id: "deprecated-loop-api",
  equivalents: [],
  severity: "warning",
  defaultOn: true,
  summary:
    "parts of asyncio that are deprecated or gone: get_event_loop outside a loop, policies, loop= arguments",
  check(context) {
    for (const call of context.callsOf(WATCHED)) {
      const { callee, keywords } = context.call(call);
      const name = callee ? context.nameOf(callee) : null;
      if (name === null || callee === null || isForOneVersion(context, call)) continue;
      if (name === "asyncio.get_event_loop") checkGetLoop(context, call);
      else if (Object.hasOwn(DEPRECATED, name) && !isCleanUp(context, name, call)) {
        const severity = name === "asyncio.set_event_loop" ? "info" : undefined;
        context.report({ at: call, severity, message: `${context.slice(callee)}(): ${DEPRECATED[name]}` });
      }
      const loop = TOOK_LOOP.has(name) ? keywords.get("loop") : undefined;
      if (loop) reportLoopArgument(context, callee, loop);
    }
    const mayDecorate = /\bcoroutine\b/.test(context.text.slice(context.from, context.to));
    for (const decorator of mayDecorate ? context.nodes("Decorator") : []) {
      const expression = decorator.firstChild?.nextSibling;
      if (expression && context.nameOf(expression) === "asyncio.coroutine") {
        context.report({
          at: expression,
          severity: "error",
          message: `@asyncio.coroutine: ${DEPRECATED["asyncio.coroutine"]}`,
        });
      }
    }
  },
};

/** `if sys.version_info < (3, 14):`: whoever asks knows what is gone in which version. */
function isForOneVersion(context: FileContext, call: SyntaxNode): boolean {
  for (let at: SyntaxNode | null = call; at && at.name !== "Script"; at = at.parent) {
    const outer: SyntaxNode | null = at.parent;
    if (outer?.name !== "IfStatement" && outer?.name !== "ConditionalExpression") continue;
    const asks = (node: SyntaxNode) =>
      /^(VariableName|MemberExpression)$/.test(node.name) && isVersion(context, node);
    const isCondition = (node: SyntaxNode) =>
      node.name !== "Body" && node.from !== at?.from && contains(node, asks);
    if (children(outer).some(isCondition)) return true;
  }
  return false;
}

function isVersion(context: FileContext, node: SyntaxNode): boolean {
  return /^sys\.(version_info|version|hexversion)$/.test(context.nameOf(node) ?? "");
}

/** `set_event_loop(None)` takes back what another library set. */
function isCleanUp(context: FileContext, name: string, call: SyntaxNode): boolean {
  const [argument] = context.call(call).positional;
  return name === "asyncio.set_event_loop" && argument?.name === "None";
}

/** Without a running loop, get_event_loop() warned since 3.12 and raises since 3.14. */
function checkGetLoop(context: FileContext, call: SyntaxNode): void {
  const owner = context.functionAt(call);
  if (owner?.isAsync || (owner === null && context.isNotebook)) return;
  // A plain function may well be called on the loop: certain is only code of the module, and code that then runs the loop.
  if (owner !== null && !runsLoop(context, call)) return;
  if (isHandled(context, call)) return;
  context.report({
    at: call,
    message:
      "asyncio.get_event_loop() makes no loop where none is running (a warning since Python 3.12, an error since 3.14): use asyncio.run",
    fix: runInstead(context, call),
  });
}

/** `try: get_event_loop() except RuntimeError:` knows what may happen. */
function isHandled(context: FileContext, call: SyntaxNode): boolean {
  const statement = context.enclosing(call, "TryStatement");
  const parts = statement && tryParts(statement);
  if (!parts || call.from > parts.body.to) return false;
  return parts.handlers.some(
    ({ types }) =>
      types.length === 0 ||
      types.some((type) =>
        /^builtins\.(RuntimeError|Exception|BaseException)$/.test(context.nameOf(type) ?? ""),
      ),
  );
}

function runsLoop(context: FileContext, call: SyntaxNode): boolean {
  let scope: SyntaxNode = call;
  while (scope.parent && scope.name !== "FunctionDefinition" && scope.name !== "LambdaExpression")
    scope = scope.parent;
  return contains(scope, (node) => node.name === "CallExpression" && RUNS_LOOP.test(context.slice(node)));
}

/** `asyncio.get_event_loop().run_until_complete(main())` is `asyncio.run(main())`. */
function runInstead(context: FileContext, call: SyntaxNode) {
  const member = call.parent;
  const run = member?.parent;
  const method = member?.name === "MemberExpression" ? member.getChild("PropertyName") : null;
  if (!run || !member || run.name !== "CallExpression" || !method) return undefined;
  if (context.slice(method) !== "run_until_complete") return undefined;
  const [argument, ...more] = context.call(run).positional;
  const isCoroutine = argument && context.resolve(argument).every((meaning) => meaning.kind === "coroutine");
  if (!argument || more.length > 0 || !isCoroutine) return undefined;
  const { name, edits } = useModule(context, "asyncio");
  return {
    title: "Use asyncio.run",
    edits: ordered([{ from: member.from, to: member.to, text: `${name}.run` }, ...edits]),
  };
}

function reportLoopArgument(context: FileContext, callee: SyntaxNode, value: SyntaxNode): void {
  const name = value.prevSibling?.prevSibling;
  const from = name?.name === "VariableName" ? name.from : value.from;
  const comma = name?.prevSibling?.name === "," ? name.prevSibling : null;
  const after = value.nextSibling?.name === "," ? value.nextSibling : null;
  context.report({
    at: { from, to: value.to },
    severity: "error",
    message: `${context.slice(callee)}() takes no loop= since Python 3.10: it uses the running loop`,
    fix: {
      title: "Remove loop=",
      edits: [
        comma
          ? { from: comma.from, to: value.to, text: "" }
          : { from, to: after ? skipSpace(context.text, after.to) : value.to, text: "" },
      ],
    },
  });
}

function skipSpace(text: string, offset: number): number {
  let at = offset;
  while (text[at] === " ") at++;
  return at;
}
