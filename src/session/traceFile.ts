import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from "node:fs";
import { MAGIC } from "../protocol/stream";

/**
 * Writes a trace as it comes. Each run of frames is handed to the operating system at once, so that
 * whatever ends this process leaves a readable file; and a disk that is slow slows the reading of the
 * channel, where the traced program drops and counts instead of waiting.
 */
export class TraceFile {
  private fd: number | null;
  private size = 0;
  /** Of a file, what was in it before; it is kept until there is something to take its place. */
  private before: number | null = null;

  /** Throws an error for the user when `path` cannot be written, or holds something that is no trace. */
  constructor(
    readonly path: string,
    private readonly onProblem: (message: string) => void,
  ) {
    let fd: number | null = null;
    try {
      const { O_RDWR, O_CREAT, O_NONBLOCK } = constants;
      fd = openSync(path, O_RDWR | O_CREAT | (O_NONBLOCK ?? 0), 0o644);
      const stat = fstatSync(fd);
      if (stat.isFile()) {
        refuseForeign(fd, stat.size);
        this.before = stat.size;
      } else if (!stat.isCharacterDevice()) throw new Error("it is not a regular file");
      this.fd = fd;
    } catch (error) {
      if (fd !== null) closeSync(fd);
      throw new Error(`the trace cannot be written to ${path}: ${(error as Error).message}`);
    }
  }

  write(bytes: Uint8Array): void {
    if (this.fd === null) return;
    let written = 0;
    try {
      if (this.before !== null) ftruncateSync(this.fd);
      this.before = null;
      while (written < bytes.length) written += writeSync(this.fd, bytes, written);
      this.size += written;
    } catch (error) {
      this.fail(error as Error);
    }
  }

  /** True when all that was given to `write` is in the file. */
  get complete(): boolean {
    return this.fd !== null;
  }

  /** A file that nothing was written to is gone, if it was made for that. */
  close(): void {
    if (this.fd !== null) closeSync(this.fd);
    this.fd = null;
    if (this.before === 0) rmSync(this.path, { force: true });
    this.before = null;
  }

  private fail(error: Error): void {
    try {
      if (this.fd !== null && fstatSync(this.fd).isFile()) ftruncateSync(this.fd, this.size);
    } finally {
      this.close();
    }
    this.onProblem(
      `the trace ${this.path} could not be written further (${error.message}); ` +
        "the program goes on, and the file holds what was recorded until then",
    );
  }
}

/** `--trace app.py` is a slip of the hand, and must not cost the user a source file. */
function refuseForeign(fd: number, size: number): void {
  if (size === 0) return;
  const start = Buffer.alloc(MAGIC.length);
  readSync(fd, start, 0, start.length, 0);
  if (MAGIC.some((byte, i) => start[i] !== byte)) {
    throw new Error("it exists and is not a Loopscope trace; remove it first, or choose another name");
  }
}

/** The bytes of a trace file, in pieces of up to 1 MiB. Throws an error for the user. */
export async function* readTraceFile(path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) yield chunk as Buffer;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new Error(`there is no trace ${path}`);
    if (code === "EISDIR") throw new Error(`${path} is a folder, not a trace`);
    throw new Error(`the trace ${path} cannot be read: ${message}`);
  }
}
