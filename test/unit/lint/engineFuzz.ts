/** Random edits of real code, and what they must not change: findings are those of reading the text afresh. */
import assert from "node:assert/strict";
import type { SourceFile } from "../../../src/lint/file";
import { createWorkspace } from "../../../src/lint/index";
import { readUnit } from "../../../src/lint/read/unit";
import { type Cut, cut } from "../../../src/lint/source/cut";
import type { Finding, LintWorkspace, TextChange } from "../../../src/lint/types";

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const pieces = [
  "\n",
  "\n\n",
  "    ",
  "\t",
  "(",
  ")",
  "[",
  "]",
  "{",
  "}",
  ":",
  ",",
  ".",
  "'",
  '"',
  '"""',
  "#",
  "\\",
  "=",
  "@",
  "é",
  "😀",
  "\r\n",
  "async ",
  "await ",
  "def f():\n",
  "class K:\n",
  "    time.sleep(1)\n",
  "import time\n",
  "from time import *\n",
  "\nasync def g():\n    time.sleep(1)\n    helper()\n\n",
  "\ndef helper():\n    time.sleep(1)\n\n",
  "return ",
  "lambda: ",
  "else:\n",
  "try:\n",
  "except* X:\n",
  "with open(p) as f:\n    f.read()\n",
  "global x\n",
  "self.x = open('a')\n",
  "yield ",
  't"{name!r:>{width}}"',
  'f"{a["b"]}"',
  "except ValueError, TypeError:\n",
  "finally:\n    return 1\n",
  "type Box[T = int] = list[T]\n",
  "match x:\n    case Point(x=0) | [1, *rest]:\n        time.sleep(1)\n",
  "def g[T: (int, str), *Ts, **P](x: T) -> T: ...\n",
];

/** One edit: something typed, something taken away, lines moved, or a piece of the text pasted elsewhere. */
export function randomEdit(text: string, next: () => number): TextChange {
  const at = Math.floor(next() * (text.length + 1));
  const kind = next();
  if (kind < 0.45) return { from: at, to: at, text: pieces[Math.floor(next() * pieces.length)] };
  if (kind < 0.6) return { from: at, to: Math.min(text.length, at + 1 + Math.floor(next() * 5)), text: "" };
  const line = text.indexOf("\n", at) + 1;
  const end = text.indexOf("\n", line + Math.floor(next() * 200)) + 1;
  if (kind < 0.75 && end > line) return { from: line, to: end, text: "" };
  if (kind < 0.9 && end > line) {
    const to = text.indexOf("\n", Math.floor(next() * text.length)) + 1;
    return { from: to, to, text: text.slice(line, end) };
  }
  return {
    from: at,
    to: Math.min(text.length, at + Math.floor(next() * 40)),
    text: pieces[Math.floor(next() * pieces.length)],
  };
}

export function sameAsAfresh(workspace: LintWorkspace, trace: string): void {
  const afresh = createWorkspace({ roots: ["/fuzz"] });
  for (const path of workspace.paths()) afresh.setFile(path, workspace.text(path)!);
  for (const path of workspace.paths()) {
    workspace.refresh(path);
    const now = workspace.findings(path).map(brief);
    assert.deepEqual(now, afresh.findings(path).map(brief), `${path} after ${trace}`);
  }
}

/** What the units of a file are is what its tree says, broken or not: nothing an edit changed was overlooked. */
export function unitsFitTree(workspace: LintWorkspace, path: string, trace: string): void {
  const { files } = workspace as unknown as { files: Map<string, SourceFile> };
  const { document, units } = files.get(path)!;
  const cuts = cut(document.tree);
  const place = ({ from, to, type, level, header }: Cut) => `${type} ${from}-${to} ${level} ${header}`;
  assert.deepEqual(units.map(place), cuts.map(place), `${path} after ${trace}`);
  for (const [i, unit] of units.entries())
    assert.deepEqual(unit.ir, readUnit(document.text, cuts[i].node!, unit.header), `${path} after ${trace}`);
}

function brief(finding: Finding): string {
  const via = finding.via.map((step) => `${step.file}:${step.line} ${step.function}`).join(" > ");
  const { line, column, endLine, endColumn } = finding;
  return `${line}:${column}-${endLine}:${endColumn} ${finding.rule} in ${finding.function}: ${finding.message} ${via}`;
}
