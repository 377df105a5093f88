import { readFileSync, statSync } from "node:fs";

/** Longer files are generated, and not read. */
const MAX_SOURCE_BYTES = 4 * 1024 * 1024;

/** Reads source files that a trace names, each once; undefined for one that is not (any more) there to be read. */
export function sourceReader(): (file: string) => string | undefined {
  const known = new Map<string, string | undefined>();
  return (file) => {
    if (!known.has(file)) known.set(file, readSource(file));
    return known.get(file);
  };
}

function readSource(file: string): string | undefined {
  try {
    const stat = statSync(file);
    return stat.isFile() && stat.size <= MAX_SOURCE_BYTES ? readFileSync(file, "utf8") : undefined;
  } catch {
    // Recorded elsewhere, or gone since: what needs the source is not judged.
    return undefined;
  }
}
