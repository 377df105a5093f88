/** The signs that our own texts are drawn with, in ASCII, most of them as wide. */
const IN_ASCII: Record<string, string> = {
  "├": "|",
  "└": "`",
  "│": "|",
  "─": "-",
  "×": "x",
  "·": "-",
  "–": "-",
  "→": "->",
  "…": "...",
};

/** Whether the locale shows more than ASCII; Windows has no such variables, and consoles that do. */
export function showsUnicode({ LC_ALL, LC_CTYPE, LANG } = process.env, platform = process.platform): boolean {
  return platform === "win32" || /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || "");
}

/** A text for a person, drawn with what the locale (`LC_ALL=C`) can show; what else it says of a program is left as it is. */
export function legible(text: string, unicode = showsUnicode()): string {
  return unicode ? text : text.replace(/[├└│─×·–→…]/g, (sign) => IN_ASCII[sign]);
}

/** The same for a text in pieces. */
export function* legibly(pieces: Iterable<string>): Generator<string> {
  for (const piece of pieces) yield legible(piece);
}
