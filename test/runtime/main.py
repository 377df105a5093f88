"""The tests of this folder: `python -m runtime.main [-k PATTERN]` in `test`. A test that failed is run once more, alone.

Noise of the machine may make a test fail; a fault of ours that shows only now and then does the same. So who passes at the
second try is named, with what failed at the first, for somebody to look at; who fails twice has failed.
"""

import subprocess
import sys
import unittest

AGAIN = "TRIED AGAIN: "


class Result(unittest.TextTestResult):
    """A result whose failures are those that failed twice."""

    def stopTestRun(self):
        super().stopTestRun()
        told = {}  # id of a test -> what it, or parts of it, failed with
        for test, text in self.failures + self.errors:
            if isinstance(test, unittest.TestCase):  # else something around the tests of a class or module
                told.setdefault(id_of(test), []).append(text)
        for name, texts in told.items():
            again = subprocess.run([sys.executable, "-m", "unittest", name], stdin=subprocess.DEVNULL, capture_output=True, text=True)
            if again.returncode == 0:
                self.failures, self.errors = (
                    [each for each in kind if id_of(each[0]) != name] for kind in (self.failures, self.errors)
                )
                tell(name, texts)
            else:
                print("\n%s failed, and once more alone:\n%s" % (name, again.stderr), file=sys.stderr)


def id_of(test):
    """What a test is called on the command line of unittest; that of a subtest is the one it is part of."""
    return getattr(test, "test_case", test).id()


def tell(name, texts):
    last = texts[0].rstrip().rpartition("\n")[2]
    print("\n%s%s (CPython %d.%d.%d): %s" % (AGAIN, name, *sys.version_info[:3], last), file=sys.stderr)
    for line in "\n".join(texts).splitlines():
        print("    | " + line, file=sys.stderr)


if __name__ == "__main__":
    arguments = ["python -m runtime.main", "discover", "-s", "runtime", "-t", ".", *sys.argv[1:]]
    unittest.main(module=None, argv=arguments, testRunner=unittest.TextTestRunner(resultclass=Result))
