"""A traced program behaves as an untraced one: what it prints, how it ends, what it can see."""

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
from importlib.util import find_spec

from . import traced
from .same import Compared


class SameBehaviour(Compared):
    def test_what_it_sees(self):
        self.same(
            """
            import asyncio, contextvars, os, sys, threading
            print(sys.argv[1:], __name__, sys.path[0] == os.path.dirname(os.path.abspath(__file__)))
            print([p for p in sys.path if "loopscope" in p], [m for m in sys.modules if "loopscope" in m])
            print(sorted(k for k in os.environ if k.startswith(("LOOPSCOPE", "PYTHONPATH"))))
            print([type(f).__name__ for f in sys.meta_path if "oopscope" in type(f).__module__])
            var = contextvars.ContextVar("v", default=0)
            async def child():
                print(var.get())
                var.set(2)
                await asyncio.sleep(0)
                print(var.get())
            async def main():
                var.set(1)
                t = asyncio.create_task(child(), name="c")
                print(repr(t).split(" created")[0])
                await asyncio.sleep(0)
                print(repr(t).split(" created")[0], t.get_coro().cr_code.co_name, t.get_stack())
                t.print_stack(file=sys.stdout)
                print(sorted(x.get_name() for x in asyncio.all_tasks()), asyncio.current_task().get_name())
                await t
                print(var.get(), [th.name for th in threading.enumerate()])
                handle = asyncio.get_running_loop().call_soon(print, 1)
                print(handle)
                print(asyncio.get_running_loop().get_task_factory(), asyncio.get_running_loop())
                lock = asyncio.Lock(); q = asyncio.Queue(); s = asyncio.Semaphore(2); e = asyncio.Event()
                print(sorted(vars(lock)), sorted(vars(q)), sorted(vars(s)), sorted(vars(e)), lock, q, s, e)
                async with lock, s:
                    print(lock, s, vars(s)["_value"], vars(lock)["_locked"])
            asyncio.run(main())
            """,
            "one",
            "--two",
            "-m",
        )

    def test_modules(self):
        source = """
            import sys
            names = set(sys.modules)
            print(sorted(n for n in names if n in ("asyncio", "json", "threading", "socket", "ssl", "inspect", "linecache", "typing")))
        """
        self.same(source)

    def test_selectors(self):
        """Events arrive while the loop never waits; what somebody puts in the place of `select` is asked, and told what came."""
        self.same(
            """
            import asyncio, os, selectors
            async def busy(turns):
                while turns[0]:
                    await asyncio.sleep(0)
            async def main():
                loop = asyncio.get_running_loop()
                turns = [1]
                spinning = asyncio.create_task(busy(turns))
                a, b = os.pipe()
                got = loop.create_future()
                loop.add_reader(a, got.set_result, "readable")
                loop.call_soon(os.write, b, b"x")
                print(await got, os.read(a, 10))
                loop.remove_reader(a)
                wrote = loop.create_future()
                loop.add_writer(b, lambda: wrote.done() or wrote.set_result("writable"))
                print(await wrote)
                loop.remove_writer(b)
                stock, asked = loop._selector.select, []
                loop._selector.select = lambda timeout: asked.append(timeout) or stock(timeout)
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                print(asked)
                del loop._selector.select
                kind = type(loop._selector)
                stock = kind.select
                kind.select = lambda self, timeout=None: asked.append(timeout) or stock(self, timeout)
                await asyncio.sleep(0)
                kind.select = stock
                await asyncio.sleep(0)
                print(asked)
                told, stock = [], loop._process_events
                loop._process_events = lambda events: told.append(len(events)) or stock(events)
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                del loop._process_events
                print(told)
                kind = next(cls for cls in type(loop).__mro__ if "_process_events" in cls.__dict__)
                stock = kind._process_events
                kind._process_events = lambda self, events: told.append(len(events)) or stock(self, events)
                await asyncio.sleep(0)
                kind._process_events = stock
                await asyncio.sleep(0)
                print(told)
                turns[0] = 0
                await spinning
            asyncio.run(main())
            """
        )

    def test_exceptions(self):
        for body in (
            "raise ValueError('x')",
            "import sys; sys.exit(3)",
            "import sys; sys.exit('bye')",
            "raise KeyboardInterrupt",
            "raise SystemExit",
            "loop.call_soon(lambda: 1 / 0); await asyncio.sleep(0.01)",
            "def boom(): raise KeyboardInterrupt\n    loop.call_soon(boom); await asyncio.sleep(1)",
            "loop.call_later(0, lambda: 1 / 0); await asyncio.sleep(0.01)",
            "await asyncio.wait_for(asyncio.sleep(1), 0.001)",
            "await asyncio.gather(child(), asyncio.sleep(0.01))",
            "asyncio.create_task(child()); await asyncio.sleep(0.01)",
            "child()",
            "loop.call_soon_threadsafe(lambda: 1 / 0); await asyncio.sleep(0)",
            "await asyncio.shield(child())",
            "async with asyncio.TaskGroup() as g: g.create_task(child())",
            "asyncio.create_task(5)",
            "import traceback; print(len(traceback.format_stack()) > 3)",
        ):
            with self.subTest(body=body):
                self.same(
                    """
                    import asyncio
                    async def child():
                        raise LookupError("child")
                    async def main():
                        loop = asyncio.get_running_loop()
                        %s
                    asyncio.run(main())
                    """
                    % body.replace("\n", "\n                    "),
                    PYTHONASYNCIODEBUG=None,
                )

    def test_wake_ups_by_hand(self):
        """What wakes a task, scheduled as asyncio never does: with other arguments, twice, and taken back. Its handle looks like any."""
        self.same(
            """
            import asyncio

            async def waits(future):
                try:
                    return await future
                except asyncio.InvalidStateError as exc:
                    return repr(exc)

            async def main():
                loop = asyncio.get_running_loop()
                loop.set_exception_handler(lambda loop, context: print(context["message"], repr(context["exception"])))
                for arguments in (), (1, 2), "future", "taken back", "twice":
                    future = loop.create_future()
                    task = asyncio.create_task(waits(future))
                    await asyncio.sleep(0)
                    wake = future._callbacks[0][0]
                    handle = loop.call_soon(wake, *([future] if type(arguments) is str else arguments))
                    print(arguments, type(handle).__name__, repr(handle), handle.cancelled(), handle)
                    if arguments == "taken back":
                        handle.cancel()
                        print(repr(handle), handle.cancelled())
                    if arguments == "twice":
                        loop.call_soon(wake, future)
                    await asyncio.sleep(0)
                    if not future.done():
                        future.set_result("done")
                    try:
                        print(task.done() or await task)
                    except Exception as exc:
                        print(repr(exc))
                    await asyncio.sleep(0)

            asyncio.run(main())
            """
        )

    def test_closed_loop(self):
        self.same(
            """
            import asyncio
            loop = asyncio.new_event_loop()
            loop.run_until_complete(asyncio.sleep(0))
            loop.close()
            loop.call_soon(print)
            """
        )

    def test_pending_at_exit(self):
        self.same(
            """
            import asyncio
            async def forever():
                await asyncio.Event().wait()
            async def main():
                asyncio.create_task(forever())
                await asyncio.sleep(0.01)
            loop = asyncio.new_event_loop()
            loop.set_exception_handler(lambda loop, context: print(context["message"]))
            loop.run_until_complete(main())
            """
        )

    def test_loop_dropped_unclosed(self):
        self.same(
            """
            import asyncio, gc, weakref
            async def child():
                await asyncio.sleep(0.01)
            async def main():
                await asyncio.gather(*[child() for _ in range(200)])
            for _ in range(20):  # the drain thread looks at the loop now and then
                loop = asyncio.new_event_loop()
                loop.run_until_complete(main())
                gone = weakref.ref(loop)
                del loop
                gc.collect()
                print(gone())
            """,
            options=["-W", "always"],
        )

    def test_what_failed_goes_without_the_collector(self):
        program = """
            import asyncio, gc, sys, weakref
            class Failure(Exception):
                pass
            async def fails(wait):
                if wait is not None:
                    await asyncio.sleep(wait)
                raise Failure
            async def main():
                for wait in (None, 0, 0.001):
                    task = asyncio.create_task(fails(wait))
                    try:
                        await task
                    except Failure as exc:
                        seen = weakref.ref(exc)
                    del task
                    await asyncio.sleep(0)
                    print(wait, seen() is None)
            if sys.argv[1] == "uvloop":
                import uvloop
                loop = uvloop.new_event_loop()
            else:
                loop = asyncio.new_event_loop()
            loop.set_debug(sys.argv[2] == "debug")
            loop.slow_callback_duration = 60  # a busy machine is no news here
            gc.disable()
            loop.run_until_complete(main())
            loop.close()
        """
        for kind in ("asyncio", "uvloop") if find_spec("uvloop") else ("asyncio",):
            for mode in ("usual", "debug"):
                with self.subTest(kind, mode=mode):
                    self.assertNotIn(b"False", self.same(program, kind, mode).out)

    def test_debug_mode(self):
        self.same(
            """
            import asyncio, logging, re, sys
            class Neutral(logging.StreamHandler):
                def emit(self, record):
                    # Of an address: the name of the test's folder may have an "0x", too.
                    print(re.sub(r"[0-9.]+ seconds|0x[0-9a-f]{7,}", "", record.getMessage()).split("created at")[0])
            logging.basicConfig(level=logging.WARNING, handlers=[Neutral()])
            import time
            async def slow():
                time.sleep(0.15)
            async def main():
                await slow()
                await asyncio.sleep(0)
                asyncio.get_running_loop().slow_callback_duration = 60  # so that of a busy machine nothing else is said
            asyncio.run(main(), debug=True)
            """
        )

    def test_dev_mode_and_optimized(self):
        source = """
            import asyncio
            async def never(): pass
            async def main():
                asyncio.get_running_loop().slow_callback_duration = 60  # else a busy processor is reported
                never()
                assert False
            asyncio.run(main())
        """
        for options in (("-X", "dev"), ("-O",), ("-W", "always")):
            with self.subTest(options=options):
                self.same(source, options=options)

    def test_settrace(self):
        self.same(
            """
            import asyncio, os, sys
            seen = []
            def tracer(frame, event, arg):
                if event == "call":
                    seen.append((os.path.basename(frame.f_code.co_filename), frame.f_code.co_name))
                return None
            async def child():
                await asyncio.sleep(0)
            async def main():
                await asyncio.gather(child(), child())
            sys.settrace(tracer)
            asyncio.run(main())
            sys.settrace(None)
            print([s for s in seen if s[0] == "app.py"])
            """
        )

    def test_task_group_and_custom_loop(self):
        self.same(
            """
            import asyncio
            class Loop(asyncio.SelectorEventLoop):
                count = 0
                def call_soon(self, callback, *args, context=None):
                    self.count += 1
                    return super().call_soon(callback, *args, context=context)
            class Policy(asyncio.DefaultEventLoopPolicy):
                def new_event_loop(self):
                    return Loop()
            asyncio.set_event_loop_policy(Policy())
            async def main():
                await asyncio.gather(asyncio.sleep(0), asyncio.sleep(0.001))
                print(type(asyncio.get_running_loop()).__name__, asyncio.get_running_loop().count)
            asyncio.run(main())
            """
        )

    @unittest.skipIf(sys.version_info < (3, 12), "eager tasks came with Python 3.12")
    def test_eager_tasks_that_end_at_once(self):
        """CPython 3.12.1 crashes where such a task is asked for its coroutine."""
        self.same(
            """
            import asyncio
            async def child():
                return 1
            async def main():
                asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
                tasks = [asyncio.create_task(child()) for _ in range(3)]
                print([task.done() for task in tasks], len(asyncio.all_tasks()), await asyncio.gather(*tasks))
                await asyncio.sleep(0.1)
            asyncio.run(main())
            """
        )

    def test_user_sitecustomize(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "sitecustomize.py"), "w") as file:
                file.write("import sys; sys.mine = 'yes'\n")
            source = "import sys, asyncio, sitecustomize\nprint(sys.mine, 'loopscope' in sitecustomize.__file__)\nasyncio.run(asyncio.sleep(0))"
            plain = traced.run(source, traced=False, PYTHONPATH=folder)
            shown = traced.run(source, PYTHONPATH=traced.SITE + os.pathsep + folder, LOOPSCOPE_PYTHONPATH=folder)
            self.assertEqual(shown.out, plain.out)
            self.assertEqual(plain.out, b"yes False\n")

    def test_module_zipapp_and_stdin(self):
        with tempfile.TemporaryDirectory() as folder:
            package = os.path.join(folder, "package")
            os.mkdir(package)
            with open(os.path.join(package, "__main__.py"), "w") as file:
                file.write("import asyncio, sys\nprint(sys.argv[1:], __name__, sys.path[0][-7:])\nasyncio.run(asyncio.sleep(0))\n")
            subprocess.run([sys.executable, "-m", "zipapp", package, "-o", os.path.join(folder, "app.pyz")], check=True)
            for command in (["-m", "package", "x"], ["app.pyz", "x"], ["package", "x"], ["-c", "import asyncio; print(asyncio)"]):
                outputs = []
                for channel in (None, "file:" + os.path.join(folder, "trace")):
                    done = subprocess.run(
                        [sys.executable, *command], cwd=folder, env=traced.environment(channel), capture_output=True
                    )
                    outputs.append((done.returncode, done.stdout, done.stderr))
                self.assertEqual(*outputs)

    def test_signals(self):
        for number, code in ((signal.SIGINT, None), (signal.SIGTERM, -signal.SIGTERM), (signal.SIGKILL, -signal.SIGKILL)):
            with self.subTest(signal=number):
                ends = [self.interrupted(number, channel) for channel in (False, True)]
                self.assertEqual(*ends)
                if code is not None:
                    self.assertEqual(ends[0][0], code)

    def interrupted(self, number, with_trace):
        """How a program ends that gets the signal while its loop waits for events."""
        for _ in range(20):
            end = self.interrupted_once(number, with_trace)
            # Before 3.11 the interrupt is raised wherever Python is: now and then that is on the way to the wait.
            if number != signal.SIGINT or sys.version_info >= (3, 11) or b".poll(timeout" in end[2]:
                break
        return end

    def interrupted_once(self, number, with_trace):
        source = textwrap.dedent(
            """
            import asyncio, os
            async def main():
                # Said once main is parked: a signal that came earlier would find it elsewhere.
                asyncio.get_running_loop().call_soon(os.write, 1, b"ready\\n")
                try:
                    await asyncio.sleep(60)
                finally:
                    print("cleaning up")
            asyncio.run(main())
            """
        )
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "app.py")
            with open(path, "w") as file:
                file.write(source)
            env = traced.environment("file:" + os.path.join(folder, "trace") if with_trace else None)
            process = subprocess.Popen(
                [sys.executable, path], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder
            )
            self.assertEqual(process.stdout.readline(), b"ready\n")
            state = "/proc/%d/stat" % process.pid
            while os.path.exists(state) and open_and_read(state).rpartition(")")[2].split()[0] != "S":
                time.sleep(0.001)  # on a busy machine it is still to get from its write to the wait
            process.send_signal(number)
            out, err = process.communicate(timeout=30)
            return process.returncode, out, err.replace(folder.encode(), b"")


def open_and_read(path):
    with open(path) as file:
        return file.read()


if __name__ == "__main__":
    unittest.main()
