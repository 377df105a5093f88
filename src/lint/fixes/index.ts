/**
 * What a finding offers to do about itself. A fix re-parses, clears its finding, and is `safe` only when the program does
 * the same as before but for the fault.
 */
import type { Finding, TextChange } from "../types";
import { asyncSleep, awaitInstead, createSubprocess, offload, wrapFuture } from "./blocking";
import { ordered, type Source } from "./edits";
import { gather, taskGroup } from "./together";

export interface OfferedFix {
  title: string;
  /** By offset in the text as it is, last first. */
  edits: TextChange[];
  /** Fit to be applied without a second look, and by *Fix all*. */
  safe: boolean;
}

/** The fixes that change the code, best first. */
export function fixesFor(source: Source, finding: Finding): OfferedFix[] {
  const own = ownFix(source, finding);
  if (own) return [own];
  if (finding.rule === "sequential-awaits")
    return [gather(source, finding), taskGroup(source, finding)].filter(exists);
  const direct = finding.via.length === 0;
  const fixes = [
    direct && finding.rule === "blocking-sleep" ? asyncSleep(source, finding) : null,
    direct && finding.rule === "nested-loop" ? awaitInstead(source, finding) : null,
    direct && finding.rule === "blocking-subprocess" ? createSubprocess(source, finding) : null,
    direct && finding.sink?.endsWith("Future.result") ? wrapFuture(source, finding) : null,
    offload(source, finding),
  ].filter(exists);
  // The first that is safe first, so that what is applied by default is.
  return fixes.sort((a, b) => Number(b.safe) - Number(a.safe));
}

/** Rules whose own fix changes more than the fault. */
const UNSAFE = new Set(["cancellation-swallowed", "busy-wait"]);

function ownFix(source: Source, finding: Finding): OfferedFix | null {
  if (finding.fix === null) return null;
  const edits = finding.fix.edits.map((edit) => ({
    from: offset(source.text, edit.line, edit.column),
    to: offset(source.text, edit.endLine, edit.endColumn),
    text: edit.text,
  }));
  return { title: finding.fix.title, edits: ordered(edits), safe: !UNSAFE.has(finding.rule) };
}

function exists<T>(value: T | null | false | undefined): value is T {
  return Boolean(value);
}

/** 1-based line and column to an offset. */
function offset(text: string, line: number, column: number): number {
  const newline = /\r\n|\n|\r/g;
  let start = 0;
  for (let n = 1; n < line; n++) {
    if (newline.exec(text) === null) break;
    start = newline.lastIndex;
  }
  return start + column - 1;
}

/** The edits of many fixes together, each once, less those of fixes that would touch what an earlier one changed. */
export function combine(fixes: readonly OfferedFix[]): TextChange[] {
  const taken = new Map<string, TextChange>();
  for (const fix of fixes) {
    const fresh = fix.edits.filter((edit) => !taken.has(JSON.stringify(edit)));
    if (fresh.some((edit) => [...taken.values()].some((other) => overlap(edit, other)))) continue;
    for (const edit of fresh) taken.set(JSON.stringify(edit), edit);
  }
  return ordered([...taken.values()]);
}

function overlap(a: TextChange, b: TextChange): boolean {
  // Two insertions at one place would depend on their order, but for imports, which do not care.
  if (a.from === a.to && b.from === b.to) return a.from === b.from && !(isImport(a) && isImport(b));
  return a.from < b.to && b.from < a.to;
}

function isImport(edit: TextChange): boolean {
  return edit.text.startsWith("import ");
}
