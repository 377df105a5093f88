import assert from "node:assert/strict";
import { createWorkspace, type Finding } from "../../../../src/lint/index";

/** The findings of one rule in a file, or in several by path. */
export function lint(rule: string, files: string | Record<string, string>): Finding[] {
  const workspace = createWorkspace({ roots: ["/app"], select: [rule] });
  const all = typeof files === "string" ? { "main.py": files } : files;
  for (const [path, text] of Object.entries(all)) workspace.setFile(`/app/${path}`, text);
  return workspace.allFindings();
}

/** Asserts that the rule reports the lines that end in `# !`, once each, and no others. */
export function checks(rule: string, files: string | Record<string, string>): void {
  const all = typeof files === "string" ? { "main.py": files } : files;
  const expected = Object.entries(all).flatMap(([path, text]) =>
    text
      .split("\n")
      .flatMap((line, index) => (line.endsWith("# !") ? [`${path}:${index + 1} ${line.trim()}`] : [])),
  );
  const found = lint(rule, all).map((finding) => {
    assert.ok(rule.endsWith("*") || finding.rule === rule);
    const path = finding.file.slice("/app/".length);
    return `${path}:${finding.line} ${all[path].split("\n")[finding.line - 1].trim()}`;
  });
  assert.deepEqual(found.sort(), expected.sort());
}
