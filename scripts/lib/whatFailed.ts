import { stripVTControlCharacters } from "node:util";

/** How many lines are kept of a check that failed, and how many of one failure in it. */
const LINES = 24;
const LINES_EACH = 8;

/** Where one failure begins: mocha's "  1) title", unittest's "FAIL: name" and "ERROR: name". */
const HEAD = /^(?: {2}\d+\) |FAIL: |ERROR: )/;

/**
 * The few lines of a check's output that say what failed in it: of mocha's and unittest's each failure's name and the
 * first lines of its error, without the stack; of anything else the last lines.
 */
export function whatFailed(output: string): string {
  const lines = stripVTControlCharacters(output)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "");
  // Mocha shows a failure twice: a line of it where it happened, all of it after its "N failing".
  const sum = lines.findLastIndex((line) => /^ {2}\d+ failing/.test(line));
  const heads = lines.flatMap((line, at) => (at > sum && HEAD.test(line) ? [at] : []));
  const told = heads.flatMap((at, index) => {
    const end = Math.min(heads[index + 1] ?? lines.length, at + 40);
    return lines
      .slice(at, end)
      .filter((line) => !/^\s+at |^[-=]{20,}$/.test(line))
      .slice(0, LINES_EACH);
  });
  return (told.length > 0 ? told.slice(0, LINES) : lines.slice(-LINES)).join("\n");
}
