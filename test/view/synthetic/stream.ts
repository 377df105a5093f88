import { FrameType, KEYS, MAGIC, MAJOR, MINOR, OFFSETS, RecordKind } from "../../../src/protocol/stream";

/** Writes a stream of docs/trace-format.md: what a runtime would send, for tests of whoever reads it. */
export class StreamWriter {
  private readonly parts: Uint8Array[] = [];
  private values: number[] = [];
  private records = 0;
  private strings: string[] = [];
  private nextString = 1;
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

  /** The number of a place; offsets are lines. */
  place(code: number, line: number): number {
    return code * OFFSETS + line;
  }

  /** A record with its fields; its strings come last. */
  record(
    kind: keyof typeof RecordKind,
    subject: number,
    arg: number,
    fields: number[],
    strings: string[] = [],
  ): void {
    this.values.push(-((arg * 32 + RecordKind[kind]) * KEYS + subject), ...fields);
    for (const each of strings) this.values.push(this.nextString + this.strings.push(each) - 1);
    this.records++;
    if (this.values.length > 16000) this.flush();
  }

  flush(): void {
    if (this.definitions.length) {
      const body = this.encoder.encode(JSON.stringify(this.definitions));
      this.definitions = [];
      this.frame(FrameType.codes, body);
    }
    if (this.strings.length) {
      this.frame(FrameType.strings, this.encoder.encode(JSON.stringify([this.nextString, ...this.strings])));
      this.nextString += this.strings.length;
      this.strings = [];
    }
    const { values } = this;
    if (values.length === 0) return;
    const body = new Uint8Array(24 + values.length * 8);
    const view = new DataView(body.buffer);
    const words = [this.loop, ++this.sequence, values.length, this.records];
    for (const [i, word] of words.entries()) view.setUint32(i * 4, word, true);
    for (const [i, value] of values.entries()) view.setFloat64(24 + i * 8, value, true);
    this.values = [];
    this.records = 0;
    this.frame(FrameType.records, body);
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
