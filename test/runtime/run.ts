import { spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "../../scripts/lib/paths";
import { environments, type TestPython } from "../../scripts/lib/pythons";
import { whatWasTriedAgain } from "../../scripts/lib/retried";

/** The tests that passed only at the second try: name and what failed first, as main.py says it. */
const triedAgain: string[] = [];

/**
 * `npm run test:runtime [-- PATTERN]`: the runtime's tests on every CPython found, two interpreters at a time, then
 * CPython's own tests of asyncio, traced and untraced, on the oldest and the newest that have them. A test that failed is
 * tried once more (main.py); those that then passed are listed at the end.
 */
async function main(): Promise<number> {
  const [pattern] = process.argv.slice(2);
  const found = environments();
  if (found.length === 0) {
    console.error("no CPython 3.10 or newer was found: install one, or set PYENV_ROOT");
    return 1;
  }
  const args = ["-m", "runtime.main", ...(pattern ? ["-k", pattern] : [])];
  const jobs = found.map((python) => ({ python, args }));
  const results = await inPairs(jobs, ({ python, args }) => run(python, args));
  if (!pattern) {
    const judges = [...new Set([found[0], found[found.length - 1]])];
    results.push(
      ...(await inPairs(judges, (python) =>
        run(python, ["runtime/conformance/main.py", "--usual", "--jobs", "1"]),
      )),
    );
  }
  const failed = results.filter((status) => status !== 0).length;
  if (triedAgain.length > 0) {
    console.log(`${triedAgain.length} tried again and passed, which may be a fault of ours:`);
    for (const line of triedAgain) console.log(`  ${line}`);
  }
  console.log(`${results.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

async function inPairs<T>(items: T[], act: (item: T) => Promise<number>): Promise<number[]> {
  const waiting = [...items];
  const results: number[] = [];
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift())
      results.push(await act(item));
  };
  await Promise.all([worker(), worker()]);
  return results;
}

function run(python: TestPython, args: string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(python.command, args, { cwd: join(root, "test"), stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    child.stdout.on("data", (data) => (text += data));
    child.stderr.on("data", (data) => (text += data));
    child.on("error", (error) => (text += error.message));
    child.on("close", (status) => {
      const missing = python.missing ? ` (without ${python.missing})` : "";
      console.log(
        `--- CPython ${python.version}${missing}: ${args[0] === "-m" ? "tests" : "test.test_asyncio"}`,
      );
      const again = whatWasTriedAgain(text);
      triedAgain.push(...again);
      const quiet = status === 0 && again.length === 0;
      console.log(quiet ? text.trimEnd().split("\n").slice(-12).join("\n") : text);
      resolve(status ?? 1);
    });
  });
}

void main().then((status) => process.exit(status));
