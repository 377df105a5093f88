/**
 * How fast a trace is read, and what it takes in memory: `npx tsx test/bench/trace.ts [million events]`.
 * A stream of the given length (default 10) is written to a temporary file, then read by a process of its own.
 */
import { spawnSync } from "node:child_process";
import { closeSync, createReadStream, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync, inflateSync } from "node:zlib";
import { FLAG_DEFLATED, FrameType } from "../../src/protocol/stream";
import { findings, Trace } from "../../src/trace";
import { stepIndex } from "../../src/trace/queries";
import { frame } from "../unit/trace/frames";
import { StreamWriter } from "../unit/trace/writer";

const ASYNCIO = "lib:/usr/lib/python3.12/asyncio";
const TASKS_A_BLOCK = 500;

/** What the tasks of a block do: `requests`, of a server with a queue and a lock; `spin`, sleep(0) only. */
type Load = "requests" | "spin" | "spawn";

/** One block of records: tasks that begin and end in it, so that it can be repeated with the same keys. */
function writeBlock(w: StreamWriter, load: Load): { events: number; seconds: number } {
  let events = 0;
  let t = 1;
  const tick = (seconds: number) => {
    t += seconds;
    return t;
  };
  for (let i = 0; i < TASKS_A_BLOCK; i++) {
    const key = 1000 + i;
    const handler = "/srv/app.py:40 handle";
    const name = load === "spawn" ? `Task-${i + 1}` : `request-${i}`;
    w.new(key, tick(1e-6), 0, handler, name, [
      `${ASYNCIO}/tasks.py:420 create_task`,
      "/srv/app.py:20 accept",
    ]);
    events++;
    if (load === "spin") {
      w.iter(tick(1e-6), 1);
      for (let n = 0; n < 20; n++, events++) {
        if (n === 0) w.yield(key, t, tick(2e-6), [handler]);
        else w.yieldAgain(key, t, tick(2e-6));
      }
    } else if (load === "requests") {
      const read = [`${handler}`, `${ASYNCIO}/streams.py:568 StreamReader.readline`];
      for (let n = 0; n < 6; n++) {
        w.poll(tick(1e-6), 0.1, 1, 3).iter(tick(1e-6), 1);
        if (n === 0) w.step(key, t, tick(2e-5), 9, read).waits(key, "io");
        else w.again(key, t, tick(2e-5), 9).waits(key, "io");
        w.wake(key, tick(1e-6), 2);
        events += 4;
      }
    }
    w.iter(tick(1e-6), 1).done(key, t, tick(3e-6));
    events += 2;
  }
  return { events, seconds: t };
}

function writeStream(path: string, millions: number, load: Load, deflated: boolean): number {
  const w = new StreamWriter();
  const head = w.bytes();
  w.parts.length = 0;
  const { events, seconds } = writeBlock(w, load);
  w.flush();
  const parts = w.parts.map((part) => new Uint8Array(part));
  const fd = openSync(path, "w");
  writeSync(fd, head);
  const times = timesOf(parts);
  const blocks = Math.ceil((millions * 1e6) / events);
  for (let block = 0; block < blocks; block++) {
    for (const part of parts) {
      if (part[4] === FrameType.codes && block > 0) continue;
      if (part[4] === FrameType.records) {
        const view = new DataView(part.buffer);
        view.setUint32(8 + 4, block + 1, true);
        for (const at of times) view.setFloat64(at, view.getFloat64(at, true) + seconds, true);
      }
      const body = part.subarray(8);
      const packed = deflated && part[4] === FrameType.records;
      writeSync(fd, packed ? frame(part[4], deflateSync(body, { level: 1 }), 1, FLAG_DEFLATED) : part);
    }
  }
  closeSync(fd);
  return blocks * events;
}
/** Where the times lie in the one frame of records of a block: they are as large as the writer's clock, and no other number is. */
function timesOf(parts: Uint8Array[]): number[] {
  const part = parts.find((each) => each[4] === FrameType.records);
  if (part === undefined) throw new Error("an empty block");
  const view = new DataView(part.buffer);
  const start = new StreamWriter().ns(0) / 1e9;
  const found: number[] = [];
  for (let at = 32; at < part.length; at += 8) {
    const value = view.getFloat64(at, true);
    if (value > start && value < start + 100) found.push(at);
  }
  return found;
}

async function read(path: string): Promise<void> {
  const before = process.memoryUsage().rss;
  const trace = new Trace({ inflate: (bytes, maxOutputLength) => inflateSync(bytes, { maxOutputLength }) });
  const start = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  let bytes = 0;
  let peak = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    trace.feed(chunk as Uint8Array);
    bytes += (chunk as Uint8Array).length;
    if (bytes % (16 << 20) < 1 << 20) peak = Math.max(peak, process.memoryUsage().rss);
  }
  trace.finish();
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  // On a machine that does other things as well, the processor's time says more than the clock's.
  const used = process.cpuUsage(cpu);
  const busy = (used.user + used.system) / 1e6;
  peak = Math.max(peak, process.resourceUsage().maxRSS * 1024);
  const indexStart = process.hrtime.bigint();
  stepIndex(trace);
  const indexed = Number(process.hrtime.bigint() - indexStart) / 1e9;
  const findingsStart = process.hrtime.bigint();
  const found = findings(trace).length;
  const judged = Number(process.hrtime.bigint() - findingsStart) / 1e9;
  if (trace.notes.length > 0) console.log(trace.notes);
  const rate = (trace.events / seconds / 1e6).toFixed(2);
  console.log(
    `${(trace.events / 1e6).toFixed(1)} M events, ${(bytes / trace.events).toFixed(1)} B each in the file: ` +
      `read in ${seconds.toFixed(2)} s (${rate} M/s), ${busy.toFixed(2)} s of processor time, columns ${(trace.bytes / trace.events).toFixed(1)} B/event, ` +
      `peak ${((peak - before) / trace.events).toFixed(1)} B/event (${(peak / 1e6).toFixed(0)} MB with the process), ` +
      `index ${indexed.toFixed(2)} s, ${found} findings in ${judged.toFixed(2)} s`,
  );
}

async function main(): Promise<void> {
  if (process.argv[2] === "--read") return read(process.argv[3]);
  const millions = Number(process.argv[2] ?? 10);
  const folder = mkdtempSync(join(tmpdir(), "loopscope-bench-"));
  const path = join(folder, "bench.loopscope");
  try {
    for (const load of ["requests", "spin", "spawn"] as const) {
      for (const deflated of [false, true]) {
        writeStream(path, millions, load, deflated);
        process.stdout.write(`${load}${deflated ? ", deflated" : ""}: `);
        const args = ["--max-old-space-size=2048", "--import", "tsx", __filename, "--read", path];
        spawnSync(process.execPath, args, { stdio: "inherit" });
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();
