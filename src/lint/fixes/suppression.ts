/** Suppressing a finding on its line. */
import { parseTree } from "../parser/parse";
import { commentsOf, isSuppressed, lineEnd } from "../suppress";
import type { Finding } from "../types";
import type { Source } from "./edits";
import type { OfferedFix } from "./index";

/** Adds `# loopscope: ignore[rule]` to the finding's line, or the rule to the one that is there. */
export function suppressHere(source: Source, finding: Finding): OfferedFix | null {
  const { text } = source;
  const title = `Ignore ${finding.rule} on this line`;
  for (const comment of commentsOf(text, finding)) {
    const list = /#\s*loopscope:\s*ignore\s*\[([^\]]*)\]/i.exec(comment.text);
    if (list) {
      const at = comment.from + list.index + list[0].length - 1;
      const text = list[1].trim() === "" ? finding.rule : `, ${finding.rule}`;
      return { title, edits: [{ from: at, to: at, text }], safe: false };
    }
  }
  for (const offset of [finding.from, finding.to]) {
    const end = lineEnd(text, offset);
    if (canComment(source, end)) {
      const at = end - (/[ \t]*$/.exec(text.slice(offset, end))?.[0].length ?? 0);
      return {
        title,
        edits: [{ from: at, to: end, text: `  # loopscope: ignore[${finding.rule}]` }],
        safe: false,
      };
    }
  }
  return null;
}

/** A file's text with a comment for each finding, and the findings that there was no place for. */
export function suppressAll(text: string, findings: readonly Finding[]): { text: string; left: Finding[] } {
  const left: Finding[] = [];
  const moved = findings.map((finding) => ({ ...finding }));
  // Each comment moves what is behind it; one that is there already takes up the next rule of its line.
  for (const [i, finding] of moved.entries()) {
    if (isSuppressed(text, finding)) continue;
    const [edit] = suppressHere({ text, tree: parseTree(text) }, finding)?.edits ?? [];
    if (edit === undefined) {
      left.push(findings[i]);
      continue;
    }
    text = text.slice(0, edit.from) + edit.text + text.slice(edit.to);
    const more = edit.text.length - (edit.to - edit.from);
    for (const each of moved) {
      if (each.from >= edit.to) each.from += more;
      if (each.to > edit.to) each.to += more;
    }
  }
  return { text, left };
}

/** Whether the line ends in code: not inside a string that goes on, nor in a backslash. */
function canComment({ text, tree }: Source, end: number): boolean {
  if (text[end - 1] === "\\") return false;
  for (let node = tree.resolveInner(end, -1); node.parent; node = node.parent) {
    if (/String$/.test(node.name) && node.from < end && node.to > end) return false;
  }
  return true;
}
