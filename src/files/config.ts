/** Finding and reading the lint settings of a project. */
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { ConfigError, type LintConfig, NO_CONFIG, parseConfig } from "../lint/config";
import { allRules } from "../lint/rules";

export interface FoundConfig {
  config: LintConfig;
  /** The folder its paths are relative to. */
  folder: string;
  /** The file, or null when there is none. */
  file: string | null;
}

/**
 * Reads the settings in a file the user named.
 * @throws ConfigError when it cannot be read, or holds nothing for us
 */
export async function readConfigFile(file: string): Promise<FoundConfig> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new ConfigError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? error}`);
  }
  const config = parseConfig(text, file, allRules);
  if (config === null) throw new ConfigError(`${file} has no table [tool.loopscope]`);
  return { config, folder: dirname(resolve(file)), file };
}

/**
 * The settings for a folder: of the nearest pyproject.toml at or above it that has any.
 * @throws ConfigError when what it has is wrong
 */
export async function findConfig(folder: string): Promise<FoundConfig> {
  let nearest: string | null = null;
  for (let at = resolve(folder); ; at = dirname(at)) {
    const file = join(at, "pyproject.toml");
    const text = await readFile(file, "utf8").catch(() => null);
    if (text !== null) {
      nearest ??= at;
      const config = parseConfig(text, file, allRules);
      if (config !== null) return { config, folder: at, file };
    }
    if (dirname(at) === at)
      return { config: { ...NO_CONFIG }, folder: nearest ?? resolve(folder), file: null };
  }
}

/** Folders that module names start from. */
export function moduleRoots({ config, folder }: FoundConfig): string[] {
  return [folder, ...config.src.map((src) => resolve(folder, src))];
}
