import { Cell } from "./cell";
import { getOrMake } from "./maps";

/** What an import leads to: a file (`path`), or a folder without `__init__.py`. */
export interface ModuleFile {
  path: string | null;
  dir: string;
}

/** Finds modules among the workspace's files as Python would along its path, without looking at a disk. */
export class ModuleTable {
  private readonly files = new Set<string>();
  /** How many files are somewhere below a folder. */
  private readonly dirs = new Map<string, number>();
  private readonly names = new Map<string, Cell<unknown>>();
  private roots: readonly string[] = [];
  /** Dotted names by path. */
  private readonly dotted = new Map<string, string>();

  setRoots(roots: readonly string[]): void {
    this.roots = [...roots].map((root) => root.replace(/\/+$/, "")).sort((a, b) => b.length - a.length);
    this.dotted.clear();
    for (const cell of this.names.values()) cell.invalidate();
  }

  add(path: string): void {
    this.files.add(path);
    for (const dir of ancestors(path)) this.dirs.set(dir, (this.dirs.get(dir) ?? 0) + 1);
    this.changed(path);
  }

  remove(path: string): void {
    this.files.delete(path);
    for (const dir of ancestors(path)) {
      const left = this.dirs.get(dir)! - 1;
      if (left > 0) this.dirs.set(dir, left);
      else this.dirs.delete(dir);
    }
    this.changed(path);
  }

  /** The module `name` as imported in the file; `level` counts the dots in front. Null when it is not in the workspace. */
  resolve(from: string, name: string, level: number): ModuleFile | null {
    const parts = name === "" ? [] : name.split(".");
    for (const part of parts) this.depend(part);
    if (level > 0) {
      let dir = parentOf(from);
      for (let i = 1; i < level; i++) dir = parentOf(dir);
      return this.at(dir, parts);
    }
    if (parts.length === 0) return null;
    for (const base of this.bases(from)) {
      // Once the first name is found here, Python looks nowhere else.
      const first = this.at(base, parts.slice(0, 1));
      // `import redis` in a tools/redis.py means the package: tools is a package without an __init__.py.
      const isItself = first?.path === from && !isInit(from) && !this.roots.includes(base);
      if (first && !isItself)
        return parts.length === 1
          ? first
          : first.path === null || isInit(first.path)
            ? this.at(base, parts)
            : null;
    }
    return null;
  }

  /** A submodule of a package, as in `from package import submodule`. */
  submodule(module: ModuleFile, name: string): ModuleFile | null {
    if (module.path !== null && !isInit(module.path)) return null;
    this.depend(name);
    return this.at(module.dir, [name]);
  }

  /** The dotted name of a file: from the folder above its outermost package, or from the root it lies under. */
  nameOf(path: string): string {
    let name = this.dotted.get(path);
    if (name === undefined) {
      name = this.dottedName(path);
      this.dotted.set(path, name);
    }
    return name;
  }

  private dottedName(path: string): string {
    const inPackage = this.isPackage(parentOf(path));
    const root = inPackage ? this.packageRoot(path) : this.rootOf(path);
    const relative = path.startsWith(`${root}/`)
      ? path.slice(root.length + 1)
      : path.slice(path.lastIndexOf("/") + 1);
    const dotted = relative.replace(/\.pyi?$|\.ipynb$/, "").replaceAll("/", ".");
    return dotted.replace(/^src\./, "").replace(/\.__init__$|^__init__$/, "");
  }

  private at(base: string, parts: readonly string[]): ModuleFile | null {
    const dir = [base, ...parts].join("/");
    if (parts.length > 0 && !this.files.has(`${dir}/__init__.py`)) {
      if (this.files.has(`${dir}.py`)) return { path: `${dir}.py`, dir };
      return this.dirs.has(dir) ? { path: null, dir } : null;
    }
    const init = `${dir}/__init__.py`;
    if (this.files.has(init)) return { path: init, dir };
    return this.dirs.has(dir) ? { path: null, dir } : null;
  }

  /** Folders absolute imports start from, nearest first: the script's own, those above it, the roots and their `src`. */
  private bases(from: string): string[] {
    const found: string[] = [];
    const root = this.rootOf(from);
    for (let dir = this.packageRoot(from); dir.length >= root.length && dir !== ""; dir = parentOf(dir))
      found.push(dir);
    for (const other of this.roots) found.push(other, `${other}/src`);
    return [...new Set(found)];
  }

  private packageRoot(path: string): string {
    let dir = parentOf(path);
    while (dir !== "" && this.isPackage(dir)) dir = parentOf(dir);
    return dir;
  }

  private isPackage(dir: string): boolean {
    return this.files.has(`${dir}/__init__.py`);
  }

  private rootOf(path: string): string {
    return this.roots.find((root) => path.startsWith(`${root}/`)) ?? parentOf(path);
  }

  private depend(name: string): void {
    const cell = getOrMake(this.names, name, () => new Cell());
    cell.track();
  }

  private changed(path: string): void {
    this.dotted.clear();
    const inPackage = isInit(path) || !this.isPackage(parentOf(path));
    const names = inPackage ? path.split("/") : [path.slice(path.lastIndexOf("/") + 1)];
    for (const name of names) this.names.get(name.replace(/\.pyi?$/, ""))?.invalidate();
  }
}

function isInit(path: string): boolean {
  return path.endsWith("/__init__.py");
}

function ancestors(path: string): string[] {
  const found: string[] = [];
  for (let dir = parentOf(path); dir !== ""; dir = parentOf(dir)) found.push(dir);
  return found;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** Whether the file is a notebook, whose cells run on a loop, and may await. */
export function isNotebook(path: string): boolean {
  return path.endsWith(".ipynb");
}
