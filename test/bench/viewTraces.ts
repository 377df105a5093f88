import { deflateSync } from "node:zlib";
import { FLAG_DEFLATED, FrameType } from "../../src/protocol/stream";
import { frame, StreamWriter } from "../unit/trace/writer";

const ASYNCIO = "lib:/usr/lib/python3.12/asyncio";

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
export function* bulkTrace({
  tasks,
  steps,
  blocks,
  deflate,
}: Load): Generator<{ bytes: Uint8Array; events: number }> {
  const w = new StreamWriter();
  yield { bytes: w.bytes(), events: 0 };
  w.parts.length = 0;
  let events = 0;
  let t = 1;
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
    for (let i = 0; i < tasks; i++) {
      w.step(1000 + i, tick(1e-6), tick(4e-6), 9, n === 0 ? chain : [chain[1]], n === 0 ? 0 : 1);
      w.waits(1000 + i, "io");
      events += 2;
    }
    tick(1e-4);
    for (let i = 0; i < tasks; i++) {
      w.wake(1000 + i, tick(5e-7), 2);
      events++;
    }
    w.flush();
  }
  for (let i = 0; i < tasks; i++) {
    w.done(1000 + i, tick(1e-6), tick(3e-6));
    events++;
  }
  w.flush();
  const parts = w.parts.map((part) => new Uint8Array(part));
  const length = Math.round((t - 1) * 1e9);
  let sequence = 0;
  for (let block = 0; block < blocks; block++) {
    const out: Uint8Array[] = [];
    for (const part of parts) {
      if (part[4] !== FrameType.records) {
        if (block === 0) out.push(part);
        continue;
      }
      const copy = part.slice();
      const view = new DataView(copy.buffer);
      view.setUint32(8 + 4, ++sequence, true);
      view.setBigInt64(8 + 24, view.getBigInt64(8 + 24, true) + BigInt(block * length), true);
      out.push(
        deflate ? frame(copy[4], deflateSync(copy.subarray(8), { level: 1 }), 1, FLAG_DEFLATED) : copy,
      );
    }
    yield { bytes: Buffer.concat(out), events };
  }
}
