import { isNotebook } from "../resolve/modules";
import { chainOf, isGenerator, shownScope } from "./chain";
import type { Graph } from "./graph";
import type { FunctionNode, Reason, Site } from "./node";

/** A blocking call reached from a place that matters, before it is put into words. */
export interface Verdict {
  node: FunctionNode;
  site: Site;
  reason: Reason;
  /** Other rules broken behind the same call, worst first. */
  also: string[];
}

/** What is wrong in a function: on the loop when it is async, and what it hands to threads in any case. */
export function judge(graph: Graph, node: FunctionNode, isOn: (rule: string) => boolean): Verdict[] {
  const found: Verdict[] = [];
  const isCell = node.unit.ir.scopes[node.scope].kind === "unit" && isNotebook(node.unit.path);
  // Nobody minds that a cell blocks; but that it starts a loop, where one runs all cells.
  const startsLoops = (rule: string) => rule === "nested-loop" && isOn(rule);
  for (const site of node.sites) {
    // What is handed to another thread, or to the loop, runs there whoever handed it over.
    if (site.where === "loop" && !node.isAsync && !node.isCallback && !isCell) continue;
    if (site.where !== "thread" && node.unit.ir.scopes[node.scope].kind === "generator") continue;
    const counts = isCell && site.where === "loop" ? startsLoops : isOn;
    judgeSite(graph, node, node, site, counts, found, 0);
  }
  return withoutRepeats(found);
}

function judgeSite(
  graph: Graph,
  root: FunctionNode,
  owner: FunctionNode,
  site: Site,
  isOn: (rule: string) => boolean,
  found: Verdict[],
  depth: number,
): void {
  const reasons: Reason[] = [];
  for (const target of site.targets) {
    // A generator expression consumed where it stands is code of this function.
    if (target.t === "function" && isGenerator(target.node) && isPartOf(target.node, root) && depth < 5) {
      for (const inner of target.node.sites)
        judgeSite(graph, root, target.node, inner, isOn, found, depth + 1);
      continue;
    }
    // A thread that runs a loop of its own may touch that.
    if (site.where === "thread" && target.t === "function" && startsLoop(target.node)) continue;
    for (const reason of graph.through(site, target)) {
      if (
        reason.sink &&
        (reason.sink.where === "thread") === (site.where === "thread") &&
        isOn(reason.sink.rule)
      )
        reasons.push(reason);
    }
  }
  if (reasons.length === 0) return;
  reasons.sort((a, b) => a.rank - b.rank || a.distance - b.distance || compareWays(a, b));
  const [best, ...rest] = reasons;
  const also = [...new Set(rest.map((reason) => reason.sink!.rule))].filter(
    (rule) => rule !== best.sink!.rule,
  );
  found.push({ node: owner, site, reason: best, also });
}

/** Of ways as short as one another the same is told whatever was edited in which order. */
function compareWays(a: Reason, b: Reason): number {
  const [one, other] = [a, b].map((reason) =>
    chainOf(reason)
      .map(({ node, site }) => `${node.unit.path}:${String(node.unit.from + site.at).padStart(9)}`)
      .join(),
  );
  return one < other ? -1 : one > other ? 1 : 0;
}

function startsLoop({ reasons }: FunctionNode): boolean {
  for (const { sink } of reasons.values()) if (sink?.rule === "nested-loop") return true;
  return false;
}

function isPartOf(generator: FunctionNode, root: FunctionNode): boolean {
  return generator.unit === root.unit && shownScope(generator) === shownScope(root);
}

/** `open(p).read()` blocks twice with one and the same remedy: the first call is reported. */
function withoutRepeats(found: Verdict[]): Verdict[] {
  if (found.length < 2) return found;
  const kept = new Map<string, Verdict>();
  for (const verdict of found) {
    const key = `${verdict.site.at} ${verdict.reason.sink!.rule}`;
    const before = kept.get(key);
    if (!before || verdict.site.end < before.site.end) kept.set(key, verdict);
  }
  return [...kept.values()];
}
