"""What is counted as missed, and what may wake a loop that waits."""

import unittest
from importlib.util import find_spec

from . import traced

PROGRAM = """
    import asyncio, types, sys
    async def work():
        await asyncio.sleep(60)
    async def main():
        loop = asyncio.get_running_loop()
        if sys.argv[1] == "hidden":
            ours, loop.call_soon = loop.call_soon, types.MethodType(asyncio.BaseEventLoop.call_soon, loop)
        tasks = [asyncio.ensure_future(work()) for _ in range(3)]
        if sys.argv[1] == "hidden":
            loop.call_soon = ours
        await asyncio.sleep(0)
        loop.stop()
        await asyncio.sleep(60)
    loop = asyncio.new_event_loop()
    task = loop.create_task(main())
    loop.run_forever()
"""

RUNNING = """
    import asyncio, sys, threading, types
    async def work():
        await asyncio.sleep(60)
    def found():
        return not traced or all(hasattr(task, "_loopscope") for task in tasks)
    def wait(loop, event):
        while not found():
            threading.Event().wait(0.01)
        loop.call_soon_threadsafe(event.set)
    async def main():
        loop = asyncio.get_running_loop()
        ours = loop.__dict__.pop("call_soon", None)
        if ours is None:  # it is compiled
            ours = loop.call_soon
        tasks.extend(asyncio.ensure_future(work()) for _ in range(3))
        if traced:
            loop.call_soon = ours
        event = asyncio.Event()
        if sys.argv[1] == "idle":
            threading.Thread(target=wait, args=(loop, event), daemon=True).start()
            await event.wait()
        else:
            while not found():
                await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        print("found")
    tasks = []
    traced = sys.argv[2] == "traced"
    if sys.argv[3:] == ["uvloop"]:
        import uvloop
        loop = uvloop.new_event_loop()
    else:
        loop = asyncio.new_event_loop()
    loop.set_debug("debug" in sys.argv)
    loop.slow_callback_duration = 60  # else a busy processor is reported
    loop.run_until_complete(main())
    loop.close()
"""

WAITS = """
    import asyncio, os, signal, threading
    async def main():
        loop = asyncio.get_running_loop()
        done = asyncio.Event()
        loop.add_signal_handler(signal.SIGUSR1, done.set)
        loop.add_signal_handler(signal.SIGUSR2, done.set)
        before = loop._selector.select
        def select(timeout):
            if timeout is None:
                os.kill(os.getpid(), signal.SIGUSR1)
            return before(timeout)
        loop._selector.select = select
        await done.wait()
    asyncio.run(main())
"""


class Missed(unittest.TestCase):
    def stats(self, source, *args):
        result = traced.run(source, *args)
        self.assertEqual(result.code, 0, result.err.decode())
        return result.run

    def test_a_task_made_behind_our_back_is_counted_and_told(self):
        run = self.stats(PROGRAM, "hidden")
        self.assertEqual(run.stats[-1]["tasksMissed"], 3)
        self.assertEqual(sum(task.coroutine == "work" for task in run.tasks), 3)

    def test_nothing_is_missed_otherwise(self):
        run = self.stats(PROGRAM, "seen")
        self.assertEqual(run.stats[-1]["tasksMissed"], 0)
        self.assertEqual(sum(task.coroutine == "work" for task in run.tasks), 3)

    def test_they_are_found_while_the_loop_runs(self):
        for way in ([], ["debug"], *[["uvloop"]] * bool(find_spec("uvloop"))):
            for what in ("busy", "idle"):
                with self.subTest(way=way, what=what):
                    plain = traced.run(RUNNING, what, "plain", *way, traced=False)
                    shown = traced.run(RUNNING, what, "traced", *way)
                    self.assertEqual((shown.code, shown.out, shown.err), (plain.code, plain.out, plain.err))
                    self.assertEqual(shown.out, b"found\n")
                    self.assertEqual(shown.run.stats[-1]["tasksMissed"], 3)
                    works = [task for task in shown.run.tasks if task.coroutine == "work"]
                    self.assertEqual([task.outcome for task in works], ["cancelled"] * 3)

    def test_a_signal_handler_may_wake_a_loop(self):
        run = self.stats(WAITS)
        watched = [fields[3] for _, kind, fields in run.records if kind == "POLL"]
        self.assertIn(2, watched)
