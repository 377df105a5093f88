import { isAbsolute, relative } from "node:path";
import type { LintFinding, LintReport } from "../../protocol/lintReport";
import { digits } from "../../trace";
import { plain, type Style } from "../style";
import { count } from "../summary";

/** One line per finding, the helper chain below it, and a count at the end. */
export function* textOf(report: LintReport, folder: string, style: Style): Generator<string> {
  for (const finding of report.findings) {
    const place = `${shown(finding.file, folder)}:${finding.line}:${finding.column}`;
    yield `${style.bold(place)}: ${severity(finding, style)} ${plain(finding.message)} ${style.dim(`[${finding.rule}]`)}\n`;
    for (const step of finding.via) {
      yield style.dim(`    via ${shown(step.file, folder)}:${step.line} in ${plain(step.function)}`);
      yield "\n";
    }
  }
  yield `${summary(report)}\n`;
}

function severity({ severity }: LintFinding, style: Style): string {
  const word = `${severity}:`;
  if (severity === "error") return style.red(word);
  return severity === "warning" ? style.yellow(word) : style.cyan(word);
}

function summary({ findings, files }: LintReport): string {
  const where = `in ${count(files, "file")}`;
  if (findings.length === 0) return `No findings ${where}.`;
  const kinds = (["error", "warning", "info", "hint"] as const).flatMap((kind) => {
    const number = findings.filter((finding) => finding.severity === kind).length;
    return number > 0 ? [kind === "info" ? `${digits(number)} info` : count(number, kind)] : [];
  });
  return `${count(findings.length, "finding")} (${kinds.join(", ")}) ${where}.`;
}

/** Relative where that is shorter to read: inside the folder. */
function shown(file: string, folder: string): string {
  const path = relative(folder, file);
  return plain(path.startsWith("..") || isAbsolute(path) ? file : path);
}
