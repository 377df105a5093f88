"""Random programs: traced they do what they do untraced, and at many moments the trace has each task where the program itself found it.

The order of tasks in a set may change what a program does, from run to run, traced or not. More of them, for seeds from FIRST up to LAST:
`python -m runtime.test_fuzz FIRST LAST [asyncio|uvloop] [full|light] [toggle,..] [SIZE]` in `test`.
"""

import json
import os
import sys
import tempfile
import unittest
from importlib.util import find_spec

from . import traced

FOLDER = os.path.join(traced.ROOT, "test", "runtime", "fuzz")
PROGRAM = "import runpy, sys\nsys.path.insert(0, sys.argv.pop(1))\nrunpy.run_path(sys.path[0] + '/doings.py', run_name='__main__')\n"


def run(seed, loop="asyncio", detail="full", flags="", size="40"):
    """What is wrong, as text; how many suspended tasks were compared."""
    with tempfile.TemporaryDirectory(prefix="loopscope-test-") as folder:
        truth = os.path.join(folder, "truth")
        arguments = FOLDER, str(seed), loop, truth, size, flags
        plain = traced.run(PROGRAM, *arguments, traced=False)
        shown = traced.run(PROGRAM, *arguments, LOOPSCOPE_DETAIL=detail)
        with open(truth, encoding="utf-8") as file:
            known = json.load(file)
    judge = Judge(shown.run, detail == "light")
    if (shown.code, shown.out, shown.err) != (plain.code, plain.out, plain.err):
        judge.wrong.append("another output: %r, not %r" % (shown.out[-300:] + shown.err[-1000:], plain.out[-300:] + plain.err[-1000:]))
    judge.ends(known["tasks"])
    for point in known["points"]:
        judge.point(*point)
    return judge.wrong, judge.compared


class Judge:
    """Compares a trace with what its program knew."""

    def __init__(self, run, light):
        self.light = light
        self.wrong = []
        self.compared = 0
        self.tasks = {}  # key -> the tasks that had it, the latest last
        for task in sorted(run.tasks, key=lambda task: task.created):
            self.tasks.setdefault(int(task.key), []).append(task)
        last = run.stats[-1]
        if (last["tasksMissed"], last["notes"], last["tasksSeen"]) != (0, [], len(run.tasks)):
            self.wrong.append("%r for %d tasks" % (last, len(run.tasks)))

    def ends(self, known):
        for key, values in known.items():
            task = self.tasks.get(int(key), [None])[-1]
            told = task and [task.name, task.outcome, task.parent and int(task.parent.key)]
            # The name of an eager task that has ended is told before CPython 3.13.0's create_task makes it "None".
            if task is None or (values[0] != "None" and told != values) or task.adopted:
                self.wrong.append("%r, not %r" % (told, values))
            if task is not None and sorted(task.steps) != task.steps:
                self.wrong.append("steps in another order")

    def at(self, key, t):
        return next((task for task in reversed(self.tasks.get(key, ())) if task.created <= t), None)

    def point(self, begin, end, running, rows):
        """At some moment between two instants, what the program says of all tasks that do not run."""
        task = running and self.at(running, begin)
        if running and not (task and is_running(task, begin)):
            self.wrong.append("%r does not run at %f" % (task, begin))
        for key, name, frames, future, ready in rows:
            task = self.at(key, end)
            place = task and place_at(task, begin)
            if task is None or is_running(task, begin) or (place is None) != (frames is None):
                self.wrong.append("%s is %r at %f, not suspended in %r" % (name, task, begin, frames))
            elif frames is not None:
                self.compared += 1
                if not self.light:
                    told = [list(each[:3]) for each in place["stack"]], place["ready"] is not None and place["ready"] <= end
                    if told != (frames, ready) or (future and place["future"] != future):
                        self.wrong.append("%s is in %r at %f, not in %r" % (name, (told, place["future"]), begin, (frames, ready, future)))


def is_running(task, t):
    """Whether a task runs; an eager task's first step is no step of the trace."""
    first = task.suspensions[0]["from"] if task.suspensions else task.steps[0][0] if task.steps else None
    eager = not task.steps or task.suspensions and task.suspensions[0]["from"] < task.steps[0][0]
    return any(begin <= t <= end for begin, end in task.steps) or eager and task.created <= t and (first is None or t <= first)


def place_at(task, t):
    """The suspension that a task is in, or None."""
    row = next((row for row in reversed(task.suspensions) if row["from"] <= t), None)
    return None if row is None or any(row["from"] <= begin <= t for begin, _ in task.steps) else row


class Fuzz(unittest.TestCase):
    def check(self, *ways):
        compared = 0
        for way in ways:
            with self.subTest(way=way):
                wrong, rows = run(*way)
                compared += rows
                self.assertEqual(wrong, [])
        self.assertGreater(compared, 100)

    # Seeds of which no output depends on the order of a set.

    def test_on_asyncio(self):
        self.check((3,), (4, "asyncio", "light"))

    def test_while_debug_mode_is_turned_on_and_off(self):
        self.check((4, "asyncio", "full", "toggle"))

    @unittest.skipIf(find_spec("uvloop") is None, "uvloop is not installed")
    def test_on_uvloop(self):
        self.check((4, "uvloop"))


if __name__ == "__main__":
    for number in range(*map(int, sys.argv[1:3])):
        print(number, *run(number, *sys.argv[3:]))
