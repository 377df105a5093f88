"""Other tools at work in the same program, and ways to start an interpreter: a traced program still behaves as an untraced one."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import textwrap
import unittest

from . import dap, traced
from .same import Compared, neutral

WORK = """
import asyncio
async def child(n):
    await asyncio.sleep(0)
    return n
async def main():
    lock = asyncio.Lock()
    async with lock:
        print(await asyncio.gather(*[child(n) for n in range(3)]))
    try:
        await asyncio.wait_for(asyncio.Event().wait(), 0.01)
    except asyncio.TimeoutError:
        print("timed out")
"""
RUN = WORK + "asyncio.run(main())\n"
# A step may be slow on a busy machine, and debug mode says so.
QUIET = RUN.replace("lock =", "asyncio.get_running_loop().slow_callback_duration = 60\n    lock =", 1)


def installed(name):
    import importlib.util

    return importlib.util.find_spec(name) is not None


class Options(Compared):
    def test_ways_to_start(self):
        for options in ("-OO", "-u", "-X dev", "-X faulthandler", "-X tracemalloc=5", "-W error", "-P"):
            if options == "-P" and sys.version_info < (3, 11):
                continue
            with self.subTest(options=options):
                self.same(QUIET, options=options.split())

    def test_environment(self):
        for name, value in (
            ("PYTHONASYNCIODEBUG", "1"),
            ("PYTHONDEVMODE", "1"),
            ("PYTHONTRACEMALLOC", "3"),
            ("PYTHONMALLOC", "debug"),
            ("LC_ALL", "C"),
            ("PYTHONCOERCECLOCALE", "0"),
            ("PYTHONIOENCODING", "latin-1"),
        ):
            with self.subTest(variable=name):
                self.same(QUIET, **{name: value})

    def test_isolated(self):
        """No PYTHONPATH and no site: such an interpreter runs as it would, and is not traced."""
        for option in ("-I", "-E", "-S"):
            with self.subTest(option=option):
                self.assertIsNone(self.same(RUN, options=[option], recorded=False).run)

    def test_what_dev_mode_reports(self):
        self.same(
            WORK
            + """
import gc, sys, warnings
async def leaky():
    open(__file__)
    child(1)
    gc.collect()
    asyncio.create_task(failing())
    await asyncio.sleep(0)
async def failing():
    raise ValueError("nobody looks")
loop = asyncio.new_event_loop()
loop.slow_callback_duration = 60
loop.set_exception_handler(lambda loop, context: print(context["message"], repr(context.get("exception"))))
loop.run_until_complete(leaky())
loop.run_until_complete(main())
del loop
gc.collect()
""",
            options=["-X", "dev"],
        )

    def test_names_from_everywhere_in_locale_c(self):
        self.same(
            """
            import asyncio, locale, sys
            class Übung:
                async def läuft(self): await asyncio.sleep(0)
            async def main():
                t = asyncio.create_task(Übung().läuft(), name="naïve \\udc80 \\N{SNOWMAN}")
                await t
                print(ascii(t.get_name()), sys.getfilesystemencoding(), sys.stdout.encoding, locale.getlocale())
            asyncio.run(main())
            """,
            LC_ALL="C",
            PYTHONUTF8="0",
            PYTHONCOERCECLOCALE="0",
        )


class Entries(unittest.TestCase):
    """Ways to a `__main__` that are no file."""

    def both(self, command, folder, stdin=""):
        ends = []
        for way in (None, os.path.join(folder, "trace")):
            env = traced.environment(way and "file:" + way)
            done = subprocess.run(
                [sys.executable, *command], cwd=folder, env=env, input=stdin.encode(), capture_output=True, timeout=60
            )
            ends.append((done.returncode, neutral(done.stdout), neutral(done.stderr)))
        self.assertEqual(*ends)
        self.assertTrue(os.path.getsize(os.path.join(folder, "trace")) > 200, "nothing was recorded")
        return ends[0]

    def test_entries(self):
        code = WORK + "import sys\nprint(__name__, __spec__, sys.argv, sys.path[0])\nasyncio.run(main())\nraise SystemExit(3)\n"
        with tempfile.TemporaryDirectory() as folder:
            for name in ("plain.py", "package/__init__.py", "package/__main__.py", "zipped/__main__.py", "nested/deep/tool.py"):
                os.makedirs(os.path.dirname(os.path.join(folder, name)) or folder, exist_ok=True)
                with open(os.path.join(folder, name), "w") as file:
                    file.write("" if name.endswith("__init__.py") else code)
            subprocess.run([sys.executable, "-m", "zipapp", "zipped", "-c"], cwd=folder, check=True)
            subprocess.run([sys.executable, "-m", "compileall", "-q", "-b", "plain.py"], cwd=folder, check=True)
            for command, stdin in (
                (["-c", code, "x"], ""),
                (["-", "x"], code),
                (["-m", "package", "x"], ""),
                (["package", "x"], ""),
                (["zipped.pyz", "x"], ""),
                (["-m", "nested.deep.tool"], ""),
                (["plain.pyc", "x"], ""),
                (["-m", "runpy", "plain"], ""),
                (["-c", "import runpy; runpy.run_path('plain.py', run_name='__main__')"], ""),
                (["-c", "import runpy; runpy.run_module('package', alter_sys=True)"], ""),
                (["-c", "exec(compile(open('plain.py').read(), '<frozen main>', 'exec'))"], ""),
            ):
                with self.subTest(command=command[:2]):
                    self.assertIn("timed out", self.both(command, folder, stdin)[1])

    def test_interactive(self):
        lines = WORK.replace("async def main", "\nasync def main") + "\nasyncio.run(main())\n1/0\nexit(4)\n"
        with tempfile.TemporaryDirectory() as folder:
            # The REPL of 3.13 starts an interpreter of its own kind only on a terminal.
            self.assertEqual(self.both(["-i", "-q"], folder, lines)[0], 4)

    def test_doctest_and_unittest(self):
        text = textwrap.dedent(
            """
            import asyncio, unittest
            def answer():
                '''
                >>> asyncio.run(asyncio.sleep(0, 42))
                42
                '''
            class Case(unittest.IsolatedAsyncioTestCase):
                async def asyncSetUp(self): await asyncio.sleep(0)
                async def test_one(self): await asyncio.sleep(0)
                async def test_two(self): self.fail("no")
            """
        )
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "cases.py"), "w") as file:
                file.write(text)
            self.both(["-m", "doctest", "cases.py"], folder)
            ends = []
            for way in (None, "file:" + os.path.join(folder, "trace")):
                done = subprocess.run(
                    [sys.executable, "-m", "unittest", "cases"], cwd=folder, env=traced.environment(way), capture_output=True, timeout=60
                )
                # The loop of such a case is in debug mode: it says which steps were slow on a busy machine.
                timeless = re.sub(rb"in [0-9.]+s|Executing .* took [0-9.]+ seconds\n", b"", done.stderr)
                ends.append((done.returncode, done.stdout, timeless))
            self.assertEqual(*ends)


class Tools(Compared):
    def test_setprofile_and_settrace_see_the_program(self):
        for setter in ("setprofile", "settrace"):
            with self.subTest(setter=setter):
                self.same(
                    WORK
                    + """
import os, sys, threading
seen = []
def hook(frame, event, arg):
    name = os.path.basename(frame.f_code.co_filename)
    if name == "app.py" and event in ("call", "return", "line", "exception"):
        seen.append((frame.f_code.co_name, event, frame.f_lineno))
    return hook
threading.%s(hook)
sys.%s(hook)
asyncio.run(main())
sys.%s(None)
print(seen)
"""
                    % (setter, setter, setter)
                )

    def test_profilers(self):
        self.same(
            WORK
            + """
import cProfile, pstats, io
profile = cProfile.Profile()
profile.runcall(asyncio.run, main())
text = io.StringIO()
stats = pstats.Stats(profile, stream=text).stats
print(sorted((name, calls[0], calls[1]) for (file, line, name), calls in stats.items() if file.endswith("app.py")))
"""
        )

    def test_tracemalloc(self):
        self.same(
            WORK
            + """
import tracemalloc
tracemalloc.start(10)
asyncio.run(main())
kept = [bytearray(1000) for _ in range(50)]
found = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, __file__)]).statistics("lineno")
most = max(found, key=lambda s: s.size)
print(most.traceback[0].lineno, most.count >= 50, tracemalloc.is_tracing())
""",
        )

    def test_faulthandler(self):
        self.same(
            WORK
            + """
import faulthandler, os, signal, sys
async def crash():
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1, all_threads=False)
    faulthandler.dump_traceback_later(60, exit=True)
    faulthandler.cancel_dump_traceback_later()
    await main()
    os.kill(os.getpid(), signal.SIGABRT)
sys.stderr = sys.__stdout__
try:
    faulthandler.enable(file=open(os.devnull, "w"))
    asyncio.run(main())
finally:
    print(faulthandler.is_enabled())
""",
        )

    def test_warnings_are_errors(self):
        self.same(
            WORK
            + """
import warnings
async def asks():
    await main()
    try:
        warnings.warn("mine", DeprecationWarning)
    except DeprecationWarning as exc:
        print(exc)
asyncio.run(asks())
""",
            options=["-W", "error"],
        )

    def test_audit_hooks_hear_nothing_of_ours(self):
        self.same(
            """
            import sys
            heard = []
            sys.addaudithook(lambda event, args: heard.append(event))
            import asyncio
            async def main(): await asyncio.sleep(0.2)
            asyncio.run(main())
            heard = set(heard) - {"sys._getframe"}  # the recorder looks where a task was made
            print(sorted({e for e in heard if e.split(".")[0] in ("socket", "open", "subprocess", "_thread", "sys")}))
            """,
            LOOPSCOPE_BLOCK_MS="60000",  # a step that is slow on a busy machine is looked at, which they hear
        )

    @unittest.skipUnless(installed("coverage"), "coverage is not installed here")
    def test_coverage(self):
        source = textwrap.dedent(RUN + "async def never_called():\n    await asyncio.sleep(1)\n")
        counted = []
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "app.py"), "w") as file:
                file.write(source)
            for core in ("ctrace", "pytrace", "sysmon")[: 3 if sys.version_info >= (3, 12) else 2]:
                ends = []
                for way in (None, "file:" + os.path.join(folder, "trace")):
                    env = traced.environment(way, COVERAGE_CORE=core)
                    ran = self.tool(["-m", "coverage", "run", "--branch", "--source", ".", "app.py"], folder, env)
                    shown = self.tool(["-m", "coverage", "report", "-m"], folder, traced.environment())
                    ends.append((ran, shown))
                self.assertEqual(*ends)
                counted.append(ends[0][1][1])
                self.assertGreater(os.path.getsize(os.path.join(folder, "trace")), 200)
        self.assertIn(b"app.py", counted[0])

    @unittest.skipUnless(installed("debugpy"), "debugpy is not installed here")
    def test_debugger(self):
        """A breakpoint in a coroutine, reached under a debugger: the same stops, values and output."""
        source = textwrap.dedent(RUN)
        line = source.splitlines().index("    return n") + 1
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "app.py")
            with open(path, "w") as file:
                file.write(source)
            plain = self.debugged(path, line, None)
            shown = self.debugged(path, line, "file:" + os.path.join(folder, "trace"))
            self.assertEqual(shown, plain)
            self.assertEqual([stop[1] for stop in plain[0]], ["0", "1", "2"])
            self.assertGreater(os.path.getsize(os.path.join(folder, "trace")), 200)

    @unittest.skipUnless(installed("debugpy") and installed("coverage"), "debugpy or coverage is not installed here")
    @unittest.skipIf(sys.version_info < (3, 12), "before sys.monitoring, only one of them can have the trace function")
    def test_debugger_and_coverage_at_once(self):
        source = textwrap.dedent(RUN)
        line = source.splitlines().index("    return n") + 1
        ends = []
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "app.py")
            with open(path, "w") as file:
                file.write(source)
            for channel in (None, "file:" + os.path.join(folder, "trace")):
                data = os.path.join(folder, "data")
                stops = self.debugged(path, line, channel, ["-m", "coverage", "run", "--branch", "--source", folder], COVERAGE_FILE=data)
                shown = self.tool(["-m", "coverage", "report", "-m"], folder, traced.environment(COVERAGE_FILE=data))
                ends.append((stops, shown))
            self.assertEqual(*ends)
            (stops, _, _, _), (_, shown, _) = ends[0]
            self.assertEqual([stop[1] for stop in stops], ["0", "1", "2"])
            self.assertIn(b"app.py", shown)
            self.assertGreater(os.path.getsize(os.path.join(folder, "trace")), 200)

    def debugged(self, path, line, channel, tool=(), **variables):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-X", "frozen_modules=off", "-m", "debugpy", "--listen", "127.0.0.1:%d" % port, "--wait-for-client", *tool, path]
        process = subprocess.Popen(command, env=traced.environment(channel, **variables), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            client = dap.Client(port)
            client.ask("initialize", adapterID="test")
            client.send("attach", justMyCode=True)
            client.event("initialized")
            client.ask("setBreakpoints", source={"path": path}, breakpoints=[{"line": line}])
            client.ask("configurationDone")
            stops = []
            for _ in range(3):
                thread = client.event("stopped")["threadId"]
                frames = client.ask("stackTrace", threadId=thread)["stackFrames"]
                value = client.ask("evaluate", expression="n", frameId=frames[0]["id"], context="watch")["result"]
                stops.append((frames[0]["line"], value, [f["name"] for f in frames if f["source"].get("path") == path]))
                client.ask("continue", threadId=thread)
            client.event("terminated")
            client.close()
            out, err = process.communicate(timeout=60)
        except EOFError as exc:
            out, err = process.communicate(timeout=60)
            ended = "the program ended with %s\n%s\n%s" % (process.returncode, out.decode(), err.decode())
            raise AssertionError("%s: %s\n%s" % (exc, client.waiting, ended)) from None
        finally:
            process.kill()
        return stops, process.returncode, out, err

    def tool(self, command, folder, env):
        done = subprocess.run([sys.executable, *command], cwd=folder, env=env, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.returncode, done.stdout, done.stderr


if __name__ == "__main__":
    unittest.main()
