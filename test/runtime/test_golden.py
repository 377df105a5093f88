"""The golden streams read as they were recorded: a change of the format that breaks old traces shows here."""

import glob
import json
import os
import struct
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

    def test_a_key_that_is_used_again(self):
        """Loops are told of one after the other: another loop's new task may come before the end of the task whose key it has."""
        strings = {1: "old", 2: "new", 3: "third", 4: "KeyError", 5: "missing"}
        loops = [frame(4, {"loop": n}) for n in (1, 2)]
        code = frame(2, [[1, "app.py", "main", "main", 1, 1, [0, 1]]])
        data = HEADER + b"".join(loops) + code + frame(10, [1, *strings.values()])
        data += batch(1, 1, [*new(0.1, 1)], 1) + batch(2, 1, [*new(0.3, 2), *end(0.4, 1), *raised(4, 5)], 3)
        data += batch(1, 2, [*end(0.2, 0), *new(0.5, 3), *end(0.6, 2)], 3)
        run = decode.Run(data)
        self.assertEqual([(t.name, t.loop, t.outcome) for t in run.tasks], [("old", 1, "returned"), ("new", 2, "raised"), ("third", 1, "cancelled")])
        self.assertEqual([t.exception and t.exception[:2] for t in run.tasks], [None, ("KeyError", "missing"), None])
        # The other way round, the one that ends late has failed.
        data = HEADER + b"".join(loops) + code + frame(10, [1, *strings.values()])
        data += batch(1, 1, [*new(0.1, 1)], 1) + batch(2, 1, [*new(0.3, 2)], 1)
        data += batch(1, 2, [*end(0.2, 1), *raised(4, 5)], 2) + batch(2, 2, [*end(0.4, 0)], 1)
        run = decode.Run(data)
        self.assertEqual([(t.name, t.outcome, t.exception and t.exception[0]) for t in run.tasks], [("old", "raised", "KeyError"), ("new", "returned", None)])


KEY = 7  # of all tasks there are
HEADER = decode.MAGIC + struct.pack("<HHI", 1, 0, 0)


def frame(kind, value):
    body = value if type(value) is bytes else json.dumps(value).encode()
    return struct.pack("<IBBH", len(body), kind, 0, 0) + body


def batch(loop, sequence, numbers, records):
    return frame(3, struct.pack("<IIIIQ%dd" % len(numbers), loop, sequence, len(numbers), records, 0, *numbers))


def head(kind, arg=0):
    return -float((arg << 5 | kind) * 2**32 + KEY)


def new(t, name):
    return head(5), t, 0.0, 1.0, 0.0, name


def end(t, outcome):
    return head(3, outcome), t


def raised(name, text):
    return head(14), 0.0, name, text


if __name__ == "__main__":
    unittest.main()
