"""New tasks: names, keys and ends of tasks made in every way are told as the program itself knows them."""

import json
import os
import sys
import sysconfig
import textwrap
import unittest

from . import traced

NUMBERED = sys.version_info >= (3, 12) and not sysconfig.get_config_var("Py_GIL_DISABLED")

RANDOM = """
    import asyncio, json, random, sys, threading

    draw = random.Random(int(sys.argv[1]))
    known = {}  # task -> nothing: they live to the end, so that no key is used twice
    lock = threading.Lock()

    async def work(turns, fail, name, odd):
        task = asyncio.current_task()
        known[task] = None
        loop = asyncio.get_running_loop()
        if odd == "toggle":
            loop.set_debug(not loop.get_debug())
        if draw.random() < 0.1:
            task.get_name()
        if name:
            task.set_name(name)
        if odd == "cancel" and loop.get_task_factory() is None:
            task.cancel()
            await loop.create_future()
        for _ in range(turns):
            await asyncio.sleep(0)
        if fail:
            raise ValueError(name)

    class Sub(asyncio.Task):
        pass

    class Named(asyncio.Task):
        def get_name(self):
            return "its own"

    def name():
        return draw.choice([None, None, None, "one", "Task-7", "Task-07", "Task-", "Task-1000000", "Task-00", "", 5])

    def work_of_some_kind():
        odd = draw.choice([None] * 20 + ["cancel"])
        return work(draw.choice([0, 0, 0, 1, 2]), draw.random() < 0.1, name() if draw.random() < 0.1 else None, odd)

    def subclassed(loop, coro, **options):
        return draw.choice([Sub, Named])(coro, loop=loop, **options)

    async def turn(loop, waits):
        way = draw.randrange(11)
        if way < 4:
            waits.append(asyncio.gather(*[work_of_some_kind() for _ in range(draw.choice([1, 3, 60, 130]))], return_exceptions=True))
            known.update(dict.fromkeys(asyncio.all_tasks()))
        elif way < 8:
            for _ in range(draw.choice([1, 2, 70])):
                given = name()
                task = loop.create_task(work_of_some_kind(), name=given) if draw.random() < 0.5 else asyncio.create_task(work_of_some_kind())
                known[task] = None
                waits.append(task)
                if draw.random() < 0.1:
                    task.get_name()
                if draw.random() < 0.1 and not task.done():
                    task.set_name("renamed")
                if draw.random() < 0.1:
                    task.cancel()
                if draw.random() < 0.1:
                    future = loop.create_future()
                    future.add_done_callback(task.cancel)
                    future.set_result("a message")
        elif way == 8:
            try:
                await asyncio.wait_for(work_of_some_kind(), 10)
            except (ValueError, asyncio.CancelledError):
                pass
        elif way == 9:
            eager = getattr(asyncio, "eager_task_factory", None)
            loop.set_task_factory(draw.choice([None, subclassed, eager]))
        else:
            await asyncio.sleep(0)

    async def main(turns):
        loop = asyncio.get_running_loop()
        loop.slow_callback_duration = 60
        waits = []
        for _ in range(turns):
            await turn(loop, waits)
        loop.set_task_factory(None)
        await asyncio.wait(map(asyncio.ensure_future, waits))
        known.update(dict.fromkeys(asyncio.all_tasks()))

    def another():
        asyncio.run(others())

    async def others():
        for _ in range(40):
            tasks = [asyncio.create_task(other(), name=draw.choice([None, "other"])) for _ in range(7)]
            known.update(dict.fromkeys(tasks))
            await asyncio.gather(*tasks)
        known[asyncio.current_task()] = None

    async def other():
        pass

    def outcome(task):
        return "cancelled" if task.cancelled() else "raised" if task.exception() else "returned"

    thread = threading.Thread(target=another)
    if sys.argv[2] == "beside":
        thread.start()
    asyncio.run(main(60))
    if sys.argv[2] == "beside":
        thread.join()
    print(json.dumps({hash(task) % 2**32: [task.get_name(), outcome(task)] for task in known}))
"""

WAITING = """
    import asyncio, sys

    async def nothing():
        pass

    async def main():
        tasks = [asyncio.create_task(nothing()) for _ in range(150)]
        asyncio.get_running_loop().stop()
        await asyncio.sleep(60)

    loop = asyncio.new_event_loop()
    task = loop.create_task(main())
    loop.run_forever()
    if sys.argv[1] == "again":
        loop.call_soon(loop.stop)
        loop.run_forever()
"""

BARE = """
    import asyncio, gc, sys
    async def nothing():
        notes.append(hasattr(asyncio.current_task(), "_loopscope"))
    async def waits():
        await asyncio.sleep(0)
        notes.append(hasattr(asyncio.current_task(), "_loopscope"))
    async def main():
        await asyncio.gather(nothing(), nothing(), waits())
    notes = []
    asyncio.run(main())
    print(notes)
"""


# Names that are asked for, before and after the first step, at the place of many tasks and of one.
ASKED = """
    import asyncio

    async def work(asked, turns):
        if asked == "first":
            asyncio.current_task().get_name()
        for _ in range(turns):
            await asyncio.sleep(0)
        if asked == "last":
            asyncio.current_task().get_name()

    async def main():
        tasks = [asyncio.create_task(work(asked, turns)) for _ in range(30) for asked in ("", "first", "last", "before") for turns in range(3)]
        for task in tasks[3::4]:
            task.get_name()
        await asyncio.gather(*tasks)
        print(*sorted(int(task.get_name()[5:]) for task in [*tasks, asyncio.current_task()]))

    asyncio.run(main())
"""
BY_THE_CLASS = """
    import asyncio

    async def work():
        await asyncio.sleep(0)
        asyncio.Task.set_name(asyncio.current_task(), "its new name")
        await asyncio.sleep(0)

    async def main():
        await asyncio.gather(work())

    asyncio.run(main())
"""
OWN_NAMES = """
    import asyncio
    try:
        import uvloop
    except ImportError:
        uvloop = None

    class Labelled(asyncio.Task):
        def __init__(self, coro, *, loop, label):
            super().__init__(coro, loop=loop)
            self.label = label

        def get_name(self):
            return f"job {self.label}"

    class InPython(asyncio.tasks._PyTask):
        def __init__(self, coro, *, loop, label):
            super().__init__(coro, loop=loop)
            self.label = label

        get_name = Labelled.get_name

    class Nameless(asyncio.Task):
        def get_name(self):
            raise ValueError("no name")

    class Number(asyncio.Task):
        def get_name(self):
            return 5

    async def work():
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def main():
        loop = asyncio.get_running_loop()
        for debug in (False, True):
            loop.set_debug(debug)
            await Labelled(work(), loop=loop, label=7)
            await InPython(work(), loop=loop, label=8)
            await Nameless(work(), loop=loop)
            await Number(work(), loop=loop)

    for loops in asyncio, uvloop:
        if loops:
            loop = loops.new_event_loop()
            loop.run_until_complete(main())
            loop.close()
    print("done")
"""
# nest_asyncio puts asyncio's class of tasks in Python in the place of the one in C.
SWAPPED = """
    import asyncio
    try:
        import uvloop
    except ImportError:
        uvloop = None

    def put(kind):
        asyncio.Task = asyncio.tasks.Task = kind

    async def work():
        await asyncio.sleep(0)

    async def named():
        task, other = asyncio.create_task(work(), name="given"), asyncio.create_task(work())
        await asyncio.wait([task, other])
        other = asyncio.create_task(work())
        other.set_name("given later")
        await other

    async def main():
        await named()
        put(KINDS[0])
        await named()
        put(KINDS[1])
        await named()

    KINDS = asyncio.tasks._PyTask, asyncio.tasks._CTask
    for loops in asyncio, uvloop:
        for kind in KINDS[1:] + KINDS:
            put(kind)
            if loops:
                loop = loops.new_event_loop()
                loop.run_until_complete(main())
                loop.close()
    print("done")
"""
NAMES = """
    import asyncio
    from loopscope_runtime import names
    names.start(asyncio.Task)

    async def main():
        task = asyncio.current_task()
        kept = names.of(task)
        print(kept, names.text(kept), names.of(task) is kept)
        print(task.get_name(), names.of(task), names.of(task) is not kept and names.changed(task, kept))
        task.set_name("other")
        print(names.of(task), names.changed(task, kept))

    asyncio.run(main())
"""


class Spawn(unittest.TestCase):
    def test_names_that_are_asked_for_are_told_once(self):
        for detail in ("full", "light"):
            shown = traced.run(ASKED, LOOPSCOPE_DETAIL=detail)
            self.assertEqual((shown.code, shown.err), (0, b""))
            told = [task.name for task in shown.run.tasks if task.coroutine in ("work", "main")]
            self.assertEqual(sorted(told), sorted("Task-%d" % int(n) for n in shown.out.split()))
            self.assertEqual([kind for _, kind, _ in shown.run.records if kind == "NAME"], [])
            self.assertEqual(shown.run.stats[-1]["notes"], [])

    def test_a_name_given_by_the_method_of_the_class(self):
        for detail in ("full", "light"):
            self.assertEqual(traced.run(BY_THE_CLASS, LOOPSCOPE_DETAIL=detail).run.find("work").name, "its new name")

    def test_names_that_tasks_make_up(self):
        """The constructor of their class, which schedules their first step, may not have given them yet what they make them of."""
        for detail in ("full", "light"):
            shown = traced.run(OWN_NAMES, LOOPSCOPE_DETAIL=detail)
            self.assertEqual((shown.code, shown.err, shown.out), (0, b"", b"done\n"))
            told = [task.name for task in shown.run.tasks if task.coroutine == "work"]
            self.assertGreaterEqual(len(told), 8)
            self.assertEqual([told[::4], told[1::4]], [["job 7"] * (len(told) // 4), ["job 8"] * (len(told) // 4)])
            self.assertEqual({name[:5] for name in told[2::4] + told[3::4]}, {"Task-"})
            self.assertEqual(shown.run.stats[-1]["notes"], [])

    def test_names_of_tasks_of_another_class(self):
        for detail in ("full", "light"):
            shown = traced.run(SWAPPED, LOOPSCOPE_DETAIL=detail)
            self.assertEqual((shown.code, shown.err, shown.out), (0, b"", b"done\n"))
            told = [task.name for task in shown.run.tasks if task.coroutine == "work"]
            self.assertEqual([(a, c) for a, c in zip(told[::3], told[2::3])], [("given", "given later")] * (len(told) // 3))
            self.assertGreaterEqual(len(told), 27)
            self.assertEqual(shown.run.stats[-1]["notes"], [])

    def test_default_names_are_read_as_they_are_kept(self):
        path = os.path.join(traced.ROOT, "runtime", "python")
        for before, kept in ("", NUMBERED), ("import sys; sys.modules['_ctypes'] = None\n", False):
            result = traced.run(before + textwrap.dedent(NAMES), traced=False, PYTHONPATH=path)
            told = b"%s Task-1 True\nTask-1 Task-1 False\nother True\n" % (b"1" if kept else b"Task-1")
            self.assertEqual((result.code, result.err, result.out), (0, b"", told))

    def test_as_the_program_knows_them(self):
        for seed in range(3):
            for way in ("alone", "beside"):
                with self.subTest(seed=seed, way=way):
                    shown = traced.run(RANDOM, str(seed), way)
                    self.assertEqual(shown.code, 0, shown.err[-2000:].decode())
                    there = {int(key): tuple(values) for key, values in json.loads(shown.out).items()}
                    # A task of asyncio.run's own is gone when the other loop makes the next, which may get its key: the last one is there.
                    tasks = sorted(shown.run.tasks, key=lambda task: task.created)
                    told = {int(task.key): (task.name, task.outcome) for task in tasks}
                    for key, values in there.items():
                        name, outcome = told.pop(key, (None, None))
                        # The name of an eager task that has ended is told before CPython 3.13.0's create_task makes it "None".
                        self.assertEqual((name if values[0] != "None" else "None", outcome), values)
                    last = shown.run.stats[-1]
                    self.assertEqual((last["tasksMissed"], last["notes"]), (0, []))
                    self.assertEqual(last["tasksSeen"], len(shown.run.tasks))
                    self.assertLess(len(told), 5)  # what only asyncio.run makes

    def test_tasks_that_never_ran(self):
        """They carry nothing of the recorder, and are counted as seen nevertheless."""
        for way in ("once", "again"):
            shown = traced.run(WAITING, way)
            last = shown.run.stats[-1]
            self.assertEqual((last["tasksSeen"], last["tasksMissed"], last["notes"]), (151, 0, []))
            outcomes = [task.outcome for task in shown.run.tasks if task.coroutine == "nothing"]
            self.assertEqual(outcomes, ["returned" if way == "again" else "pending"] * 150)

    def test_a_task_that_never_waits_carries_nothing(self):
        shown = traced.run(BARE)
        self.assertEqual(shown.out, b"[False, False, True]\n")


if __name__ == "__main__":
    unittest.main()
