"""Tasks of every make: asyncio's in C and in Python, subclasses, other factories, eager ones, classes of one's own."""

import sys
import unittest
from importlib.util import find_spec

from . import traced

MAKES = """
    import asyncio, sys
    make = sys.argv[1]

    async def work(n):
        await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        await asyncio.gather(leaf(n))
        return n

    async def leaf(n):
        return n

    class Own(asyncio.Future):
        # A task class of one's own: a future that steps a coroutine, and keeps for itself what it waits on.
        def __init__(self, coro, loop):
            super().__init__(loop=loop)
            self.coro, self.name = coro, "own"
            loop.call_soon(self.step)

        def get_coro(self):
            return self.coro

        def get_name(self):
            return self.name

        def set_name(self, name):
            self.name = name

        def step(self, _=None):
            try:
                future = self.coro.send(None)
            except StopIteration as stop:
                self.set_result(stop.value)
            except BaseException as exc:
                self.set_exception(exc)
            else:
                if future is None:
                    self.get_loop().call_soon(self.step)
                else:
                    future._asyncio_future_blocking = False
                    future.add_done_callback(self.step)

    class Registered(Own):
        def __init__(self, coro, **options):
            super().__init__(coro, **options)
            asyncio._register_task(self)

    class Late(Own):
        # Says what it runs only when it runs.
        def __init__(self, coro, **options):
            super().__init__(coro, **options)
            self.coro, self.late = None, coro

        def get_coro(self):
            if self.coro is None:
                raise AttributeError("not yet")
            return self.coro

        def step(self, _=None):
            self.coro = self.late
            super().step()

    class Closed(Own):
        # Known to asyncio as a task, and says nothing of what it runs.
        get_coro = property()

        def __init__(self, coro, **options):
            super().__init__(coro, **options)
            asyncio._register_task(self)

    class Sub(asyncio.Task):
        pass

    class PySub(asyncio.tasks._PyTask):
        def notify(self):
            pass

    def factory(kind):
        def make(loop, coro, **options):
            task = kind(coro, loop=loop)
            if kind is PySub:
                loop.call_soon(task.notify)  # a bound method of a task, but no step
            return task
        return make

    async def main():
        loop = asyncio.get_running_loop()
        if make in ("eager C", "eager Sub", "eager PyTask"):
            kind = {"C": asyncio.Task, "Sub": Sub, "PyTask": asyncio.tasks._PyTask}[make.split()[1]]
            loop.set_task_factory(asyncio.create_eager_task_factory(kind))
        elif make not in ("stock", "eager_start", "eager by itself"):
            kind = asyncio.tasks._PyTask if make == "PyTask" else globals()[make]
            loop.set_task_factory(factory(kind))
        options = {"eager_start": True} if make == "eager_start" else {}
        if make == "eager by itself":
            tasks = [asyncio.Task(work(n), loop=loop, eager_start=True) for n in range(3)]
        else:
            tasks = [loop.create_task(work(n), **options) for n in range(3)]
        loop.set_task_factory(None)
        for n, task in enumerate(tasks):
            assert await task == n
        print("done")

    if "--uvloop" in sys.argv:
        from uvloop import new_event_loop
    else:
        from asyncio import new_event_loop
    loop = new_event_loop()
    loop.set_debug("--debug" in sys.argv)
    loop.slow_callback_duration = 60  # else a busy processor is reported
    loop.run_until_complete(main())
    loop.close()
"""

WAYS = [(), ("--debug",), *[("--uvloop",)] * bool(find_spec("uvloop"))]


# The first step is left in ways that schedule the next: a yield, a future that is done by then, or that the task itself has cancelled.
LEFT = """
    import asyncio, sys
""" + traced.DONE + """
    async def child():
        pass

    async def yields():
        children.append(asyncio.create_task(child()))
        await asyncio.sleep(0)

    async def waits_for_done():
        future = asyncio.get_running_loop().create_future()
        future.set_result(None)
        await Done(future)

    async def cancels_itself():
        asyncio.current_task().cancel()
        await asyncio.get_running_loop().create_future()

    async def waits():
        await asyncio.sleep(0.001)

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_task_factory(asyncio.create_eager_task_factory(getattr(asyncio.tasks, sys.argv[1])))
        tasks = [loop.create_task(work()) for work in (yields, waits_for_done, cancels_itself, waits)]
        await asyncio.wait(tasks)
        print([task.cancelled() for task in tasks])

    children = []
    if "--uvloop" in sys.argv:
        from uvloop import new_event_loop
    else:
        from asyncio import new_event_loop
    loop = new_event_loop()
    loop.set_debug("--debug" in sys.argv)
    loop.slow_callback_duration = 60
    loop.run_until_complete(main())
    loop.close()
"""


class Makes(unittest.TestCase):
    def both(self, make, way):
        plain = traced.run(MAKES, make, *way, traced=False)
        shown = traced.run(MAKES, make, *way)
        self.assertEqual((shown.code, shown.out, shown.err), (0, b"done\n", plain.err))
        self.assertEqual(plain.code, 0)
        return shown.run

    def check(self, make, steps, ways=WAYS):
        for way in ways:
            with self.subTest(make=make, way=way):
                run = self.both(make, way)
                last = run.stats[-1]
                self.assertEqual((last["tasksMissed"], last["notes"]), (0, []))
                self.assertEqual(last["tasksSeen"], len(run.tasks))
                works = [task for task in run.tasks if task.coroutine == "work"]
                self.assertEqual([(t.parent and t.parent.coroutine, t.outcome, len(t.steps)) for t in works], [("main", "returned", steps)] * 3)
                for task in works:
                    on = [wait["on"] and wait["on"][0] for wait in task.suspensions]
                    self.assertEqual(on, ["yield", "sleep", "tasks"])
                leaves = [task for task in run.tasks if task.coroutine == "leaf"]
                self.assertEqual([t.parent for t in leaves], works)

    def test_those_of_asyncio(self):
        for make in ("stock", "Sub", "PyTask", "PySub"):
            self.check(make, 4)

    @unittest.skipIf(sys.version_info < (3, 12), "eager tasks came with Python 3.12")
    def test_eager(self):
        # uvloop 0.23 hands a factory an `eager_start` since 3.13, where that cannot take it, and None since 3.14, so that nothing starts at once.
        ways = WAYS[:2] if sys.version_info >= (3, 13) else WAYS
        for make in ("eager C", "eager Sub", "eager PyTask"):
            self.check(make, 3, ways)

    @unittest.skipIf(sys.version_info < (3, 12), "eager tasks came with Python 3.12")
    def test_first_steps_that_schedule_the_next(self):
        for make in ("Task", "_PyTask") if sys.version_info < (3, 14) else ("Task",):  # of a _PyTask `current_task` says nothing since
            for way in WAYS[:2] if sys.version_info >= (3, 13) else WAYS:
                with self.subTest(make=make, way=way):
                    shown = traced.run(LEFT, make, *way)
                    self.assertEqual((shown.code, shown.out, shown.err), (0, b"[False, False, True, False]\n", b""))
                    last = shown.run.stats[-1]
                    self.assertEqual((last["tasksMissed"], last["notes"], last["tasksSeen"]), (0, [], len(shown.run.tasks)))
                    yields, done, cancelled, waits = [shown.run.find(name) for name in ("yields", "waits_for_done", "cancels_itself", "waits")]
                    self.assertEqual([t.parent.coroutine for t in (yields, done, cancelled, waits)], ["main"] * 4)
                    self.assertEqual([len(t.steps) for t in (yields, done, cancelled, waits)], [1] * 4)
                    self.assertEqual(shown.run.find("child").parent, yields)
                    firsts = [t.suspensions[0] for t in (yields, done, cancelled, waits)]
                    self.assertEqual([place["stack"][0].function for place in firsts], ["yields", "waits_for_done", "cancels_itself", "waits"])
                    self.assertEqual([place["ready"] == place["from"] for place in firsts], [True, True, True, False])
                    self.assertEqual([(place["by"], place.get("cancelled")) for place in firsts[1:3]], [(done, False), (cancelled, True)])

    @unittest.skipIf(sys.version_info < (3, 14), "create_task(eager_start=True) came with Python 3.14")
    def test_eager_start(self):
        self.check("eager_start", 3)

    @unittest.skipIf(sys.version_info < (3, 12), "eager tasks came with Python 3.12")
    def test_eager_behind_the_back_of_the_loop(self):
        self.check("eager by itself", 3)

    def test_a_class_of_ones_own(self):
        for make in ("Own", "Registered"):
            self.check(make, 4)

    def test_that_says_late_what_it_runs(self):
        """It cannot be told of as it is made: it is found when it wakes, and counted."""
        run = self.both("Late", ())
        self.assertEqual(run.stats[-1]["tasksMissed"], 3)
        works = [task for task in run.tasks if task.coroutine == "work"]
        self.assertEqual([task.outcome for task in works], ["returned"] * 3)

    def test_that_says_nothing(self):
        run = self.both("Closed", ())
        last = run.stats[-1]
        self.assertEqual((last["tasksMissed"], len(last["notes"])), (3, 1))
        self.assertIn("Closed", last["notes"][0])


@unittest.skipIf(find_spec("anyio") is None, "anyio is not installed")
class AnyioGroups(unittest.TestCase):
    def test_who_is_waited_for(self):
        """As of asyncio's groups: the tasks of the group that is left, and not those of one around it."""
        run = traced.run(
            """
            import anyio
            async def nap(seconds):
                await anyio.sleep(seconds)
            async def main():
                async with anyio.create_task_group() as outer:
                    outer.start_soon(nap, 0.2, name="long")
                    async with anyio.create_task_group() as inner:
                        inner.start_soon(nap, 0.01, name="short")
                        inner.start_soon(nap, 0.05, name="middle")
            anyio.run(main)
            """
        ).run
        waits = [row["on"] for task in run.tasks for row in task.suspensions if row["stack"][-1].function == "__aexit__"]
        self.assertEqual([on[0] for on in waits], ["tasks", "tasks"])
        self.assertEqual([sorted(task.name for task in on[3]) for on in waits], [["middle", "short"], ["long"]])


# Tasks and futures of which nobody but the program may ask what the recorder does.
UNWILLING = """
    import asyncio, signal, sys

    class Closed(asyncio.Task):
        def __getattr__(self, name):
            raise KeyError(name)

    class Guarded(asyncio.Task):
        def __getattribute__(self, name):
            if name.startswith("_loop"):
                raise RuntimeError(name)
            return super().__getattribute__(name)

    class Unhashable(asyncio.Future):
        def __hash__(self):
            raise TypeError("it has no hash")

    async def work(future):
        await asyncio.sleep(0)
        return await future

    async def main(kind):
        loop = asyncio.get_running_loop()
        future = Unhashable(loop=loop) if kind == "Unhashable" else loop.create_future()
        task = (asyncio.Task if kind == "Unhashable" else globals()[kind])(work(future), loop=loop)
        for _ in range(3):
            await asyncio.sleep(0)
        future.set_result("worked")
        print(await task)

    signal.signal(signal.SIGTERM, lambda *_: None)
    asyncio.run(main(sys.argv[1]))
"""


class Unwilling(unittest.TestCase):
    def test_the_recording_ends_and_not_the_program(self):
        for kind in ("Closed", "Guarded", "Unhashable"):
            for detail in ("full", "light"):
                with self.subTest(kind=kind, detail=detail):
                    shown = traced.run(UNWILLING, kind, LOOPSCOPE_DETAIL=detail)
                    self.assertEqual((shown.code, shown.out, shown.err), (0, b"worked\n", b""))
                    asked = (kind, detail) != ("Unhashable", "light")  # which tells of no future
                    told = ["tracing was switched off" in note for note in shown.run.stats[-1]["notes"]]
                    self.assertEqual((told, shown.run.bye["whole"]), ([True] * asked, not asked))


if __name__ == "__main__":
    unittest.main()
