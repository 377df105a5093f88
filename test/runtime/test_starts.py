"""Tasks that `asyncio.Task(..., eager_start=True)` itself starts, past the loop: none is missed, and each is told as it was."""

import os
import sys
import tempfile
import unittest
from importlib.util import find_spec

from . import traced
from .same import Compared
from .starts_programs import BY_HAND, HOWS, LOOP, MAKES_ITSELF, MEANWHILE, SHARED, TOOLS, TWICE

WAYS = [(), ("--debug",), *[("--uvloop",)] * bool(find_spec("uvloop"))]


@unittest.skipIf(sys.version_info < (3, 12), "eager tasks came with Python 3.12")
class Starts(Compared):
    def whole(self, run):
        last = run.stats[-1]
        self.assertEqual((last["tasksMissed"], last["notes"], last["tasksSeen"]), (0, [], len(run.tasks)))

    def test_every_way_to_begin_and_to_leave_the_first_step(self):
        for way in WAYS:
            for detail in ("full", "light"):
                with self.subTest(way=way, detail=detail):
                    shown = self.same(LOOP + HOWS, *way, LOOPSCOPE_DETAIL=detail)
                    self.whole(shown.run)
                    known, later = traced.decode.json.loads(shown.out)
                    told = [[t.name, t.coroutine, t.parent and t.parent.name, t.outcome] for t in shown.run.tasks]
                    rows = [row for row in told if row[1] not in ("main", "ends_later", "plain", "leaves")]
                    self.assertEqual(sorted(rows, key=str), sorted((row for row in known if row[1] != "main"), key=str))
                    self.assertEqual({row[0]: row[2] for row in told if row[1] == "ends_later"}, later)
                    self.assertEqual([row[3] for row in told if row[1] == "plain"], ["returned"] * 6)
                    for task in shown.run.tasks:
                        self.assertFalse(task.at_once and task.coroutine != "leaves", task)
                        if task.coroutine in ("waits", "yields") and detail == "full":
                            self.assertEqual([each["stack"][0].function for each in task.suspensions], [task.coroutine] * len(task.suspensions))
                            self.assertEqual(task.suspensions[0]["on"][0], "sleep" if task.coroutine == "waits" else "yield")
                        if task.coroutine == "waits":
                            self.assertEqual((len(task.suspensions), len(task.steps)), (2, 2))
                        if task.coroutine != "main" and not task.coroutine.startswith(("ends_later", "plain")):
                            self.assertIn(task.creation[0].function, ("start", "__init__", "eager_task_factory", "factory", *HOW_NAMES))

    def test_loops_in_several_threads(self):
        shown = self.same(LOOP + SHARED)
        self.whole(shown.run)
        works = [task for task in shown.run.tasks if task.coroutine == "work"]
        self.assertEqual(len(works), 3 * 300 * 4)
        self.assertEqual({(t.loop == t.parent.loop, t.outcome, t.parent.coroutine, len(t.steps) > 0) for t in works},
                         {(True, "returned", each, True) for each in ("main", "work")})  # fmt: skip

    def test_loops_that_begin_and_end_meanwhile(self):
        for way in WAYS:
            with self.subTest(way=way):
                shown = self.same(LOOP + MEANWHILE, *way)
                self.whole(shown.run)
                parents = sorted(task.parent.coroutine for task in shown.run.tasks if task.coroutine == "work")
                self.assertEqual(parents, ["main", "main", "other", "other"])

    def test_coroutines_that_no_task_runs(self):
        for way in WAYS:
            with self.subTest(way=way):
                shown = self.same(LOOP + BY_HAND, *way)
                self.whole(shown.run)
                self.assertEqual([(t.parent.coroutine, len(t.steps)) for t in shown.run.tasks if t.coroutine == "work"], [("main", 1)] * 4)

    def test_a_coroutine_that_makes_such_tasks_itself(self):
        for way in WAYS:
            with self.subTest(way=way):
                shown = self.same(LOOP + MAKES_ITSELF, *way)
                self.whole(shown.run)
                parents = [task.parent.coroutine for task in shown.run.tasks if task.coroutine in ("inner", "outer")]
                self.assertEqual(parents, ["main", "main", "main", "outer", "main", "outer"])

    def test_tools_of_the_program(self):
        for at_first, later in (("[4]", "[3]"), ("[]", "[4]"), ("[0, 1, 2, 3]", "[]"), ("[]", "[0, 1, 2]")):
            with self.subTest(at_first=at_first, later=later):
                shown = self.same(LOOP + TOOLS, at_first, later, recorded=(at_first, later) != ("[4]", "[3]"))
                last = shown.run.stats[-1]
                if at_first == "[4]":  # both are taken after two of the tasks
                    self.assertEqual(len(last["notes"]), 1)
                    self.assertIn("sys.monitoring", last["notes"][0])
                else:
                    self.whole(shown.run)

    @unittest.skipIf(find_spec("aiohttp") is None, "aiohttp is not installed")
    def test_a_server_of_aiohttp(self):
        with open(os.path.join(traced.ROOT, "test", "findings", "healthy", "aiohttp_server.py"), encoding="utf-8") as file:
            shown = traced.run(file.read())
        self.assertEqual(shown.code, 0)
        self.whole(shown.run)
        requests = [task for task in shown.run.tasks if task.coroutine == "_handle_request"]
        seen = {(t.parent.coroutine, t.creation[0].function, t.outcome, len(t.steps)) for t in requests}
        by_loop = sys.version_info >= (3, 14)  # aiohttp has the loop's create_task do it then
        self.assertEqual((len(requests), seen), (60, {("start", "create_task" if by_loop else "start", "returned", 1)}))
        for task in requests:
            (wait,) = task.suspensions
            self.assertEqual((wait["stack"][0].function, wait["stack"][-2].function, wait["on"][0]), ("_handle_request", "hello", "sleep"))
        starts = [task for task in shown.run.tasks if task.coroutine == "start"]
        self.assertEqual({(t.parent, t.creation[0].function) for t in starts}, {(None, "create_task" if by_loop else "connection_made")})

    def test_recordings_one_after_the_other(self):
        with tempfile.TemporaryDirectory(prefix="loopscope-test-") as folder:
            names = [os.path.join(folder, "%d.loopscope" % n) for n in range(2)]
            shown = traced.run(TWICE, *names, traced=False, PYTHONPATH=os.path.dirname(traced.SITE))
            self.assertEqual((shown.code, shown.out, shown.err), (0, b"done\n", b""))
            for name in names:
                with open(name, "rb") as file:
                    run = traced.decode.Run(file.read())
                self.whole(run)
                self.assertEqual([task.coroutine for task in run.tasks][:7], ["main", *["work"] * 5, "shutdown_asyncgens"])


HOW_NAMES = "by_word by_dict by_dict_alone by_partial by_subclass by_init by_factory by_map create_task at_times".split()

if __name__ == "__main__":
    unittest.main()
