import type { Terminal } from "./output";

/** Paints text for a terminal, or leaves it as it is. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
  /** One line of any length as lines of the terminal's width, all but the first indented; elsewhere as it is. */
  fold(line: string, indent: number): string;
}

/** Narrower than this, words are left to the terminal. */
const NARROWEST = 40;

/** Styles with ANSI escapes when `colours`, else without; lines folded for a terminal of `columns`. */
export function style({ tty, colours, columns }: Terminal): Style {
  const paint = (on: number, off: number) => (text: string) =>
    colours ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
    fold: (line, indent) => (tty && columns >= NARROWEST ? folded(line, columns, indent) : line),
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
const ESCAPES = /\u001b\[\d+m/g;

/** Broken at blanks; a longer word has a line of its own. */
function folded(line: string, columns: number, indent: number): string {
  let text = "";
  let width = 0;
  for (const [i, word] of line.split(" ").entries()) {
    const length = word.replace(ESCAPES, "").length;
    if (i > 0 && width > indent && width + 1 + length > columns) {
      text += `\n${" ".repeat(indent)}${word}`;
      width = indent + length;
    } else {
      text += i > 0 ? ` ${word}` : word;
      width += length + (i > 0 ? 1 : 0);
    }
  }
  return text;
}

/** Text from the traced program, made harmless: control characters could drive the reader's terminal. */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (char) =>
    char === "\n" || char === "\t" ? " " : "\ufffd",
  );
}
