import type { BlockingCall } from "../catalog/types";
import type { Severity } from "../types";
import { joined, neededBy, shownNeeds } from "./needs";
import type { Bind, FunctionNode, Need, Reason, Site, Target } from "./node";

/** How bad a rule's findings are: 0 for errors. */
export type RankOf = (rule: string, severity: Severity | undefined) => number;

/**
 * Why each function blocks, kept up to date: the shortest chain to the worst call of each rule. When functions change,
 * only they and those from which they are reached are looked at again, and those only if something is new for them.
 */
export class Solver {
  private readonly dirty = new Set<FunctionNode>();

  constructor(private readonly rankOf: RankOf) {}

  /** The function's sites are new. */
  changed(node: FunctionNode): void {
    this.dirty.add(node);
  }

  /** Brings all reasons up to date; returns the functions whose own reasons, or those of their callees, are new. */
  solve(): Set<FunctionNode> {
    const touched = new Set<FunctionNode>(this.dirty);
    const lost = this.loseReasons();
    for (const node of lost) for (const caller of node.callers) touched.add(caller);
    const queue = [...lost];
    const queued = new Set(queue);
    for (let i = 0; i < queue.length; i++) {
      const node = queue[i];
      queued.delete(node);
      if (!node.alive) continue;
      const reasons = this.reasonsOf(node);
      if (sameReasons(reasons, node.reasons)) continue;
      node.reasons = reasons;
      touched.add(node);
      for (const caller of node.callers) {
        touched.add(caller);
        if (queued.has(caller)) continue;
        queued.add(caller);
        queue.push(caller);
      }
    }
    this.dirty.clear();
    return touched;
  }

  /**
   * Takes the reasons of the changed functions away, and those of all whose chains led through one that is gone, so
   * that a cycle of functions cannot keep itself blocking. Returns all that must be computed again.
   */
  private loseReasons(): Set<FunctionNode> {
    const again = new Set<FunctionNode>();
    const queue: FunctionNode[] = [];
    for (const node of this.dirty) {
      again.add(node);
      if (node.reasons.size === 0) continue; // nobody's chain leads through it
      const now = node.alive ? this.reasonsOf(node) : new Map<string, Reason>();
      if (
        node.alive &&
        sameReasons(now, node.reasons) &&
        ![...now.values()].some((reason) => leadsBack(reason, node))
      ) {
        node.reasons = now;
        continue;
      }
      queue.push(node);
    }
    const seen = new Set(queue);
    for (let i = 0; i < queue.length; i++) {
      const node = queue[i];
      node.reasons = new Map();
      again.add(node);
      for (const caller of node.callers) {
        if (seen.has(caller) || !dependsOn(caller, node)) continue;
        seen.add(caller);
        queue.push(caller);
      }
    }
    return again;
  }

  private reasonsOf(node: FunctionNode): Map<string, Reason> {
    const found = new Map<string, Reason>();
    for (const site of node.sites) {
      if (site.where !== "thread") for (const target of site.targets) this.collect(found, site, target);
    }
    if (node.knowsThreads) for (const key of found.keys()) if (key.startsWith("thread:")) found.delete(key);
    return found;
  }

  private collect(found: Map<string, Reason>, site: Site, target: Target): void {
    for (const reason of this.through(site, target)) {
      // What is queued runs on the loop, where it may touch the loop.
      if (site.where === "queued" && reason.key.startsWith("thread:")) continue;
      const best = found.get(reason.key);
      if (!best || reason.rank < best.rank || (reason.rank === best.rank && reason.distance < best.distance))
        found.set(reason.key, reason);
    }
  }

  /** Why a call of the target at the site blocks. */
  *through(site: Site, target: Target): Iterable<Reason> {
    if (target.t === "sink") {
      const { needs } = site;
      const key = keyOf(target.call, needs);
      const rank = this.rankOf(target.call.rule, target.call.severity);
      yield {
        key,
        sink: target.call,
        rank,
        certain: site.certain,
        needs,
        distance: 1,
        site,
        next: null,
        after: null,
      };
    } else if (target.t === "param") {
      const key = `param:${target.key}`;
      const { certain } = site;
      yield { key, sink: null, rank: 0, certain, needs: [], distance: 1, site, next: null, after: null };
    } else {
      for (const reason of target.node.reasons.values()) {
        // A plain function whose result is awaited may do one thing on the loop and another elsewhere.
        if (target.awaited && !reason.certain) continue;
        if (reason.sink === null) yield* this.given(site, target.node, reason, target.bind);
        else if (!target.node.isAsync) {
          const needed = neededBy(reason.needs, target.node, target.call, target.on);
          const here = target.dispatch ? joined(site.needs, [target.dispatch]) : site.needs;
          const needs = needed && here && joined(here, needed);
          if (!needs) continue;
          yield {
            ...reason,
            key: keyOf(reason.sink, needs),
            needs,
            certain: reason.certain && site.certain && !target.isOverride,
            distance: reason.distance + 1,
            site,
            isOverride: target.isOverride,
            next: { node: target.node, key: reason.key },
            after: null,
          };
        }
      }
    }
  }

  /** The callee calls one of its parameters (or one of a function around it): go on with what that was given here. */
  private *given(site: Site, node: FunctionNode, reason: Reason, bind: Bind | null): Iterable<Reason> {
    const targets = bind?.get(reason.key.slice("param:".length));
    const next = { node, key: reason.key };
    if (!targets) {
      // A parameter of a function around the callee may still be given by whoever calls that.
      if (!isOwnParam(node, reason.key))
        yield { ...reason, distance: reason.distance + 1, site, next, after: null };
      return;
    }
    for (const target of targets) {
      for (const inner of this.through(site, target)) {
        const after = target.t === "function" ? inner.next : null;
        yield { ...inner, distance: inner.distance + reason.distance, site, next, after };
      }
    }
  }
}

function keyOf({ rule, where }: BlockingCall, needs: readonly Need[]): string {
  return `${where === "thread" ? "thread:" : ""}${rule}${shownNeeds(needs)}`;
}

function isOwnParam(node: FunctionNode, key: string): boolean {
  return key.startsWith(`param:${node.unit.id}:${node.scope}:`);
}

function sameReasons(a: ReadonlyMap<string, Reason>, b: ReadonlyMap<string, Reason>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, reason] of a) {
    const other = b.get(key);
    if (
      !other ||
      other.rank !== reason.rank ||
      other.certain !== reason.certain ||
      other.distance !== reason.distance ||
      other.sink !== reason.sink ||
      other.next?.node !== reason.next?.node
    )
      return false;
  }
  return true;
}

/** Whether any of the function's chains starts with a call of the other. */
function dependsOn(node: FunctionNode, on: FunctionNode): boolean {
  for (const { next, after } of node.reasons.values())
    if (next?.node === on || after?.node === on) return true;
  return false;
}

/** Whether a chain comes back to the function it starts in. */
function leadsBack(reason: Reason, start: FunctionNode): boolean {
  const stack = [reason.next, reason.after];
  for (let steps = 0; stack.length > 0; steps++) {
    const step = stack.pop();
    if (!step) continue;
    if (step.node === start || steps > 200) return true;
    const inner = step.node.reasons.get(step.key);
    if (inner) stack.push(inner.next, inner.after);
  }
  return false;
}
