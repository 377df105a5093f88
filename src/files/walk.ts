/** Finding a project's Python files. */
import type { Dirent } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import ignore, { type Ignore } from "ignore";

/** Folders that hold nobody's own source. A virtual environment under another name is known by its pyvenv.cfg. */
const SKIPPED = new Set(
  `node_modules __pycache__ venv .venv env .env virtualenv site-packages .git .hg .svn .bzr .tox .nox .eggs .mypy_cache
   .ruff_cache .pytest_cache .pytype .cache .ipynb_checkpoints .direnv __pypackages__`
    .trim()
    .split(/\s+/),
);

interface Rules {
  folder: string;
  rules: Ignore;
}

export interface WalkOptions {
  /** Patterns as in a .gitignore, from `excludeFrom`. */
  exclude: readonly string[];
  excludeFrom: string;
  /** Endings of the names of wanted files. */
  endings?: readonly string[];
  /** How many folders may still be entered and files be found; beyond that it ends. */
  budget?: { left: number };
  onProblem(path: string, problem: string): void;
}

/**
 * The Python files under a folder, by name; what `.gitignore` files leave out, virtual environments and caches are not
 * entered, nor are folders behind symbolic links, so a loop of links is no matter.
 */
export async function* walk(folder: string, options: WalkOptions): AsyncGenerator<string> {
  const above = await rulesAbove(folder);
  // A folder that was asked for is read, though the project above ignores it.
  const rules = isIgnored(`${folder}/`, above) ? [] : above;
  if (options.exclude.length > 0) {
    rules.push({ folder: options.excludeFrom, rules: ignore().add([...options.exclude]) });
  }
  yield* walkFolder(folder, rules, options);
}

async function* walkFolder(
  folder: string,
  above: readonly Rules[],
  options: WalkOptions,
): AsyncGenerator<string> {
  const { budget } = options;
  if (budget && budget.left-- <= 0) return;
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    options.onProblem(folder, (error as NodeJS.ErrnoException).code ?? String(error));
    return;
  }
  const own = entries.some((entry) => entry.name === ".gitignore") ? await readRules(folder) : null;
  const rules = own ? [...above, own] : above;
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (SKIPPED.has(entry.name) || isIgnored(`${path}/`, rules) || (await isEnvironment(path))) continue;
      yield* walkFolder(path, rules, options);
    } else if (isWanted(entry.name, options) && !isIgnored(path, rules)) {
      if (!entry.isFile() && !(entry.isSymbolicLink() && (await isFile(path)))) continue;
      if (budget && budget.left-- <= 0) return;
      yield path;
    }
  }
}

/** Whether a path under the folder would be walked to; for files that appear while an editor is open. */
export async function isWalked(folder: string, path: string, options: WalkOptions): Promise<boolean> {
  if (!path.startsWith(folder + sep) || !isWanted(path, options)) return false;
  const rules = await rulesAbove(folder);
  rules.push({ folder: options.excludeFrom, rules: ignore().add([...options.exclude]) });
  const parts = relative(folder, path).split(sep);
  let at = folder;
  for (const [index, part] of parts.entries()) {
    const own = await readRules(at);
    if (own) rules.push(own);
    at = join(at, part);
    const isLast = index === parts.length - 1;
    if (isIgnored(isLast ? at : `${at}/`, rules)) return false;
    if (!isLast && (SKIPPED.has(part) || (await isEnvironment(at)))) return false;
  }
  return true;
}

function isWanted(name: string, { endings = [".py"] }: WalkOptions): boolean {
  return endings.some((ending) => name.endsWith(ending));
}

/** Later rules overrule earlier ones, and may take back what those ignored. */
function isIgnored(path: string, rules: readonly Rules[]): boolean {
  let ignored = false;
  for (const { folder, rules: own } of rules) {
    const inside = relative(folder, path).split(sep).join("/");
    if (inside === "" || inside.startsWith("..")) continue;
    const result = own.test(path.endsWith("/") ? `${inside}/` : inside);
    if (result.ignored) ignored = true;
    else if (result.unignored) ignored = false;
  }
  return ignored;
}

/** The .gitignore files of the folders above, up to the top of the repository. */
async function rulesAbove(folder: string): Promise<Rules[]> {
  const found: Rules[] = [];
  for (let at = folder; !(await exists(join(at, ".git"))); ) {
    const parent = dirname(at);
    // Not in a repository: nothing above counts.
    if (parent === at) return [];
    at = parent;
    const rules = await readRules(at);
    if (rules) found.unshift(rules);
  }
  return found;
}

async function readRules(folder: string): Promise<Rules | null> {
  try {
    return { folder, rules: ignore().add(await readFile(join(folder, ".gitignore"), "utf8")) };
  } catch {
    // There is none, or git could not read it either.
    return null;
  }
}

async function isEnvironment(folder: string): Promise<boolean> {
  return (await exists(join(folder, "pyvenv.cfg"))) || (await exists(join(folder, "conda-meta")));
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
