import {
  FRAME_HEADER_BYTES,
  MAGIC,
  MAJOR,
  MAX_FRAME_BYTES,
  MINOR,
  STREAM_HEADER_BYTES,
} from "../protocol/stream";

/** What a client sent is not the stream of docs/trace-format.md; the message says in what way. */
export class ChannelError extends Error {
  override name = "ChannelError";
}

/** The 16 bytes every stream and every trace file starts with. */
export function streamHeader(): Buffer {
  const header = Buffer.alloc(STREAM_HEADER_BYTES);
  header.set(MAGIC);
  header.writeUInt16LE(MAJOR, 8);
  header.writeUInt16LE(MINOR, 10);
  return header;
}

/** A frame with a JSON body, not deflated. */
export function jsonFrame(type: number, program: number, body: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(body));
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + text.length);
  frame.writeUInt32LE(text.length, 0);
  frame[4] = type;
  frame.writeUInt16LE(program, 6);
  text.copy(frame, FRAME_HEADER_BYTES);
  return frame;
}

export interface Frame {
  type: number;
  flags: number;
  /** A view on the pushed bytes. */
  body: Buffer;
  /** The whole frame, header included: a view, so that the program number can be written into it. */
  bytes: Buffer;
}

/** The frames of bytes that hold whole frames only. */
export function* framesOf(bytes: Buffer): Generator<Frame> {
  for (let at = 0; at < bytes.length; ) {
    const end = at + FRAME_HEADER_BYTES + bytes.readUInt32LE(at);
    yield {
      type: bytes[at + 4],
      flags: bytes[at + 5],
      body: bytes.subarray(at + FRAME_HEADER_BYTES, end),
      bytes: bytes.subarray(at, end),
    };
    at = end;
  }
}

/**
 * Cuts what a client sends, however it is chunked, into runs of whole frames. Memory is bounded by what was
 * really received of one frame, never by the length a client claims.
 */
export class FrameSplitter {
  private chunks: Buffer[] = [];
  private have = 0;
  /** Bytes needed before anything can be said about what is pending. */
  private need = STREAM_HEADER_BYTES;
  private started = false;
  private limit: number;

  /** A first frame (the hello, by which a client becomes known) longer than `firstLimit` is refused. */
  constructor(firstLimit = MAX_FRAME_BYTES) {
    this.limit = firstLimit;
  }

  /** Returns the whole frames completed by `chunk`, possibly none. Throws ChannelError. */
  push(chunk: Buffer): Buffer {
    this.chunks.push(chunk);
    this.have += chunk.length;
    if (this.have < this.need) return Buffer.alloc(0);
    let bytes = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks, this.have);
    if (!this.started) {
      checkHeader(bytes);
      this.started = true;
      bytes = bytes.subarray(STREAM_HEADER_BYTES);
    }
    const end = this.wholeFrames(bytes);
    const rest = bytes.subarray(end);
    this.chunks = rest.length > 0 ? [rest] : [];
    this.have = rest.length;
    return bytes.subarray(0, end);
  }

  private wholeFrames(bytes: Buffer): number {
    let at = 0;
    for (;;) {
      this.need = FRAME_HEADER_BYTES;
      if (bytes.length - at < FRAME_HEADER_BYTES) return at;
      const length = bytes.readUInt32LE(at);
      if (length > this.limit) {
        throw new ChannelError(`it sent a record of ${length} bytes; at most ${this.limit} are accepted`);
      }
      this.need = FRAME_HEADER_BYTES + length;
      if (bytes.length - at < this.need) return at;
      at += this.need;
      this.limit = MAX_FRAME_BYTES;
    }
  }
}

function checkHeader(bytes: Buffer): void {
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw new ChannelError("it did not speak the trace format");
  }
  const major = bytes.readUInt16LE(8);
  if (major !== MAJOR) {
    throw new ChannelError(
      `it speaks trace format ${major}.${bytes.readUInt16LE(10)}, this build ${MAJOR}.${MINOR}: use the runtime that came with it`,
    );
  }
}
