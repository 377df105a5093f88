"""Light detail: every task, its steps and its end as with full detail; of what wakes it, cancellations alone."""

import sys
import unittest
from importlib.util import find_spec

from . import traced
from .test_kinds import MAKES

UVLOOP = [("--uvloop",)] * bool(find_spec("uvloop"))

CANCELS = """
    import asyncio

    async def leaf():
        await asyncio.Event().wait()

    async def cleans_up():
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            await asyncio.sleep(0.001)

    async def gathers():
        await asyncio.gather(asyncio.create_task(leaf(), name="child"))

    async def awaits(task):
        await task

    async def canceller(tasks):
        for task in tasks:
            task.cancel()

    async def timed():
        try:
            await asyncio.wait_for(asyncio.create_task(leaf(), name="timed"), 0.001)
        except asyncio.TimeoutError:
            pass

    async def main():
        make = lambda coro, name: asyncio.create_task(coro, name=name)
        direct = [make(leaf(), "direct"), make(cleans_up(), "cleans up"), make(gathers(), "gathers")]
        inner = make(leaf(), "inner")
        outer = make(awaits(inner), "outer")
        fresh = make(leaf(), "fresh")
        await asyncio.sleep(0.001)
        await make(canceller([*direct, inner]), "canceller")
        await asyncio.wait([*direct, outer])
        await timed()
        # Neither is a step of that task, nor its wake-up.
        future = asyncio.get_running_loop().create_future()
        future.add_done_callback(fresh.cancel)
        asyncio.get_running_loop().call_soon(fresh.cancel, None)
        future.set_result(None)
        await asyncio.wait([fresh])
        print("done")

    asyncio.run(main())
"""


class Light(unittest.TestCase):
    def run_ok(self, source, *args):
        result = traced.run(source, *args, LOOPSCOPE_DETAIL="light")
        self.assertEqual((result.code, result.out), (0, b"done\n"), result.err.decode())
        run = result.run
        self.assertEqual(run.hello["detail"], "light")
        self.assertEqual(run.stats[-1]["notes"], [])
        return run

    def test_every_make_of_task(self):
        eager = ["eager C", "eager by itself"] if sys.version_info >= (3, 12) else []
        runs = [(make, way) for make in ("stock", "Sub", "PyTask", "PySub", "Own", *eager) for way in ((), ("--debug",))]
        for make, way in runs + [("stock", way) for way in UVLOOP] + [(make, way) for make in eager[1:] for way in UVLOOP]:
            with self.subTest(make=make, way=way):
                run = self.run_ok(MAKES, make, *way)
                self.assertEqual((run.stats[-1]["tasksMissed"], run.stats[-1]["tasksSeen"]), (0, len(run.tasks)))
                works = [task for task in run.tasks if task.coroutine == "work"]
                steps = 3 if make in eager else 4
                self.assertEqual([(t.parent and t.parent.coroutine, t.outcome, len(t.steps)) for t in works], [("main", "returned", steps)] * 3)
                leaves = [task for task in run.tasks if task.coroutine == "leaf"]
                self.assertEqual([t.parent for t in leaves], works)
                if make == "stock" and not way:
                    told = [row["cause"] for task in works for row in task.suspensions[:2]]
                    self.assertEqual(told, [None] * 6, "the wakes of a yield and of a sleep")

    def test_yields_and_waits_in_turns(self):
        """The records of a task's steps are kept and written again, those of many tasks at once: each has its own wait and time."""
        run = self.run_ok("""
            import asyncio

            async def turns(n):
                loop = asyncio.get_running_loop()
                for i in range(6):
                    if (i + n) % 3:
                        await asyncio.sleep(0)
                    else:
                        future = loop.create_future()
                        loop.call_soon(future.set_result, None)
                        await future

            async def main():
                await asyncio.gather(*map(turns, range(5)))

            asyncio.run(main())
            print("done")
        """)
        turns = [task for task in run.tasks if task.coroutine == "turns"]
        self.assertEqual(
            [[row["on"] and row["on"][0] for row in task.suspensions] for task in turns],
            [["yield" if (i + n) % 3 else None for i in range(6)] for n in range(5)],
        )
        steps = sorted(step for task in turns for step in task.steps)
        self.assertEqual(len(steps), 5 * 7)
        self.assertTrue(all(end <= begin for (_, end), (begin, _) in zip(steps, steps[1:])), steps)

    def test_who_cancelled(self):
        run = self.run_ok(CANCELS)
        named = {task.name: task for task in run.tasks}

        def cancel(name):
            return next(row for row in named[name].suspensions if row.get("cancelled"))

        for name in ("direct", "cleans up", "child", "inner"):
            with self.subTest(name):
                self.assertEqual(named[name].outcome, "cancelled")
                row = cancel(name)
                self.assertEqual((row["cause"], row["by"].name), ("task", "canceller"))
                self.assertEqual([place.function for place in row["waker"] if place.user], ["canceller"])
        self.assertIs(cancel("outer")["by"], named["inner"])
        # A gather passes a cancellation on as an exception of its own.
        self.assertIs(next(row for row in named["gathers"].suspensions if row["cause"])["by"], named["child"])
        self.assertEqual(named["timed"].outcome, "cancelled")
        self.assertTrue(cancel("timed"))
        self.assertEqual((named["fresh"].outcome, len(named["fresh"].steps)), ("cancelled", 2))

    def test_locks_and_their_like_are_left_alone(self):
        run = self.run_ok("""
            import asyncio

            async def main():
                lock, event, queue = asyncio.Lock(), asyncio.Event(), asyncio.Queue()
                async with lock:
                    await asyncio.sleep(0)
                assert not {"_locked", "_waiters"} & {*vars(asyncio.Lock), *vars(asyncio.Event)}

            asyncio.run(main())
            print("done")
        """)
        self.assertEqual((run.objects, run.holds), ({}, []))


if __name__ == "__main__":
    unittest.main()
