import assert from "node:assert/strict";
import { checks, lint } from "./check";

describe("dangling-task", () => {
  const check = (source: string) =>
    checks("dangling-task", `import asyncio\nasync def work(): ...\n${source}`);

  it("reports tasks nobody holds", () =>
    check(`
from asyncio import create_task as spawn, ensure_future
async def main():
    asyncio.create_task(work())  # !
    spawn(work())  # !
    ensure_future(work())  # !
    asyncio.get_running_loop().create_task(work())  # !
    asyncio.create_task(work()).add_done_callback(print)  # !
    [asyncio.create_task(work()) for _ in range(3)]  # !
    task = asyncio.create_task(work())  # !
    (asyncio.create_task(work()))  # !
def sync(loop: asyncio.AbstractEventLoop):
    loop.create_task(work())  # !
`));

  it("leaves alone tasks that something holds", () =>
    check(`
tasks = set()
class App:
    def start(self):
        self.task = asyncio.create_task(work())
async def main(group):
    tasks.add(asyncio.create_task(work()))
    task = asyncio.create_task(work())
    await task
    await asyncio.create_task(work())
    used = asyncio.create_task(work())
    used.add_done_callback(tasks.discard)
    async with asyncio.TaskGroup() as tg:
        tg.create_task(work())
    group.create_task(work())
    all_of_them = [asyncio.create_task(work()) for _ in range(3)]
    await asyncio.gather(*all_of_them)
    global kept
    kept = asyncio.create_task(work())
    def inner():
        return closed
    closed = asyncio.create_task(work())
    result = (await asyncio.create_task(work())).name
    return asyncio.create_task(work()), inner, result
module_task = asyncio.ensure_future(work())
`));

  it("keeps the task in a set at the top of the module", () => {
    const text = `"""Doc."""\nimport asyncio\n\nasync def main():\n    asyncio.create_task(main())\n`;
    const [finding] = lint("dangling-task", text);
    assert.deepEqual(
      finding.fix?.edits.map((edit) => `${edit.line}:${edit.column} ${JSON.stringify(edit.text)}`),
      [
        '5:32 "\\n    background_tasks.add(task)\\n    task.add_done_callback(background_tasks.discard)"',
        '5:5 "task = "',
        '3:1 "\\nbackground_tasks = set()\\n"',
      ],
    );
  });
});

describe("taskgroup-misuse", () => {
  const check = (source: string) =>
    checks("taskgroup-misuse", `import asyncio\nasync def work(): ...\n${source}`);

  it("reports a group that is not entered, or no longer", () =>
    check(`
async def main():
    with asyncio.TaskGroup() as tg:  # !
        pass
    asyncio.TaskGroup().create_task(work())  # !
    asyncio.TaskGroup()  # !
    async with asyncio.TaskGroup() as group:
        group.create_task(work())
    group.create_task(work())  # !
    if group:
        group.create_task(work())  # !
`));

  it("reports tasks awaited one by one", () =>
    check(`
async def main(urls):
    async with asyncio.TaskGroup() as group:
        for url in urls:
            await group.create_task(work())  # !
        x = await group.create_task(work())  # !
        task = group.create_task(work())
        await task
        await asyncio.gather(task)
    return x
`));

  it("reports an except that cannot catch what a group raises", () =>
    check(`
async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(work())
    except ValueError:  # !
        pass
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(work())
    except* ValueError:
        pass
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(work())
    except Exception:
        pass
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(work())
    except (ValueError, ExceptionGroup):
        pass
    try:
        x = int("3")
        async with asyncio.TaskGroup() as group:
            group.create_task(work())
    except ValueError:
        pass
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(work())
    except asyncio.CancelledError:
        raise
`));

  it("leaves alone groups that are used as meant", () =>
    check(`
async def main(stack):
    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(work())
    async with asyncio.TaskGroup() as group:
        group.create_task(work())
    tg = await stack.enter_async_context(asyncio.TaskGroup())
    tg.create_task(work())
    other = asyncio.TaskGroup()
    async with other:
        other.create_task(work())
`));
});

describe("generator-as-coroutine", () => {
  const check = (source: string) =>
    checks(
      "generator-as-coroutine",
      `import asyncio\nasync def work(): ...\ndef gen():\n    yield 1\nasync def agen():\n    yield 1\n${source}`,
    );

  it("reports generators and uncalled functions where a coroutine is needed", () =>
    check(`
async def main():
    await gen()  # !
    await agen()  # !
    t = asyncio.create_task(gen())  # !
    await asyncio.gather(work(), agen())  # !
    await asyncio.wait_for(gen(), 3)  # !
    u = asyncio.create_task(work)  # !
    await work  # !
    asyncio.run(work)  # !
    async with asyncio.TaskGroup() as tg:
        tg.create_task(gen())  # !
        tg.create_task(work)  # !
    for x in agen():  # !
        pass
    async for y in gen():  # !
        pass
`));

  it("leaves alone what can be awaited, and what it does not know", () =>
    check(`
import types, functools
@types.coroutine
def old():
    yield
@functools.wraps(work)
def wrapped():
    yield
async def main(fn, *coros):
    await work()
    await old()
    await wrapped()
    await fn()
    await fn
    await asyncio.gather(*coros)
    await asyncio.gather(*(work() for _ in range(3)))
    t = asyncio.create_task(work())
    await t
    for x in gen():
        pass
    async for y in agen():
        pass
    for z in fn():
        pass
    return [i async for i in agen()], [i for i in gen()]
`));
});
