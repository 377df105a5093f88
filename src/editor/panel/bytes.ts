import { type FileHandle, open } from "node:fs/promises";
import { TraceFile } from "../../session/traceFile";
import { Emitter } from "../emitter";

/** Bytes of a trace that lie somewhere and may still grow. */
export interface ByteSource {
  /** How many there are now. */
  readonly size: number;
  /** True once no more will come. */
  readonly ended: boolean;
  /** Up to `length` bytes from `offset`, both within `size`; fewer only when the file has been cut since. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Fires after `size` or `ended` has changed. */
  onDidChange(listener: () => void): { dispose(): unknown };
}

/** Bytes of a file. They are read when they are wanted, so that a long trace costs no memory here. */
class FileBytes implements ByteSource {
  protected readonly changed = new Emitter<void>();
  readonly onDidChange = this.changed.event;
  private handle: Promise<FileHandle> | null = null;

  constructor(
    readonly path: string,
    public size: number,
    public ended: boolean,
  ) {}

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.handle ??= open(this.path, "r");
    const bytes = new Uint8Array(length);
    const { bytesRead } = await (await this.handle).read(bytes, 0, length, offset);
    if (bytesRead === 0)
      throw new Error(`${this.path} ends before byte ${offset}; it has been cut or replaced`);
    return bytes.subarray(0, bytesRead);
  }

  dispose(): void {
    this.changed.dispose();
    // Closing a file that was only read has nothing to report.
    this.handle?.then((handle) => handle.close()).catch(() => {});
    this.handle = null;
  }
}

/** A recorded trace. */
export class TraceBytes extends FileBytes {
  /** Throws the file system's error when it cannot be opened. */
  static async open(path: string): Promise<TraceBytes> {
    const handle = await open(path, "r");
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) throw new Error("it is not a file");
      return new TraceBytes(path, stat.size, true);
    } finally {
      await handle.close();
    }
  }
}

/** The trace of a program that runs: written to a file as it comes, and read from there. */
export class Recording extends FileBytes {
  private readonly file: TraceFile;

  constructor(path: string, onProblem: (message: string) => void) {
    super(path, 0, false);
    this.file = new TraceFile(path, onProblem);
  }

  append(bytes: Uint8Array): void {
    this.file.write(bytes);
    if (!this.file.complete) return; // the disk is full: what was written stays readable
    this.size += bytes.length;
    this.changed.fire();
  }

  end(): void {
    this.file.close();
    this.ended = true;
    this.changed.fire();
  }

  override dispose(): void {
    this.file.close();
    super.dispose();
  }
}
