import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { blockingRules } from "../../../../src/lint/catalog";
import { createWorkspace } from "../../../../src/lint/index";
import { correctnessRules, workspaceRules } from "../../../../src/lint/rules-correctness";
import { FINDING_RULES } from "./runtime";

const FOLDER = "docs/rules";
const lintRules = [...blockingRules, ...correctnessRules, ...workspaceRules];
const pages = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".md"))
  .map((name) => name.slice(0, -".md".length));

function read(rule: string): string {
  return readFileSync(`${FOLDER}/${rule}.md`, "utf8");
}

/** The Python below the page's heading. */
function example(rule: string, heading: "Bad" | "Good"): string {
  const section = read(rule).split(`## ${heading}\n`)[1];
  return /```python\n([\s\S]*?)```/.exec(section)?.[1] ?? "";
}

function findings(rule: string, text: string): string[] {
  // The page of blocking-custom says which calls its example lists.
  const workspace = createWorkspace({ roots: ["/app"], select: [rule], blocking: ["vendor.Client.send"] });
  workspace.setFile("/app/main.py", text);
  return workspace.allFindings().map((finding) => `${finding.line}: ${finding.message}`);
}

describe("the pages of the rules", () => {
  it("are there for every rule, and for nothing else", () => {
    const expected = new Set([...lintRules.map((rule) => rule.id), ...FINDING_RULES]);
    assert.deepEqual([...expected].sort(), [...pages].sort());
  });

  for (const rule of lintRules) {
    it(`${rule.id}: the bad example is reported, the good one is not`, () => {
      const bad = example(rule.id, "Bad");
      const good = example(rule.id, "Good");
      assert.ok(bad.length > 20 && good.length > 20);
      assert.notDeepEqual(findings(rule.id, bad), [], bad);
      assert.deepEqual(findings(rule.id, good), []);
    });

    it(`${rule.id}: the page states the severity, the default and the equivalents`, () => {
      const page = read(rule.id);
      const line = page.split("\n").find((each) => each.startsWith("*Lint rule")) ?? "";
      assert.ok(line.includes(`severity ${rule.severity}`), line);
      assert.ok(line.includes(rule.defaultOn ? "on by default" : "off by default"), line);
      for (const code of rule.equivalents) assert.ok(page.includes(`\`${code}\``), code);
    });
  }

  for (const rule of pages) {
    it(`${rule}: has the sections every page has`, () => {
      const headings = [...read(rule).matchAll(/^## (.*)$/gm)].map((match) => match[1]);
      for (const heading of ["What it finds", "Why it matters", "Bad", "Good", "When to ignore it"]) {
        assert.ok(headings.includes(heading), heading);
      }
      assert.ok(headings.includes("Equivalents") || headings.includes("See also"));
    });
  }
});
