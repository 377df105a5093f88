/** A folder's files, settings and findings. */
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { type FoundConfig, findConfig, moduleRoots } from "../files/config";
import { readPython } from "../files/read";
import { isWalked, type WalkOptions, walk } from "../files/walk";
import { ConfigError, NO_CONFIG } from "../lint/config";
import { createWorkspace } from "../lint/index";
import { unsuppressed } from "../lint/suppress";
import type { Finding, LintWorkspace } from "../lint/types";
import { Cache } from "./cache";
import { pathOf, uriOf } from "./places";
import { combine, type Settings } from "./settings";

export interface ProjectHooks {
  /** A file was left out, or the like. */
  log(message: string): void;
  /** Where the folder's cache goes, or null. */
  storage: string | null;
}

export interface ConfigProblem {
  path: string;
  message: string;
}

export class Project {
  readonly workspace: LintWorkspace = createWorkspace();
  private found: FoundConfig;
  settings: Settings;
  /** What is wrong with the project's settings file. */
  problem: ConfigProblem | null = null;
  /** The files have just been read: what is found all over the workspace is not known yet. */
  isSettling = false;
  private indexing = new AbortController();

  constructor(
    /** Path of the folder. */
    readonly folder: string,
    /** Whether all files of the folder belong to it, or only those that are open. */
    readonly whole: boolean,
    settings: Settings,
    private readonly hooks: ProjectHooks,
  ) {
    this.settings = settings;
    this.found = { config: { ...NO_CONFIG }, folder, file: null, project: null };
  }

  owns(path: string): boolean {
    return path.startsWith(`${this.folder}/`);
  }

  /** Reads the project's settings file again and judges everything by it. */
  async configure(settings: Settings): Promise<void> {
    this.settings = settings;
    this.problem = null;
    try {
      this.found = await findConfig(this.folder);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const path = /^(.*?pyproject\.toml)/.exec(error.message)?.[1] ?? this.folder;
      this.problem = { path: path.replaceAll("\\", "/"), message: error.message };
    }
    const config = combine(this.found.config, settings.config);
    this.workspace.configure({
      select: config.select,
      extendSelect: config.extendSelect,
      ignore: config.ignore,
      severities: config.severities,
      blocking: config.blocking,
      offloaders: config.offloaders,
      roots: [this.folder, ...moduleRoots(this.found).map((root) => root.replaceAll("\\", "/"))],
    });
  }

  /** The findings of a file that no comment suppresses. */
  findings(path: string): Finding[] {
    const text = this.workspace.text(path);
    if (!this.settings.enable || text === null) return [];
    const { workspace } = this;
    return unsuppressed(text, this.isSettling ? workspace.findingsSoon(path) : workspace.findings(path));
  }

  private walkOptions(): WalkOptions {
    return {
      exclude: combine(this.found.config, this.settings.config).exclude,
      excludeFrom: this.found.folder,
      onProblem: (path, problem) => this.hooks.log(`${path} was left out: ${problem}`),
    };
  }

  /**
   * Reads all files of the folder but those that are open, in between other work. `onRead` is called when all are read,
   * with whether nothing has changed since the last time, so that what was found then is known again.
   */
  async index(
    isOpen: (path: string) => boolean,
    onProgress: (done: number, all: number) => void,
    onRead: (isAsBefore: boolean) => void,
  ): Promise<void> {
    if (!this.whole) return;
    this.indexing.abort();
    this.indexing = new AbortController();
    const { signal } = this.indexing;
    const cache = await Cache.open(this.hooks.storage, this.folder);
    const paths: string[] = [];
    for await (const path of walk(this.folder, this.walkOptions())) paths.push(path.replaceAll("\\", "/"));
    const wanted = new Set(paths);
    for (const path of this.workspace.paths()) {
      if (!wanted.has(path) && !isOpen(path)) this.workspace.removeFile(path);
    }
    this.isSettling = true;
    let lastPause = performance.now();
    for (const [index, path] of paths.entries()) {
      if (signal.aborted) return;
      if (isOpen(path)) continue;
      await this.readFile(path, cache.get(path), isOpen);
      // What is typed meanwhile must not wait for more than a frame.
      if (performance.now() - lastPause > SLICE_MS) {
        onProgress(index, paths.length);
        await pause();
        lastPause = performance.now();
      }
    }
    const isAsBefore = cache.snapshot !== null && this.workspace.recall(cache.snapshot);
    onRead(isAsBefore);
    while (!this.workspace.prepare(SLICE_MS)) {
      await pause();
      if (signal.aborted) return;
    }
    this.isSettling = false;
    if (!isAsBefore) await cache.save(this.workspace.snapshot(), this.packed(paths));
  }

  private *packed(paths: readonly string[]): Iterable<readonly [string, string]> {
    for (const path of paths) {
      const packed = this.workspace.serialize(path);
      if (packed) yield [path, packed.data];
    }
  }

  private async readFile(
    path: string,
    packed: string | undefined,
    isOpen: (path: string) => boolean,
  ): Promise<void> {
    const read = await readPython(path);
    // Opened while it was read: the editor's text counts.
    if (isOpen(path)) return;
    if ("problem" in read) {
      this.workspace.removeFile(path);
      if (read.problem !== "ENOENT") this.hooks.log(`${path} was left out: ${read.problem}`);
    } else if (packed === undefined || !this.workspace.restore(path, read.text, packed)) {
      this.workspace.setFile(path, read.text);
    }
  }

  /** A file on the disk was made, changed or deleted, or is no longer open. */
  async fileChanged(path: string, isOpen: (path: string) => boolean): Promise<void> {
    if (isOpen(path)) return;
    const isOurs = this.whole && (await isWalked(this.folder, path, this.walkOptions()));
    if (isOurs) await this.readFile(path, undefined, isOpen);
    else this.workspace.removeFile(path);
  }

  /** A folder was made (or moved here) or deleted (or moved away), with all that is in it. */
  async folderChanged(path: string, isOpen: (path: string) => boolean): Promise<void> {
    if (!this.whole || !this.owns(path)) return;
    const inside = new Set(this.workspace.paths().filter((each) => each.startsWith(`${path}/`)));
    const options = this.walkOptions();
    const isThere = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    // One that is left out may hold as many files as it likes.
    if (isThere && (await isWalked(this.folder, `${path}/any.py`, options)))
      for await (const each of walk(path, options)) inside.add(each.replaceAll("\\", "/"));
    for (const each of inside) await this.fileChanged(each, isOpen);
  }

  stop(): void {
    this.indexing.abort();
  }
}

/** Milliseconds of work between which the editor is listened to. */
const SLICE_MS = 10;

function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The folder of a file that belongs to no folder of the workspace. */
export function looseFolder(path: string): string {
  const file = pathOf(uriOf(path));
  return file.includes("/") ? dirname(file) : "/";
}
