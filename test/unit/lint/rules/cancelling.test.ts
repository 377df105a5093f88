import assert from "node:assert/strict";
import { checks, lint } from "./check";

describe("cancellation-swallowed", () => {
  const check = (source: string) =>
    checks("cancellation-swallowed", `import asyncio, contextlib, logging\nasync def work(): ...\n${source}`);

  it("reports handlers that keep a cancellation", () =>
    check(`
from asyncio import CancelledError
async def main():
    try:
        await work()
    except asyncio.CancelledError:  # !
        pass
    try:
        await work()
    except (ValueError, CancelledError):  # !
        print("x")
    try:
        await work()
    except:  # !
        logging.exception("failed")
    try:
        await work()
    except BaseException as error:  # !
        logging.error("failed %s", error)
    try:
        async with asyncio.timeout(1):
            pass
    except BaseException:  # !
        return
    while True:
        try:
            await work()
        except asyncio.CancelledError:  # !
            continue
    with contextlib.suppress(asyncio.CancelledError):  # !
        await work()
`));

  it("reports leaving a finally block", () =>
    check(`
async def main():
    try:
        await work()
    finally:
        return 1  # !
async def loops():
    for i in range(3):
        try:
            await work()
        finally:
            for j in range(3):
                break
            continue  # !
`));

  it("leaves alone what raises it again, or hands it on", () =>
    check(`
async def main(future, self):
    try:
        await work()
    except asyncio.CancelledError:
        print("bye")
        raise
    try:
        await work()
    except asyncio.CancelledError:
        raise
    except BaseException:
        print("x")
    try:
        await work()
    except BaseException as error:
        future.set_exception(error)
    try:
        await work()
    except BaseException as error:
        self.error = error
    try:
        await work()
    except BaseException as error:
        outcome = ("failed", error)
    try:
        await work()
    except BaseException as error:
        future.put_nowait(("failed", [error]))
    try:
        await work()
    except BaseException as error:  # !
        log.warning("failed: %s", (error,))
    try:
        await work()
    except BaseException as error:
        if not isinstance(error, asyncio.CancelledError):
            print(error)
        raise
    try:
        await work()
    except Exception:
        pass
    try:
        await work()
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("stopped")
    try:
        await work()
    except asyncio.CancelledError as error:
        raise RuntimeError("no") from error
`));

  it("leaves alone waiting for a task that was cancelled, and code that does not wait", () =>
    check(`
async def stop(task, tasks):
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        pass
    with contextlib.suppress(asyncio.CancelledError):
        await task
async def wait_for_others(self, tasks):
    try:
        await self.task
    except asyncio.CancelledError:
        pass
    try:
        await asyncio.gather(*tasks)
    except asyncio.CancelledError:
        pass
async def plain():
    try:
        print("x")
    except BaseException:
        pass
    finally:
        print("y")
def sync():
    try:
        work()
    except BaseException:
        pass
async def nested():
    try:
        def later():
            return work()
    except BaseException:
        later = None
    return later
`));

  it("is a hint where nothing is awaited any more", () => {
    const found = lint(
      "cancellation-swallowed",
      `
import asyncio
async def ends(self):
    while True:
        try:
            await self.get()
        except asyncio.CancelledError:
            break
    self.task = None
    print("stopped")
async def goes_on(self):
    while True:
        try:
            await self.get()
        except asyncio.CancelledError:
            break
    print("stopped")
    await self.close()
async def rolls_back(sources):
    try:
        await asyncio.gather(*sources)
    except (Exception, asyncio.CancelledError):
        for source in sources:
            try:
                await source.shutdown()
            except (Exception, asyncio.CancelledError):
                print("cannot shut down")
        raise
async def forgets(sources):
    for source in sources:
        try:
            await source.shutdown()
        except (Exception, asyncio.CancelledError):
            print("cannot shut down")
    print("done")
`,
    );
    assert.deepEqual(
      found.map(({ line, severity }) => [line, severity]),
      [
        [7, "info"],
        [15, "warning"],
        [33, "warning"],
      ],
    );
  });

  it("leaves alone what raises once all is done", () =>
    check(`
async def sweep(items):
    cancelled = False
    kept = None
    lost = False
    for item in items:
        try:
            await work()
        except asyncio.CancelledError:
            cancelled = True
        try:
            await work()
        except asyncio.CancelledError:
            kept = asyncio.CancelledError()
        try:
            await work()
        except asyncio.CancelledError:  # !
            lost = True
    if cancelled:
        raise asyncio.CancelledError()
    if kept is not None:
        raise kept
    if lost:
        print("lost")
async def restored():
    try:
        await work()
    except asyncio.CancelledError:
        with contextlib.suppress(BaseException):
            await work()
        raise
`));

  it("offers to raise again, and says it is not a safe fix", () => {
    const [finding] = lint(
      "cancellation-swallowed",
      "import asyncio\nasync def f():\n    try:\n        await g()\n    except asyncio.CancelledError:\n        print(1)\n",
    );
    assert.deepEqual(finding.fix?.edits, [
      { line: 6, column: 17, endLine: 6, endColumn: 17, text: "\n        raise" },
    ]);
  });

  it("raises below a last statement with a body, whatever ends the lines", () => {
    for (const end of ["\n", "\r\n", "\r"]) {
      const lines = [
        "async def f():",
        "    try:",
        "        await g()",
        "    except:",
        "        if x:",
        "            y()",
      ];
      const [finding] = lint("cancellation-swallowed", [...lines, "", "", "def z(): ...", ""].join(end));
      assert.deepEqual(finding.fix?.edits, [
        { line: 6, column: 16, endLine: 6, endColumn: 16, text: `${end}        raise` },
      ]);
    }
  });
});

describe("timeout-without-await", () => {
  const check = (source: string) =>
    checks("timeout-without-await", `import asyncio, anyio, async_timeout\n${source}`);

  it("reports a timeout around code that never awaits", () =>
    check(`
async def main():
    async with asyncio.timeout(1):  # !
        crunch()
    async with async_timeout.timeout(1):  # !
        crunch()
    with anyio.fail_after(1):  # !
        crunch()
    with anyio.move_on_after(1) as scope:  # !
        async def later():
            await x()
`));

  it("leaves alone blocks that await or yield", () =>
    check(`
async def main(session):
    async with asyncio.timeout(1):
        await x()
    async with asyncio.timeout(1):
        async for _ in x():
            pass
    async with asyncio.timeout(1):
        async with session.get("x"):
            pass
    async with asyncio.timeout(1), session.get("x") as response:
        print(response)
    async with asyncio.timeout(1):
        return [i async for i in x()]
    async with other.timeout(1):
        crunch()
async def gen():
    async with asyncio.timeout(1):
        yield 1
`));
});

describe("yield-in-timeout", () => {
  const check = (source: string) =>
    checks(
      "yield-in-timeout",
      `import asyncio, anyio, pytest\nfrom contextlib import asynccontextmanager\n${source}`,
    );

  it("reports a yield in a timeout or a task group", () =>
    check(`
async def a():
    async with asyncio.timeout(1):
        yield 1  # !
        x = yield  # !
async def b():
    async with asyncio.TaskGroup() as tg:
        async with asyncio.timeout(1):
            yield tg  # !
async def c():
    async with anyio.create_task_group() as tg:
        for i in range(3):
            yield i  # !
`));

  it("leaves alone context managers, fixtures, and yields outside", () =>
    check(`
@asynccontextmanager
async def a():
    async with asyncio.timeout(1):
        yield 1
@pytest.fixture
async def b():
    async with asyncio.TaskGroup() as tg:
        yield tg
async def c():
    async with asyncio.timeout(1):
        x = await y()
    yield x
async def d():
    async with connect() as connection:
        yield connection
async def e():
    async with asyncio.timeout(1):
        def gen():
            yield 1
        await z(gen())
`));
});
