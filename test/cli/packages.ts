import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { python } from "./pythons";

const PACKAGES = ["aiohttp", "fastapi", "uvicorn", "uvloop", "aiofiles"];
/** Those that start processes, loops or tasks in ways of their own. */
export const CHILDREN = [
  "uvicorn",
  "gunicorn",
  "uvicorn-worker",
  "pytest-asyncio",
  "ipykernel",
  "nest_asyncio",
  "anyio",
];

/**
 * The interpreter of a virtual environment with the packages that users' programs use, made once and kept in
 * .cache; null, with the reason on stderr, where they cannot be installed (no registry in reach).
 */
export function packagesPython(name = "programs", packages = PACKAGES): string | null {
  const folder = resolve(__dirname, "../../.cache/venvs", name);
  const stamp = join(folder, "installed");
  const wanted = `${python()}\n${packages.join(" ")}\n`;
  const interpreter = join(folder, "bin", "python");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return interpreter;
  try {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    execFileSync(python(), ["-m", "venv", folder], { stdio: "pipe" });
    execFileSync(interpreter, ["-m", "pip", "install", "--quiet", ...packages], { stdio: "pipe" });
    writeFileSync(stamp, wanted);
    return interpreter;
  } catch (error) {
    console.error(`${packages.join(", ")} cannot be installed here: ${(error as Error).message}`);
    return null;
  }
}
