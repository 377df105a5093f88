/** A notebook's Python cells as the one module they are: what a cell defines, those after it use. */
import { pythonLines } from "../files/notebook";
import type { Cell } from "./places";

export interface NotebookModule {
  text: string;
  cells: Cell[];
}

/** Puts the cells one below the other; lines that are IPython's and not Python's become comments of the same length. */
export function joinCells(cells: readonly { uri: string; text: string }[]): NotebookModule {
  const placed: Cell[] = [];
  let text = "";
  let line = 0;
  for (const cell of cells) {
    const lines = cell.text.split(/\r\n|\r|\n/);
    placed.push({ uri: cell.uri, firstLine: line, lines: lines.length });
    text += `${pythonLines(lines).join("\n")}\n`;
    line += lines.length;
  }
  return { text, cells: placed };
}
