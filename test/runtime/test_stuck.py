"""Who could wake whom, read from references: what counts as referred to from elsewhere."""

import os
import sys
import tempfile
import unittest

from . import decode, traced

LIBRARY = os.path.join(traced.ROOT, "runtime", "python")

PROGRAM = """
    import asyncio, sys, types, weakref
    sys.path.insert(0, sys.argv[1])
    from loopscope_runtime import stuck

    def use(*things):
        pass

    class Mid:
        "Waits in the midst of a call, in a generator: `event` is a local and an argument at that moment."
        def __init__(self, event, future):
            self.event, self.future = event, future
        def __await__(self):
            event, future = self.event, self.future
            future._asyncio_future_blocking = True
            use(event, future, (yield future))

    async def await_mid(event, future):
        await Mid(event, future)

    async def in_call(event, future):
        use(event, future, await future)

    async def completes(event, future):
        await event.wait()
        future.set_result(None)

    async def main():
        for wait in (await_mid, in_call):
            for held in (True, False):
                event, future = asyncio.Event(), asyncio.get_running_loop().create_future()
                tasks = [asyncio.create_task(each(event, future)) for each in (wait, completes)]
                timer = asyncio.get_running_loop().call_later(60, event.set) if held else None
                del event, future
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                found = stuck.find([weakref.ref(each) for each in tasks], asyncio.tasks._GatheringFuture)
                print(wait.__name__, held, len(found))
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)

    asyncio.run(main())
"""


class Stuck(unittest.TestCase):
    @unittest.skipUnless(getattr(sys, "_is_gil_enabled", lambda: True)(), "not searched without the GIL")
    def test_a_task_that_has_ended_meanwhile(self):
        """The search runs beside the loop: what a task carries is empty once it has ended."""
        source = """
            import asyncio
            from loopscope_runtime import abandoned, chains
            async def main():
                task = asyncio.create_task(asyncio.sleep(3600))
                await asyncio.sleep(0)
                chains.of(task)
                print(abandoned.sleeps(task, asyncio.sleep), end=" ")
                task._loopscope.clear()
                print(abandoned.sleeps(task, asyncio.sleep))
                task.cancel()
            asyncio.run(main())
            """
        result = traced.run(source, traced=False, PYTHONPATH=os.path.join(traced.ROOT, "runtime", "python"))
        self.assertEqual((result.out, result.err), (b"True False\n", b""))

    def test_who_is_referred_to_once_more_may_be_woken(self):
        """A timer may set the event, or nothing can: both tasks are stuck then."""
        found = traced.run(PROGRAM, LIBRARY, traced=False)
        self.assertEqual(found.err, b"")
        expected = ["%s %s %d" % (name, held, 0 if held else 2) for name in ("await_mid", "in_call") for held in (True, False)]
        self.assertEqual(found.out.decode().split("\n"), [*expected, ""])

    @unittest.skipUnless(sys.platform == "linux", "told on Linux only")
    @unittest.skipUnless(getattr(sys, "_is_gil_enabled", lambda: True)(), "not searched without the GIL")
    def test_a_child_that_nobody_else_can_read(self):
        """It stands still at a full pipe: found, until somebody else has it."""
        source = """
            import asyncio, os, sys
            sys.path.insert(0, sys.argv[1])
            from loopscope_runtime import pipes
            async def waits():
                child = "import os; os.write(1, b'x' * 1_000_000)"
                process = await asyncio.create_subprocess_exec(sys.executable, "-c", child, stdout=-1, stderr=-1)
                await process.wait()
            async def main():
                task = asyncio.ensure_future(waits())
                while (found := pipes.in_vain(task)) is None:
                    await asyncio.sleep(0.01)
                print(found[2], end=" ")
                process = task.get_coro().cr_frame.f_locals["process"]
                print(pipes.in_vain(task))
                process.kill()
                sys.stdout.flush()
                os._exit(0)  # of a process whose pipe nobody reads, some versions wait for the end in vain
            asyncio.run(main())
            """
        result = traced.run(source, LIBRARY, traced=False)
        self.assertEqual((result.out, result.err), (b"stdout None\n", b""))

    def test_without_the_gil(self):
        """Where references are counted otherwise, nothing is concluded from them, and the recording says that it may be wrong."""
        with tempfile.TemporaryDirectory() as folder:
            trace = os.path.join(folder, "own.loopscope")
            found = traced.run(
                """
                import asyncio, sys
                sys._is_gil_enabled = lambda: False
                sys.path.insert(0, sys.argv[1])
                import loopscope_runtime
                loopscope_runtime.start(file=sys.argv[2])
                asyncio.run(asyncio.sleep(0))
                from loopscope_runtime import stuck
                print(stuck.reliable())
                """,
                LIBRARY,
                trace,
                traced=False,
            )
            self.assertEqual((found.code, found.out, found.err), (0, b"False\n", b""))
            with open(trace, "rb") as file:
                run = decode.Run(file.read())
        self.assertEqual([note.partition(",")[0] for note in run.stats[-1]["notes"]], ["this Python runs without the GIL"])
        self.assertEqual([task.outcome for task in run.tasks if task.coroutine == "sleep"], ["returned"])



if __name__ == "__main__":
    unittest.main()
