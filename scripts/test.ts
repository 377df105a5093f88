import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/paths";

/** What `npm test` leaves out, and why. */
const LEFT_OUT: Record<string, string> = {
  "test:electron": "downloads VS Code",
};

/** First what is quick, then what needs the build, last what needs an editor. */
const ORDER = ["typecheck", "lint", "build", "test:unit"];
const LATE = ["test:vscode", "test:e2e", "test:package"];

/**
 * `npm test`: every check there is. Each `test:*` script of package.json is part of it, so that a new suite
 * cannot be forgotten. All of them run, so that one failure does not hide another; the sum is at the end.
 */
function main(): number {
  const scripts = Object.keys(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts);
  const suites = scripts.filter((name) => name.startsWith("test:") && !(name in LEFT_OUT));
  const others = suites.filter((name) => !ORDER.includes(name) && !LATE.includes(name));
  const results = [...ORDER, ...others, ...LATE].map((name) => {
    console.log(`\n> ${name}`);
    const started = performance.now();
    const { status } = spawnSync("npm", ["run", "--silent", name], {
      cwd: root,
      stdio: "inherit",
      shell: process.platform === "win32",
    });
    return { name, passed: status === 0, seconds: (performance.now() - started) / 1000 };
  });
  console.log();
  for (const { name, passed, seconds } of results) {
    console.log(`${passed ? "passed" : "FAILED"}  ${seconds.toFixed(0).padStart(4)} s  ${name}`);
  }
  for (const [name, why] of Object.entries(LEFT_OUT)) console.log(`left out        ${name} (${why})`);
  return results.every(({ passed }) => passed) ? 0 : 1;
}

process.exit(main());
