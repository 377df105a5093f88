import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/paths";
import { whatWasTriedAgain } from "./lib/retried";
import { whatFailed } from "./lib/whatFailed";

/** What `npm test` leaves out, and why. */
const LEFT_OUT: Record<string, string> = {
  "test:electron": "downloads VS Code",
};

/** First what is quick, then what needs the build, last what needs an editor. */
const ORDER = ["typecheck", "lint", "build", "test:unit"];
const LATE = ["test:vscode", "test:e2e", "test:package"];

/** After how many minutes a check counts as hung: several times what it takes. The runtime's has every CPython to run. */
const MINUTES: Record<string, number> = { "test:runtime": 40 };
const MINUTES_OF_OTHERS = 20;

/** What the user ends `npm test` with. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** How a check went. */
interface Result {
  name: string;
  passed: boolean;
  seconds: number;
  /** What it printed, both streams. */
  output: string;
}

/** Runs one script of package.json, showing what it prints as it comes, and keeping it; one that hangs is killed. */
function check(name: string): Promise<Result> {
  console.log(`\n> ${name}`);
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn("npm", ["run", "--silent", name], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32",
      // A group of its own, to end it with all that it started.
      detached: process.platform !== "win32",
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
    const minutes = MINUTES[name] ?? MINUTES_OF_OTHERS;
    const limit = setTimeout(() => {
      const line = `\nno end after ${minutes} minutes: ended by force\n`;
      chunks.push(Buffer.from(line));
      process.stdout.write(line);
      endGroup(child);
    }, minutes * 60_000);
    const interrupted = () => {
      endGroup(child);
      process.exit(1);
    };
    for (const signal of SIGNALS) process.once(signal, interrupted);
    child.once("error", reject);
    // Not "close" alone: a process that a check left behind may hold the pipes open for ever.
    child.once("exit", (code) => {
      clearTimeout(limit);
      for (const signal of SIGNALS) process.off(signal, interrupted);
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

/** Ends a check with the processes it started: first such that they can clean up. */
function endGroup(child: ChildProcess): void {
  const kill = (signal: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined && process.platform !== "win32") process.kill(-child.pid, signal);
      else child.kill(signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  };
  kill("SIGTERM");
  setTimeout(() => kill("SIGKILL"), 5000).unref();
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
  for (const { name, output } of results)
    for (const test of whatWasTriedAgain(output)) console.log(`retried         ${name}: ${test}`);
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
