/** Findings of a notebook, told by cell: a line number of the whole would mean nothing to anyone. */
import type { NotebookCell } from "../files/notebook";
import type { LintFinding } from "../protocol/lintReport";

/** Lines, also those of steps and fixes in the same notebook, are counted in their cell; the message names it. */
export function byCell(finding: LintFinding, cells: readonly NotebookCell[]): LintFinding {
  const cell = cellAt(cells, finding.line);
  const inCell = (line: number) => line - cellAt(cells, line).firstLine;
  return {
    ...finding,
    line: inCell(finding.line),
    endLine: finding.endLine - cell.firstLine,
    message: `cell ${cell.number}: ${finding.message}`,
    via: finding.via.map((step) =>
      step.file === finding.file ? { ...step, line: inCell(step.line) } : step,
    ),
    fix: ofOneCell(finding, cells),
  };
}

/** A fix that reaches into another cell (an import at the top) cannot be told by lines of one. */
function ofOneCell({ line, fix }: LintFinding, cells: readonly NotebookCell[]): LintFinding["fix"] {
  const cell = cellAt(cells, line);
  if (!fix?.edits.every((edit) => cellAt(cells, edit.line) === cell)) return null;
  const edits = fix.edits.map((edit) => ({
    ...edit,
    line: edit.line - cell.firstLine,
    endLine: edit.endLine - cell.firstLine,
  }));
  return { ...fix, edits };
}

/** The cell that holds a line of the module, 1-based. */
function cellAt(cells: readonly NotebookCell[], line: number): NotebookCell {
  return cells.findLast((cell) => cell.firstLine < line) ?? cells[0];
}
