import assert from "node:assert/strict";
import { environments } from "../../scripts/lib/pythons";
import { type Ran, run } from "./scenario";

/**
 * Every way to be cancelled; each task has a name of its own. Those that are to wait by then are parked: turns of the loop
 * bring that about on a machine of any speed, time does not.
 */
const PROGRAM = `
import contextlib
async def parked():
    for _ in range(20):
        await asyncio.sleep(0)
async def leaf(): await asyncio.sleep(100)
async def awaits(name): await asyncio.create_task(leaf(), name=name)
async def gathers():
    await asyncio.gather(asyncio.create_task(awaits("gathered leaf"), name="gathered"))
async def shielded(task): await asyncio.shield(task)
async def stop(task):
    task.cancel() #: cancels
    with contextlib.suppress(asyncio.CancelledError):
        await task
async def stubborn():
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(100) #: swallowed
    await asyncio.sleep(0.05)
async def tidy():
    try:
        await asyncio.sleep(100)
    finally:
        await asyncio.wait([asyncio.create_task(asyncio.sleep(0.01))])
async def started(coroutine, name):
    task = asyncio.create_task(coroutine, name=name)
    await parked()
    return task
async def timed():
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.create_task(awaits("timed leaf"), name="timed"), 0.3) #: times out
async def main():
    loop = asyncio.get_running_loop()
    await stop(await started(gathers(), "gathers"))
    inner = asyncio.create_task(asyncio.sleep(0.1), name="inner")
    await stop(await started(shielded(inner), "shielding"))
    await inner
    await asyncio.create_task(timed(), name="with a timeout")
    scheduled = await started(leaf(), "scheduled")
    loop.call_later(0.01, scheduled.cancel)
    await asyncio.wait([scheduled])
    threaded = await started(leaf(), "threaded")
    threading.Timer(0.01, loop.call_soon_threadsafe, (threaded.cancel,)).start()
    await asyncio.wait([threaded])
    await stop(await started(tidy(), "tidy"))
    await stop(await started(stubborn(), "stubborn"))
    if sys.version_info >= (3, 11):
        await groups()
    await ready()
    asyncio.create_task(awaits("left leaf"), name="left")
    await parked()
    last = []
    asyncio.current_task().add_done_callback(lambda _: last.append(asyncio.create_task(leaf(), name="left fresh")))
async def ready():
    async def waits(event): await event.wait()
    async def awaited(event): await asyncio.create_task(waits(event), name="ready leaf")
    async def stubborn(event):
        with contextlib.suppress(asyncio.CancelledError):
            await event.wait() #: swallowed while ready
        await asyncio.sleep(0.01)
    async def itself():
        asyncio.current_task().cancel() #: itself
        await asyncio.sleep(100)
    await stop(asyncio.create_task(leaf(), name="fresh"))
    for coroutine, name in (waits, "ready"), (awaited, "awaits a ready one"), (stubborn, "stubborn while ready"):
        event = asyncio.Event()
        task = await started(coroutine(event), name)
        event.set()
        await stop(task)
    gathering = asyncio.gather(asyncio.create_task(leaf(), name="gathered fresh"))
    gathering.cancel() #: gathering
    await asyncio.wait([gathering, asyncio.create_task(itself(), name="itself")])
async def groups():
    async def fails():
        await parked()
        raise ValueError("no") #: fails
    async def group():
        async with asyncio.TaskGroup() as group:
            group.create_task(fails(), name="fails")
            group.create_task(awaits("sibling leaf"), name="sibling")
    with contextlib.suppress(Exception):
        await asyncio.create_task(group(), name="group")
    async def nested():
        async with asyncio.TaskGroup() as outer:
            async with asyncio.TaskGroup() as inner:
                outer.create_task(leaf(), name="outer child")
                inner.create_task(leaf(), name="inner child")
                await asyncio.sleep(100)
    await stop(await started(nested(), "nested"))
    async def body():
        async with asyncio.TaskGroup() as group: #: body fails
            group.create_task(leaf(), name="of a body that fails")
            await parked()
            raise ValueError
    with contextlib.suppress(Exception):
        await asyncio.create_task(body(), name="body")
    async def timeout():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.3):
                await asyncio.create_task(leaf(), name="in a timeout") #: in timeout
    await asyncio.create_task(timeout(), name="timeout")
    async def late():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(-1):
                await asyncio.create_task(leaf(), name="late leaf") #: late
    await asyncio.create_task(late(), name="late")
    async def fails_at_once():
        async with asyncio.TaskGroup() as group: #: fails at once
            group.create_task(leaf(), name="fresh sibling")
            raise ValueError
    with contextlib.suppress(Exception):
        await asyncio.create_task(fails_at_once(), name="fails at once")
`;

type Path = [kind: string, task: string | null, line: string | null, through: string[]];

/** What each cancelled task must say: by what, by whom, where, and through whom. */
const PATHS: Record<string, Path> = {
  "gathered leaf": ["task", "main", "cancels", []],
  gathered: ["task", "main", "cancels", ["gathered leaf"]],
  gathers: ["task", "main", "cancels", ["gathered leaf", "gathered"]],
  shielding: ["task", "main", "cancels", []],
  "timed leaf": ["timeout", "with a timeout", "times out", []],
  timed: ["timeout", "with a timeout", "times out", ["timed leaf"]],
  scheduled: ["loop", null, null, []],
  threaded: ["loop", null, null, []],
  tidy: ["task", "main", "cancels", []],
  "left leaf": ["shutdown", null, null, []],
  left: ["shutdown", null, null, ["left leaf"]],
  "left fresh": ["shutdown", null, null, []],
  fresh: ["task", "main", "cancels", []],
  ready: ["task", "main", "cancels", []],
  "ready leaf": ["task", "main", "cancels", []],
  "awaits a ready one": ["task", "main", "cancels", ["ready leaf"]],
  "gathered fresh": ["task", "main", "gathering", []],
  itself: ["task", "itself", "itself", []],
};

/** From Python 3.11 on. */
const GROUPS: Record<string, Path> = {
  "sibling leaf": ["taskgroup", "fails", "fails", []],
  sibling: ["taskgroup", "fails", "fails", ["sibling leaf"]],
  nested: ["task", "main", "cancels", []],
  "inner child": ["task", "main", "cancels", ["nested"]],
  "outer child": ["task", "main", "cancels", ["nested"]],
  "of a body that fails": ["taskgroup", "body", "body fails", []],
  "in a timeout": ["timeout", "timeout", "in timeout", []],
  "late leaf": ["timeout", "late", "late", []],
  "fresh sibling": ["taskgroup", "fails at once", "fails at once", []],
};

/** anyio cancels by scopes: what a group's failure, the program's own call, or a timer makes a scope cancel. */
const ANYIO = `
import anyio, contextlib
async def leaf(): await anyio.sleep(100)
async def fails():
    await anyio.sleep(0.05)
    raise ValueError #: group fails
async def group(*functions, seconds=100):
    with anyio.move_on_after(seconds):
        async with anyio.create_task_group() as tasks:
            for name, function in functions:
                tasks.start_soon(function, name=name)
            return tasks
async def main():
    with contextlib.suppress(Exception):
        await group(("fails", fails), ("sibling", leaf), ("nested", lambda: group(("grandchild", leaf))))
    await group(("timed", leaf), ("nested timed", lambda: group(("timed leaf", leaf))), seconds=0.1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(leaf, name="stopped")
        await anyio.sleep(0.05)
        tasks.cancel_scope.cancel() #: stops
`;

const ANYIO_PATHS: Record<string, Path> = {
  sibling: ["taskgroup", "fails", "group fails", []],
  nested: ["taskgroup", "fails", "group fails", []],
  grandchild: ["taskgroup", "fails", "group fails", []],
  timed: ["timeout", null, null, []],
  "timed leaf": ["timeout", null, null, []],
  stopped: ["task", "main", "stops", []],
};

const INTERRUPTED = `
async def work(): await asyncio.sleep(100)
async def main():
    asyncio.get_running_loop().call_later(0.1, os.kill, os.getpid(), signal.SIGINT)
    await asyncio.create_task(work(), name="awaited")
`;

const BEGIN = "asyncio.run(main())\n";

describe("the path of a cancellation", function () {
  this.timeout(120_000);
  for (const { command, version, missing } of environments()) {
    // environments() has said why uvloop could not be installed.
    const loops = missing.includes("uvloop") ? [""] : ["", "import uvloop; uvloop.install()\n"];

    it(`on CPython ${version}: who began it, where, whom it passed`, async () => {
      const grouped = Number(version.split(".")[1]) >= 11;
      const programs = loops.map((loop) => PROGRAM + loop + BEGIN);
      const all = programs.map((program) => run({ title: version, program }, command));
      for (const ran of await Promise.all(all)) {
        for (const [name, path] of Object.entries({ ...PATHS, ...(grouped ? GROUPS : {}) }))
          assert.deepEqual(
            pathOf(ran, name),
            [path[0], path[1], path[2] && ran.line(path[2]), path[3]],
            name,
          );
        assert.deepEqual(names(ran, ran.task("shielding").cancelledBy!.shielded), ["inner"]);
        const swallowed = ran.of("cancellation-swallowed");
        const lines = ["swallowed", "swallowed while ready"].map((mark) => ran.line(mark));
        assert.deepEqual(swallowed.map(({ at }) => at?.line).sort(), lines.sort());
        for (const { message } of swallowed)
          assert.match(message, new RegExp(`cancelled by \\S+ at app.py:${ran.line("cancels")} `));
      }
    });

    if (!missing.includes("anyio"))
      it(`on CPython ${version}: by anyio's scopes`, async () => {
        const ran = await run({ title: version, program: ANYIO + BEGIN }, command);
        for (const [name, path] of Object.entries(ANYIO_PATHS))
          assert.deepEqual(
            pathOf(ran, name),
            [path[0], path[1], path[2] && ran.line(path[2]), path[3]],
            name,
          );
      });

    it(`on CPython ${version}: Ctrl-C`, async () => {
      const programs = loops.map((loop) => INTERRUPTED + loop + BEGIN);
      const all = programs.map((program) => run({ title: version, program, code: 130 }, command));
      for (const ran of await Promise.all(all)) {
        const { kind, signal } = ran.task("awaited").cancelledBy!;
        assert.deepEqual([kind, signal], ["shutdown", true]);
      }
    });
  }
});

const names = (ran: Ran, ids: number[]) => ids.map((id) => ran.report.tasks[id - 1].name);

/** The main task's name is a number that differs between versions. */
function pathOf(ran: Ran, name: string): unknown[] {
  const by = ran.task(name).cancelledBy;
  assert.ok(by, name);
  const task = by.task === null ? null : ran.report.tasks[by.task - 1];
  return [
    by.kind,
    task && (task.coroutine === "main" ? "main" : task.name),
    by.at?.line ?? null,
    names(ran, by.through),
  ];
}
