/**
 * How fast the linter answers, next to ruff (its ASYNC rules, through wasm) in the same run:
 *
 *     npm run bench:lint
 *
 * A key is typed in the middle of a function; the time runs from the change to the file's new findings, blocking calls
 * through helpers and all other rules that are on by default. What is measured is bundled as it ships. Exits with 1 when
 * a limit of the product is not met.
 */
import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { buildSync } from "esbuild";
import type { Row } from "./lintRows";

const bundle = resolve(".cache/bench/lint.cjs");
const coldRuns = 5;

buildSync({
  entryPoints: ["test/bench/lintRows.ts"],
  outfile: bundle,
  bundle: true,
  platform: "node",
  external: ["@astral-sh/ruff-wasm-nodejs"],
  logLevel: "error",
});

function rows(what: "warm" | "cold"): Row[] {
  const out = execFileSync(process.execPath, [bundle, what], { encoding: "utf8" });
  return out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Row);
}

const cold = Array.from({ length: coldRuns }, () => rows("cold")[0]);
const all = [...rows("warm"), { ...cold[0], times: cold.flatMap(({ times }) => times) }];

let missed = false;
for (const { name, times, limit } of all) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  const verdict = limit === null ? "" : at(0.95) <= limit ? `within ${limit} ms` : `OVER ${limit} ms`;
  missed ||= verdict.startsWith("OVER");
  const shown = [at(0.5), at(0.95)].map((time) => time.toFixed(2).padStart(9));
  console.log(`${name.padEnd(52)} median ${shown[0]} ms   p95 ${shown[1]} ms   ${verdict}`);
}
process.exitCode = missed ? 1 : 0;
