import { type Diagnostic, DiagnosticSeverity, DiagnosticTag } from "vscode-languageserver/node";
import type { Finding, Severity } from "../lint/types";
import type { Places } from "./places";

const SEVERITY: Record<Severity, DiagnosticSeverity> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  info: DiagnosticSeverity.Information,
  hint: DiagnosticSeverity.Hint,
};

export const SOURCE = "loopscope";

/** A finding as the editor shows it: the helper chain and other places as related information one can click through. */
export function toDiagnostic(finding: Finding, places: Places, pages: string | null): Diagnostic {
  const related = [
    ...finding.steps.map((step, index) => ({
      location: places.locate(step),
      message: `in ${finding.via[index]?.function ?? "a helper"}`,
    })),
    ...finding.related.map((place) => ({ location: places.locate(place), message: place.message })),
  ];
  return {
    range: places.locate(finding).range,
    severity: SEVERITY[finding.severity],
    code: finding.rule,
    ...(pages !== null && { codeDescription: { href: `${pages.replace(/\/?$/, "/")}${finding.rule}.md` } }),
    source: SOURCE,
    message: finding.message,
    ...(finding.rule === "deprecated-loop-api" && { tags: [DiagnosticTag.Deprecated] }),
    ...(related.length > 0 && { relatedInformation: related }),
  };
}
