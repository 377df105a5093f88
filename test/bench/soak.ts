/**
 * Minutes at 100,000 events a second, and the memory of both sides: `npx tsx test/bench/soak.ts [minutes] [python]`.
 * Linux only: memory is read from /proc.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cli } from "../cli/cli";
import { python } from "../cli/pythons";

const minutes = Number(process.argv[2] ?? 10);
const command = process.argv[3] ?? python();

/** Makes `RATE` steps a second, in slices of 10 ms, and tells how many it came to. */
const PROGRAM = `import asyncio, os, sys, time
RATE, SECONDS, TASKS = 100_000, float(sys.argv[1]), 100
steps = 0
async def work(turns):
    global steps
    for _ in range(turns):
        await asyncio.sleep(0)
        steps += 1
async def worker(gate):
    while True:
        await gate.get()
        await work(RATE // 100 // TASKS)
async def main():
    gate = asyncio.Queue()
    workers = [asyncio.create_task(worker(gate)) for _ in range(TASKS)]
    print(os.getpid(), flush=True)
    start = time.monotonic()
    slices = 0
    while (now := time.monotonic()) - start < SECONDS:
        due = int((now - start) * 100)
        if due - slices > 5: slices = due - 5  # what a busy machine could not do is not made up for
        while slices < due:
            slices += 1
            for _ in range(TASKS): gate.put_nowait(None)
        await asyncio.sleep(0.01)
    for each in workers: each.cancel()
    print("steps", steps, flush=True)
asyncio.run(main())
`;

const folder = mkdtempSync(join(tmpdir(), "loopscope-soak-"));
const program = join(folder, "soak.py");
const trace = join(folder, "soak.loopscope");
writeFileSync(program, PROGRAM);

/** Resident memory of a process, MB; 0 when it is gone. */
function resident(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

const child = spawn(
  process.execPath,
  [cli(), "run", "-q", "--python", command, "--trace", trace, program, String(minutes * 60)],
  { stdio: ["ignore", "pipe", "inherit"] },
);
let output = "";
const rows: [number, number][] = [];
let pid = 0;
child.stdout.setEncoding("utf8").on("data", (text: string) => {
  output += text;
  pid ||= Number.parseInt(output, 10);
});
const timer = setInterval(() => {
  const row: [number, number] = [pid ? resident(pid) : 0, resident(child.pid as number)];
  if (row[0] === 0 || row[1] === 0) return;
  rows.push(row);
  if (rows.length % 6 === 1) {
    console.log(`${rows.length * 5} s: program ${row[0].toFixed(1)} MB, loopscope ${row[1].toFixed(1)} MB`);
  }
}, 5000);

child.on("close", (code) => {
  clearInterval(timer);
  const steps = Number(/steps (\d+)/.exec(output)?.[1] ?? 0);
  const mean = (part: [number, number][], side: 0 | 1) =>
    part.reduce((sum, row) => sum + row[side], 0) / part.length;
  const quarter = Math.max(1, rows.length >> 2);
  const [first, last] = [rows.slice(quarter, 2 * quarter), rows.slice(-quarter)];
  const told = (side: 0 | 1) => `${mean(first, side).toFixed(1)} → ${mean(last, side).toFixed(1)} MB`;
  const rate = steps / (minutes * 60);
  console.log(
    `${minutes} min, ${Math.round(rate / 1000)}k steps/s, exit ${code}, trace ${(statSync(trace).size / 1e6).toFixed(0)} MB ` +
      `(${(statSync(trace).size / steps).toFixed(1)} bytes a step). Mean memory, second quarter → last: program ${told(0)}, loopscope ${told(1)}`,
  );
  rmSync(folder, { recursive: true });
});
