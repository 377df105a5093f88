import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { allRules, pageOf } from "../../lint/rules";
import type { LintFinding, LintReport } from "../../protocol/lintReport";

const LEVELS = { error: "error", warning: "warning", info: "note", hint: "note" } as const;

/** The report as SARIF 2.1.0, which code scanning services read. */
export function sarif(report: LintReport): object {
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "loopscope",
            rules: allRules.map((rule) => ({
              id: rule.id,
              shortDescription: { text: rule.summary },
              fullDescription: { text: rule.summary },
              // GitHub shows it beside a finding, where our pages are not at hand.
              help: { text: `See ${pageOf(rule.id)}`, markdown: page(rule.id) },
              defaultConfiguration: { enabled: rule.defaultOn, level: LEVELS[rule.severity] },
              properties: { tags: ["python", "asyncio", ...rule.equivalents] },
            })),
          },
        },
        columnKind: "utf16CodeUnits",
        results: report.findings.map(result),
      },
    ],
  };
}

function result(finding: LintFinding): object {
  const { file, line, column, endLine, endColumn } = finding;
  return {
    ruleId: finding.rule,
    ruleIndex: allRules.findIndex((rule) => rule.id === finding.rule),
    level: LEVELS[finding.severity],
    message: { text: finding.message },
    locations: [location(file, { line, column, endLine, endColumn })],
    ...(finding.via.length > 0 && { codeFlows: [{ threadFlows: [{ locations: flow(finding) }] }] }),
    ...(finding.fix && {
      fixes: [
        {
          description: { text: finding.fix.title },
          artifactChanges: [
            {
              artifactLocation: { uri: pathToFileURL(file).href },
              replacements: finding.fix.edits.map((edit) => ({
                deletedRegion: region(edit),
                insertedContent: { text: edit.text },
              })),
            },
          ],
        },
      ],
    }),
  };
}

function page(rule: string): string {
  return readFileSync(join(__dirname, "..", pageOf(rule)), "utf8");
}

interface Range {
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
}

function region({ line, column, endLine, endColumn }: Range) {
  return { startLine: line, startColumn: column, endLine, endColumn };
}

function location(file: string, range: Range) {
  return { physicalLocation: { artifactLocation: { uri: pathToFileURL(file).href }, region: region(range) } };
}

/** From the call in the async function, call by call, to the one that blocks. */
function flow({ file, line, column, endLine, endColumn, function: name, via }: LintFinding): object[] {
  const start = { ...location(file, { line, column, endLine, endColumn }), message: { text: `in ${name}` } };
  const steps = via.map((step) => ({
    physicalLocation: {
      artifactLocation: { uri: pathToFileURL(step.file).href },
      region: { startLine: step.line },
    },
    message: { text: `in ${step.function}` },
  }));
  return [start, ...steps].map((each) => ({ location: each }));
}
