import type { Place } from "../../protocol/report";

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a row
const BREAKING = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** A name or message as it may stand in one field of one line. */
export function oneLine(text: string): string {
  const escapes: Record<string, string> = { "\t": "\\t", "\n": "\\n", "\r": "\\r" };
  return text.replace(
    BREAKING,
    (char) => escapes[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** "app.py:12" */
export function where(place: Place | null): string {
  return place ? `${place.file.replace(/^.*[\\/]/, "")}:${place.line}` : "an unknown place";
}

/** A text as a regular expression for it: a name in a trace can be anything. */
export const literally = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

/** "12,345": a number in a sentence. */
export const digits = (n: number) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
