/** Findings as the contract has them (`loopscope-lint/1`). */
import type { LintEdit, LintFinding } from "../protocol/lintReport";
import { fixesFor, type OfferedFix } from "./fixes/index";
import { parseTree } from "./parser/parse";
import type { Finding, LintWorkspace } from "./types";

/** A file's findings, with the first fix each offers. */
export function reportFindings(
  workspace: LintWorkspace,
  path: string,
  findings: readonly Finding[],
): LintFinding[] {
  const text = workspace.text(path);
  if (findings.length === 0 || text === null) return [];
  const source = { text, tree: parseTree(text) };
  return findings.map((finding) => {
    const fix = fixesFor(source, finding)[0];
    const { rule, severity, file, line, column, endLine, endColumn, message, help, via } = finding;
    return {
      rule,
      equivalents: [...finding.equivalents],
      severity,
      file,
      line,
      column,
      endLine,
      endColumn,
      message,
      help,
      function: finding.function,
      via: via.map((step) => ({ ...step })),
      fix: fix ? { title: fix.title, edits: placed(workspace, path, fix) } : null,
    };
  });
}

/** A fix's edits by line and column, in the order of the text. */
function placed(workspace: LintWorkspace, path: string, fix: OfferedFix): LintEdit[] {
  return [...fix.edits].reverse().map((edit) => {
    const { line, column, endLine, endColumn } = workspace.locationAt(path, edit.from, edit.to);
    return { line, column, endLine, endColumn, text: edit.text };
  });
}
