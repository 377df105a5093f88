import { readFileSync, statSync } from "node:fs";

/** Longer files are generated, and not read. */
const MAX_SOURCE_BYTES = 4 * 1024 * 1024;

const known = new Map<string, string | undefined>();

/** The text of a source file that a trace names, or undefined when it is not (any more) there to be read. */
export function sourceOf(file: string): string | undefined {
  if (known.has(file)) return known.get(file);
  let text: string | undefined;
  try {
    const stat = statSync(file);
    if (stat.isFile() && stat.size <= MAX_SOURCE_BYTES) text = readFileSync(file, "utf8");
  } catch {
    // Recorded elsewhere, or gone since: what needs the source is not judged.
  }
  known.set(file, text);
  return text;
}
