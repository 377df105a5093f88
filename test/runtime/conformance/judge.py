"""Runs tests and writes what became of each, line by line, so that a run that dies tells which test it was.

    python judge.py OUT unittest NAME...
    python judge.py OUT pytest ARG...

Lines are JSON: ["all", [test, ..]], ["begin", test], ["end", test, outcome].
"""

import json
import sys
import unittest


class Lines:
    def __init__(self, path):
        self.file = open(path, "a", buffering=1, encoding="utf-8")

    def put(self, *values):
        self.file.write(json.dumps(values) + "\n")


def with_unittest(lines, names):
    import asyncio  # noqa: F401  test.test_asyncio expects it, and it is what is judged

    import test.support

    test.support.use_resources = ["network", "walltime", "cpu", "subprocess"]

    class Result(unittest.TextTestResult):
        outcome = "ok"

        def startTest(self, test):
            super().startTest(test)
            self.outcome = "ok"
            lines.put("begin", test.id())

        def stopTest(self, test):
            super().stopTest(test)
            lines.put("end", test.id(), self.outcome)

        def addSubTest(self, test, subtest, err):
            super().addSubTest(test, subtest, err)
            if err:
                self.outcome = "failed"

        def addError(self, test, err):
            super().addError(test, err)
            if isinstance(test, unittest.TestCase):
                self.outcome = "error"
            else:  # setUpClass, setUpModule and their like
                lines.put("end", str(test), "error")

        def addFailure(self, test, err):
            super().addFailure(test, err)
            self.outcome = "failed"

        def addSkip(self, test, reason):
            super().addSkip(test, reason)
            self.outcome = "skipped"
            if not isinstance(test, unittest.TestCase):
                lines.put("end", str(test), "skipped")

        def addExpectedFailure(self, test, err):
            super().addExpectedFailure(test, err)
            self.outcome = "expected failure"

        def addUnexpectedSuccess(self, test):
            super().addUnexpectedSuccess(test)
            self.outcome = "unexpected success"

    suite = unittest.defaultTestLoader.loadTestsFromNames(names)
    lines.put("all", [test.id() for test in each(suite)])
    unittest.TextTestRunner(resultclass=Result, verbosity=0).run(suite)


def each(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from each(test)
        else:
            yield test


class Plugin:
    """For pytest: the worst of a test's three phases counts."""

    def __init__(self, lines):
        self.lines = lines
        self.outcomes = {}

    def pytest_collection_finish(self, session):
        self.lines.put("all", [item.nodeid for item in session.items])

    def pytest_collectreport(self, report):
        if report.failed:
            self.lines.put("end", report.nodeid, "not collected")

    def pytest_runtest_logstart(self, nodeid, location):
        self.lines.put("begin", nodeid)

    def pytest_runtest_logreport(self, report):
        what = report.outcome
        if hasattr(report, "wasxfail"):
            what = "expected failure" if report.skipped else "unexpected success"
        elif report.failed and report.when != "call":
            what = "error in " + report.when
        if what != "passed" or report.nodeid not in self.outcomes:
            self.outcomes[report.nodeid] = "ok" if what == "passed" else what

    def pytest_runtest_logfinish(self, nodeid, location):
        self.lines.put("end", nodeid, self.outcomes.pop(nodeid, "?"))


def with_pytest(lines, arguments):
    sys.path[0] = ""  # as `python -m pytest` has it
    import pytest

    pytest.main(arguments, plugins=[Plugin(lines)])


if __name__ == "__main__":
    {"unittest": with_unittest, "pytest": with_pytest}[sys.argv[2]](Lines(sys.argv[1]), sys.argv[3:])
