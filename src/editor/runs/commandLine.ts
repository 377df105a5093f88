/** What `python` is to be given, and what to call it. */
export interface CommandLine {
  title: string;
  /** Arguments of the interpreter. */
  args: string[];
}

/**
 * Reads a command line as a person types it into the terminal: `uvicorn app:app --port 8000`, `-m pkg.tool`, `app.py "two
 * words"`, with or without `python` in front. Null when it names no program.
 */
export function readCommandLine(line: string): CommandLine | null {
  const words = split(line);
  if (/^(.*\/)?python[\d.]*(\.exe)?$/.test(words[0] ?? "")) words.shift();
  const [first] = words;
  if (first === undefined) return null;
  if (/\.pyw?$|\.pyz$/.test(first)) return { title: fileName(first), args: words };
  if (first === "-m") return words.length < 2 ? null : { title: words[1], args: words };
  if (first.startsWith("-")) return null;
  // A program of the environment (uvicorn, pytest) is its module: so it runs with the chosen interpreter.
  return { title: fileName(first), args: ["-m", fileName(first), ...words.slice(1)] };
}

function fileName(path: string): string {
  return path.replace(/^.*[\\/]/, "");
}

/** Words as a shell separates them: quotes keep spaces, a backslash before a quote, a space or a backslash keeps that. */
export function split(line: string): string[] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\["' \\]|[^\s"'])+/g)) {
    words.push(
      word.replace(
        /"((?:\\.|[^"\\])*)"|'([^']*)'|\\(["' \\])/g,
        (_all, double?: string, single?: string, escaped?: string) =>
          double?.replace(/\\(["\\])/g, "$1") ?? single ?? escaped ?? "",
      ),
    );
  }
  return words;
}
