import assert from "node:assert/strict";
import type { Group, Scenario } from "./scenario";

/** A child that writes more than asyncio reads ahead and a pipe holds. */
const CHATTY = "import os; os.write(FD, b'x' * 1_000_000)";

/** The parent of a child that writes into a pipe, at which `main` waits for its end. */
const parent = (name: "stdout" | "stderr", main: string, child = CHATTY) => `
PIPE = asyncio.subprocess.PIPE
CHILD = ${JSON.stringify(child.replace("FD", name === "stdout" ? "1" : "2"))}
async def spawn():
    return await asyncio.create_subprocess_exec(sys.executable, "-c", CHILD, ${name}=PIPE)
async def beat():
    while True:
        await asyncio.sleep(0.03)
async def main():
    beating = asyncio.create_task(beat())
    watchdog = threading.Timer(40, os._exit, (1,))
    watchdog.daemon = True
    watchdog.start()
    process = await spawn()
${main}
    beating.cancel()
asyncio.run(main())
`;

const shown = (name: "stdout" | "stderr"): Scenario => ({
  title: `a child process that writes to its ${name}, which nobody reads`,
  program: parent(name, "    await process.wait() #: waits"),
  until: (findings) => findings.some(({ rule }) => rule === "deadlock"),
  check(ran) {
    const found = ran.one("deadlock");
    assert.equal(found.severity, "error");
    assert.equal(found.at?.line, ran.line("waits"));
    assert.deepEqual(ran.names(found), ["Task-1"]);
    assert.match(
      found.message,
      new RegExp(
        `Task-1 waits for the end of process \\d+ in Process\\.wait at app\\.py:\\d+, and that for somebody to read its ${name}`,
      ),
    );
  },
});

const inTask: Scenario = {
  title:
    "a child process whose end a task of its own waits for, while the one that has it waits for that task",
  program: parent(
    "stdout",
    "    waiting = asyncio.create_task(process.wait(), name='waiting') #: made\n    await waiting",
  ),
  until: (findings) => findings.some(({ rule }) => rule === "deadlock"),
  check(ran) {
    const found = ran.one("deadlock");
    assert.equal(found.at?.line, ran.line("made"));
    assert.match(found.message, /waiting waits for the end of process \d+ .* only waiting could read it/);
  },
};

/** The kernel says what a process waits for on Linux only. */
export const fullPipes: Group = {
  rule: "deadlock",
  shows: process.platform === "linux" ? [shown("stdout"), shown("stderr"), inTask] : [],
  silent: [
    {
      title: "a child process whose output is read by communicate()",
      program: parent("stdout", "    await process.communicate()"),
    },
    {
      title:
        "a child process that a task of its own waits for, and another reads from when that was given up",
      program: parent(
        "stdout",
        `    waiting = asyncio.create_task(process.wait())
    await asyncio.wait([waiting], timeout=1.5)
    await process.stdout.read()
    await waiting`,
      ),
    },
    {
      title: "a child process whose output another task reads later",
      program: parent(
        "stdout",
        `    async def later(stream):
        await asyncio.sleep(1.5)
        await stream.read()
    reading = asyncio.create_task(later(process.stdout))
    await process.wait()`,
      ),
    },
    {
      title: "a child process whose output a callback reads later, to which the process is known",
      program: parent(
        "stdout",
        `    def later(process):
        later.reading = asyncio.ensure_future(process.stdout.read())
    asyncio.get_running_loop().call_later(1.5, later, process)
    await process.wait()`,
      ),
    },
    {
      title: "a child process that has filled its pipe, and does not wait for it",
      program: parent(
        "stdout",
        "    await process.wait()",
        `import os, time
os.set_blocking(FD, False)
end = time.monotonic() + 2
while time.monotonic() < end:
    try:
        os.write(FD, b'x' * 4096)
    except BlockingIOError:
        time.sleep(0.01)
`,
      ),
    },
  ],
};
