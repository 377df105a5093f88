import type { Program } from "../store/program";
import { aligned, Damage } from "./bytes";
import { RecordReader } from "./records";

const HEADER_BYTES = 24;

/** Reads a `batch`: 64-bit ints with the code ids and strings in lists of their own. */
export class BatchReader extends RecordReader {
  /** Two 32-bit halves an int. (Typed arrays are little endian wherever JavaScript runs today, as the stream is.) */
  private ints: Int32Array = new Int32Array(0);
  private at = 0;
  private codes: Uint32Array = new Uint32Array(0);
  private codeAt = 0;
  private strings: unknown[] = [];
  private stringAt = 0;
  private readonly text = new TextDecoder();

  read(program: Program, body: Uint8Array): void {
    if (body.length < HEADER_BYTES) throw new Damage("too short");
    const bytes = aligned(body);
    const header = new Uint32Array(bytes.buffer, bytes.byteOffset, HEADER_BYTES / 4);
    const [loop, sequence, intCount, codeCount, lostLow, lostHigh] = header;
    const codesAt = HEADER_BYTES + intCount * 8;
    const stringsAt = codesAt + codeCount * 4;
    if (stringsAt > bytes.length) throw new Damage("shorter than its lists");
    this.ints = new Int32Array(bytes.buffer, bytes.byteOffset + HEADER_BYTES, intCount * 2);
    this.codes = new Uint32Array(bytes.buffer, bytes.byteOffset + codesAt, codeCount);
    this.strings = stringsAt < bytes.length ? this.readStrings(bytes.subarray(stringsAt)) : [];
    this.at = this.codeAt = this.stringAt = 0;
    this.program = program;
    this.loop = this.reducer.batch(program, loop, sequence, lostHigh * 4294967296 + lostLow);
    this.readAll();
  }

  private readStrings(bytes: Uint8Array): unknown[] {
    const json: unknown = JSON.parse(this.text.decode(bytes));
    if (!Array.isArray(json)) throw new Damage("its strings are not a list");
    return json;
  }

  protected left(): number {
    return (this.ints.length - this.at) >> 1;
  }

  /** Reads the next int into the two halves. */
  protected key(): void {
    if (this.at >= this.ints.length) throw new Damage("ends inside a record");
    this.low = this.ints[this.at++];
    this.high = this.ints[this.at++];
  }

  protected int(): number {
    this.key();
    return this.high === this.low >> 31 ? this.low : this.high * 4294967296 + (this.low >>> 0);
  }

  protected time(): number {
    this.key();
    return this.program.seconds(this.high, this.low);
  }

  protected duration(): number {
    return this.int() / 1e9;
  }

  protected nextCode(): number {
    return this.codes[this.codeAt++];
  }

  protected string(): string {
    const value = this.strings[this.stringAt++];
    return typeof value === "string" ? value : "";
  }
}
