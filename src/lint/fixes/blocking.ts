/** Fixes of calls that block: the asynchronous call instead, or the same call in a thread. */
import type { SyntaxNode } from "@lezer/common";
import { catalog } from "../catalog";
import type { Finding, TextChange } from "../types";
import { covering, freshName, indentation, newlineOf, ordered, type Source, useModule } from "./edits";
import type { OfferedFix } from "./index";

/** The call a finding is about, where `await` may be put before it. */
interface Site {
  call: SyntaxNode;
  callee: SyntaxNode;
  args: SyntaxNode;
}

function site({ tree }: Source, finding: Finding): Site | null {
  const call = covering(tree, finding.from, finding.to, "CallExpression");
  const callee = call?.firstChild;
  const args = call?.getChild("ArgList");
  if (!call || !callee || !args || call.from !== finding.from || call.to !== finding.to) return null;
  // `await helper()` already: what the helper gives is awaited too, and one `await` more would change which is which.
  let outer = call;
  while (outer.parent?.name === "ParenthesizedExpression") outer = outer.parent;
  if (outer.parent?.name === "AwaitExpression" || args.lastChild?.name !== ")") return null;
  return canAwait(call) ? { call, callee, args } : null;
}

/** Directly in an async function: not in a lambda, a default, or what a generator expression evaluates later. */
function canAwait(node: SyntaxNode): boolean {
  for (let child = node, parent = node.parent; parent; child = parent, parent = parent.parent) {
    if (parent.name === "LambdaExpression" || parent.name === "ClassDefinition") return false;
    if (parent.name === "FunctionDefinition")
      return child.name === "Body" && parent.firstChild?.name === "async";
    const isGenerator =
      parent.name === "ComprehensionExpression" || (parent.name === "ArgList" && parent.getChild("for"));
    if (isGenerator && !isFirstIterable(parent, child)) return false;
  }
  return false;
}

function isFirstIterable(comprehension: SyntaxNode, part: SyntaxNode): boolean {
  return comprehension.getChild("in")?.nextSibling?.from === part.from;
}

/** `await expression`, in parentheses where what follows would bind to it first. */
function awaiting(call: SyntaxNode): { before: string; after: string } {
  const parent = call.parent;
  const isObject =
    parent && /^(MemberExpression|CallExpression)$/.test(parent.name) && parent.from === call.from;
  return isObject ? { before: "(await ", after: ")" } : { before: "await ", after: "" };
}

/** Edits that put `await` before the call and change its inside. */
function awaitCall({ call }: Site, inside: readonly TextChange[]): TextChange[] {
  const { before, after } = awaiting(call);
  const first = inside.find((edit) => edit.from === call.from);
  const rest = inside.filter((edit) => edit !== first);
  const edits = [
    { from: call.from, to: first?.to ?? call.from, text: before + (first?.text ?? "") },
    ...rest,
  ];
  if (after) edits.push({ from: call.to, to: call.to, text: after });
  return edits;
}

/** `await asyncio.sleep(...)` */
export function asyncSleep(source: Source, finding: Finding): OfferedFix | null {
  const place = site(source, finding);
  if (place === null) return null;
  const { name, edits } = useModule(source, "asyncio");
  const { callee } = place;
  const inside = [{ from: callee.from, to: callee.to, text: `${name}.sleep` }];
  return {
    title: "Use await asyncio.sleep()",
    edits: ordered([...awaitCall(place, inside), ...edits]),
    safe: true,
  };
}

/** `asyncio.run(main())` and `loop.run_until_complete(main())` become `await main()`. */
export function awaitInstead(source: Source, finding: Finding): OfferedFix | null {
  const place = site(source, finding);
  if (place === null || !/\.(run|run_until_complete)$/.test(finding.sink ?? "")) return null;
  const argument = place.args.firstChild?.nextSibling;
  if (argument?.nextSibling?.name !== ")" || argument.name !== "CallExpression") return null;
  const { before, after } = awaiting(place.call);
  const text = before + source.text.slice(argument.from, argument.to) + after;
  return {
    title: "Await the coroutine",
    edits: [{ from: place.call.from, to: place.call.to, text }],
    safe: true,
  };
}

/** `future.result()` becomes `await asyncio.wrap_future(future)`. */
export function wrapFuture(source: Source, finding: Finding): OfferedFix | null {
  const place = site(source, finding);
  const future = place?.callee.name === "MemberExpression" ? place.callee.firstChild : null;
  if (!place || !future || place.args.firstChild?.nextSibling?.name !== ")") return null;
  const { name, edits } = useModule(source, "asyncio");
  const { before, after } = awaiting(place.call);
  const text = `${before}${name}.wrap_future(${source.text.slice(future.from, future.to)})${after}`;
  return {
    title: "Use await asyncio.wrap_future()",
    edits: ordered([{ from: place.call.from, to: place.call.to, text }, ...edits]),
    safe: true,
  };
}

const SUBPROCESS_KEYWORDS = new Set(
  "stdin stdout stderr cwd env start_new_session close_fds user group umask".split(" "),
);

/** `subprocess.run([...])` whose result nobody uses becomes `create_subprocess_exec` and `wait`; so does `p = Popen([...])`. */
export function createSubprocess(source: Source, finding: Finding): OfferedFix | null {
  const place = site(source, finding);
  const kind = /^subprocess\.(run|call|Popen)$/.exec(finding.sink ?? "")?.[1];
  const program = place?.args.firstChild?.nextSibling;
  if (!place || !kind || program?.name !== "ArrayExpression" || !onlyKeywords(source, place.args, program))
    return null;
  const statement = place.call.parent;
  const indent = statement ? indentation(source.text, statement) : null;
  if (!statement || indent === null) return null;
  const isStatement = statement.name === "ExpressionStatement";
  if (kind === "Popen" ? statement.name !== "AssignStatement" : !isStatement) return null;
  if (!/^[ \t]*(?:#|\r|\n|$)/.test(source.text.slice(place.call.to, place.call.to + 200))) return null;
  const words = source.text
    .slice(program.from + 1, program.to - 1)
    .trim()
    .replace(/,$/, "");
  if (words === "") return null;
  const { name, edits } = useModule(source, "asyncio");
  const inside = [
    { from: place.callee.from, to: place.callee.to, text: `${name}.create_subprocess_exec` },
    { from: program.from, to: program.to, text: words },
  ];
  const awaited = awaitCall(place, inside);
  if (kind !== "Popen") {
    const process = freshName(source.text, "process");
    awaited[0] = { ...awaited[0], text: `${process} = ${awaited[0].text}` };
    const end = statement.to;
    awaited.push({ from: end, to: end, text: `${newlineOf(source.text)}${indent}await ${process}.wait()` });
  }
  return {
    title: "Use await asyncio.create_subprocess_exec()",
    edits: ordered([...awaited, ...edits]),
    safe: false,
  };
}

/** Whether what follows the program's list are keyword arguments that create_subprocess_exec takes alike. */
function onlyKeywords({ text }: Source, args: SyntaxNode, program: SyntaxNode): boolean {
  for (let node = program.nextSibling; node && node.name !== ")"; node = node.nextSibling) {
    if (node.name === ",") continue;
    if (node.name !== "VariableName" || node.nextSibling?.name !== "AssignOp") return false;
    if (!SUBPROCESS_KEYWORDS.has(text.slice(node.from, node.to))) return false;
    node = node.nextSibling.nextSibling ?? args;
  }
  return true;
}

/** What belongs to the thread that made or took it. */
const BOUND_TO_THREAD =
  /^(sqlite3\.|(threading|multiprocessing)\.(R?Lock|Condition|Semaphore|BoundedSemaphore)\b|asyncio\.)/;
/** Calls that hand a function to the loop: in a thread they would be wrong, and the function would still run on the loop. */
const HANDS_TO_LOOP = new Set(
  catalog.callers.filter((caller) => caller.when === "loop").map((caller) => lastPart(caller.name)),
);
const LAZY = new Set(catalog.blocking.filter((call) => call.lazy).map((call) => call.name));
/** Opening gives an object whose other methods still block here. */
const OPENS = /(^|\.)(open|Popen|fdopen|connect|create_connection|TemporaryFile|NamedTemporaryFile|ZipFile)$/;

/** `await asyncio.to_thread(f, ...)` */
export function offload(source: Source, finding: Finding): OfferedFix | null {
  const place = site(source, finding);
  if (place === null || finding.sink === null || !finding.rule.startsWith("blocking-")) return null;
  const { call, callee, args } = place;
  const direct = finding.via.length === 0;
  if (direct && BOUND_TO_THREAD.test(finding.sink)) return null;
  const method = callee.name === "MemberExpression" ? callee.getChild("PropertyName") : callee;
  if (method && HANDS_TO_LOOP.has(source.text.slice(method.from, method.to))) return null;
  const { name, edits } = useModule(source, "asyncio");
  const iterated = call.prevSibling?.name === "in" && (LAZY.has(finding.sink) || !direct);
  const inside = iterated ? [] : toThread(source, callee, args, `${name}.to_thread`);
  const changes = iterated
    ? [
        {
          from: call.from,
          to: call.to,
          text: `await ${name}.to_thread(list, ${source.text.slice(call.from, call.to)})`,
        },
      ]
    : awaitCall(place, inside);
  const shown = iterated ? "list, ..." : `${shorten(source.text.slice(callee.from, callee.to))}, ...`;
  return {
    title: `Run in a thread: await asyncio.to_thread(${shown})`,
    edits: ordered([...changes, ...edits]),
    safe: direct && !iterated && isFunction(finding.sink) && !OPENS.test(finding.sink),
  };
}

/** `f(a)` to `asyncio.to_thread(f, a)`. */
function toThread({ text }: Source, callee: SyntaxNode, args: SyntaxNode, thread: string): TextChange[] {
  const open = args.from;
  const isEmpty = args.firstChild?.nextSibling?.name === ")";
  const changes = [
    { from: callee.from, to: callee.from, text: `${thread}(` },
    { from: callee.to, to: open + 1, text: isEmpty ? "" : ", " },
  ];
  // `f(x for x in xs)`: next to another argument a generator needs parentheses of its own.
  const first = args.firstChild?.nextSibling;
  if (args.getChild("for") && first) {
    const close = args.to - 1;
    changes[1].text += "(";
    changes.push({ from: close, to: close, text: ")" });
  }
  // A line break after the bracket stays where it is: `f(\n    a,\n)`.
  if (/^\s*[\r\n]/.test(text.slice(open + 1)) && !isEmpty)
    changes[1].text = changes[1].text.replace(", ", ",");
  return changes;
}

/** A function of a module, not a method of something with a state. */
function isFunction(sink: string): boolean {
  const owner = sink.slice(0, Math.max(0, sink.lastIndexOf(".")));
  return !/^_*[A-Z]/.test(lastPart(owner)) && !/^_*[A-Z]/.test(lastPart(sink)) && !catalog.bases[owner];
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > 40 ? `${line.slice(0, 37)}...` : line;
}
