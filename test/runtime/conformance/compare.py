"""Compares untraced and traced outcomes test by test; what differs is tried again before it counts."""

from .outcomes import DIED

AGAIN = 3


class Comparison:
    """What became of one module of a suite under one interpreter."""

    def __init__(self, suite, version, module):
        self.suite = suite
        self.version = version
        self.module = module
        self.tests = 0
        self.passed = 0
        self.different = {}  # test -> (untraced outcomes, traced outcomes): tracing changes it
        self.flaky = {}  # the same: untraced runs differ among themselves
        self.once = {}  # the same: differed once, and in no repetition
        self.died = []  # tests that end the run, or hang it, also untraced
        self.failures = []  # what the recorder gave up over
        self.programs = 0
        self.bytes = 0

    def row(self):
        return vars(self)

    @property
    def good(self):
        return not self.different and not self.failures


def compare(prepared, module, seconds):
    """prepared: a suite ready to run under one interpreter, see suites.py."""
    result = Comparison(prepared.suite, prepared.version, module)
    plain = prepared.run([module], False, seconds)
    traced = prepared.run([module], True, seconds)
    result.tests = len(plain.tests)
    result.passed = sum(outcome == "ok" for outcome in plain.tests.values())
    result.died = sorted(test for test, outcome in plain.tests.items() if outcome == DIED)
    result.failures = traced.failures if traced.programs else ["no recorder connected"]
    result.programs = traced.programs
    result.bytes = traced.events_bytes
    seen = {}
    for test in sorted(set(plain.tests) | set(traced.tests)):
        if plain.tests.get(test) != traced.tests.get(test):
            seen[test] = ([plain.tests.get(test, "absent")], [traced.tests.get(test, "absent")])
    if seen:
        repeat(prepared, module, seen, seconds)
    for test, (untraced, with_trace) in seen.items():
        if len(set(untraced)) > 1:
            result.flaky[test] = (untraced, with_trace)
        elif with_trace.count(untraced[0]) == len(with_trace) - 1:
            result.once[test] = (untraced, with_trace)
        else:
            result.different[test] = (untraced, with_trace)
    return result, traced.text


def repeat(prepared, module, seen, seconds):
    """The suspects by themselves, then the whole module again: some tests depend on those before them."""
    alone = [test for test in seen if prepared.can_run_alone(test)]
    for _ in range(AGAIN if alone else 0):
        for way in (False, True):
            again = prepared.run(alone, way, seconds).tests
            for test in alone:
                seen[test][way].append(again.get(test, "absent"))
    for way in (False, True):
        again = prepared.run([module], way, seconds).tests
        for test in seen:
            seen[test][way].append(again.get(test, "absent"))
