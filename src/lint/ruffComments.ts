/**
 * Suppressions that ruff writes instead of `# noqa` since 0.15 (its rule RUF105 replaces those): `# ruff: ignore[ASYNC251]`
 * behind code or above it, `# ruff: disable[...]` up to `# ruff: enable[...]`, `# ruff: file-ignore[...]`; and `# ruff: noqa`
 * and `# flake8: noqa` for a whole file. Codes may be written as ruff's names of its rules.
 */
import { type Comment, lineEnd, matches, readComments, type Suppressible } from "./suppress";

/** Findings that begin or end in here are suppressed, if their rule is among the codes; without codes, whatever it is. */
interface Span {
  from: number;
  to: number;
  codes: readonly string[];
}

/** ruff's names of the rules that have an equivalent here. */
const codeOf: Readonly<Record<string, string>> = {
  "cancel-scope-no-checkpoint": "ASYNC100",
  "trio-sync-call": "ASYNC105",
  "async-busy-wait": "ASYNC110",
  "yield-in-context-manager-in-async-generator": "ASYNC119",
  "blocking-http-call-in-async-function": "ASYNC210",
  "blocking-http-call-httpx-in-async-function": "ASYNC212",
  "create-subprocess-in-async-function": "ASYNC220",
  "run-process-in-async-function": "ASYNC221",
  "wait-for-process-in-async-function": "ASYNC222",
  "blocking-open-call-in-async-function": "ASYNC230",
  "blocking-path-method-in-async-function": "ASYNC240",
  "blocking-input-in-async-function": "ASYNC250",
  "blocking-sleep-in-async-function": "ASYNC251",
  "asyncio-dangling-task": "RUF006",
  "unused-async": "RUF029",
};

/** Whether such a comment suppresses the finding, by the comments of its file. */
export function ruffSuppressions(text: string): ((finding: Suppressible) => boolean) | null {
  if (!/#\s*(?:ruff|flake8)\s*:/.test(text)) return null;
  const spans = spansOf(text);
  if (spans.length === 0) return null;
  return (finding) =>
    spans.some(
      ({ from, to, codes }) =>
        finding.from < to && finding.from >= from && (codes.length === 0 || matches(codes, finding)),
    );
}

function spansOf(text: string): Span[] {
  const comments = readComments(text, 0, text.length);
  return comments.flatMap((comment, index): Span[] => {
    const start = lineStart(text, comment.from);
    const before = text.slice(start, comment.from);
    const isOwnLine = before.trim() === "";
    const whole = /^#\s*(?:ruff|flake8)\s*:\s*noqa(?:\s*:\s*([\w\s,]+))?/i.exec(comment.text);
    if (whole) return isOwnLine ? [{ from: 0, to: text.length, codes: codesIn(whole[1] ?? "") }] : [];
    const found = /#\s*ruff:\s*(ignore|disable|file-ignore)\[([^\]]*)\]/.exec(comment.text);
    const codes = codesIn(found?.[2] ?? "");
    if (!found || codes.length === 0) return [];
    if (found[1] === "file-ignore") return isOwnLine ? [{ from: 0, to: text.length, codes }] : [];
    if (found[1] === "disable")
      return isOwnLine
        ? [{ from: start, to: endOfDisabled(text, comments, index, before, found[2]), codes }]
        : [];
    if (!isOwnLine) return [{ from: start, to: comment.to, codes }];
    const next = nextCode(text, comment.to);
    return [{ from: next, to: logicalEnd(text, next), codes }];
  });
}

function codesIn(list: string): string[] {
  return list
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((code) => (Object.hasOwn(codeOf, code) ? codeOf[code] : code));
}

/** Where the `enable` of the same codes stands, or the block ends. */
function endOfDisabled(
  text: string,
  comments: Comment[],
  index: number,
  indent: string,
  list: string,
): number {
  const enable = comments.slice(index + 1).find(({ from, text: comment }) => {
    const other = /^#\s*ruff:\s*enable\[([^\]]*)\]/.exec(comment);
    return (
      other?.[1].replace(/\s/g, "") === list.replace(/\s/g, "") &&
      text.slice(lineStart(text, from), from) === indent
    );
  });
  const end = indent === "" ? text.length : endOfBlock(text, comments[index].to, indent);
  return enable && enable.from < end ? enable.from : end;
}

/** The first line of code that is indented less. Lines inside brackets and strings that are do not occur in code that is formatted. */
function endOfBlock(text: string, from: number, indent: string): number {
  for (let at = nextCode(text, from); at < text.length; at = nextCode(text, lineEnd(text, at))) {
    if (at - lineStart(text, at) < indent.length) return at;
  }
  return text.length;
}

function lineStart(text: string, offset: number): number {
  let start = offset;
  while (start > 0 && text[start - 1] !== "\n" && text[start - 1] !== "\r") start--;
  return start;
}

/** The first character of the next line that is neither blank nor a comment. */
function nextCode(text: string, from: number): number {
  const skipped = /[^\r\n]*(?:(?:\r\n|\r|\n)[ \t\f]*(?:#[^\r\n]*)?(?=\r|\n|$))*(?:\r\n|\r|\n)?[ \t\f]*/y;
  skipped.lastIndex = lineEnd(text, from);
  return from === text.length ? from : skipped.lastIndex + (skipped.exec(text)?.[0].length ?? 0);
}

/** The end of the last line of what begins here: the first line end that is not inside brackets. */
function logicalEnd(text: string, from: number): number {
  for (let end = lineEnd(text, from); ; end = lineEnd(text, end + 1)) {
    if (end >= text.length || !isOpen(text, from, end)) return end;
  }
}

/** Whether a bracket is open at the end of the stretch, strings and comments left out roughly. */
function isOpen(text: string, from: number, to: number): boolean {
  const code = text
    .slice(from, to)
    .replace(/("""|''')[\s\S]*?\1|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|#[^\r\n]*/g, "");
  let depth = 0;
  for (const char of code) {
    if ("([{".includes(char)) depth++;
    else if (")]}".includes(char)) depth--;
  }
  return depth > 0 || code.endsWith("\\");
}
