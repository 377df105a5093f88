import { deflateSync } from "node:zlib";
import { FLAG_DEFLATED, FRAME_HEADER_BYTES, FrameType } from "../../src/protocol/stream";
import { frame } from "../unit/trace/frames";
import { StreamWriter } from "../unit/trace/writer";

const ASYNCIO = "lib:/usr/lib/python3.12/asyncio";
/** Bytes of a `records` body before its numbers. */
const NUMBERS_AT = 24;

export interface Load {
  /** Tasks that live side by side in one block; they all end with it. */
  tasks: number;
  /** Steps of each. */
  steps: number;
  /** How often the block is repeated, with new tasks. */
  blocks: number;
  deflate: boolean;
}

/**
 * A stream of any length, piece by piece: one block of records is written, and repeated with its times moved on. Keys are
 * used again by the tasks of the next block, as a runtime's are.
 */
export function* bulkTrace(load: Load): Generator<{ bytes: Uint8Array; events: number }> {
  const { parts, head, events, seconds } = writeBlock(load, 1);
  // The same a little later: the numbers that differ are times.
  const later = writeBlock(load, 1.25).parts;
  const times = parts.map((part, i) => timesOf(part, later[i]));
  yield { bytes: head, events: 0 };
  let sequence = 0;
  for (let block = 0; block < load.blocks; block++) {
    const out = parts.flatMap((part, i) => {
      if (part[4] === FrameType.codes && block > 0) return [];
      if (part[4] !== FrameType.records) return [part];
      const copy = part.slice();
      const view = new DataView(copy.buffer, FRAME_HEADER_BYTES);
      view.setUint32(4, ++sequence, true);
      for (const at of times[i]) view.setFloat64(at, view.getFloat64(at, true) + block * seconds, true);
      return [
        load.deflate ? frame(copy[4], deflateSync(copy.subarray(8), { level: 1 }), 1, FLAG_DEFLATED) : copy,
      ];
    });
    yield { bytes: Buffer.concat(out), events };
  }
}

/** Offsets in the body of a `records` frame at which times are. */
function timesOf(part: Uint8Array, later: Uint8Array): Uint32Array {
  if (part[4] !== FrameType.records) return new Uint32Array(0);
  const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset + FRAME_HEADER_BYTES);
  const [a, b] = [view(part), view(later)];
  const found: number[] = [];
  for (let at = NUMBERS_AT; at < part.length - FRAME_HEADER_BYTES; at += 8) {
    if (a.getFloat64(at, true) !== b.getFloat64(at, true)) found.push(at);
  }
  return Uint32Array.from(found);
}

function writeBlock({ tasks, steps }: Load, begin: number) {
  const w = new StreamWriter();
  const head = w.bytes();
  w.parts.length = 0;
  let events = 0;
  let t = begin;
  const tick = (seconds: number) => {
    t += seconds;
    return t;
  };
  const handler = "/srv/app.py:40 handle";
  const chain = [handler, `${ASYNCIO}/streams.py:568 StreamReader.readline`];
  for (let i = 0; i < tasks; i++) {
    w.new(1000 + i, tick(2e-6), 0, handler, `Task-${i + 1}`, ["/srv/app.py:20 accept"]);
    events++;
  }
  for (let n = 0; n < steps; n++) {
    w.iter(tick(1e-6), tasks);
    events++;
    for (let i = 0; i < tasks; i++, events++) {
      if (n === 0) w.step(1000 + i, t, tick(4e-6), 9, chain).waits(1000 + i, "io");
      else w.again(1000 + i, t, tick(4e-6), 9).waits(1000 + i, "io");
    }
    tick(1e-4);
    for (let i = 0; i < tasks; i++) {
      w.wake(1000 + i, tick(5e-7), 2);
      events++;
    }
    w.flush();
  }
  w.iter(tick(1e-6), tasks);
  events++;
  for (let i = 0; i < tasks; i++, events++) w.done(1000 + i, t, tick(3e-6));
  w.flush();
  return { parts: w.parts.map((part) => new Uint8Array(part)), head, events, seconds: t - begin };
}
