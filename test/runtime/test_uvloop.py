"""uvloop: who made a task ready, what a step that breaks off leaves behind, and what is pending as the loop stops."""

import sys
import unittest
from importlib.util import find_spec

from . import traced
from . import uvloop_programs as programs
from .test_light import CANCELS


@unittest.skipUnless(find_spec("uvloop"), "uvloop is not installed here: scripts/pythons.ts makes environments that have it")
class OnUvloop(unittest.TestCase):
    def run_of(self, source, *args, quiet=True, **env):
        plain = traced.run(source, *args, traced=False)
        shown = traced.run(source, *args, **env)
        self.assertEqual((shown.code, shown.out), (plain.code, plain.out), shown.err.decode())
        if quiet:
            self.assertEqual((shown.err, plain.err), (b"", b""))
        last = shown.run.stats[-1]
        self.assertEqual((last["notes"], last["tasksMissed"]), ([], 0))
        self.assertEqual(last["tasksSeen"], len(shown.run.tasks))
        return shown

    def wakers(self, run, name):
        task = next(task for task in run.tasks if task.name == name)
        return [(row["cause"], row["by"] and row["by"].name, [place.function for place in row["waker"]]) for row in task.suspensions]

    def test_who_woke(self):
        run = self.run_of(programs.WAKES).run
        user, through, library = (("io", None, [name]) for name in ("wakes", "by_library", "_set_result_unless_cancelled"))
        self.assertEqual(self.wakers(run, "reader"), [user, through, user, library, through, user])
        received, wakes = (("io", None, [name]) for name in ("data_received", "wakes"))
        self.assertEqual(self.wakers(run, "protocol"), [received, wakes] * 2)
        self.assertEqual(self.wakers(run, "StreamReader"), [("io", None, ["_wakeup_waiter"])])
        # Of what no task does, two frames are looked at, and the user's is the third.
        self.assertEqual(self.wakers(run, "Fed"), [("io", None, ["_wakeup_waiter"])])
        self.assertEqual(self.wakers(run, "of a task 0"), [("task", "setter", ["sets"])])
        self.assertEqual(self.wakers(run, "of a task 1"), [("task", "setter", ["by_library"])])

    def test_a_step_that_ends_the_loop(self):
        for kind, error in (("exit", b"SystemExit\n"), ("interrupt", b"KeyboardInterrupt\n")):
            with self.subTest(kind):
                shown = self.run_of(programs.BREAKS, kind, quiet=False)  # uvloop prints the traceback, which has a frame of ours
                self.assertEqual(shown.out, error * 3)
                tasks = {task.name: task for task in shown.run.tasks}
                for wait in (None, 0, 0.001):
                    self.assertEqual(tasks["breaks %s" % wait].outcome, "raised")
                    self.assertEqual(tasks["other %s" % wait].outcome, "returned")
                    self.assertEqual([row["cause"] for row in tasks["other %s" % wait].suspensions][:1], ["timer"])

    def test_run_forever_within_a_step(self):
        shown = self.run_of(programs.WITHIN)
        self.assertIn(b"already running", shown.out)
        row = shown.run.find("waits").suspensions[0]
        self.assertEqual((row["cause"], row["by"].coroutine, [place.function for place in row["waker"]]), ("task", "main", ["main"]))
        self.assertEqual([kind for _, kind, _ in shown.run.records].count("RUN"), 3)

    def test_pending_as_the_loop_stops(self):
        run = self.run_of(programs.PENDING).run
        self.assertEqual([task.name for task in run.tasks if task.coroutine == "child"][0], "first")
        self.assertEqual(len(run.find("at_once").steps), 4)

    def test_a_first_step_that_yields(self):
        run = self.run_of(programs.YIELDS).run
        works = [task for task in run.tasks if task.coroutine == "works"]
        self.assertEqual(len(works), 4)
        middle = ["works", "middle", "middle", "middle", "sleep"]
        other = ["works", "other", "middle", "middle"]
        for n, task in enumerate(works):
            expected = [["works", "first", "__await__" if n % 2 else "sleep"]]
            for i in range(3):
                expected.append(middle)
                if not i:
                    expected.append([*other, "inner"])
                expected += [[*other, "sleep"], [*other, "middle", "sleep"]]
            told = [[place.function for place in row["stack"]] for row in task.suspensions]
            self.assertEqual([[name for name in each if name != "__sleep0"] for each in told], expected)
        told = [[place.function for place in row["stack"]] for row in run.find("turns").suspensions]
        self.assertEqual(told, [["turns", "sleep", *["__sleep0"] * (not delay)] for delay in (0, 1, 0, 0, 1, 0)])

    def test_records_were_lost(self):
        run = self.run_of(programs.LOST).run
        children = [task for task in run.tasks if task.coroutine == "child"]
        self.assertEqual([task.outcome for task in children], ["returned"] * 4)
        self.assertEqual({kind for _, kind, _ in run.records} >= {"ADOPT", "DONE"}, True)

    @unittest.skipIf(sys.version_info < (3, 12), "no task starts before it is returned")
    def test_names_of_tasks_that_end_at_once(self):
        tasks = self.run_of(programs.AT_ONCE).run.tasks
        told = [task.name for task in tasks if task.coroutine == "ends"]
        self.assertEqual(told[:3] + told[4:], ["ends None", "ends 0", "ends 0.001", "the last"])
        self.assertRegex(told[3], r"^Task-\d+$")

    def test_names_of_parameters(self):
        """What is scheduled takes the keywords that uvloop's methods take, and no other."""
        self.assertEqual(self.run_of(programs.NAMES).out.count(b"called with"), 8)

    def test_light_detail(self):
        run = self.run_of(programs.LIGHT, LOOPSCOPE_DETAIL="light").run
        turns = [task for task in run.tasks if task.coroutine == "turns"]
        self.assertEqual(
            [[row["on"] and row["on"][0] for row in task.suspensions] for task in turns],
            [["yield" if (i + n) % 3 else None for i in range(5)] for n in range(3)],
        )
        self.check_ends(run)

    def test_ends(self):
        self.check_ends(self.run_of(programs.LIGHT).run)

    def check_ends(self, run):
        self.assertEqual([task.name for task in run.tasks if task.coroutine == "turns"], ["turns 0", "renamed", "turns 2"])
        ends = {task.name: (task.outcome, len(task.steps)) for task in run.tasks if task.coroutine == "ends"}
        steps = {"None": 1, "0": 2, "0.001": 2}
        expected = {how + wait: (how, steps[wait]) for how in ("raises", "cancelled") for wait in steps}
        expected = {name: ("raised" if how == "raises" else how, count) for name, (how, count) in expected.items()}
        self.assertEqual(ends, expected | {"returns" + wait: ("returned", steps[wait]) for wait in ("None", "0")})
        steps = sorted(step for task in run.tasks for step in task.steps)
        self.assertTrue(all(end <= begin for (_, end), (begin, _) in zip(steps, steps[1:])), steps)

    def test_who_cancelled_in_light_detail(self):
        source = CANCELS.replace("asyncio.run(main())", "__import__('uvloop').new_event_loop().run_until_complete(main())")
        shown = traced.run(source, LOOPSCOPE_DETAIL="light")
        self.assertEqual((shown.code, shown.out), (0, b"done\n"), shown.err.decode())
        named = {task.name: task for task in shown.run.tasks}
        for name in ("direct", "cleans up", "child", "inner"):
            with self.subTest(name):
                row = next(row for row in named[name].suspensions if row.get("cancelled"))
                self.assertEqual((row["cause"], row["by"].name), ("task", "canceller"))
                self.assertEqual([place.function for place in row["waker"] if place.user], ["canceller"])
        told = [row["cause"] for task in shown.run.tasks for row in task.suspensions if not row.get("cancelled")]
        self.assertEqual(told.count(None), len(told) - 1, "but for the gather, which passes a cancellation on as an exception of its own")


if __name__ == "__main__":
    unittest.main()
