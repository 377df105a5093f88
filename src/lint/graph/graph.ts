import type { Evaluator } from "../resolve/evaluate";
import type { Unit } from "../resolve/unit";
import type { FunctionNode, Site, Target } from "./node";
import { sitesOf } from "./sites";
import { type RankOf, Solver } from "./solve";
import type { Targets } from "./targets";

/** The call graph of the workspace, and why its functions block. Brought up to date on demand. */
export class Graph {
  private readonly pending = new Set<Unit>();
  private solver: Solver;

  constructor(
    public evaluator: Evaluator,
    public targets: Targets,
    rankOf: RankOf,
    /** Called while a unit is being resolved: what it asks of the evaluator is answered once, and tracked. */
    private readonly whileResolving: (unit: Unit) => void,
  ) {
    this.solver = new Solver(rankOf);
  }

  /** The unit is new, or what was concluded of it does not hold any more. */
  stale(unit: Unit): void {
    this.pending.add(unit);
  }

  removed(unit: Unit): void {
    this.pending.delete(unit);
    unit.resolution.detach();
    for (const node of unit.functions.values()) {
      this.connect(node, []);
      node.sites = [];
      node.alive = false;
      this.solver.changed(node);
    }
  }

  /** Resolves what is pending; returns the functions whose findings may be new. */
  settle(): Set<FunctionNode> {
    const pending = [...this.pending];
    this.pending.clear();
    for (const unit of pending) this.resolve(unit);
    return this.solver.solve();
  }

  /** Resolves what is pending of these units and of all that can be reached from them. */
  settleFrom(units: Iterable<Unit>): Set<FunctionNode> {
    const seen = new Set(units);
    // What is met on the way is added to the set, and so to this loop.
    for (const unit of this.pending.size > 0 ? seen : []) {
      if (this.pending.delete(unit)) this.resolve(unit);
      for (const node of unit.functions.values()) for (const callee of node.callees) seen.add(callee.unit);
    }
    return this.solver.solve();
  }

  /** Resolves what is pending until the time is up; `isDone` when nothing is left. */
  settleSome(isTimeUp: () => boolean): { isDone: boolean; touched: Set<FunctionNode> } {
    for (const unit of this.pending) {
      if (isTimeUp()) break;
      this.pending.delete(unit);
      this.resolve(unit);
    }
    return { isDone: this.pending.size === 0, touched: this.solver.solve() };
  }

  private resolve(unit: Unit): void {
    let sites = new Map<number, Site[]>();
    unit.resolution.read(() => {
      this.evaluator.remembering(() => {
        sites = sitesOf(unit, this.evaluator, this.targets);
        this.whileResolving(unit);
      });
      return true;
    }, true);
    for (const [scope, node] of unit.functions) {
      const now = sites.get(scope) ?? [];
      if (now.length === 0 && node.sites.length === 0) continue;
      node.sites = now;
      this.connect(node, now);
      this.solver.changed(node);
    }
  }

  private connect(node: FunctionNode, sites: readonly Site[]): void {
    for (const callee of node.callees) callee.notCalledBy(node);
    const callees = new Set<FunctionNode>();
    for (const site of sites) for (const target of site.targets) collect(target, callees);
    node.callees = [...callees];
    for (const callee of callees) callee.calledBy(node);
  }

  through(site: Site, target: Target) {
    return this.solver.through(site, target);
  }
}

function collect(target: Target, into: Set<FunctionNode>): void {
  if (target.t !== "function" || (into.has(target.node) && !target.bind)) return;
  into.add(target.node);
  for (const targets of target.bind?.values() ?? []) for (const inner of targets) collect(inner, into);
}
