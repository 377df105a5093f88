import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { root } from "./paths";

/** What the runtime's tests run against, beside the standard library. */
export const PACKAGES = [
  "uvloop",
  "rloop",
  "aiohttp",
  "fastapi",
  "uvicorn",
  "aiofiles",
  "httpx",
  "anyio",
  "websockets",
  "coverage",
  "debugpy",
];
const OLDEST = 10;

export interface TestPython {
  /** The interpreter; inside `.cache/venvs` for an environment. */
  command: string;
  version: string;
  /** Packages that could not be installed, or nothing. */
  missing: string;
}

/** Every CPython 3.10 or newer on this machine, one per version, oldest first: pyenv's, and `python3*` in PATH. */
export function pythons(): TestPython[] {
  const candidates: string[] = [];
  const versions = join(process.env.PYENV_ROOT ?? join(homedir(), ".pyenv"), "versions");
  if (existsSync(versions)) {
    for (const name of readdirSync(versions)) candidates.push(join(versions, name, "bin", "python3"));
  }
  const names = ["python3", "python", ...Array.from({ length: 10 }, (_, i) => `python3.${OLDEST + i}`)];
  candidates.push(...names);
  const found = new Map<string, TestPython>();
  for (const command of candidates) {
    if (command.includes("/") && !existsSync(command)) continue;
    const probe =
      "import sys; print(sys.implementation.name, '%d.%d.%d' % sys.version_info[:3], sys.executable)";
    const { status, stdout } = spawnSync(command, ["-c", probe], { encoding: "utf8" });
    if (status !== 0) continue;
    const [implementation, version, executable] = stdout.trim().split(" ");
    const minor = Number(version.split(".")[1]);
    if (implementation !== "cpython" || !version.startsWith("3.") || minor < OLDEST || found.has(version))
      continue;
    found.set(version, { command: realpathSync(executable), version, missing: "" });
  }
  return [...found.values()].sort(
    (a, b) => Number(a.version.split(".")[1]) - Number(b.version.split(".")[1]),
  );
}

/**
 * An environment with PACKAGES for every CPython found, made in `.cache/venvs` if it is not there yet. A package that
 * cannot be installed there is left out and named: its tests are skipped, and say so.
 */
export function environments(): TestPython[] {
  return pythons().map((python) => {
    const folder = join(root, ".cache", "venvs", python.version);
    const command = join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
    const stamp = join(folder, "packages.json");
    const wanted = JSON.stringify(PACKAGES);
    if (!existsSync(stamp) || JSON.parse(readFileSync(stamp, "utf8")).wanted !== wanted) {
      mkdirSync(join(root, ".cache", "venvs"), { recursive: true });
      const made = spawnSync(python.command, ["-m", "venv", folder], { encoding: "utf8" });
      if (made.status !== 0) return { ...python, missing: `an environment: ${made.stderr.trim()}` };
      writeFileSync(stamp, JSON.stringify({ wanted, missing: install(command).join(", ") }));
    }
    return { command, version: python.version, missing: JSON.parse(readFileSync(stamp, "utf8")).missing };
  });
}

/** Installs all packages at once, or else one by one; the names of those that failed. */
function install(command: string): string[] {
  const pip = (names: string[]): boolean =>
    spawnSync(command, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...names])
      .status === 0;
  return pip(PACKAGES) ? [] : PACKAGES.filter((name) => !pip([name]));
}
