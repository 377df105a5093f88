import assert from "node:assert/strict";
import type { Group } from "./scenario";

/** `blocking-call` and `starved`. A machine under load may hold any step for a while: the held times here are long. */
export const blocking: Group = {
  rule: "blocking-call",
  options: ["--block-ms", "150"],
  shows: [
    {
      title: "time.sleep in a helper, at its line, for as long as the program itself measured",
      program: `
def helper():
    t = time.monotonic()
    time.sleep(0.5) #: held
    say(held=time.monotonic() - t)
async def main():
    await asyncio.sleep(0.01)
    t = time.monotonic()
    helper()
    say(step=time.monotonic() - t + 0.2)
asyncio.run(main())
`,
      check(ran) {
        const found = ran.one("blocking-call");
        ran.at(found, "held");
        assert.ok(found.seconds! >= ran.said.held && found.seconds! <= ran.said.step, found.message);
        assert.equal(found.severity, "warning");
        assert.match(found.message, /held the event loop for \d+ ms at app\.py:\d+ \(time\.sleep\(0\.5\)/);
      },
    },
    {
      title: "pure computation, and how often it happened",
      program: `
def crunch(seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        sum(range(1000)) #: held
async def main():
    for _ in range(3):
        crunch(0.3)
        await asyncio.sleep(0)
asyncio.run(main())
`,
      check(ran) {
        const found = ran.one("blocking-call");
        assert.ok(
          found.at!.line === ran.line("held") || found.at!.line === ran.line("held") - 1,
          found.message,
        );
        assert.match(found.message, /3 times/);
      },
    },
    {
      title: "two lines of one step",
      program: `
async def main():
    await asyncio.sleep(0)
    time.sleep(0.5) #: held
    time.sleep(0.4) #: also
asyncio.run(main())
`,
      check(ran) {
        const found = ran.one("blocking-call");
        ran.at(found, "held");
        const also = new RegExp(
          `\\(time\\.sleep\\(0\\.5\\).*, and at app\\.py:${ran.line("also")} \\(time\\.sleep\\(0\\.4\\)`,
        );
        assert.match(found.message, also);
      },
    },
    {
      title: "a callback of the loop",
      program: `
def late():
    time.sleep(0.4) #: held
async def main():
    asyncio.get_running_loop().call_soon(late)
    await asyncio.sleep(0.1)
asyncio.run(main())
`,
      check(ran) {
        const found = ran.one("blocking-call");
        ran.at(found, "held");
        assert.match(found.message, /^A callback held/);
      },
    },
    {
      title: "an import whose library imports deeply: the line of the program, and where in the library",
      program: `
folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "site-packages")
os.makedirs(os.path.join(folder, "deep"))
def write(name, text):
    with open(os.path.join(folder, "deep", name + ".py"), "w") as file:
        file.write(text)
for n in range(15):
    write(f"m{n}", f"from . import m{n + 1}")
write("m15", "import time\\ntime.sleep(0.5)")
sys.path.append(folder)
async def main():
    await asyncio.sleep(0.01)
    from deep import m0 #: held
asyncio.run(main())
`,
      check(ran) {
        const found = ran.one("blocking-call");
        ran.at(found, "held");
        assert.match(found.message, /at app\.py:\d+ \(from deep import m0.*in an import \(deep\/m15\.py:2\)/);
        assert.match(found.message, /Import it at the top of the module/);
        assert.equal(found.stack.at(-1)?.line, 2, "the stack ends in the library");
      },
    },
    {
      title: "the step that a killed program was in",
      program: `
async def main():
    threading.Timer(0.8, os.kill, (os.getpid(), signal.SIGKILL)).start()
    await asyncio.sleep(0.01)
    time.sleep(30) #: held
asyncio.run(main())
`,
      code: 137,
      check(ran) {
        const found = ran.one("blocking-call");
        ran.at(found, "held");
        assert.match(found.message, /until the program ended/);
      },
    },
  ],
  silent: [
    {
      title: "the same work in a thread, and many short steps",
      program: `
async def main():
    await asyncio.to_thread(time.sleep, 0.5)
    for _ in range(100):
        time.sleep(0.002)
        await asyncio.sleep(0)
asyncio.run(main())
`,
    },
  ],
};

export const starving: Group = {
  rule: "starved",
  options: ["--block-ms", "150"],
  shows: [
    {
      title: "ten tasks of 40 ms each: every one is named with its share",
      program: `
held = []
def crunch():
    t = time.monotonic()
    while time.monotonic() < t + 0.04:
        pass
    held.append(time.monotonic() - t)
async def worker():
    crunch()
async def waiter():
    await asyncio.sleep(0) #: waits
async def main():
    w = asyncio.create_task(waiter(), name="waiter")
    await asyncio.sleep(0)
    ten = [asyncio.create_task(worker()) for _ in range(10)]
    late = asyncio.create_task(waiter(), name="late")
    await asyncio.gather(w, late, *ten)
    say(held=sum(held))
asyncio.run(main())
`,
      check(ran) {
        const found = ran.one("starved");
        assert.ok(found.seconds! >= 0.3 && found.seconds! <= ran.said.held + 0.4, found.message);
        assert.match(found.message, /worker \(.*\) \d+ ms \(\d+ %\) in (9|10) steps/);
        assert.ok(ran.names(found).includes("late"), "the one behind them all");
      },
    },
    {
      title: "a sleeper that was due while another task computed",
      program: `
async def hog():
    await asyncio.sleep(0.01)
    time.sleep(0.6)
async def sleeper():
    await asyncio.sleep(0.1) #: due
async def main():
    await asyncio.gather(asyncio.create_task(hog(), name="hog"), asyncio.create_task(sleeper(), name="sleeper"))
asyncio.run(main())
`,
      check(ran) {
        const found = ran.one("starved");
        ran.at(found, "due");
        assert.deepEqual(ran.names(found), ["sleeper"]);
        assert.match(found.message, /held by hog \(hog\) \d+ ms \(([6-9]\d|100) %\)/);
      },
    },
  ],
  silent: [
    {
      title: "tasks that wait for one another, for a lock, and for time",
      program: `
async def use(lock):
    async with lock:
        await asyncio.sleep(0.2)
async def main():
    lock = asyncio.Lock()
    await asyncio.gather(*(use(lock) for _ in range(3)))
asyncio.run(main())
`,
    },
  ],
};
