/**
 * What of labelled code the linter sees, next to ruff's ASYNC rules: every line of test/fixtures/lint with an
 * `# expect: rule` blocks the loop, no other line does.
 *
 *     npx tsx test/bench/lintRecall.ts
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Workspace as Ruff } from "@astral-sh/ruff-wasm-nodejs";
import { createWorkspace } from "../../src/lint/index";

const select = ["blocking-*", "nested-loop", "not-thread-safe"];
const ruff = new Ruff({ lint: { select: ["ASYNC"] } }, 1);
const rows = new Map<
  string,
  { labels: number; ours: number; ruff: number; extra: number; ruffExtra: number }
>();

for (const folder of ["corpus", "complaints"]) {
  const root = resolve("test/fixtures/lint", folder);
  const paths = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".py"),
  );
  const workspace = createWorkspace({ roots: [root], select });
  for (const path of paths) workspace.setFile(join(root, path), readFileSync(join(root, path), "utf8"));
  for (const path of paths) {
    const lines = readFileSync(join(root, path), "utf8").split("\n");
    const ours = new Set(workspace.findings(join(root, path)).map((finding) => finding.line));
    const theirs = new Set(
      ruff
        .check(lines.join("\n"))
        .map((each: { start_location: { row: number } }) => each.start_location.row),
    );
    for (const [index, line] of lines.entries()) {
      const labels = /# expect: (.+)$/.exec(line)?.[1].split(/,\s*/) ?? [];
      const [rule = "(none)"] = labels;
      const row = rows.get(rule) ?? { labels: 0, ours: 0, ruff: 0, extra: 0, ruffExtra: 0 };
      rows.set(rule, row);
      const [mine, other] = [ours.has(index + 1), theirs.has(index + 1)].map(Number);
      if (labels.length === 0) {
        row.extra += mine;
        row.ruffExtra += other;
      } else {
        row.labels++;
        row.ours += mine;
        row.ruff += other;
      }
    }
  }
}

const total = { labels: 0, ours: 0, ruff: 0 };
for (const [rule, row] of [...rows].sort()) {
  if (rule === "(none)") continue;
  console.log(`${rule.padEnd(22)} labels ${row.labels}  Loopscope ${row.ours}  ruff ${row.ruff}`);
  for (const key of ["labels", "ours", "ruff"] as const) total[key] += row[key];
}
const none = rows.get("(none)");
console.log(`${"all".padEnd(22)} labels ${total.labels}  Loopscope ${total.ours}  ruff ${total.ruff}`);
console.log(`lines that do not block and were reported: Loopscope ${none?.extra}, ruff ${none?.ruffExtra}`);
