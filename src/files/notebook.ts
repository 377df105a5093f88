/** The Python in a Jupyter notebook, from its file (nbformat 4). */
import { readPython } from "./read";

export interface NotebookCell {
  /** Counted from 1 over all cells, as editors do. */
  number: number;
  /** Its first line in the module, 0-based. */
  firstLine: number;
}

export type NotebookModule = { text: string; cells: NotebookCell[] } | { problem: string };

interface Stored {
  nbformat?: unknown;
  metadata?: { kernelspec?: { language?: unknown }; language_info?: { name?: unknown } };
  cells?: unknown;
}

/** The cells one below the other, as the one module they are: what a cell defines, those after it use. */
export async function readNotebook(path: string): Promise<NotebookModule> {
  const read = await readPython(path);
  if ("problem" in read) return read;
  let stored: Stored | null;
  try {
    stored = JSON.parse(read.text) as Stored | null;
  } catch {
    return { problem: "it is not JSON, as a notebook is" };
  }
  const language =
    stored?.metadata?.language_info?.name ?? stored?.metadata?.kernelspec?.language ?? "python";
  if (!Array.isArray(stored?.cells)) return { problem: "it is no notebook of format 4" };
  if (typeof language !== "string" || !/^i?python3?$/i.test(language))
    return { problem: "its language is not Python" };
  const cells: NotebookCell[] = [];
  let text = "";
  let line = 0;
  for (const [index, cell] of (
    stored.cells as ({ cell_type?: unknown; source?: unknown } | null)[]
  ).entries()) {
    if (cell?.cell_type !== "code") continue;
    const source = Array.isArray(cell.source) ? cell.source.join("") : String(cell.source ?? "");
    const lines = pythonLines(source.split(/\r\n|\r|\n/));
    cells.push({ number: index + 1, firstLine: line });
    text += `${lines.join("\n")}\n`;
    line += lines.length;
  }
  return { text, cells };
}

/** Lines that are IPython's and not Python's become comments of the same length. */
export function pythonLines(lines: readonly string[]): string[] {
  const first = lines.find((line) => line.trim() !== "") ?? "";
  // `%%bash` makes the whole cell something else; `%%time` and its like are followed by Python.
  const magic = /^%%(\w+)/.exec(first)?.[1];
  const isPython = magic === undefined || /^(time|timeit|capture|prun|debug|python3?)$/.test(magic);
  return lines.map((line) => (isPython && !/^\s*[%!]/.test(line) ? line : line.replace(/^(\s*)\S/, "$1#")));
}
