import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { createWorkspace } from "../../../src/lint/index";

const fixtures = resolve("test/fixtures/lint");
const corpora = ["corpus", "complaints"].map((name) => join(fixtures, name));
const rules = ["blocking-*", "nested-loop", "not-thread-safe"];

/** `line: rule` for every rule a `# expect:` comment asks for. */
function expected(text: string): string[] {
  return text.split("\n").flatMap((line, index) => {
    const asked = /# expect: (.+)$/.exec(line)?.[1].split(/,\s*/) ?? [];
    return asked.map((rule) => `${index + 1}: ${rule}`);
  });
}

describe("blocking calls in a labelled corpus", () => {
  const paths = corpora
    .flatMap((corpus) => readdirSync(corpus, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.name.endsWith(".py"))
    .map((entry) => join(entry.parentPath, entry.name));
  const workspace = createWorkspace({ roots: corpora, select: rules });
  before(() => {
    for (const path of paths) workspace.setFile(path, readFileSync(path, "utf8"));
  });

  for (const path of paths) {
    it(`${relative(fixtures, path)}: finds what is labelled and nothing else`, () => {
      const found = workspace.findings(path).map((finding) => `${finding.line}: ${finding.rule}`);
      assert.deepEqual([...new Set(found)], expected(readFileSync(path, "utf8")));
    });
  }

  it("is large enough to mean something", () => {
    const labels = paths.flatMap((path) => expected(readFileSync(path, "utf8")));
    assert.ok(labels.length >= 170, `${labels.length} labels`);
  });
});
