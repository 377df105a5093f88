import { FRAME_HEADER_BYTES, MAGIC, MAJOR, MINOR } from "../../../src/protocol/stream";

/** The beginning of a stream of docs/trace-format.md, in this build's format or another. */
export function header(major = MAJOR, minor = MINOR): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes.set(MAGIC);
  new DataView(bytes.buffer).setUint16(8, major, true);
  new DataView(bytes.buffer).setUint16(10, minor, true);
  return bytes;
}

/** A frame of any type, whole or not: its body as it stands. */
export function frame(type: number, body: Uint8Array, program = 1, flags = 0): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length, true);
  bytes[4] = type;
  bytes[5] = flags;
  view.setUint16(6, program, true);
  bytes.set(body, FRAME_HEADER_BYTES);
  return bytes;
}

/** A frame whose body is JSON. */
export function json(type: number, value: unknown, program = 1): Uint8Array {
  return frame(type, new TextEncoder().encode(JSON.stringify(value)), program);
}
