/** Suppressing a finding on its line. */
import { commentsOf, lineEnd } from "../suppress";
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

/** Whether the line ends in code: not inside a string that goes on, nor in a backslash. */
function canComment({ text, tree }: Source, end: number): boolean {
  if (text[end - 1] === "\\") return false;
  for (let node = tree.resolveInner(end, -1); node.parent; node = node.parent) {
    if (/String$/.test(node.name) && node.from < end && node.to > end) return false;
  }
  return true;
}
