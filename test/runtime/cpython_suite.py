"""CPython's own test.test_asyncio as a judge: runs its modules untraced and traced, and compares them test by test.

    python cpython_suite.py [--markdown FILE] [--all] [MODULE...]

Exits 0 when every test ends the same way in both, 1 when some do not (they are listed; each is tried again, alone and in both ways,
before it counts: some of CPython's tests depend on timing).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import textwrap
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
SITE = os.path.join(os.path.dirname(os.path.dirname(HERE)), "runtime", "python", "site")
USUAL = "test_tasks test_futures test_locks test_queues test_taskgroups test_timeouts test_waitfor test_base_events".split()
MODULE_SECONDS = 600

RUNNER = textwrap.dedent(
    """
    import sys, unittest, json
    class Result(unittest.TextTestResult):
        def __init__(self, *a, **k):
            super().__init__(*a, **k); self.rows = {}; self.sub = set()
        def put(self, test, what):
            self.rows[test.id()] = what
        def addSuccess(self, test):
            super().addSuccess(test)
            if test.id() not in self.sub: self.put(test, "ok")
        def addSubTest(self, test, subtest, err):
            super().addSubTest(test, subtest, err)
            if err: self.sub.add(test.id()); self.put(test, "failed")
        def addError(self, test, err): super().addError(test, err); self.put(test, "error")
        def addFailure(self, test, err): super().addFailure(test, err); self.put(test, "failed")
        def addSkip(self, test, reason): super().addSkip(test, reason); self.put(test, "skipped")
        def addExpectedFailure(self, test, err): super().addExpectedFailure(test, err); self.put(test, "expected failure")
        def addUnexpectedSuccess(self, test): super().addUnexpectedSuccess(test); self.put(test, "unexpected success")
    out, names = sys.argv[1], sys.argv[2:]
    import asyncio, test.support
    test.support.use_resources = ["network", "walltime", "cpu", "subprocess"]
    suite = unittest.defaultTestLoader.loadTestsFromNames(names)
    result = unittest.TextTestRunner(resultclass=Result, verbosity=0).run(suite)
    with open(out, "w") as file: json.dump(result.rows, file)
    """
)


def outcomes(python, names, traced):
    """{test id: outcome} of test names; the text it printed. {} when the run died."""
    import json

    with tempfile.TemporaryDirectory(prefix="loopscope-suite-") as folder:
        runner = os.path.join(folder, "judge.py")
        with open(runner, "w") as file:
            file.write(RUNNER)
        rows = os.path.join(folder, "rows.json")
        env = {k: v for k, v in os.environ.items() if not k.startswith(("LOOPSCOPE_", "PYTHON"))}
        if traced:
            env.update(PYTHONPATH=SITE, LOOPSCOPE_CHANNEL="file:" + os.path.join(folder, "trace.loopscope"))
        try:
            done = subprocess.run(
                [python, runner, rows, *names],
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=MODULE_SECONDS,
            )
            text = done.stdout.decode(errors="replace")
        except subprocess.TimeoutExpired as late:
            text = (late.stdout or b"").decode(errors="replace") + "\nTIMED OUT"
        notes = notes_of(os.path.join(folder, "trace.loopscope")) if traced else []
        try:
            with open(rows) as file:
                return json.load(file), text, notes
        except FileNotFoundError:
            return {}, text, notes


def notes_of(path):
    sys.path.insert(0, os.path.dirname(HERE))
    from runtime import decode

    try:
        with open(path, "rb") as file:
            stats = [body for kind, _, body in decode.frames(file.read())[0] if kind == 7]
    except (OSError, ValueError) as problem:
        return ["no trace: %s" % problem]
    import json

    return json.loads(stats[-1])["notes"] if stats else ["no stats"]


def compare(python, module):
    """(module, tests, {test: (untraced, traced)} that differ, notes, the traced run's text when something differs)"""
    name = "test.test_asyncio." + module
    plain, _, _ = outcomes(python, [name], False)
    traced, text, notes = outcomes(python, [name], True)
    different = {}
    for test in sorted(set(plain) | set(traced)):
        if plain.get(test) != traced.get(test):
            again = [outcomes(python, [test], way)[0].get(test, "died") for way in (False, True)]
            if again[0] != again[1] or again[1] == "died":
                different[test] = (plain.get(test, "died"), traced.get(test, "died"))
    return module, len(plain), different, notes, text


def modules_of(python):
    code = "import test.test_asyncio as t, os; print('\\n'.join(sorted(f[:-3] for f in os.listdir(t.__path__[0]) if f.startswith('test_'))))"
    listed = subprocess.run([python, "-c", code], capture_output=True, text=True).stdout.split()
    return listed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", action="append", help="an interpreter to judge with (default: this one)")
    parser.add_argument("--all", action="store_true", help="every module of test.test_asyncio")
    parser.add_argument("--markdown", help="write the table to this file")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("modules", nargs="*")
    options = parser.parse_args()
    rows = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for python in options.python or [sys.executable]:
            there = modules_of(python)
            if not there:
                print("%s has no test.test_asyncio: nothing to compare" % python)
                continue
            version = subprocess.run([python, "-V"], capture_output=True, text=True).stdout.split()[1]
            wanted = there if options.all else [m for m in options.modules or USUAL if m in there]
            for row in pool.map(lambda m: compare(python, m), wanted):
                rows.append((version, *row))
                report(version, *row)
    if options.markdown:
        write_table(options.markdown, rows)
    return 1 if any(row[3] for row in rows) else 0


def report(version, module, tests, different, notes, text):
    print("%-8s %-28s %5d tests, %d different%s" % (version, module, tests, len(different), " ".join([""] + notes)), flush=True)
    for test, (plain, traced) in different.items():
        print("    %s: %s untraced, %s traced" % (test, plain, traced))
    if different and os.environ.get("VERBOSE"):
        print(textwrap.indent(text[-12000:], "    | "))


def write_table(path, rows):
    lines = [
        "# CPython's own test.test_asyncio, untraced and traced",
        "",
        "Generated by `test/runtime/cpython_suite.py --all --markdown`. A test counts as different when it ends otherwise traced than",
        "untraced, also when it is run again alone.",
        "",
        "| CPython | module | tests | different |",
        "| --- | --- | ---: | --- |",
    ]
    for version, module, tests, different, _, _ in rows:
        names = ", ".join("`%s`: %s, %s" % (t.split(".", 3)[-1], *o) for t, o in different.items())
        lines.append("| %s | %s | %d | %s |" % (version, module, tests, names or "none"))
    total = sum(row[2] for row in rows)
    lines += ["", "%d tests in all, %d different." % (total, sum(len(row[3]) for row in rows)), ""]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
