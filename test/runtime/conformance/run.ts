import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "../../../scripts/lib/paths";
import { pythons } from "../../../scripts/lib/pythons";

/** `npm run conformance [-- OPTIONS]`: the runtime judged by the tests of others, on every CPython found; see main.py. */
const interpreters = pythons();
if (interpreters.length === 0) {
  console.error("no CPython 3.10 or newer was found: install one, or set PYENV_ROOT");
  process.exit(1);
}
const options = interpreters.flatMap(({ command }) => ["--python", command]);
// What runs the others must itself be new enough for tarfile's filters; the newest is.
const { command } = interpreters[interpreters.length - 1];
const judge = join(root, "test", "runtime", "conformance", "main.py");
const { status } = spawnSync(command, [judge, ...options, ...process.argv.slice(2)], { stdio: "inherit" });
process.exit(status ?? 1);
