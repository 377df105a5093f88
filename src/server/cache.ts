/** What was read of a folder's files, kept across restarts. */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Of this file's own form; what is in it checks for itself whether it fits. */
const VERSION = "loopscope-lint-cache/1";

interface Stored {
  version: string;
  files: Record<string, string>;
}

/** A cache that cannot be read or written is as good as an empty one: all of it can be made again. */
export class Cache {
  private constructor(
    private readonly file: string | null,
    private readonly files: Map<string, string>,
  ) {}

  /** @param storage the folder to keep it in; null for no cache */
  static async open(storage: string | null, folder: string): Promise<Cache> {
    if (storage === null) return new Cache(null, new Map());
    const file = join(storage, `lint-${createHash("sha256").update(folder).digest("hex").slice(0, 16)}.json`);
    const stored = await readFile(file, "utf8")
      .then((text) => JSON.parse(text) as Stored)
      .catch(() => null);
    const files = stored?.version === VERSION ? Object.entries(stored.files) : [];
    return new Cache(file, new Map(files));
  }

  get(path: string): string | undefined {
    return this.files.get(path);
  }

  /** Keeps these files and no others. */
  async save(files: Iterable<readonly [string, string]>): Promise<void> {
    if (this.file === null) return;
    this.files.clear();
    for (const [path, data] of files) this.files.set(path, data);
    const stored: Stored = { version: VERSION, files: Object.fromEntries(this.files) };
    try {
      await mkdir(join(this.file, ".."), { recursive: true });
      // Whole or not at all: an editor may be killed at any time, and two may write at once.
      const temporary = `${this.file}.${process.pid}`;
      await writeFile(temporary, JSON.stringify(stored));
      await rename(temporary, this.file);
    } catch {
      // A full or read-only disk: the next start reads all files again.
    }
  }
}
