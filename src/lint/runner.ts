import { UnitContext } from "./context";
import type { SourceFile } from "./file";
import type { FindingContext } from "./findings";
import type { Evaluator } from "./resolve/evaluate";
import type { Unit } from "./resolve/unit";
import type {
  Fact,
  Finding,
  PlacedFact,
  Rule,
  RuleReport,
  Severity,
  WorkspaceOptions,
  WorkspaceReport,
  WorkspaceRule,
} from "./types";

/** What a rule reported of a unit; offsets relative to the unit, but for edits outside of it. */
interface Kept {
  rule: Rule;
  report: RuleReport;
  function: string | null;
}

interface UnitResult {
  kept: Kept[];
  facts: { rule: WorkspaceRule; facts: readonly Fact[] }[];
  /** A fix edits the file outside of the unit: it must be made again when the file changes. */
  reachesOut: boolean;
}

/** Runs the rules that look at code unit by unit, and only on units that need it. */
export class RuleRunner {
  private rules: Rule[] = [];
  private workspaceRules: WorkspaceRule[] = [];
  private severities: Readonly<Record<string, Severity>> = {};
  private readonly results = new Map<Unit, UnitResult>();
  private conclusions: Finding[] | null = null;

  constructor(
    private readonly evaluator: () => Evaluator,
    private readonly fileOf: (path: string) => SourceFile | undefined,
    /** The unit must be looked at again. */
    private readonly again: (unit: Unit) => void,
    private readonly changed: (path: string) => void,
  ) {}

  configure(options: WorkspaceOptions, enabled: ReadonlySet<string>): void {
    this.rules = options.rules.filter((rule) => enabled.has(rule.id));
    this.workspaceRules = options.workspaceRules.filter((rule) => enabled.has(rule.id));
    this.severities = options.severities;
    this.results.clear();
    this.conclusions = null;
  }

  removed(unit: Unit): void {
    if (this.results.get(unit)?.facts.length) this.conclusions = null;
    this.results.delete(unit);
  }

  /** The file was edited: places in it have moved. */
  moved(file: SourceFile): void {
    for (const unit of file.units) {
      const result = this.results.get(unit);
      if (result?.reachesOut) this.again(unit);
      if (result?.facts.length) this.conclusions = null;
    }
  }

  /** Runs the rules on a unit that is being resolved. */
  run(unit: Unit): void {
    if (this.rules.length + this.workspaceRules.length === 0) return;
    const file = this.fileOf(unit.path);
    // Rules look upwards from what they find: in code nested thousands deep they would not come to an end.
    if (!file || unit.container.module !== file.module || unit.ir.isDeep) return;
    const result: UnitResult = { kept: [], facts: [], reachesOut: false };
    this.check(file, unit, result);
    const before = this.results.get(unit);
    if (result.facts.length > 0 || before?.facts.length) this.conclusions = null;
    if (result.kept.length > 0 || result.facts.length > 0) this.results.set(unit, result);
    else this.results.delete(unit);
    this.changed(unit.path);
  }

  private check(file: SourceFile, unit: Unit, result: UnitResult): void {
    let rule: Rule | null = null;
    const context = new UnitContext(file, unit, this.evaluator(), (report) => {
      if (!rule) return;
      const relative = toUnit(report, unit);
      result.reachesOut ||=
        relative !== report &&
        (report.fix?.edits.some((edit) => edit.from < unit.from || edit.to > unit.to) ?? false);
      const node = context.tree.resolveInner(report.at.from, 1);
      result.kept.push({ rule, report: relative, function: context.functionAt(node)?.qualname ?? null });
    });
    for (rule of this.rules) if (context.isAsync || !rule.asyncOnly) rule.check(context);
    for (const each of this.workspaceRules) {
      if (each.asyncOnly && !context.isAsync) continue;
      const facts = each.facts(context);
      if (facts.length > 0) result.facts.push({ rule: each, facts });
    }
  }

  findings(file: SourceFile, context: FindingContext): Finding[] {
    const found: Finding[] = [];
    for (const unit of file.units) {
      for (const kept of this.results.get(unit)?.kept ?? [])
        found.push(this.finding(context, file, unit, kept));
    }
    this.conclusions ??= this.conclude(context);
    for (const finding of this.conclusions) if (finding.file === file.document.path) found.push(finding);
    return found;
  }

  private finding(context: FindingContext, file: SourceFile, unit: Unit, kept: Kept): Finding {
    const { rule, report } = kept;
    const from = unit.from + report.at.from;
    const to = unit.from + report.at.to;
    const { document } = file;
    const edits = (report.fix?.edits ?? []).map((edit) => {
      const outside = (edit as Outside).outside === true;
      const { line, column, endLine, endColumn } = document.location(
        outside ? edit.from : edit.from + unit.from,
        outside ? edit.to : edit.to + unit.from,
      );
      return { line, column, endLine, endColumn, text: edit.text };
    });
    return {
      ...plainFinding(
        rule,
        this.severities[rule.id] ?? report.severity ?? rule.severity,
        report.message,
        context,
      ),
      ...document.location(from, to),
      function: kept.function,
      fix: report.fix ? { title: report.fix.title, edits } : null,
      from,
      to,
      sink: report.sink ?? null,
      replacement: report.replacement ?? null,
      related: (report.related ?? []).map(({ at, message }) => ({
        ...document.location(at.from + unit.from, at.to + unit.from),
        message,
      })),
    };
  }

  private conclude(context: FindingContext): Finding[] {
    const found: Finding[] = [];
    for (const rule of this.workspaceRules) {
      const facts: PlacedFact[] = [];
      const units = new Map<PlacedFact, Unit>();
      for (const [unit, result] of this.results) {
        const document = this.fileOf(unit.path)?.document;
        if (!document) continue;
        for (const each of result.facts) {
          if (each.rule !== rule) continue;
          for (const fact of each.facts) {
            const placed = {
              ...fact,
              location: document.location(unit.from + fact.from, unit.from + fact.to),
            };
            facts.push(placed);
            units.set(placed, unit);
          }
        }
      }
      facts.sort(
        (a, b) =>
          (a.location.file < b.location.file ? -1 : a.location.file > b.location.file ? 1 : 0) ||
          a.location.line - b.location.line ||
          a.location.column - b.location.column,
      );
      rule.conclude(facts, (at: PlacedFact, { message, related }: WorkspaceReport) => {
        const start = units.get(at)?.from ?? 0;
        found.push({
          ...plainFinding(rule, this.severities[rule.id] ?? rule.severity, message, context),
          ...at.location,
          function: at.function,
          fix: null,
          from: start + at.from,
          to: start + at.to,
          sink: null,
          replacement: null,
          related: (related ?? []).map((other) => ({ ...other.at.location, message: other.message })),
        });
      });
    }
    return found;
  }
}

function plainFinding(
  rule: Pick<Rule, "id" | "equivalents">,
  severity: Severity,
  message: string,
  context: FindingContext,
) {
  return {
    rule: rule.id,
    equivalents: [...rule.equivalents],
    severity,
    message,
    help: context.help(rule.id),
    via: [],
    steps: [],
    also: [],
  };
}

interface Outside {
  outside?: boolean;
}

/** Offsets as distances from the unit, so that they stay right when it moves. */
function toUnit(report: RuleReport, unit: Unit): RuleReport {
  const shift = <T extends { from: number; to: number }>(range: T): T => ({
    ...range,
    from: range.from - unit.from,
    to: range.to - unit.from,
  });
  return {
    ...report,
    at: shift(report.at),
    related: report.related?.map((each) => ({ ...each, at: shift(each.at) })),
    fix: report.fix && {
      title: report.fix.title,
      edits: report.fix.edits.map((edit) =>
        edit.from < unit.from || edit.to > unit.to ? { ...edit, outside: true } : shift(edit),
      ),
    },
  };
}
