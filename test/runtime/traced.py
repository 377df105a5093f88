"""Runs Python programs with the recorder in them, the way the launcher does, and reads what they recorded."""

import os
import signal
import subprocess
import sys
import tempfile
import textwrap

from . import decode

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SITE = os.path.join(ROOT, "runtime", "python", "site")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # So a shell starts what it puts into the background, and the programs under test would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def environment(channel=None, **extra):
    """os.environ for a program, traced when a channel is given."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("LOOPSCOPE_", "PYTHON"))}
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    if channel is not None:
        env["PYTHONPATH"] = SITE
        env["LOOPSCOPE_CHANNEL"] = channel
    for name, value in extra.items():
        if value is None:
            env.pop(name, None)
        else:
            env[name] = value
    return env


# For programs: hands the task that awaits it a future, as futures do, though it may be done already; the task goes on in a step of its own.
DONE = """
    class Done:
        def __init__(self, future):
            self.future = future

        def __await__(self):
            return self

        def __next__(self):
            if self.future is None:
                raise StopIteration
            future, self.future = self.future, None
            future._asyncio_future_blocking = True
            return future
"""


class Result:
    def __init__(self, process, out, err, data):
        self.code = process.returncode
        self.out = out
        self.err = err
        self.data = data
        self.run = decode.Run(data) if data else None


def run(source, *args, traced=True, python=sys.executable, options=(), timeout=60, folder=None, **extra):
    """Runs a program's text; its output and, when traced, what it recorded."""
    own = tempfile.TemporaryDirectory(prefix="loopscope-test-")
    with own as temporary:
        folder = folder or temporary
        path = os.path.join(folder, "app.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(textwrap.dedent(source))
        trace = os.path.join(temporary, "trace.loopscope")
        env = environment("file:" + trace if traced else None, **extra)
        process = subprocess.Popen(
            [python, *options, path, *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            cwd=folder,
        )
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError("the program hung:\n%s" % err.decode(errors="replace")) from None
        data = b""
        if os.path.exists(trace):
            with open(trace, "rb") as file:
                data = file.read()
        replaced = folder.encode()
        return Result(process, out.replace(replaced, b"."), err.replace(replaced, b"."), data)
