import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { Trace } from "../../src/trace";
import { cli, Folder, loopscope } from "./cli";
import { python } from "./pythons";
import { validReport } from "./schema";

/** Kills a busy program this often; more by LOOPSCOPE_KILLS. */
const KILLS = Number(process.env.LOOPSCOPE_KILLS ?? 12);

/** Tells the time at every millisecond or so, and ends after `argv[1]` of them. */
const TICKS = `import asyncio, os, sys, time

async def worker():
    while True:
        await asyncio.sleep(0.002)

async def main():
    workers = [asyncio.create_task(worker()) for _ in range(5)]
    for _ in range(int(sys.argv[1])):
        await asyncio.sleep(0.001)
        os.write(1, b"%d\\n" % time.monotonic_ns())

asyncio.run(main())
`;

interface Ended {
  code: number | null;
  ticks: number[];
}

/** Runs the program traced, hands over the processes as soon as it ticks, and waits for its stdout to close. */
function ticking(args: string[], act: (loopscope: ChildProcess) => void): Promise<Ended> {
  const child = spawn(process.execPath, [cli(), ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    if (text === "") act(child);
    text += part;
  });
  return new Promise((resolve) => {
    child.on("close", (code) => resolve({ code, ticks: text.trim().split("\n").map(Number) }));
  });
}

/** Process ids of the children of a process that are Python. */
function pythonChildren(pid: number): number[] {
  const ids = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
  return ids.filter((id) => readFileSync(`/proc/${id}/cmdline`, "utf8").includes("ticks.py"));
}

describe("faults", function () {
  this.timeout(120_000);
  let folder: Folder;
  let script: string;
  before(function () {
    if (process.platform !== "linux") return this.skip();
    folder = new Folder();
    script = folder.file("ticks.py", TICKS);
  });
  after(() => folder?.remove());

  it("a program whose listener is killed goes on", async () => {
    const { ticks } = await ticking(["run", "-q", script, "400"], (child) => child.kill("SIGKILL"));
    assert.equal(ticks.length, 400);
  });

  it("a program whose listener is stalled goes on, and nothing small is lost", async () => {
    const report = folder.at("stalled.json");
    let done = () => {};
    const ended = new Promise<void>((resolve) => {
      done = resolve;
    });
    const { code, ticks } = await ticking(["run", "-q", "--report", report, script, "400"], (child) => {
      child.kill("SIGSTOP");
      const [program] = pythonChildren(child.pid as number);
      // A program that waited for us would never become a zombie.
      const look = () => {
        const state = /\) (\S)/.exec(readFileSync(`/proc/${program}/stat`, "utf8"))?.[1];
        if (state !== "Z") return setTimeout(look, 20);
        child.kill("SIGCONT");
        done();
      };
      look();
    });
    await ended;
    assert.deepEqual([code, ticks.length], [0, 400]);
    const { trust, tasks } = validReport(readFileSync(report, "utf8"));
    assert.equal(trust.dropped, 0);
    assert.equal(tasks[0].suspensions.length, 400);
  });

  it(`a program killed ${KILLS} times at random moments always leaves a readable trace`, async function () {
    this.timeout(60_000 + KILLS * 5_000);
    const lost: number[] = [];
    for (let i = 0; i < KILLS; i++) {
      const trace = folder.at("killed.loopscope");
      const delay = Math.random() * 600;
      const { code, ticks } = await ticking(["run", "-q", "--trace", trace, script, "100000"], (child) => {
        const [program] = pythonChildren(child.pid as number);
        setTimeout(() => process.kill(program, "SIGKILL"), delay);
      });
      assert.equal(code, 137);
      const store = new Trace();
      store.feed(readFileSync(trace));
      store.finish();
      assert.match(store.notes.join("; "), /^SIGKILL ended the program: [^;]*$/);
      const [program] = store.programs;
      const startNs = program.hello?.startNs as number;
      // Only what tasks did counts: the frame that tells the end carries a time of its own. The program begins with its first tick.
      const last = Math.max(
        (ticks[0] - startNs) / 1e9,
        ...Array.from({ length: store.steps.count }, (_, row) => store.steps.end.get(row)),
      );
      // From the first tick that is not in the trace, not from the last step that is: on a busy machine the program itself stands
      // still now and then, and loses nothing by that.
      const missing = ticks.filter((tick) => (tick - startNs) / 1e9 > last);
      lost.push(missing.length > 0 ? (missing[missing.length - 1] - missing[0]) / 1e6 : 0);
    }
    lost.sort((a, b) => a - b);
    const [median, worst] = [lost[lost.length >> 1], lost[lost.length - 1]];
    const most = lost[Math.floor(lost.length * 0.99)];
    const told = [median, most, worst].map((ms) => `${ms.toFixed(0)} ms`);
    console.log(`      lost at SIGKILL: median ${told[0]}, 99 % within ${told[1]}, at most ${told[2]}`);
    assert.ok(median <= 100, `median ${median} ms`);
  });

  it("a client that sends garbage to the channel of a run does not disturb it", async () => {
    const own = folder.file(
      "attacker.py",
      `import asyncio, os, socket, glob
channel = max(glob.glob(os.path.join(os.environ["TMPDIR"], "loopscope-*", "s")), key=os.path.getmtime)
async def main():
    for data in (b"", b"GET / HTTP/1.0\\r\\n\\r\\n", os.urandom(5000), b"\\x89LSCP\\r\\x1a\\n" + b"\\xff" * 100):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(channel)
            client.sendall(data)
        await asyncio.sleep(0.01)
asyncio.run(main())
print("done")
`,
    );
    const args = ["run", "-q", "--python", python(), "--report", folder.at("attacked.json"), own];
    const { code, stdout, stderr } = await loopscope(args, { env: { TMPDIR: folder.path } });
    assert.deepEqual([code, stdout], [0, "done\n"]);
    assert.match(stderr, /a client of the trace channel was closed: it did not speak the trace format/);
    const { tasks } = validReport(readFileSync(folder.at("attacked.json"), "utf8"));
    assert.equal(tasks[0].suspensions.length, 4);
  });
});
