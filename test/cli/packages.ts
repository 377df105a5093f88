import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { python } from "./pythons";

const PACKAGES = ["aiohttp", "fastapi", "uvicorn", "uvloop", "aiofiles"];

/**
 * The interpreter of a virtual environment with the packages that users' programs use, made once and kept in
 * .cache; null, with the reason on stderr, where they cannot be installed (no registry in reach).
 */
export function packagesPython(): string | null {
  const folder = resolve(__dirname, "../../.cache/venvs/programs");
  const stamp = join(folder, "installed");
  const wanted = `${python()}\n${PACKAGES.join(" ")}\n`;
  const interpreter = join(folder, "bin", "python");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return interpreter;
  try {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    execFileSync(python(), ["-m", "venv", folder], { stdio: "pipe" });
    execFileSync(interpreter, ["-m", "pip", "install", "--quiet", ...PACKAGES], { stdio: "pipe" });
    writeFileSync(stamp, wanted);
    return interpreter;
  } catch (error) {
    console.error(`${PACKAGES.join(", ")} cannot be installed here: ${(error as Error).message}`);
    return null;
  }
}
