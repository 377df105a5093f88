import {
  FRAME_HEADER_BYTES,
  MAGIC,
  MAJOR,
  MAX_FRAME_BYTES,
  MINOR,
  STREAM_HEADER_BYTES,
} from "../../protocol/stream";

/** The input is not a trace this build can read. The message names both and says what to do. */
export class TraceFormatError extends Error {
  override name = "TraceFormatError";
}

/** Takes a whole frame. `body` is valid during the call only. */
export type FrameSink = (type: number, flags: number, program: number, body: Uint8Array) => void;

const u16 = (b: Uint8Array, at: number) => b[at] | (b[at + 1] << 8);
const u32 = (b: Uint8Array, at: number) => (u16(b, at) | (u16(b, at + 2) << 16)) >>> 0;

/**
 * Cuts a byte stream, however it is chunked, into frames. A frame too long to be real ends the reading:
 * after it nothing can be trusted to be the start of a frame.
 */
export class FrameReader {
  /** The beginning of a unit (the header, or a frame) whose rest has not come yet. */
  private part = new Uint8Array(256);
  private have = 0;
  private started = false;
  private broken = "";
  /** Bytes of the stream in whole units. */
  private consumed = 0;

  /** `sink` takes the frames; another may take over between two pieces of the stream. */
  constructor(public sink: FrameSink) {}

  /** Throws TraceFormatError when the header is not one this build reads. */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && !this.broken) {
      if (this.have > 0) {
        at += this.fill(bytes, at);
        if (this.have === this.unit(this.part, 0, this.have)) {
          const whole = this.part.subarray(0, this.have);
          this.have = 0;
          this.deliver(whole);
        }
        continue;
      }
      const length = this.unit(bytes, at, bytes.length - at);
      if (this.broken) break;
      if (bytes.length - at < length) {
        if (!this.started) checkSignature(bytes.subarray(at));
        at += this.fill(bytes, at);
      } else {
        this.deliver(bytes.subarray(at, at + length));
        at += length;
      }
    }
  }

  /** What was left over at the end of the input, in words, or "". */
  get remainder(): string {
    if (this.broken) return this.broken;
    if (!this.started) return this.have > 0 ? "the trace ends inside its header" : "the trace is empty";
    if (this.have === 0) return "";
    return `the last ${this.have} bytes are an incomplete record (was the program killed?); all before them counts`;
  }

  /** Length of the unit that starts at `at`, or of its header as long as that is not complete. */
  private unit(bytes: Uint8Array, at: number, available: number): number {
    if (!this.started) return STREAM_HEADER_BYTES;
    if (available < FRAME_HEADER_BYTES) return FRAME_HEADER_BYTES;
    const length = u32(bytes, at);
    if (length > MAX_FRAME_BYTES) {
      this.broken = `damaged at byte ${this.consumed}: a record of ${length} bytes; what follows was not read`;
    }
    return FRAME_HEADER_BYTES + length;
  }

  /** Takes from `bytes` what the pending unit still needs, and returns how much that was. */
  private fill(bytes: Uint8Array, at: number): number {
    const missing = this.unit(this.part, 0, this.have) - this.have;
    if (this.broken) return 0;
    const taken = bytes.subarray(at, at + Math.min(missing, bytes.length - at));
    if (this.have + taken.length > this.part.length) {
      const grown = new Uint8Array(Math.max(this.part.length * 2, this.have + taken.length));
      grown.set(this.part.subarray(0, this.have));
      this.part = grown;
    }
    this.part.set(taken, this.have);
    this.have += taken.length;
    return taken.length;
  }

  private deliver(unit: Uint8Array): void {
    if (this.started) {
      this.sink(unit[4], unit[5], u16(unit, 6), unit.subarray(FRAME_HEADER_BYTES));
    } else {
      checkHeader(unit);
      this.started = true;
    }
    this.consumed += unit.length;
  }
}

/** As much of it as is there: what is shorter than a header may be no trace all the same. */
function checkSignature(begin: Uint8Array): void {
  if (MAGIC.some((byte, i) => i < begin.length && begin[i] !== byte)) {
    throw new TraceFormatError(
      "not a Loopscope trace: it does not begin with the trace signature. Record one with: loopscope run --trace FILE SCRIPT",
    );
  }
}

function checkHeader(header: Uint8Array): void {
  checkSignature(header);
  const major = u16(header, 8);
  if (major > MAJOR || major === 0) {
    throw new TraceFormatError(
      `the trace is in format ${major}.${u16(header, 10)}, this build of Loopscope reads format ${MAJOR}.${MINOR}: update Loopscope to open it`,
    );
  }
}
