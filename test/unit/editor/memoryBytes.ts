import { Emitter } from "../../../src/editor/emitter";
import type { ByteSource } from "../../../src/editor/panel/bytes";

/** Bytes a test holds in its hand. */
export class MemoryBytes implements ByteSource {
  private readonly changed = new Emitter<void>();
  readonly onDidChange = this.changed.event;
  readonly path = "memory";

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
    this.changed.fire();
  }

  end(): void {
    this.ended = true;
    this.changed.fire();
  }

  dispose(): void {
    this.changed.dispose();
  }
}
