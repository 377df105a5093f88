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
import { untracked } from "./resolve/cell";
import { Evaluator } from "./resolve/evaluate";
import { Knowledge } from "./resolve/knowledge";
import { getOrMake } from "./resolve/maps";
import { ModuleTable } from "./resolve/modules";
import type { Unit } from "./resolve/unit";
import { RuleRunner } from "./runner";
import { ranking, selectedRules } from "./selection";
import { hashOf, isPacked, pack, unpack } from "./source/cache";
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
  /** Files restored and not looked at yet: their text, and what was read of it before. */
  private readonly asleep = new Map<string, { text: string; hash: string; data: string }>();
  /** Texts of files that are read only if something leads there. */
  private readonly offered = new Map<string, string>();
  /** Findings of an earlier time, while all that they came from is as it was then. */
  private recalled: ReadonlyMap<string, Finding[]> | null = null;
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
    bases: (unit) => this.evaluator.hierarchy.enter(unit),
    members: (cls, names) => this.evaluator.hierarchy.changed(cls, names),
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
    this.evaluator = new Evaluator(knowledge, this.modules, (path) => this.awake(path)?.module);
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
    this.recalled = null;
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
    if (text === this.asleep.get(path)?.text) return;
    const known = this.awake(path);
    if (typeof text === "string") {
      if (known) this.edit(known, difference(known.document.text, text));
      else this.add(path, text);
      return;
    }
    if (!known) throw new Error(`${path}: changes to a file whose text was never set`);
    this.edit(known, text);
  }

  private add(path: string, text: string): void {
    this.recalled = null;
    this.modules.add(path);
    const file = this.open(path, text);
    this.take(file, file.update(null));
  }

  private open(path: string, text: string): SourceFile {
    const file = new SourceFile(new Document(path, text), this.hooks);
    this.files.set(path, file);
    return file;
  }

  offer(path: string, text: string): void {
    if (this.has(path)) return;
    this.offered.set(path, text);
    this.modules.add(path);
  }

  /** The file, woken up if it slept. */
  private awake(path: string): SourceFile | undefined {
    const file = this.files.get(path);
    const offered = file ? undefined : this.offered.get(path);
    if (offered !== undefined) {
      this.offered.delete(path);
      return untracked(() => {
        const read = this.open(path, offered);
        this.take(read, read.update(null));
        return read;
      });
    }
    const sleeping = file ? undefined : this.asleep.get(path);
    if (!sleeping) return file;
    const { text, data } = sleeping;
    this.asleep.delete(path);
    return untracked(() => {
      const woken = this.open(path, text);
      const packed = unpack(data);
      this.take(woken, packed ? woken.restore(packed.cuts, packed.irs) : woken.update(null));
      return woken;
    });
  }

  private edit(file: SourceFile, changes: readonly TextChange[]): void {
    const edited = file.document.edit(changes);
    if (!edited) return;
    this.recalled = null;
    this.take(file, file.update(edited));
    this.runner.moved(file);
    for (const path of this.chainsThrough.get(file.document.path) ?? []) this.changedFiles.add(path);
  }

  private take(file: SourceFile, { fresh, gone }: { fresh: Unit[]; gone: Unit[] }): void {
    const { hierarchy } = this.evaluator;
    for (const unit of gone) {
      hierarchy.leave(unit);
      this.graph.removed(unit);
      this.runner.removed(unit);
    }
    for (const unit of fresh) {
      hierarchy.enter(unit);
      this.graph.stale(unit);
    }
    this.changedFiles.add(file.document.path);
  }

  refresh(path: string): boolean {
    const file = this.files.get(path);
    if (!file?.document.isSuspect) return false;
    const changed = file.document.reparse();
    if (!changed) return false;
    this.recalled = null;
    this.take(file, file.update(changed));
    this.runner.moved(file);
    return true;
  }

  removeFile(path: string): void {
    const file = this.awake(path);
    if (!file) return;
    this.recalled = null;
    this.take(file, file.restore([], []));
    this.files.delete(path);
    this.modules.remove(path);
    this.changedFiles.delete(path);
    this.verdicts.delete(path);
    this.unjudged.delete(path);
  }

  has(path: string): boolean {
    return this.files.has(path) || this.asleep.has(path);
  }

  paths(): string[] {
    return [...this.files.keys(), ...this.asleep.keys()];
  }

  text(path: string): string | null {
    return this.files.get(path)?.document.text ?? this.asleep.get(path)?.text ?? null;
  }

  /** Brings the graph up to date, all of it, or what counts for a file. */
  private settle(file: SourceFile | null = null): void {
    if (!file) for (const path of this.asleep.keys()) this.awake(path);
    const { hierarchy } = this.evaluator;
    hierarchy.flush();
    // Files that are read on the way may have classes that override what was resolved before.
    do this.forget(file ? this.graph.settleFrom(file.units) : this.graph.settle());
    while (hierarchy.flush());
  }

  prepare(milliseconds: number): boolean {
    const end = performance.now() + milliseconds;
    const isTimeUp = () => performance.now() > end;
    for (const path of this.asleep.keys()) {
      if (isTimeUp()) return false;
      this.awake(path);
    }
    this.evaluator.hierarchy.flush();
    const { isDone, touched } = this.graph.settleSome(isTimeUp);
    this.forget(touched);
    if (!isDone || this.evaluator.hierarchy.flush()) return false;
    this.recalled = null;
    return true;
  }

  /** Forgets the verdicts that may not hold any more. */
  private forget(touched: ReadonlySet<FunctionNode>): void {
    for (const node of touched) {
      const { path } = node.unit;
      if (!this.files.has(path)) continue;
      getOrMake(this.unjudged, path, () => new Set()).add(node);
      if (node.alive) this.changedFiles.add(path);
    }
  }

  findings(path: string): Finding[] {
    if (!this.recalled) this.settle();
    return this.findingsSoon(path);
  }

  findingsSoon(path: string): Finding[] {
    if (this.recalled) {
      this.changedFiles.delete(path);
      return this.recalled.get(path) ?? [];
    }
    const file = this.awake(path);
    if (!file) return [];
    this.settle(file);
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
    if (!this.recalled) this.settle();
    return [...this.changedFiles];
  }

  private context(): FindingContext {
    return {
      evaluator: this.evaluator,
      fileOf: (path) => this.awake(path),
      rule: (id) => this.rules.get(id),
      severities: this.options.severities,
      help: this.options.help,
    };
  }

  reachers(path: string, line: number, column: number): Reacher[] {
    const file = this.awake(path);
    if (!file) return [];
    this.settle();
    return reachersOf(this.context(), file, file.document.offsetAt(line, column));
  }

  explain(path: string, line: number, column: number): Explanation | null {
    const file = this.awake(path);
    if (!file) return null;
    this.settle(file);
    return explainAt(this.context(), this.graph, file, file.document.offsetAt(line, column), (rule) =>
      this.enabled.has(rule),
    );
  }

  calleeAt(path: string, line: number, column: number): string | null {
    const file = this.awake(path);
    return file ? calleeAt(this.evaluator, file, file.document.offsetAt(line, column)) : null;
  }

  offsetAt(path: string, line: number, column: number): number {
    return this.awake(path)?.document.offsetAt(line, column) ?? 0;
  }

  locationAt(path: string, from: number, to: number): Location {
    const file = this.awake(path);
    if (!file) throw new Error(`${path}: not in the workspace`);
    return file.document.location(from, to);
  }

  serialize(path: string): { hash: string; data: string } | null {
    const sleeping = this.asleep.get(path);
    if (sleeping) return { hash: sleeping.hash, data: sleeping.data };
    const file = this.files.get(path);
    if (!file) return null;
    const hash = hashOf(file.document.text);
    return { hash, data: pack(file, hash) };
  }

  restore(path: string, text: string, data: string): boolean {
    const hash = hashOf(text);
    if (!isPacked(data, hash)) return false;
    if (this.has(path)) this.removeFile(path);
    this.recalled = null;
    this.asleep.set(path, { text, hash, data });
    this.modules.add(path);
    this.changedFiles.add(path);
    return true;
  }

  snapshot(): string {
    const found = this.paths().map((path) => [path, this.findings(path)] as const);
    return JSON.stringify({ key: this.key(), found: found.filter(([, findings]) => findings.length > 0) });
  }

  recall(snapshot: string): boolean {
    try {
      const { key, found } = JSON.parse(snapshot) as { key: string; found: [string, Finding[]][] };
      if (key === this.key()) this.recalled = new Map(found);
    } catch {
      // As if there were none.
    }
    return this.recalled !== null;
  }

  /** All that findings come from: the texts, where they are, and the options. */
  private key(): string {
    const texts = this.paths().map(
      (path) => `${path} ${this.asleep.get(path)?.hash ?? hashOf(this.text(path) ?? "")}`,
    );
    const { catalog, rules, workspaceRules, help, ...options } = this.options;
    return hashOf(`${JSON.stringify(options)}\n${texts.sort().join("\n")}`);
  }
}

/** The user's own blocking calls among functions of the workspace: by the end of their dotted name, two parts at least. */
function ownCalls(options: WorkspaceOptions): ((id: string) => BlockingCall | undefined) | null {
  if (options.blocking.length === 0) return null;
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
