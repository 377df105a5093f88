/** Bytes of a trace that lie somewhere and may still grow. */
export interface ByteSource {
  /** How many there are now. */
  readonly size: number;
  /** True once no more will come. */
  readonly ended: boolean;
  /** Exactly `length` bytes from `offset`, both within `size`. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Called after `size` or `ended` has changed. */
  onDidChange(listener: () => void): { dispose(): void };
}

/** Bytes held in memory: a trace file that has been read whole, or a test's. */
export class MemoryBytes implements ByteSource {
  private readonly listeners = new Set<() => void>();

  constructor(
    private bytes: Uint8Array = new Uint8Array(0),
    public ended = true,
  ) {}

  get size(): number {
    return this.bytes.length;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    return this.bytes.slice(offset, offset + length);
  }

  append(more: Uint8Array): void {
    const joined = new Uint8Array(this.bytes.length + more.length);
    joined.set(this.bytes);
    joined.set(more, this.bytes.length);
    this.bytes = joined;
    this.changed();
  }

  end(): void {
    this.ended = true;
    this.changed();
  }

  onDidChange(listener: () => void): { dispose(): void } {
    this.listeners.add(listener);
    return { dispose: () => this.listeners.delete(listener) };
  }

  private changed(): void {
    for (const listener of [...this.listeners]) listener();
  }
}
