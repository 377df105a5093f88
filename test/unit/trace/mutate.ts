import { deflateSync } from "node:zlib";
import { FLAG_DEFLATED, FRAME_HEADER_BYTES } from "../../../src/protocol/stream";
import { findings, formatTimeline, report, Trace, timeline } from "../../../src/trace";
import { header } from "./frames";
import { StreamWriter } from "./writer";

/** mulberry32: the same numbers for the same seed everywhere. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const F = ["/app/a.py:10 main", "/app/a.py:20 work", "lib:/usr/lib/python3.12/asyncio/tasks.py:700 sleep"];

/** A stream in which every kind of frame and record occurs. */
function everything(): Uint8Array[] {
  const w = new StreamWriter();
  w.run(0, 1);
  for (const key of [1, 2, 3]) w.new(key, key / 1000, key - 1, F[1], `t${key}`, [F[2], F[0]]);
  w.object(50, 0.01, "lock", "accounts", [F[0]]).hold(50, 0.01, 1, 1).flush();
  w.newSame(4, 0.01, "t4").wakeHere(4).wakeHere(3, 0.011);
  w.poll(0.01, 0.5, 1).iter(0.011, 3).step(1, 0.011, 0.012, 77, F).waits(1, "sleep", 0, 0.5);
  w.step(2, 0.012, 0.013, 78, F)
    .waits(2, "lock", 50)
    .again(2, 0.013, 0.013, 79)
    .numbered(2, 0.013, 0.013, 79, 1, [F[0]])
    .numbered(3, 0.013, 0.013, 79, 1)
    .yield(3, 0.013, 0.014, [F[1]])
    .flush();
  w.gather(90, [1, 2])
    .future(91, 0.02, "thread", "requests.get")
    .link(92, 91)
    .step(3, 0.02, 0.021, 90, [F[1]]);
  w.eager(800, 0.02, 3, F[1], [F[0]])
    .eagerEnd(800, 4, 0.021, 3, "eager", 92, [F[1]])
    .waitsOn(4, "lock", 50)
    .flush();
  w.new(5, 0.022, 3, F[1], "at once")
    .atOnce(5, 0.023, 93, [F[1]])
    .new(6, 0.024, 3, F[1], "x")
    .atOnce(6)
    .flush();
  w.wake(1, 0.5, 1, 2, [F[0]]).chainOf(2, 0.3, F).rename(2, "two").callback(0.5, 0.51, 1, F[1]).flush();
  w.stall(1, 0.5, 0.6, F).now(0.7, 1, 0.5, 2);
  w.done(1, 0.5, 0.8, 1).raised(1, "ValueError", "no", [F[1]]).lostTask(2, 0.9).neverAwaited(0.9, 1, F[1], F);
  w.unretrieved(1, 0.9, "ValueError", "no", F)
    .unsafe(0.9, "call_soon", "Thread-2", F)
    .swallowed(2, 0.9, F)
    .flush();
  w.cancel(9, 0.94, 3, 1, F).cancel(2, 0.94, 5);
  w.adopt(9, 0.95, 77, F[1], "adopted", F).done(2, 0.96, 0.97, 2).run(1, 0).run(1.1, -1).flush();
  w.json(7, {
    t: 1,
    events: 30,
    overheadNs: 1,
    drainNs: 1,
    dropped: 0,
    tasksSeen: 4,
    tasksMissed: 0,
    notes: [],
  });
  w.json(8, { t: w.ns(1.1) }).end(0);
  return w.parts.slice(1);
}

const FRAMES = everything();
const INTERESTING = [0, 1, 0x7f, 0x80, 0xff, 0xfe, 0xe6];

/** A frame that was valid once. The length in its header stays true, so that the reading goes on behind it. */
function mutated(next: () => number): Uint8Array {
  const pick = (n: number) => Math.floor(next() * n);
  const source = FRAMES[pick(FRAMES.length)];
  let body = Uint8Array.from(source.subarray(FRAME_HEADER_BYTES));
  let type = source[4];
  let flags = 0;
  for (let n = pick(6); n > 0 && body.length > 0; n--) {
    const at = pick(body.length);
    switch (pick(7)) {
      case 0:
        body[at] ^= 1 << pick(8);
        break;
      case 1:
        body[at] = INTERESTING[pick(INTERESTING.length)];
        break;
      case 2:
        body = body.slice(0, at);
        break;
      case 3: {
        const other = FRAMES[pick(FRAMES.length)].subarray(FRAME_HEADER_BYTES);
        body.set(other.subarray(0, body.length - at), at);
        break;
      }
      case 4:
        body.fill(INTERESTING[pick(INTERESTING.length)], at, at + pick(16));
        break;
      case 5:
        body.copyWithin(at, pick(body.length), pick(body.length));
        break;
      default:
        type = pick(16);
    }
  }
  if (next() < 0.05) {
    body = new Uint8Array(deflateSync(body));
    flags = FLAG_DEFLATED;
    if (next() < 0.5 && body.length > 0) body[pick(body.length)] ^= 1 << pick(8);
  } else if (next() < 0.02) flags = FLAG_DEFLATED;
  const frame = new Uint8Array(FRAME_HEADER_BYTES + body.length);
  new DataView(frame.buffer).setUint32(0, body.length, true);
  frame[4] = type;
  frame[5] = flags;
  frame[6] = next() < 0.95 ? 1 : pick(4);
  frame.set(body, FRAME_HEADER_BYTES);
  return frame;
}

/**
 * Feeds mutated frames and asks everything of the traces they make. Throws if the decoder does. Returns the
 * slowest single step in milliseconds.
 */
export function fuzz(seed: number, count: number, framesATrace = 200): number {
  const next = random(seed);
  let slowest = 0;
  for (let fed = 0; fed < count; ) {
    const trace = new Trace();
    trace.feed(header());
    for (const frame of FRAMES.slice(0, 3)) trace.feed(frame);
    const start = performance.now();
    for (let i = 0; i < framesATrace && fed < count; i++, fed++) trace.feed(mutated(next));
    trace.finish();
    JSON.stringify(report(trace));
    findings(trace);
    for (const _ of formatTimeline(timeline(trace), { tty: true }));
    slowest = Math.max(slowest, performance.now() - start);
  }
  return slowest;
}
