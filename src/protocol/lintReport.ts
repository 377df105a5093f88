/**
 * Lint output (`loopscope-lint/1`): what `loopscope lint --format json` prints. Lines are 1-based, columns
 * are 1-based UTF-16 units, `file` is an absolute path. Extend it, never break it.
 */
export interface LintReport {
  schema: "loopscope-lint/1";
  /** Number of files read. */
  files: number;
  findings: LintFinding[];
}

export interface LintFinding {
  rule: string;
  /** The same rule in ruff and flake8-async, such as "ASYNC251". */
  equivalents: string[];
  severity: "error" | "warning" | "info" | "hint";
  file: string;
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
  message: string;
  help: string;
  /** The async function that blocks the loop. */
  function: string | null;
  /** The helper chain, call by call; empty when the async function blocks directly. */
  via: LintStep[];
  fix: LintFix | null;
}

export interface LintStep {
  file: string;
  line: number;
  function: string;
}

export interface LintFix {
  title: string;
  edits: LintEdit[];
}

/** Replaces a range of the finding's own file. */
export interface LintEdit {
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
  text: string;
}
