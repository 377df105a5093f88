import { FrameType, MAGIC, MAJOR, MINOR, RecordKind } from "../../../src/protocol/stream";

/** Writes a stream of docs/trace-format.md: what a runtime would send, for tests of whoever reads it. */
export class StreamWriter {
  private readonly parts: Uint8Array[] = [];
  private ints: number[] = [];
  private codes: number[] = [];
  private strings: string[] = [];
  private sequence = 0;
  private readonly encoder = new TextEncoder();
  private definitions: unknown[] = [];
  private codeCount = 0;
  loop = 1;
  program = 1;

  constructor() {
    const header = new Uint8Array(16);
    header.set(MAGIC);
    const view = new DataView(header.buffer);
    view.setUint16(8, MAJOR, true);
    view.setUint16(10, MINOR, true);
    this.parts.push(header);
  }

  json(type: number, body: unknown): void {
    this.flush();
    this.frame(type, this.encoder.encode(JSON.stringify(body)));
  }

  hello(script: string, more: object = {}): void {
    this.json(FrameType.hello, {
      protocol: 1,
      token: null,
      runtime: "cpython",
      version: "3.12.1",
      executable: "/usr/bin/python3",
      argv: [script],
      cwd: "/app",
      pid: 4242,
      ppid: 1,
      clock: { monotonicNs: 0, wallNs: 1.7e18 },
      startNs: 0,
      mode: "fast",
      modeReason: "",
      patched: [],
      blockNs: 50e6,
      detail: "full",
      ...more,
    });
  }

  /** A code object whose offsets are its lines. Returns its id. */
  code(file: string, name: string, user = true, qualname = name, firstLine = 1): number {
    this.definitions.push([++this.codeCount, file, name, qualname, firstLine, user ? 1 : 0, []]);
    return this.codeCount;
  }

  record(kind: keyof typeof RecordKind, ints: number[], codes: number[] = [], strings: string[] = []): void {
    this.ints.push(RecordKind[kind], ...ints);
    if (codes.length) this.codes.push(...codes);
    if (strings.length) this.strings.push(...strings);
    if (this.ints.length > 16000) this.flush();
  }

  flush(): void {
    if (this.definitions.length) {
      const body = this.encoder.encode(JSON.stringify(this.definitions));
      this.definitions = [];
      this.frame(FrameType.codes, body);
    }
    if (this.ints.length === 0) return;
    const { ints, codes } = this;
    const tail = this.strings.length ? this.encoder.encode(JSON.stringify(this.strings)) : new Uint8Array(0);
    const body = new Uint8Array(24 + ints.length * 8 + codes.length * 4 + tail.length);
    const view = new DataView(body.buffer);
    view.setUint32(0, this.loop, true);
    view.setUint32(4, ++this.sequence, true);
    view.setUint32(8, ints.length, true);
    view.setUint32(12, codes.length, true);
    let at = 24;
    for (const value of ints) {
      view.setUint32(at, value >>> 0, true);
      view.setInt32(at + 4, Math.floor(value / 4294967296), true);
      at += 8;
    }
    for (const code of codes) {
      view.setUint32(at, code, true);
      at += 4;
    }
    body.set(tail, at);
    this.ints = [];
    this.codes = [];
    this.strings = [];
    this.frame(FrameType.batch, body);
  }

  /** Everything written since the last call. */
  take(): Uint8Array {
    this.flush();
    const result = new Uint8Array(this.parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.parts) {
      result.set(part, at);
      at += part.length;
    }
    this.parts.length = 0;
    return result;
  }

  private frame(type: number, body: Uint8Array): void {
    const head = new Uint8Array(8);
    const view = new DataView(head.buffer);
    view.setUint32(0, body.length, true);
    view.setUint8(4, type);
    view.setUint16(6, this.program, true);
    this.parts.push(head, body);
  }
}
