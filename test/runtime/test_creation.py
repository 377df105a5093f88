"""Who made a task, and where, is told as the program has it, though places and ways seen before are known again."""

import json
import os
import tempfile
import textwrap
import unittest
from importlib.util import find_spec

from . import decode, traced

# An installed package that makes tasks of the same coroutines in several places, each reached in several ways.
MAKER = """
    import asyncio, sys

    made = []  # [task, what it runs, the task that ran, who made it: function and line of each frame up to the user's]

    async def work():
        pass

    async def waits():
        await asyncio.sleep(0)

    def above():
        frame, out = sys._getframe(1), []
        stops = "_run_once", "run_forever", "_run", "step", "light_step", "first_step", "other_step"
        while frame is not None and frame.f_code.co_name not in stops:
            out.append((frame.f_code.co_name, frame.f_lineno))
            if "site-packages" not in frame.f_code.co_filename and "asyncio" not in frame.f_code.co_filename:
                break
            frame = frame.f_back
        return out

    def note(task, function, way):
        try:
            made.append((task, function.__name__, asyncio.current_task(), way))
        except RuntimeError:
            made.append((task, function.__name__, None, way))

    def make(function, name=None):
        note(asyncio.get_running_loop().create_task(function(), **({"name": name} if name else {})), function, above())

    def make_too(function, name=None):
        note(asyncio.get_running_loop().create_task(function(), **({"name": name} if name else {})), function, above())

    def first(make, *args):
        make(*args)

    def second(make, *args):
        if args[0] is work:
            make(*args)
        else:
            make(*args)

    def deeper(make, *args):
        first(make, *args)

    def emit(handler, make, *args):
        handler(make, *args)

    async def serve(gate, handler, *args):
        while await gate.get():
            emit(handler, *args)
            if args[1] is waits:
                emit(handler, *args)
"""
MANY_WAYS = """
    import asyncio, json, random, sys
    sys.path.insert(0, sys.argv[1])
    import maker

    draw = random.Random(int(sys.argv[2]))

    def by_user(make, *args):
        make(*args)

    def by_user_too(make, *args):
        make(*args)
        make(*args)

    def by_one(make, *args):
        maker.make(*args)

    async def parent(handler, *args):
        handler(*args)
        maker.emit(handler, *args)

    def some():
        handler = draw.choice([maker.first, maker.second, maker.deeper, by_user, by_user_too, by_one])
        name = draw.choice(["one", None, None, None, None, None, None, None])
        return handler, draw.choice([maker.make, maker.make_too]), draw.choice([maker.work, maker.waits]), name

    async def main():
        loop = asyncio.get_running_loop()
        gates = [asyncio.Queue() for _ in range(6)]
        servers = [loop.create_task(maker.serve(gate, *some())) for gate in gates]
        for _ in range(400):
            way = draw.randrange(4)
            if way == 0:
                loop.call_soon(maker.emit, *some())
            elif way == 1:
                await asyncio.gather(parent(*some()), parent(*some()))
            elif way == 2:
                for gate in draw.sample(gates, 3):
                    gate.put_nowait(1)
            else:
                for _ in range(draw.choice([1, 5])):
                    maker.emit(*some())
                    by_one(None, draw.choice([maker.work, maker.waits]))
            await asyncio.sleep(0)
            if draw.random() < 0.02:
                (getattr(loop, "_loopscope", None) or loop.call_soon._loopscope).forget()
        for gate in gates:
            gate.put_nowait(0)
        await asyncio.gather(*servers)
        for _ in range(3):
            await asyncio.sleep(0)

    if sys.argv[3:]:
        from uvloop import new_event_loop
        loop = new_event_loop()
    else:
        loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
    print(json.dumps([[hash(task) % 2**32, task.get_name(), runs, by and hash(by) % 2**32, way] for task, runs, by, way in maker.made]))
"""

# Two sites of a package in turn, each with the same parent; then two of the user's in turn, and one of several parents.
IN_TURN = """
    import asyncio, sys
    sys.path.insert(0, sys.argv[1])
    import maker

    async def each(count):
        for turn in range(count):
            maker.make(maker.work)
            await asyncio.sleep(0)

    async def main():
        loop = asyncio.get_running_loop()
        for turn in range(110):
            if turn == 60:
                loop.call_soon._loopscope.forget()  # as where records were lost
            if turn < 63:
                loop.call_soon(maker.first, maker.make, maker.work)
            else:
                maker.make(maker.waits)
            if turn == 108:
                loop.call_soon._loopscope.forget()
            await asyncio.sleep(0)
        await asyncio.gather(each(40), each(40))

    asyncio.run(main())
"""


class Alone(decode.Run):
    """Also notes of each task whether its NEW said who made it."""

    def read_new(self):
        same = bool(self.arg & 1)
        task = super().read_new()
        task[0].said = not same
        return task


def run(program, *args):
    with tempfile.TemporaryDirectory(prefix="loopscope-test-") as folder:
        packages = os.path.join(folder, "site-packages")
        os.mkdir(packages)
        with open(os.path.join(packages, "maker.py"), "w", encoding="utf-8") as file:
            file.write(textwrap.dedent(MAKER))
        return traced.run(program, packages, *args)


class Creation(unittest.TestCase):
    def test_who_made_a_task_is_as_the_program_has_it(self):
        for way in [(), *[("uvloop",)] * bool(find_spec("uvloop"))]:
            for seed in "123":
                with self.subTest(seed=seed, way=way):
                    shown = run(MANY_WAYS, seed, *way)
                    self.assertEqual((shown.code, shown.err), (0, b""))
                    tasks = {int(task.key): task for task in shown.run.tasks}
                    made = json.loads(shown.out)
                    self.assertGreater(len(made), 900)
                    for key, name, runs, parent, expected in made:
                        task = tasks[key]
                        told = [(place.function, place.line) for place in task.creation if place.function != "create_task"]
                        expected = [tuple(frame) for frame in expected]
                        if expected[-1][0] in ("first", "second", "deeper", "emit", "serve"):  # none of the user's: no more is told
                            self.assertEqual(len(told), len(expected))
                        self.assertEqual(told[: len(expected)], expected)
                        self.assertEqual((task.name, task.coroutine, task.parent and int(task.parent.key)), (name, runs, parent))
                    last = shown.run.stats[-1]
                    self.assertEqual((last["tasksMissed"], last["notes"]), (0, []))
                    self.assertEqual(last["tasksSeen"], len(shown.run.tasks))

    def test_what_is_as_before_is_left_out_unless_records_were_lost(self):
        shown = run(IN_TURN)
        self.assertEqual((shown.code, shown.err), (0, b""))
        tasks = sorted(Alone(shown.data).tasks, key=lambda task: task.created)
        by_package = [task.said for task in tasks if task.coroutine == "work" and not any(place.user for place in task.creation)]
        self.assertEqual(by_package, [turn in (0, 60) for turn in range(63)])
        by_user = [task.said for task in tasks if task.coroutine == "waits"]
        self.assertEqual(len(by_user), 47)
        in_turn = [task for task in tasks if task.parent is not None and task.parent.coroutine == "each"]
        self.assertEqual([task.parent.name for task in in_turn[:2]] * 40, [task.parent.name for task in in_turn])
        self.assertEqual({task.said for task in in_turn}, {True})
        # The first fifty of a place say the whole stack, then only what lies below the user's code.
        self.assertEqual({[place.function for place in task.creation][-1] for task in in_turn[50:]}, {"each"})


if __name__ == "__main__":
    unittest.main()
