import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/paths";
import { whatFailed } from "./lib/whatFailed";

/** What `npm test` leaves out, and why. */
const LEFT_OUT: Record<string, string> = {
  "test:electron": "downloads VS Code",
};

/** First what is quick, then what needs the build, last what needs an editor. */
const ORDER = ["typecheck", "lint", "build", "test:unit"];
const LATE = ["test:vscode", "test:e2e", "test:package"];

/** How a check went. */
interface Result {
  name: string;
  passed: boolean;
  seconds: number;
  /** What it printed, both streams. */
  output: string;
}

/** Runs one script of package.json, showing what it prints as it comes, and keeping it. */
function check(name: string): Promise<Result> {
  console.log(`\n> ${name}`);
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn("npm", ["run", "--silent", name], {
      cwd: root,
      stdio: ["inherit", "pipe", "pipe"],
      shell: process.platform === "win32",
    });
    const chunks: Buffer[] = [];
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ] as const) {
      from.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        to.write(chunk);
      });
    }
    child.once("error", reject);
    // Not "close" alone: a process that a check left behind may hold the pipes open for ever.
    child.once("exit", (code) => {
      const seconds = (performance.now() - started) / 1000;
      const end = () => {
        clearTimeout(late);
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({ name, passed: code === 0, seconds, output: Buffer.concat(chunks).toString() });
      };
      const late = setTimeout(end, 2000);
      child.once("close", end);
    });
  });
}

/**
 * `npm test`: every check there is. Each `test:*` script of package.json is part of it, so that a new suite
 * cannot be forgotten. All of them run, so that one failure does not hide another. The sum is at the end, and
 * last of all what failed, since of a long log often only the end is kept.
 */
async function main(): Promise<number> {
  const scripts = Object.keys(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts);
  const suites = scripts.filter((name) => name.startsWith("test:") && !(name in LEFT_OUT));
  const others = suites.filter((name) => !ORDER.includes(name) && !LATE.includes(name));
  const results: Result[] = [];
  for (const name of [...ORDER, ...others, ...LATE]) results.push(await check(name));
  console.log();
  for (const { name, passed, seconds } of results) {
    console.log(`${passed ? "passed" : "FAILED"}  ${seconds.toFixed(0).padStart(4)} s  ${name}`);
  }
  for (const [name, why] of Object.entries(LEFT_OUT)) console.log(`left out        ${name} (${why})`);
  const failed = results.filter(({ passed }) => !passed);
  for (const { name, output } of failed) console.log(`\nFAILED ${name}\n${whatFailed(output)}`);
  return failed.length === 0 ? 0 : 1;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
