import type { FunctionNode, Reason, Site } from "./node";

/** One call of a chain: where it stands, and in which function. */
export interface Step {
  node: FunctionNode;
  site: Site;
  /** The function is an override of what the call before names. */
  isOverride?: boolean;
}

const maxSteps = 60;

/** The calls from behind the first one to the blocking call, that is the last. Empty when the first is it. */
export function chainOf(reason: Reason): Step[] {
  const steps: Step[] = [];
  follow(reason, steps);
  return steps;
}

function follow(reason: Reason, steps: Step[]): void {
  for (const next of [reason.next, reason.after]) {
    const inner = next?.node.reasons.get(next.key);
    if (!next || !inner || steps.length > maxSteps) continue;
    // A generator expression runs where it stands: its step tells more than the one that iterates it.
    steps.push({
      node: next.node,
      site: inner.site,
      isOverride: next === reason.next && reason.isOverride,
    });
    follow(inner, steps);
  }
}

/** The function a node's code is read as a part of: that around a generator expression. */
export function shownScope(node: FunctionNode): number {
  const { scopes } = node.unit.ir;
  let scope = node.scope;
  while (scopes[scope].kind === "generator" || scopes[scope].kind === "comp") scope = scopes[scope].parent!;
  return scope;
}

/** The chain as people read it: steps into a generator expression of the function they are in already are left out. */
export function shownSteps(steps: readonly Step[], start: FunctionNode | null): Step[] {
  return steps
    .filter((step, i) => {
      const next = steps[i + 1];
      if (!next) return true;
      return !(
        isGenerator(next.node) &&
        next.node.unit === step.node.unit &&
        shownScope(next.node) === shownScope(step.node)
      );
    })
    .filter((step, i) => i > 0 || !start || step.node !== start);
}

export function isGenerator(node: FunctionNode): boolean {
  return node.unit.ir.scopes[node.scope]?.kind === "generator";
}
