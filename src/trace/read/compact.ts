import type { Program } from "../store/program";
import { aligned, Damage } from "./bytes";
import { RecordReader } from "./records";

const HEADER_BYTES = 32;

/** Reads `records`: ints of 4 or 8 bytes, with codes among them and strings as ids. */
export class CompactReader extends RecordReader {
  private ints: Int32Array = new Int32Array(0);
  private at = 0;
  /** Halves of 32 bits an int: 1 or 2. */
  private halves = 1;
  private baseLow = 0;
  /** Nanoseconds from time 0 of the trace to the base. */
  private base = 0;

  read(program: Program, body: Uint8Array): void {
    if (body.length < HEADER_BYTES) throw new Damage("too short");
    const bytes = aligned(body);
    const header = new Int32Array(bytes.buffer, bytes.byteOffset, HEADER_BYTES / 4);
    const [loop, sequence, intCount, width, lostLow, lostHigh, baseLow, baseHigh] = header;
    if (width !== 4 && width !== 8) throw new Damage(`ints of ${width} bytes`);
    const halves = (intCount >>> 0) * (width / 4);
    if (HEADER_BYTES + halves * 4 > bytes.length) throw new Damage("shorter than its list");
    this.ints = new Int32Array(bytes.buffer, bytes.byteOffset + HEADER_BYTES, halves);
    this.at = 0;
    this.halves = width / 4;
    this.baseLow = baseLow;
    this.base = program.nanoseconds(baseHigh, baseLow);
    this.program = program;
    const lost = (lostHigh >>> 0) * 4294967296 + (lostLow >>> 0);
    this.loop = this.reducer.batch(program, loop >>> 0, sequence >>> 0, lost);
    this.readAll();
  }

  protected left(): number {
    return (this.ints.length - this.at) / this.halves;
  }

  private next(): number {
    if (this.at >= this.ints.length) throw new Damage("ends inside a record");
    const low = this.ints[this.at];
    this.at += this.halves;
    return low;
  }

  protected key(): void {
    this.low = this.next();
    this.high = 0;
  }

  protected int(): number {
    const low = this.next();
    if (this.halves === 1) return low;
    const high = this.ints[this.at - 1];
    return high === low >> 31 ? low : high * 4294967296 + (low >>> 0);
  }

  protected time(): number {
    const low = this.next();
    if (this.halves === 2) return this.program.seconds(this.ints[this.at - 1], low);
    return (this.base + ((low - this.baseLow) | 0)) / 1e9;
  }

  protected duration(): number {
    const value = this.int();
    return value < -1 ? -value : value / 1e6; // long ones are written as minus whole seconds
  }

  protected nextCode(): number {
    return this.next();
  }

  protected string(): string {
    return this.program.takeString(this.int());
  }
}
