"""Runs a set of tests once, untraced or traced, and says what became of each."""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile

from .sink import Sink

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
SITE = os.path.join(ROOT, "runtime", "python", "site")
MEMORY = 6 << 30  # bytes of address space: a test that mocks the loop's selector can eat all there is
DIED = "died"
NOT_RUN = "not run"


class Outcomes:
    def __init__(self, tests, text, sink):
        self.tests = tests  # id -> outcome
        self.text = text  # what was printed
        self.programs = sink.programs if sink else 0
        self.events_bytes = sink.bytes if sink else 0
        self.failures = sink.failures() if sink else []
        self.modes = sink.modes if sink else {}


def fresh():
    """In the child: what a shell would have given it. A job in a shell's background has SIGINT ignored, which tests of it do not survive."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(python, kind, arguments, traced, seconds, cwd=None, extra=None):
    """kind: unittest or pytest; extra: environment. A run that takes longer than `seconds` is killed, with its children."""
    with tempfile.TemporaryDirectory(prefix="loopscope-judge-") as folder:
        lines = os.path.join(folder, "lines")
        env = {k: v for k, v in os.environ.items() if not k.startswith(("LOOPSCOPE_", "PYTHON"))}
        env.update(TMPDIR=folder, PYTHONDONTWRITEBYTECODE="1", **(extra or {}))
        if not traced:
            text = judged([python, os.path.join(HERE, "judge.py"), lines, kind, *arguments], env, cwd or folder, seconds)
            return Outcomes(read(lines), text, None)
        with Sink() as sink:
            env.update(PYTHONPATH=SITE, LOOPSCOPE_CHANNEL=sink.channel, LOOPSCOPE_TOKEN="judge")
            text = judged([python, os.path.join(HERE, "judge.py"), lines, kind, *arguments], env, cwd or folder, seconds)
        return Outcomes(read(lines), text, sink)


def judged(command, env, cwd, seconds):
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=fresh,
        start_new_session=True,
    )
    try:
        text, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        text, _ = process.communicate()
        text += b"\nLONGER THAN %d SECONDS" % seconds
    try:
        os.killpg(process.pid, signal.SIGKILL)  # children that outlived it
    except ProcessLookupError:
        pass
    return text.decode(errors="replace")


def read(path):
    tests = {}
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                what, *values = json.loads(line)
                if what == "all":
                    tests.update(dict.fromkeys(values[0], NOT_RUN))
                else:
                    tests[values[0]] = DIED if what == "begin" else values[1]
    except (OSError, ValueError) as problem:
        print("no outcomes: %s" % problem, file=sys.stderr)
    return tests
