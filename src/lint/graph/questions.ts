import type { SourceFile } from "../file";
import { type FindingContext, functionName, locationOf, shownName, toFinding, viaStep } from "../findings";
import type { Explanation, Reacher } from "../types";
import { isGenerator, type Step, shownScope } from "./chain";
import type { Graph } from "./graph";
import type { FunctionNode, Reason, Site } from "./node";

interface Found {
  node: FunctionNode;
  site: Site;
}

/** The innermost place that runs other code around an offset. */
function siteAt(file: SourceFile, offset: number): Found | null {
  let best: Found | null = null;
  for (const unit of file.units) {
    if (offset < unit.from || offset > unit.to) continue;
    for (const node of unit.functions.values()) {
      for (const site of node.sites) {
        if (offset < unit.from + site.at || offset > unit.from + site.end) continue;
        if (!best || site.end - site.at < best.site.end - best.site.at) best = { node, site };
      }
    }
  }
  return best;
}

/** Why the call at an offset blocks; also outside of async code. */
export function explainAt(
  context: FindingContext,
  graph: Graph,
  file: SourceFile,
  offset: number,
  isOn: (rule: string) => boolean,
): Explanation | null {
  const found = siteAt(file, offset);
  if (!found) return null;
  const { node, site } = found;
  const reasons: Reason[] = [];
  for (const target of site.targets)
    for (const reason of graph.through(site, target))
      if (reason.sink && isOn(reason.sink.rule)) reasons.push(reason);
  reasons.sort((a, b) => a.rank - b.rank || a.distance - b.distance);
  const reason = reasons[0];
  if (!reason?.sink) return null;
  const finding = toFinding(context, { node, site, reason, also: [] });
  const message =
    node.isAsync || site.where === "thread"
      ? finding.message
      : helperMessage(finding, shownName(reason.sink));
  const { file: path, line, column, endLine, endColumn } = finding;
  return {
    at: { file: path, line, column, endLine, endColumn },
    rule: finding.rule,
    sink: reason.sink.name,
    replacement: finding.replacement,
    message,
    via: finding.via,
    steps: finding.steps,
  };
}

function helperMessage({ via }: { via: { function: string }[] }, call: string): string {
  if (via.length === 0)
    return `${call} blocks the thread it runs in, and the event loop when async code calls this`;
  return `ends in ${call}, through ${via.map((step) => step.function).join(" → ")}: blocks the event loop when async code calls this`;
}

const maxReachers = 200;

/** The async functions from which the loop gets to the call at an offset, or else to the function there; shortest chains first. */
export function reachersOf(context: FindingContext, file: SourceFile, offset: number): Reacher[] {
  const start = siteAt(file, offset) ?? functionAt(file, offset);
  if (!start) return [];
  const found: Reacher[] = [];
  const seen = new Set<FunctionNode>([start.node]);
  const queue: { node: FunctionNode; steps: Step[] }[] = [
    { node: start.node, steps: start.site ? [{ node: start.node, site: start.site }] : [] },
  ];
  for (let i = 0; i < queue.length && found.length < maxReachers; i++) {
    const { node, steps } = queue[i];
    if ((node.isAsync || node.isCallback) && !isGenerator(node)) {
      if (steps.length > 0) found.push(reacher(context, node, steps));
      continue;
    }
    for (const caller of node.callers) {
      const site = caller.sites.find((each) => each.where !== "thread" && leadsTo(each, node));
      if (!site || seen.has(caller)) continue;
      seen.add(caller);
      const inPlace =
        isGenerator(node) && shownScope(node) === shownScope(caller) && node.unit === caller.unit;
      queue.push({ node: caller, steps: inPlace ? steps : [{ node: caller, site }, ...steps] });
    }
  }
  return found;
}

function functionAt(file: SourceFile, offset: number): { node: FunctionNode; site: null } | null {
  let best: FunctionNode | null = null;
  for (const unit of file.units) {
    for (const node of unit.functions.values()) {
      const scope = unit.ir.scopes[node.scope];
      if (scope.kind === "unit" || offset < unit.from + scope.at || offset > unit.from + scope.end) continue;
      if (!best || scope.at >= best.unit.ir.scopes[best.scope].at) best = node;
    }
  }
  return best && { node: best, site: null };
}

function leadsTo(site: Site, node: FunctionNode): boolean {
  return site.targets.some(
    (target) =>
      target.t === "function" &&
      (target.node === node ||
        [...(target.bind?.values() ?? [])]
          .flat()
          .some((inner) => inner.t === "function" && inner.node === node)),
  );
}

function reacher(context: FindingContext, node: FunctionNode, steps: readonly Step[]): Reacher {
  const [first, ...rest] = steps;
  return {
    function: functionName(context.evaluator, node) ?? "",
    at: locationOf(context, first),
    via: rest.map((step) => viaStep(context, step)),
    steps: rest.map((step) => locationOf(context, step)),
  };
}
