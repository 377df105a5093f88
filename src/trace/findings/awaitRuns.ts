/**
 * Finds, in the text of a Python file, awaits that follow one another and need nothing of one another. It
 * knows only what a line shows, and says nothing in doubt: whole statements `x = await f(...)` or
 * `await f(...)` in a row, with nothing between.
 */

/** One such statement. Lines are 1-based, and both included. */
export interface AwaitStatement {
  from: number;
  to: number;
  /** The call as it stands in the source, shortened. */
  call: string;
}

interface Logical {
  from: number;
  to: number;
  indent: number;
  text: string;
}

interface Parsed extends AwaitStatement {
  indent: number;
  targets: string[];
  /** Names the call reads, its plain callee left out. */
  reads: Set<string>;
}

/** Runs of at least two statements that could run together. */
export function awaitRuns(source: string): AwaitStatement[][] {
  const runs: AwaitStatement[][] = [];
  let run: Parsed[] = [];
  const close = () => {
    if (run.length > 1) runs.push(run);
    run = [];
  };
  for (const line of logicalLines(source)) {
    const statement = parse(line);
    const fits = statement !== null && run.every((earlier) => independent(earlier, statement));
    if (!fits) close();
    if (statement !== null) run.push(statement);
  }
  close();
  return runs;
}

const STRING = /([rbuf]*)("""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|#.*/gi;

/** What strings hold is no code, but for f-strings, whose text is kept so that the names in it count. */
function withoutStrings(source: string): string {
  return source.replace(STRING, (all: string, prefix: string | undefined, quoted: string | undefined) => {
    const lines = all.replace(/[^\n]/g, "");
    if (quoted === undefined) return lines;
    return /f/i.test(prefix ?? "") ? `(${quoted.replace(/["'#()[\]{}]/g, " ")})` : `''${lines}`;
  });
}

/** Statements with the lines they span: a bracket that is open goes on in the next line. */
function logicalLines(source: string): Logical[] {
  const found: Logical[] = [];
  let open: Logical | null = null;
  let depth = 0;
  for (const [i, raw] of withoutStrings(source).split("\n").entries()) {
    const text = raw.trimEnd();
    if (open === null && text.trim() === "") continue;
    const line: Logical = open ?? {
      from: i + 1,
      to: i + 1,
      indent: text.length - text.trimStart().length,
      text: "",
    };
    line.text += `${text.trim().replace(/\\$/, "")} `;
    line.to = i + 1;
    for (const char of text) depth += "([{".includes(char) ? 1 : ")]}".includes(char) ? -1 : 0;
    if (depth > 0 || text.endsWith("\\")) open = line;
    else {
      found.push(line);
      open = null;
      depth = 0;
    }
  }
  return found;
}

const STATEMENT = /^(?:([\w\s,]+?)(?::[^=]+)?=\s*)?await\s+([\w.]+)\s*\((.*)\)\s*$/;
const NAME = /[A-Za-z_]\w*(?!\s*=[^=])/g;
const KEYWORDS = new Set([
  "True",
  "False",
  "None",
  "not",
  "and",
  "or",
  "in",
  "is",
  "if",
  "else",
  "lambda",
  "for",
]);
/** Functions that wait for time, or for something that must happen first: their order is their purpose. */
const ORDERED =
  /^(sleep|wait|wait_for|acquire|join|put|get|drain|connect|close|wait_closed|start|stop|gather|shield|send|recv|read|readline|readexactly|write|flush|commit|rollback|begin|execute|__\w+__)$/;
/** What may be handed to several calls at a time: values, and clients that are made for it. */
const SHAREABLE =
  /^([A-Z][A-Z0-9_]*|(.*_)?(id|ids|name|url|uri|path|key|date|day|start|end|limit|offset|page|size|query|token|timeout|headers|params|config|settings|delay|session|client|http|pool|api))$/;

function parse(line: Logical): Parsed | null {
  const match = STATEMENT.exec(line.text.trim());
  if (match === null) return null;
  const [, targets = "", callee, args] = match;
  if (!balanced(args) || /\bawait\b|\byield\b|:=/.test(args)) return null;
  const path = callee.split(".");
  if (ORDERED.test(path[path.length - 1])) return null;
  const reads = new Set([...args.matchAll(NAME)].map(([name]) => name).filter((name) => !KEYWORDS.has(name)));
  if (path.length > 1) reads.add(path[0]);
  const call = `${callee}(${args.trim().length > 24 ? "…" : args.trim()})`;
  const names = targets.split(",").map((name) => name.trim());
  return { ...line, call, targets: names.filter((name) => name !== ""), reads };
}

/** Whether the brackets of a call's arguments all close inside it: `f(a) + g(b)` is no single call. */
function balanced(args: string): boolean {
  let depth = 0;
  for (const char of args) {
    if (char === "(") depth++;
    else if (char === ")" && --depth < 0) return false;
  }
  return depth === 0;
}

function independent(earlier: Parsed, later: Parsed): boolean {
  if (earlier.indent !== later.indent) return false;
  if (earlier.targets.some((name) => later.reads.has(name) || later.targets.includes(name))) return false;
  if (later.targets.some((name) => earlier.reads.has(name))) return false;
  return ![...later.reads].some((name) => earlier.reads.has(name) && !SHAREABLE.test(name));
}
