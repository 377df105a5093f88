/** What was read of a folder's files, kept across restarts. */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Of this file's own form; what is in it checks for itself whether it fits. */
const VERSION = "loopscope-lint-cache/2";

/**
 * Lines: the version, the build that found the findings, the findings, then a path and what was read of that file in turn.
 * A cache that cannot be read or written is as good as an empty one: all of it can be made again.
 */
export class Cache {
  private constructor(
    private readonly file: string | null,
    private readonly build: string,
    /** All findings, if they come from this build of the server. */
    readonly snapshot: string | null,
    private readonly files: ReadonlyMap<string, Buffer>,
  ) {}

  /** @param storage the folder to keep it in; null for no cache */
  static async open(storage: string | null, folder: string): Promise<Cache> {
    if (storage === null) return new Cache(null, "", null, new Map());
    const file = join(storage, `lint-${createHash("sha256").update(folder).digest("hex").slice(0, 16)}.txt`);
    const build = await buildOf(__filename);
    const stored = await readFile(file).catch(() => Buffer.alloc(0));
    const lines = linesOf(stored);
    if (lines.length < 3 || lines[0].toString() !== VERSION) return new Cache(file, build, null, new Map());
    const files = new Map<string, Buffer>();
    for (let i = 3; i + 1 < lines.length; i += 2) files.set(lines[i].toString(), lines[i + 1]);
    const isOurs = build !== "" && lines[1].toString() === build;
    return new Cache(file, build, isOurs ? lines[2].toString() : null, files);
  }

  get(path: string): string | undefined {
    return this.files.get(path)?.toString();
  }

  /** Keeps these files and no others. */
  async save(snapshot: string, files: Iterable<readonly [string, string]>): Promise<void> {
    if (this.file === null) return;
    // Whole or not at all: an editor may be killed at any time, and two may write at once.
    const temporary = `${this.file}.${process.pid}`;
    try {
      await mkdir(dirname(this.file), { recursive: true });
      await writeFile(temporary, lines([VERSION, this.build, snapshot], files));
      await rename(temporary, this.file);
    } catch {
      // A full or read-only disk: the next start reads all files again.
    }
  }
}

function* lines(head: readonly string[], files: Iterable<readonly [string, string]>): Iterable<string> {
  for (const line of head) yield `${line}\n`;
  // A name with a line break in it would be taken for two lines.
  for (const [path, data] of files) if (!/[\r\n]/.test(path)) yield `${path}\n${data}\n`;
}

/** The whole lines of a file: what follows the last line break was cut off. */
function linesOf(stored: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let from = 0; ; ) {
    const to = stored.indexOf(10, from);
    if (to < 0) return found;
    found.push(stored.subarray(from, to));
    from = to + 1;
  }
}

/** What tells this build of the server from others: findings of another may be others. */
async function buildOf(program: string): Promise<string> {
  const about = await stat(program).catch(() => null);
  return about ? `${program} ${about.size} ${about.mtimeMs}` : "";
}
