import type { BlockingCall } from "./catalog/types";
import { SourceFile, type StaleHooks } from "./file";
import { type FindingContext, toFinding } from "./findings";
import { calleeAt } from "./graph/callee";
import { chainOf } from "./graph/chain";
import { Graph } from "./graph/graph";
import { judge, type Verdict } from "./graph/judge";
import type { FunctionNode } from "./graph/node";
import { explainAt, reachersOf } from "./graph/questions";
import { Targets } from "./graph/targets";
import { Evaluator } from "./resolve/evaluate";
import { Knowledge } from "./resolve/knowledge";
import { getOrMake } from "./resolve/maps";
import { ModuleTable } from "./resolve/modules";
import type { Unit } from "./resolve/unit";
import { RuleRunner } from "./runner";
import { ranking, selectedRules } from "./selection";
import { hashOf, pack, unpack } from "./source/cache";
import { Document } from "./source/document";
import type {
  Explanation,
  Finding,
  LintWorkspace,
  Location,
  Reacher,
  Rule,
  TextChange,
  WorkspaceOptions,
} from "./types";

type AnyRule = Pick<Rule, "id" | "equivalents" | "severity" | "defaultOn">;

/** The engine behind `LintWorkspace`: files in, findings out, and as little work as possible in between. */
export class Workspace implements LintWorkspace {
  private readonly files = new Map<string, SourceFile>();
  private readonly modules = new ModuleTable();
  private evaluator!: Evaluator;
  private graph!: Graph;
  private readonly runner: RuleRunner;
  private enabled = new Set<string>();
  private rules = new Map<string, AnyRule>();
  /** What was found of blocking calls, by file and function. */
  private readonly verdicts = new Map<string, Map<FunctionNode, Verdict[]>>();
  /** Functions whose verdicts may have changed, by file. */
  private readonly unjudged = new Map<string, Set<FunctionNode>>();
  /** Files with a finding whose chain passes through a file. */
  private readonly chainsThrough = new Map<string, Set<string>>();
  private readonly changedFiles = new Set<string>();
  private readonly hooks: StaleHooks = {
    resolution: (unit) => this.graph.stale(unit),
  };

  constructor(
    private options: WorkspaceOptions,
    private readonly blockingRules: readonly AnyRule[],
  ) {
    this.runner = new RuleRunner(
      () => this.evaluator,
      (path) => this.files.get(path),
      (unit) => unit.resolution.invalidate(),
      (path) => this.changedFiles.add(path),
    );
    this.start();
  }

  /** Builds all that depends on the options, and puts every unit up for judging. */
  private start(): void {
    const { options } = this;
    this.modules.setRoots(options.roots);
    const knowledge = new Knowledge(options.catalog, options.blocking, options.offloaders);
    this.evaluator = new Evaluator(knowledge, this.modules, (path) => this.files.get(path)?.module);
    const all = [...this.blockingRules, ...options.rules, ...options.workspaceRules];
    this.rules = new Map(all.map((rule) => [rule.id, rule]));
    this.enabled = selectedRules([...this.rules.values()], options);
    this.runner.configure(options, this.enabled);
    this.graph = new Graph(
      this.evaluator,
      new Targets(this.evaluator, ownCalls(options)),
      ranking(this.blockingRules),
      (unit) => this.runner.run(unit),
    );
    for (const file of this.files.values()) for (const unit of file.units) this.hooks.resolution(unit);
  }

  configure(options: Partial<WorkspaceOptions>): void {
    this.options = { ...this.options, ...options };
    const read = [...this.files.values()].map((file) => ({ document: file.document, units: file.units }));
    this.files.clear();
    this.verdicts.clear();
    this.unjudged.clear();
    this.chainsThrough.clear();
    this.start();
    for (const { document, units } of read) {
      const file = new SourceFile(document, this.hooks);
      this.files.set(document.path, file);
      const cuts = units.map(({ from, to, type, level, header }) => ({ from, to, type, level, header }));
      this.take(
        file,
        file.restore(
          cuts,
          units.map((unit) => unit.ir),
        ),
      );
    }
  }

  setFile(path: string, text: string | readonly TextChange[]): void {
    const known = this.files.get(path);
    if (typeof text === "string") {
      if (known) this.edit(known, difference(known.document.text, text));
      else this.add(path, text);
      return;
    }
    if (!known) throw new Error(`${path}: changes to a file whose text was never set`);
    this.edit(known, text);
  }

  private add(path: string, text: string): void {
    const file = this.open(path, text);
    this.take(file, file.update(null));
  }

  private open(path: string, text: string): SourceFile {
    const file = new SourceFile(new Document(path, text), this.hooks);
    this.files.set(path, file);
    this.modules.add(path);
    return file;
  }

  private edit(file: SourceFile, changes: readonly TextChange[]): void {
    const edited = file.document.edit(changes);
    if (!edited) return;
    this.take(file, file.update(edited));
    this.runner.moved(file);
    for (const path of this.chainsThrough.get(file.document.path) ?? []) this.changedFiles.add(path);
  }

  private take(file: SourceFile, { fresh, gone }: { fresh: Unit[]; gone: Unit[] }): void {
    for (const unit of gone) {
      this.graph.removed(unit);
      this.runner.removed(unit);
    }
    for (const unit of fresh) this.graph.stale(unit);
    this.changedFiles.add(file.document.path);
  }

  refresh(path: string): boolean {
    const file = this.files.get(path);
    if (!file?.document.isSuspect) return false;
    const changed = file.document.reparse();
    if (!changed) return false;
    this.take(file, file.update(changed));
    this.runner.moved(file);
    return true;
  }

  removeFile(path: string): void {
    const file = this.files.get(path);
    if (!file) return;
    this.take(file, file.restore([], []));
    this.files.delete(path);
    this.modules.remove(path);
    this.settle();
    this.changedFiles.delete(path);
    this.verdicts.delete(path);
    this.unjudged.delete(path);
  }

  has(path: string): boolean {
    return this.files.has(path);
  }

  paths(): string[] {
    return [...this.files.keys()];
  }

  text(path: string): string | null {
    return this.files.get(path)?.document.text ?? null;
  }

  /** Brings the graph up to date, and forgets the verdicts that may not hold any more. */
  private settle(): void {
    for (const node of this.graph.settle()) {
      const { path } = node.unit;
      getOrMake(this.unjudged, path, () => new Set()).add(node);
      if (node.alive) this.changedFiles.add(path);
    }
  }

  findings(path: string): Finding[] {
    const file = this.files.get(path);
    if (!file) return [];
    this.settle();
    const context = this.context();
    const found: Finding[] = [];
    for (const verdicts of this.judgedIn(path).values())
      for (const verdict of verdicts) found.push(toFinding(context, verdict));
    found.push(...this.runner.findings(file, context));
    this.changedFiles.delete(path);
    return found.sort(
      (a, b) => a.from - b.from || a.to - b.to || (a.rule < b.rule ? -1 : a.rule > b.rule ? 1 : 0),
    );
  }

  /** The verdicts of a file's functions, judging those anew that need it. */
  private judgedIn(path: string): Map<FunctionNode, Verdict[]> {
    const judged = getOrMake(this.verdicts, path, () => new Map<FunctionNode, Verdict[]>());
    for (const node of this.unjudged.get(path) ?? []) {
      const verdicts = node.alive ? judge(this.graph, node, (rule) => this.enabled.has(rule)) : [];
      if (verdicts.length === 0) {
        judged.delete(node);
        continue;
      }
      judged.set(node, verdicts);
      for (const { reason } of verdicts) {
        for (const step of chainOf(reason))
          if (step.node.unit.path !== path)
            getOrMake(this.chainsThrough, step.node.unit.path, () => new Set()).add(path);
      }
    }
    this.unjudged.delete(path);
    return judged;
  }

  allFindings(): Finding[] {
    return this.paths().flatMap((path) => this.findings(path));
  }

  affected(): string[] {
    this.settle();
    return [...this.changedFiles];
  }

  private context(): FindingContext {
    return {
      evaluator: this.evaluator,
      fileOf: (path) => this.files.get(path),
      rule: (id) => this.rules.get(id),
      severities: this.options.severities,
      help: this.options.help,
    };
  }

  reachers(path: string, line: number, column: number): Reacher[] {
    const file = this.files.get(path);
    if (!file) return [];
    this.settle();
    return reachersOf(this.context(), file, file.document.offsetAt(line, column));
  }

  explain(path: string, line: number, column: number): Explanation | null {
    const file = this.files.get(path);
    if (!file) return null;
    this.settle();
    return explainAt(this.context(), this.graph, file, file.document.offsetAt(line, column), (rule) =>
      this.enabled.has(rule),
    );
  }

  calleeAt(path: string, line: number, column: number): string | null {
    const file = this.files.get(path);
    return file ? calleeAt(this.evaluator, file, file.document.offsetAt(line, column)) : null;
  }

  offsetAt(path: string, line: number, column: number): number {
    return this.files.get(path)?.document.offsetAt(line, column) ?? 0;
  }

  locationAt(path: string, from: number, to: number): Location {
    const file = this.files.get(path);
    if (!file) throw new Error(`${path}: not in the workspace`);
    return file.document.location(from, to);
  }

  serialize(path: string): { hash: string; data: string } | null {
    const file = this.files.get(path);
    return file ? { hash: hashOf(file.document.text), data: pack(file) } : null;
  }

  restore(path: string, text: string, data: string): boolean {
    const packed = unpack(data, text);
    if (!packed) return false;
    if (this.files.has(path)) this.removeFile(path);
    const file = this.open(path, text);
    this.take(file, file.restore(packed.cuts, packed.irs));
    return true;
  }
}

/** The user's own blocking calls among functions of the workspace: by the end of their dotted name, two parts at least. */
function ownCalls(options: WorkspaceOptions): (id: string) => BlockingCall | undefined {
  if (options.blocking.length === 0) return () => undefined;
  const calls = new Map(options.blocking.map((name) => [name, { name, rule: "blocking-custom" }]));
  return (id) => {
    for (let name = id; name.includes("."); name = name.slice(name.indexOf(".") + 1)) {
      const call = calls.get(name);
      if (call) return call;
    }
    return undefined;
  };
}

/** The change that leads from one text to another: what is left between their common beginning and end. */
function difference(before: string, after: string): TextChange[] {
  if (before === after) return [];
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  let end = 0;
  while (
    end < shorter - start &&
    before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end)
  )
    end++;
  return [{ from: start, to: before.length - end, text: after.slice(start, after.length - end) }];
}
