import type { BlockingCall } from "./catalog/types";
import type { SourceFile } from "./file";
import { chainOf, type Step, shownScope, shownSteps } from "./graph/chain";
import type { Verdict } from "./graph/judge";
import type { FunctionNode, Reason } from "./graph/node";
import type { Evaluator } from "./resolve/evaluate";
import { isNotebook } from "./resolve/modules";
import type { Finding, Location, Rule, Severity } from "./types";

export interface FindingContext {
  evaluator: Evaluator;
  fileOf(path: string): SourceFile | undefined;
  rule(id: string): Pick<Rule, "equivalents" | "severity"> | undefined;
  severities: Readonly<Record<string, Severity>>;
  help(rule: string): string;
}

/** Puts what was found into words and places. */
export function toFinding(context: FindingContext, { node, site, reason, also }: Verdict): Finding {
  const sink = reason.sink!;
  const file = context.fileOf(node.unit.path)!;
  const from = node.unit.from + site.at;
  const to = node.unit.from + site.end;
  const chain = chainOf(reason);
  const steps = shownSteps(chain, node);
  const rule = context.rule(sink.rule);
  const name = functionName(context.evaluator, node);
  return {
    rule: sink.rule,
    equivalents: [...(rule?.equivalents ?? [])],
    severity: context.severities[sink.rule] ?? tempered(sink.severity ?? rule?.severity ?? "error", reason),
    ...file.document.location(from, to),
    message: message(
      context,
      file.document.text.slice(from, to),
      sink,
      name && kindOf(node)
        ? ` in ${kindOf(node)} ${lastPart(name)}()`
        : name || !isNotebook(node.unit.path)
          ? ""
          : " in a notebook",
      steps,
      site.where === "thread",
    ),
    help: context.help(sink.rule),
    function: name,
    via: steps.map((step) => viaStep(context, step)),
    fix: null,
    from,
    to,
    sink: sink.name,
    replacement: sink.replacement ?? null,
    steps: steps.map((step) => locationOf(context, step)),
    also,
    related: [],
  };
}

/** Helpers behind which a call that depends on conditions is more often than not one that does not happen. */
const far = 6;

/** As severe as the call, but for one at the end of a long way with forks: whether it is ever reached, only a run can tell. */
function tempered(severity: Severity, { certain, distance }: Reason): Severity {
  return !certain && distance > far && severity !== "hint" ? "info" : severity;
}

function kindOf(node: FunctionNode): string | null {
  if (node.isCallback) return "protocol callback";
  // The function around a generator expression tells.
  return node.unit.ir.scopes[shownScope(node)].isAsync ? "async function" : null;
}

export function functionName(evaluator: Evaluator, node: FunctionNode): string | null {
  const name = evaluator.functions.qualname(node.unit, shownScope(node));
  return name === "" ? null : name;
}

export function viaStep(
  context: FindingContext,
  step: Step,
): { file: string; line: number; function: string } {
  const { file, line } = locationOf(context, step);
  return { file, line, function: functionName(context.evaluator, step.node) ?? "<module>" };
}

export function locationOf(context: FindingContext, { node, site }: Step): Location {
  const { unit } = node;
  const file = context.fileOf(unit.path)!;
  return file.document.location(unit.from + site.at, unit.from + site.end);
}

/** "builtins.open" is `open()` to everyone. */
export function shownName(sink: BlockingCall): string {
  return `${sink.name.replace(/^builtins\./, "")}()`.replace(/\.__init__\(\)$/, "()");
}

function message(
  context: FindingContext,
  code: string,
  sink: BlockingCall,
  where: string,
  steps: readonly Step[],
  inThread: boolean,
): string {
  const call = shownName(sink);
  const note = sink.note ? `: ${sink.note}` : "";
  if (inThread) {
    const through = steps.length > 0 ? ` (through ${through_(context, steps)})` : "";
    return `${call} is called in another thread${through}, and it is not thread-safe${note}`;
  }
  if (sink.rule === "nested-loop") {
    const how = steps.length > 0 ? `${shortCode(code)} ends in ${call}, which` : call;
    return `${how} starts an event loop${where}, where one is running already${note}`;
  }
  if (steps.length === 0) return `${written(code, call)} blocks the event loop${where}${note}`;
  return `${shortCode(code)} blocks the event loop${where}: it ends in ${call}, through ${through_(context, steps)}${note}`;
}

/** The call as written, with what it is where that does not show. */
function written(code: string, call: string): string {
  const shown = shortCode(code);
  return shown === call || !shown.endsWith("()") || /[^\w.()]/.test(shown)
    ? call
    : `${shown} (${call.slice(0, -2)})`;
}

function through_(context: FindingContext, steps: readonly Step[]): string {
  const names = steps.map((step) => {
    const name = functionName(context.evaluator, step.node) ?? "<module>";
    return step.isOverride ? `${name} (an override)` : name;
  });
  const shown = names.length > 5 ? [...names.slice(0, 3), "…", names[names.length - 1]] : names;
  return shown.join(" → ");
}

function shortCode(code: string): string {
  const first = code.split(/[\r\n]/, 1)[0];
  const callee = first.replace(/\(.*$/s, "");
  return callee.length < code.length && callee.length > 0 && callee.length <= 60
    ? `${callee}()`
    : first.slice(0, 60);
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}
