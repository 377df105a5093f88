"""The golden streams read as they were recorded: a change of the format that breaks old traces shows here."""

import glob
import os
import unittest

from . import decode

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "fixtures", "streams")


def load(name):
    with open(os.path.join(FOLDER, name + ".loopscope"), "rb") as file:
        return decode.Run(file.read())


class Golden(unittest.TestCase):
    def test_all_are_whole(self):
        for path in glob.glob(os.path.join(FOLDER, "*.loopscope")):
            run = load(os.path.basename(path).partition(".")[0])
            self.assertEqual((run.left_over, run.gaps), (0, 0), path)
            self.assertEqual({t.outcome for t in run.tasks} - {"returned", "cancelled"}, set())

    def test_sleepers(self):
        run = load("sleepers")
        delays = {t.coroutine: t.suspensions[0]["on"][1] for t in run.tasks if t.coroutine.startswith("task_")}
        self.assertEqual(delays, {"task_one": 0.05, "task_two": 0.1, "task_three": 0.2})

    def test_deadlock(self):
        run = load("deadlock")
        waits = {t.coroutine: t.suspensions[-1]["on"] for t in run.tasks if t.coroutine in ("first", "second")}
        self.assertEqual({k: v[2]["label"] for k, v in waits.items()}, {"first": "orders", "second": "accounts"})

    def test_every_truncation_is_read(self):
        with open(os.path.join(FOLDER, "sleepers.loopscope"), "rb") as file:
            data = file.read()
        for size in range(16, len(data), 7):
            decode.Run(data[:size])


if __name__ == "__main__":
    unittest.main()
