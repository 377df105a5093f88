/**
 * Suppressions: `# noqa`, `# noqa: ASYNC251`, `# noqa: blocking-sleep`, `# loopscope: ignore`,
 * `# loopscope: ignore[rule]` on the first or last line of a finding, `# loopscope: ignore-file` at the top of a file.
 * Those that ruff has of its own are in ruffComments.ts.
 */
import { ruffSuppressions } from "./ruffComments";

/** What is needed of a finding to know whether it is suppressed. */
export interface Suppressible {
  rule: string;
  equivalents: readonly string[];
  /** UTF-16 offsets of its range. */
  from: number;
  to: number;
  /** The blocking call, and the async function it is reported in, where the finding is about one. */
  sink?: string | null;
  function?: string | null;
}

export interface Comment {
  /** Offset of its `#`. */
  from: number;
  /** Offset of the end of its line. */
  to: number;
  text: string;
}

/** The findings that no comment suppresses. */
export function unsuppressed<F extends Suppressible>(text: string, findings: readonly F[]): F[] {
  if (findings.length === 0 || ignoresFile(text)) return [];
  const byRuff = ruffSuppressions(text);
  const hidden = new Set(findings.filter((finding) => isSuppressed(text, finding) || byRuff?.(finding)));
  if (hidden.size === 0) return [...findings];
  // Who lets a function open a file has looked at what it does with files.
  const opening = new Set(
    [...hidden].flatMap((each) => (opens.test(each.sink ?? "") ? [each.function] : [])),
  );
  return findings.filter(
    (each) => !hidden.has(each) && !(each.sink?.startsWith("io.IOBase.") && opening.has(each.function)),
  );
}

const opens = /\.(?:open|fdopen)$|^tempfile\.\w*TemporaryFile$/;

/** Whether the comments and blank lines before the first statement hold `# loopscope: ignore-file`. */
export function ignoresFile(text: string): boolean {
  const top = /^\uFEFF?(?:[ \t\f]*(?:#[^\r\n]*)?(?:\r\n|\r|\n|$))*/.exec(text.slice(0, 20_000))?.[0] ?? "";
  return /#\s*loopscope:\s*ignore-file\b/i.test(top);
}

export function isSuppressed(text: string, finding: Suppressible): boolean {
  return commentsOf(text, finding).some((comment) => suppresses(comment.text, finding));
}

/** Whether a comment's text suppresses a rule. */
export function suppresses(comment: string, finding: Pick<Suppressible, "rule" | "equivalents">): boolean {
  const own = /#\s*loopscope:\s*ignore(?!-file)(?:\s*\[([^\]]*)\])?/i.exec(comment);
  if (own !== null && (own[1] === undefined || matches(own[1].split(/[\s,]+/), finding))) return true;
  const noqa = /#\s*noqa(?::\s*([^#]*))?/i.exec(comment);
  if (noqa === null) return false;
  const codes = leadingCodes(noqa[1] ?? "");
  return codes.length === 0 || matches(codes, finding);
}

/** "ASYNC251, E501 because of that": the codes up to the first word that is none. As flake8 reads it, no code means all. */
function leadingCodes(list: string): string[] {
  const codes: string[] = [];
  for (const word of list.split(/[\s,]+/)) {
    if (!/^(?:[A-Za-z]+[0-9]+|[a-z]+(?:-[a-z]+)+)$/.test(word)) break;
    codes.push(word);
  }
  return codes;
}

/** A code names a rule, one of its equivalents, or what several of them begin with ("ASYNC2" in a noqa). */
export function matches(
  codes: readonly string[],
  { rule, equivalents }: Pick<Suppressible, "rule" | "equivalents">,
): boolean {
  return codes.some((code) => {
    const upper = code.toUpperCase();
    return code === rule || (upper !== "" && equivalents.some((other) => other.startsWith(upper)));
  });
}

/** The comments on the first and the last line of a range. */
export function commentsOf(text: string, range: { from: number; to: number }): Comment[] {
  const lastEnd = lineEnd(text, range.to);
  // Nearly every line has none: do not read code for nothing.
  const hash = text.indexOf("#", range.from);
  if (hash < 0 || hash >= lastEnd) return [];
  const firstEnd = lineEnd(text, range.from);
  return readComments(text, range.from, lastEnd).filter(
    (comment) => comment.from < firstEnd || comment.to === lastEnd,
  );
}

export function lineEnd(text: string, offset: number): number {
  let end = offset;
  while (end < text.length && text[end] !== "\n" && text[end] !== "\r") end++;
  return end;
}

const STRING_PREFIX = /[rRbBuUfFtT]{0,2}$/;

/** Reads Python from an offset that is code, not inside a string, and gives the comments met. */
export function readComments(text: string, from: number, to: number): Comment[] {
  const comments: Comment[] = [];
  let at = from;
  while (at < to) {
    const char = text[at];
    if (char === "#") {
      const end = lineEnd(text, at);
      comments.push({ from: at, to: end, text: text.slice(at, end) });
      at = end;
    } else if (char === '"' || char === "'") {
      const raw = /[rR]/.test(STRING_PREFIX.exec(text.slice(Math.max(from, at - 2), at))?.[0] ?? "");
      const end = stringEnd(text, at, raw);
      // An opening quote without its end: the range began inside a string (an f-string's field) and this quote closed it.
      at = end ?? at + 1;
    } else at++;
  }
  return comments;
}

/** The offset after the string that opens at `at`, or null when its line ends first. */
function stringEnd(text: string, at: number, raw: boolean): number | null {
  const quote = text[at];
  const triple = text.startsWith(quote.repeat(3), at);
  const close = triple ? quote.repeat(3) : quote;
  for (let i = at + close.length; i < text.length; i++) {
    if (text[i] === "\\") {
      // In a raw string too, a backslash keeps the quote after it from closing the string.
      if (!raw && text[i + 1] === "\r" && text[i + 2] === "\n") i++;
      i++;
    } else if (text.startsWith(close, i)) return i + close.length;
    else if (!triple && (text[i] === "\n" || text[i] === "\r")) return null;
  }
  return triple ? text.length : null;
}
