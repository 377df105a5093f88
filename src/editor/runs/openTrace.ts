import { inflateSync } from "node:zlib";
import { DEFAULT_HISTORY_MB, type TraceSource } from "../../protocol/view";
import { bounded, Trace } from "../../trace";
import { Emitter } from "../emitter";
import type { ByteSource } from "../panel/bytes";

/** How much is decoded before the editor gets a turn. */
const CHUNK_BYTES = 256 * 1024;
/** A file is meant to be read as a whole; only one that would end the editor is not. Megabytes in memory. */
const FILE_MB = 1500;

/**
 * A trace that is looked at, live or from a file: its bytes for the view, and its model for the trees. Both
 * come from the same ByteSource, so there is one way of reading.
 */
export class OpenTrace {
  private model: Trace;
  private readonly updated = new Emitter<void>();
  /** The model has grown or ended. */
  readonly onDidUpdate = this.updated.event;
  /** Why the trace cannot be read further, or null. */
  error: Error | null = null;
  /** How many bytes the model has taken in. */
  position = 0;
  private reading = false;
  private disposed = false;
  private readonly subscription: { dispose(): unknown };
  private finish!: () => void;
  private start!: () => void;
  /** Resolves once the first bytes have been read, so that a file that is no trace is known by its `error`. */
  readonly begun = new Promise<void>((resolve) => {
    this.start = resolve;
  });
  /** Resolves once the last byte has been read, or `error` is set. */
  readonly read = new Promise<void>((resolve) => {
    this.finish = resolve;
  });

  constructor(
    readonly title: string,
    readonly kind: TraceSource["kind"],
    readonly bytes: ByteSource & { readonly path: string; dispose(): void },
    blockMs?: number,
    /** What the model may take before it forgets its oldest part, megabytes. */
    private readonly historyMb = kind === "live" ? DEFAULT_HISTORY_MB : FILE_MB,
  ) {
    this.model = new Trace({
      blockMs,
      inflate: (body, maxOutputLength) => inflateSync(body, { maxOutputLength }),
    });
    this.subscription = bytes.onDidChange(() => void this.catchUp());
    void this.catchUp();
  }

  /** The model. Ask for it anew each time: that of a long run is replaced by one without the oldest part. */
  get trace(): Trace {
    return this.model;
  }

  /** What the view is told about it. */
  get source(): TraceSource {
    return { kind: this.kind, title: this.title, bytes: this.kind === "file" ? this.bytes.size : null };
  }

  /** True as long as more may come. */
  get live(): boolean {
    return !this.bytes.ended;
  }

  /** Resolves once the model holds all the bytes there are now. */
  async caughtUp(): Promise<void> {
    while (this.position < this.bytes.size && this.error === null && !this.disposed) {
      await new Promise<void>((resolve) => {
        const subscription = this.onDidUpdate(() => {
          subscription.dispose();
          resolve();
        });
      });
    }
  }

  dispose(): void {
    this.disposed = true;
    this.subscription.dispose();
    this.updated.dispose();
    this.bytes.dispose();
    this.start();
    this.finish();
  }

  private async catchUp(): Promise<void> {
    if (this.reading || this.disposed || this.error !== null) return;
    this.reading = true;
    try {
      while (this.position < this.bytes.size && !this.disposed) {
        const length = Math.min(CHUNK_BYTES, this.bytes.size - this.position);
        const chunk = await this.bytes.read(this.position, length);
        this.position += chunk.length;
        this.model.feed(chunk);
        this.model = bounded(this.model, this.historyMb * 1e6);
        this.start();
        this.updated.fire();
        await new Promise((resolve) => setImmediate(resolve));
      }
    } catch (error) {
      if (!this.disposed) this.error = error as Error;
      this.updated.fire();
    } finally {
      this.reading = false;
    }
    if (this.disposed || (!this.bytes.ended && this.error === null)) return;
    this.trace.finish();
    this.start();
    this.updated.fire();
    this.finish();
  }
}
