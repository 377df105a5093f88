/** Finding and reading the lint settings of a project. */
import { access, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { ConfigError, type LintConfig, NO_CONFIG, parseConfig } from "../lint/config";
import { allRules } from "../lint/rules";

export interface FoundConfig {
  config: LintConfig;
  /** The folder its paths are relative to. */
  folder: string;
  /** The file, or null when there is none. */
  file: string | null;
  /** The folder of the project, whose modules import one another; null where nothing says that there is one. */
  project: string | null;
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
  return { config, folder: dirname(resolve(file)), file, project: null };
}

/**
 * The settings for a folder: of the nearest pyproject.toml at or above it that has any.
 * @throws ConfigError when what it has is wrong
 */
export async function findConfig(folder: string): Promise<FoundConfig> {
  for (const at of upwards(folder)) {
    const file = join(at, "pyproject.toml");
    const text = await readFile(file, "utf8").catch(() => null);
    const config = text === null ? null : parseConfig(text, file, allRules);
    if (config !== null) return { config, folder: at, file, project: at };
  }
  const project = await findProject(folder);
  return { config: { ...NO_CONFIG }, folder: project ?? (await abovePackage(folder)), file: null, project };
}

/** The folder above the outermost package that a folder belongs to; the folder itself, if it is none. */
export async function abovePackage(folder: string): Promise<string> {
  for (const at of upwards(folder)) if (!(await isThere(join(at, "__init__.py")))) return at;
  return resolve(folder);
}

/** The nearest folder at or above this one that has a pyproject.toml, else the top of the repository it is in; null in neither. */
export async function findProject(folder: string): Promise<string | null> {
  for (const mark of ["pyproject.toml", ".git"]) {
    for (const at of upwards(folder)) if (await isThere(join(at, mark))) return at;
  }
  return null;
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function* upwards(folder: string): Generator<string> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    yield at;
    if (dirname(at) === at) return;
  }
}

/** Folders that module names start from. */
export function moduleRoots({ config, folder, project }: FoundConfig): string[] {
  return [...new Set([project ?? folder, folder, ...config.src.map((src) => resolve(folder, src))])];
}
