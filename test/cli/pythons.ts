import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export interface Interpreter {
  path: string;
  version: string;
}

/** The CPythons of pyenv, oldest first; where there is no pyenv, the `python3` in PATH. */
function installed(): Interpreter[] {
  const root = join(process.env.PYENV_ROOT ?? join(homedir(), ".pyenv"), "versions");
  const names = existsSync(root) ? readdirSync(root).filter((name) => /^\d+\.\d+\.\d+$/.test(name)) : [];
  const found = names
    .map((version) => ({ path: join(root, version, "bin", "python"), version }))
    .filter(({ path }) => existsSync(path));
  if (found.length > 0) return found.sort((a, b) => minor(a) - minor(b));
  const report = "import sys; print(sys.executable, '%d.%d.%d' % sys.version_info[:3])";
  const [path, version] = execFileSync("python3", ["-c", report], { encoding: "utf8" }).trim().split(" ");
  return [{ path, version }];
}

function minor({ version }: Interpreter): number {
  const [major, second] = version.split(".").map(Number);
  return major * 1000 + second;
}

/** Those that Loopscope supports. */
export const interpreters = (): Interpreter[] => installed().filter((python) => minor(python) >= 3010);

/** One that it does not. */
export const oldInterpreter = (): Interpreter | undefined =>
  installed().find((python) => minor(python) < 3010);

/** The one that tests use which need only one. */
export const python = (): string =>
  (interpreters().find(({ version }) => /^3\.11/.test(version)) ?? interpreters()[0]).path;
