"""A listener that is slow, gone or not there, a program that is killed or forks: the program never suffers, and loss is told."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import unittest

from . import decode, traced

BUSY = """
import asyncio, sys
async def work():
    while True:
        await asyncio.sleep(0)
async def main(seconds):
    tasks = [asyncio.create_task(work()) for _ in range(20)]
    await asyncio.sleep(seconds)
    for t in tasks: t.cancel()
    print("fine")
asyncio.run(main(float(sys.argv[1])))
"""
NEVER = "Drain.turn = lambda self: 3600.0\n"  # the drain thread does nothing


class Listener:
    """A Unix socket whose connections are read, or not, by the test."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="loopscope-test-")
        self.path = os.path.join(self.folder.name, "s")
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.path)
        self.socket.listen(8)
        return self

    def __exit__(self, *exc):
        self.socket.close()
        self.folder.cleanup()

    def start(self, source, *args, **extra):
        program = os.path.join(self.folder.name, "app.py")
        with open(program, "w") as file:
            file.write(textwrap.dedent(source))
        return subprocess.Popen(
            [sys.executable, program, *args],
            env=traced.environment("unix:" + self.path, **extra),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def accept(self):
        self.socket.settimeout(30)
        connection, _ = self.socket.accept()
        connection.settimeout(30)
        return connection


def read_all(connection):
    data = bytearray()
    try:
        while part := connection.recv(1 << 20):
            data += part
    except ConnectionResetError:
        pass
    connection.close()
    return bytes(data)


class Faults(unittest.TestCase):
    def finish(self, process, code=0, out=b"fine\n"):
        stdout, stderr = process.communicate(timeout=60)
        self.assertEqual((process.returncode, stdout, stderr), (code, out, b""))

    def test_streams_to_a_socket(self):
        with Listener() as listener:
            process = listener.start(BUSY, "0.2", LOOPSCOPE_TOKEN="secret")
            run = decode.Run(read_all(listener.accept()))
            self.finish(process)
        self.assertEqual((run.hello["token"], run.gaps, run.left_over), ("secret", 0, 0))
        self.assertEqual((run.hello["cwd"], run.hello["pid"]), (os.getcwd(), process.pid))
        self.assertIn("BaseEventLoop.close", run.hello["patched"])
        self.assertIsNotNone(run.bye)
        self.assertEqual(sum(t.coroutine == "work" and t.outcome == "cancelled" for t in run.tasks), 20)

    def test_listener_stalls_then_reads(self):
        with Listener() as listener:
            process = listener.start(BUSY, "6")
            connection = listener.accept()
            first = connection.recv(1000)  # and then nothing, until the ring has overflowed
            self.assertEqual(process.stdout.readline(), b"fine\n")
            run = decode.Run(first + read_all(connection))
            process.communicate(timeout=30)
        self.assertEqual(run.left_over, 0)
        stats = run.stats[-1]
        if run.gaps:
            self.assertGreater(stats["dropped"], 0)

    @unittest.skipUnless(os.path.exists("/proc/self/status"), "memory is read from /proc")
    def test_memory_with_a_stalled_listener(self):
        """As fast as it can, for a listener that reads nothing: the program's peak stays bounded.

        16 MB are wanted, and up to 32 were measured (docs/conformance.md); without a bound it would be hundreds.
        """
        for turn in ("await asyncio.sleep(0)", "await asyncio.gather(*[asyncio.sleep(0) for _ in range(50)])"):
            source = """
                import asyncio, re
                async def work(loop, end):
                    while loop.time() < end:
                        %s
                async def main():
                    loop = asyncio.get_running_loop()
                    await asyncio.gather(*[work(loop, loop.time() + 2) for _ in range(20)])
                asyncio.run(main())
                print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
            """
            with self.subTest(turn=turn), Listener() as listener:
                plain = traced.run(source % turn, traced=False)
                process = listener.start(source % turn)
                with listener.accept():
                    out, err = process.communicate(timeout=60)
                self.assertEqual((process.returncode, err), (0, b""))
                grown = (int(out) - int(plain.out)) / 1024
                print("grown by %.1f MB" % grown, file=sys.stderr)
                self.assertLess(grown, 64)

    def test_listener_goes_away(self):
        with Listener() as listener:
            process = listener.start(BUSY, "0.5")
            connection = listener.accept()
            connection.recv(1000)
            connection.close()
            self.finish(process)

    def test_no_listener(self):
        for channel in ("unix:/nowhere/at/all", "tcp:127.0.0.1:1", "nonsense", "file:/nowhere/at/all"):
            with self.subTest(channel=channel):
                result = traced.run("import asyncio; asyncio.run(asyncio.sleep(0)); print('fine')", LOOPSCOPE_CHANNEL=channel)
                self.assertEqual((result.code, result.out, result.err), (0, b"fine\n", b""))

    def test_broken_recorder(self):
        """Whatever part of the recorder is damaged, the program runs as if it were not there."""
        package = os.path.join("python", "loopscope_runtime")
        with tempfile.TemporaryDirectory() as folder:
            runtime = os.path.join(folder, "runtime")
            shutil.copytree(os.path.join(traced.ROOT, "runtime"), runtime)
            modules = sorted(name for name in os.listdir(os.path.join(runtime, package)) if name.endswith(".py"))
            for i, name in enumerate(modules):
                path = os.path.join(runtime, package, name)
                with open(path) as file:
                    whole = file.read()
                with self.subTest(module=name):
                    with open(path, "w") as file:
                        file.write(whole + ("\nraise RuntimeError('damaged')\n" if i % 2 else "\ndef (:\n"))
                    result = traced.run(BUSY, "0.01", PYTHONPATH=os.path.join(runtime, "python", "site"))
                    self.assertEqual((result.code, result.out, result.err), (0, b"fine\n", b""))
                with open(path, "w") as file:
                    file.write(whole)

    @contextlib.contextmanager
    def site_of(self, module, lines):
        """The way into a recorder that has more lines at the end of one of its modules."""
        with tempfile.TemporaryDirectory() as folder:
            runtime = os.path.join(folder, "runtime")
            shutil.copytree(os.path.join(traced.ROOT, "runtime"), runtime)
            with open(os.path.join(runtime, "python", "loopscope_runtime", module + ".py"), "a") as file:
                file.write("\n%s\n" % lines)
            yield os.path.join(runtime, "python", "site")

    def changed(self, module, lines, source, *args):
        """What becomes of a program whose recorder was changed so."""
        with self.site_of(module, lines) as site:
            result = traced.run(source, *args, PYTHONPATH=site)
        self.assertEqual((result.code, result.out), (0, b"fine\n"), result.err.decode())
        return result

    def failing(self, module, function, error, lines="", seconds="0.2"):
        """What a run tells in the end whose recorder has a function that always fails."""
        result = self.changed(module, "def %s(*args):\n    raise %s('damaged')\n%s" % (function, error, lines), BUSY, seconds)
        self.assertEqual(result.err, b"")
        return result.run.stats[-1]["notes"] if result.run else None

    def test_loops_flush_themselves(self):
        """To a socket, which never makes them wait, the loops send: the drain thread is not needed, nor how late it is."""
        with self.site_of("drain", NEVER + "LATE_NS = 3600_000_000_000") as site, Listener() as listener:
            process = listener.start(BUSY, "1", PYTHONPATH=site)
            run = decode.Run(read_all(listener.accept()))
            self.finish(process)
        self.assertEqual((run.gaps, run.stats[-1]["dropped"], run.stats[-1]["notes"], run.left_over), (0, 0, [], 0))
        self.assertGreater(len([beat for beat in run.beats if beat]), 3)

    def test_loops_flush_when_the_thread_does_not(self):
        """The drain thread never gets to run: the loops send what they have, in time and in full."""
        result = self.changed("drain", NEVER, BUSY, "1")
        beats = [beat[0][1] / 1e9 for beat in result.run.beats if beat]
        apart = [b - a for a, b in zip(beats, beats[1:])]
        self.assertGreater(len(beats), 3)
        self.assertEqual((result.run.gaps, result.run.stats[-1]["dropped"], result.run.left_over), (0, 0, 0))
        print("heartbeats at most %.0f ms apart" % (1e3 * max(apart)), file=sys.stderr)

    def test_loops_do_not_wait_for_the_thread(self):
        """The drain thread gets no processor in the midst of a look at the loops: they flush meanwhile."""
        lines = NEVER + """
LATE_NS = 0
collect, flushes = Drain.collect, []
def counted(self, final):
    collect(self, final)
    flushes.append(final)
Drain.collect = counted
def look():
    end = now() + 20e9
    with state.looking:
        while len(flushes) < 5:
            if now() > end:
                state.note("a loop waited for the look")
                return
            time.sleep(0.001)
start_new_thread(look, ())
"""
        run = self.changed("drain", lines, BUSY, "0.2").run
        self.assertEqual(run.stats[-1]["notes"], [])
        self.assertEqual({beat[0][0] for beat in run.beats if beat}, {1})

    def test_handlers_that_raise_in_a_flush(self):
        """Flushes of the loops' threads broken off in the midst, as by signal handlers: no record is lost; of what they name, what is on its way, and that is told."""
        raising = NEVER + """
LATE_NS = 0
calls = iter(range(1_000_000))
def broken_off(*args):
    n = next(calls)
    if n % 7 == 3 and n < 100:
        raise KeyboardInterrupt
    result = stock(*args)
    if n % 7 == 5 and n < 100:
        raise KeyboardInterrupt
    return result
"""
        source = """
            import asyncio
            async def work(i):
                for _ in range(300): await asyncio.sleep(0.001)
                if i < 5: await asyncio.create_task(work(9), name="again %d" % i)
            async def main():
                await asyncio.gather(*[asyncio.create_task(work(i), name="worker %d" % i) for i in range(5)])
            loop = asyncio.new_event_loop()
            task = loop.create_task(main())
            breaks = 0
            while not task.done():
                try: loop.run_until_complete(task)
                except KeyboardInterrupt: breaks += 1
            print("fine" if breaks > 10 else breaks)
        """
        names = {*("worker %d" % i for i in range(5)), *("again %d" % i for i in range(5))}
        for place in ("Drain.put_records", "channel.Channel.pump", "codes.take"):
            with self.subTest(place=place):
                lines = "from . import channel\nstock, %s = %s, broken_off" % (place, place)
                run = self.changed("drain", raising + lines, source).run
                self.assertEqual((run.left_over, [n for s in run.stats for n in s["notes"]], run.bye is None), (0, [], False))
                self.assertEqual({t.name: t.outcome for t in run.tasks if t.coroutine == "work"}, dict.fromkeys(names, "returned"))
                if place != "codes.take":
                    self.assertEqual(run.gaps, 0)

    def test_search_fails(self):
        """The program changes what is searched: nothing is lost by it. Anything else ends the search alone, and is told."""
        self.assertEqual(self.failing("abandoned", "look", "RuntimeError"), [])
        notes = self.failing("abandoned", "look", "ValueError")
        self.assertEqual(notes, ["the search for lost tasks was switched off: ValueError: damaged"])

    def test_drain_fails(self):
        """A recording that breaks off says so with its last words, whoever flushes when it does: its thread, a loop, or the exit."""
        words = ["the drain failed: ValueError: damaged"]
        broken = "wire.records_frame = broken\n"
        late = "LATE_NS = 3600_000_000_000\n"
        for slow, seconds in ((late, "0.2"), (NEVER, "0.2"), (NEVER + late, "0.001")):
            with self.subTest(slow=slow):
                self.assertEqual(self.failing("drain", "broken", "ValueError", broken + slow, seconds), words)
        self.assertIsNone(self.failing("codes", "take", "ValueError"))  # before there is anything to record

    def test_faults_are_told_at_the_exit(self):
        """A loop's own part fails, which switches tracing off: the end of the program, however it comes, says so."""
        source = "import asyncio, os\nasyncio.run(asyncio.sleep(0.001))\nprint('fine', flush=True)\n"
        for end in ("", "os._exit(0)", "if hasattr(os, 'fork') and os.fork() == 0: os._exit(1)"):
            with self.subTest(end=end):
                broken = "def suspended(*args):\n    raise ValueError('damaged')\nRecorder.suspended = suspended"
                result = self.changed("recorder", broken, source + end)
                self.assertEqual(result.err, b"")
                self.assertIsNotNone(result.run.bye)
                self.assertEqual(result.run.stats[-1]["notes"], ["tracing was switched off: _run_once failed: ValueError: damaged"])

    def test_a_label_cannot_be_read(self):
        """Code of the program runs where sources are read: its failure costs what was to be read."""
        result = traced.run(
            """
            import asyncio, linecache
            linecache.getline = None
            async def main():
                lock = asyncio.Lock()
                await lock.acquire()
                await asyncio.sleep(0.1)
            asyncio.run(main())
            """
        )
        self.assertEqual((result.code, result.err, result.run.stats[-1]["notes"]), (0, b"", []))
        self.assertEqual(result.run.find("main").outcome, "returned")

    def test_full_disk(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("this system has no /dev/full")
        result = traced.run(BUSY, "0.2", LOOPSCOPE_CHANNEL="file:/dev/full")
        self.assertEqual((result.code, result.out, result.err), (0, b"fine\n", b""))

    def test_killed(self):
        source = """
        import asyncio, os, time
        async def main():
            while True:
                await asyncio.sleep(0.001)
                print(time.monotonic_ns(), flush=True)
        asyncio.run(main())
        """
        with Listener() as listener:
            process = listener.start(source)
            connection = listener.accept()
            received = []
            reader = threading.Thread(target=lambda: received.append(read_all(connection)))
            reader.start()
            lines = [process.stdout.readline() for _ in range(100)]
            process.send_signal(signal.SIGKILL)
            last = int((lines + process.stdout.readlines())[-1])
            process.communicate()
            reader.join()
        run = decode.Run(received[0])
        seen = max(end for t in run.tasks for _, end in t.steps)
        self.assertLess(last / 1e6 - seen * 1e3, 1000, "milliseconds lost")
        print("lost %.0f ms" % (last / 1e6 - seen * 1e3), file=sys.stderr)

    def test_os_exit(self):
        result = traced.run(
            """
            import asyncio, os
            async def main():
                await asyncio.sleep(0.15)
                os._exit(7)
            asyncio.run(main())
            """
        )
        self.assertEqual((result.code, result.out, result.err), (7, b"", b""))
        self.assertEqual([p.function for p in result.run.find("main").suspensions[0]["stack"]], ["main", "sleep"])

    @unittest.skipUnless(hasattr(os, "fork"), "no fork here")
    def test_fork(self):
        source = """
        import asyncio, os, sys
        async def child():
            await asyncio.sleep(0.01)
        async def main():
            await asyncio.sleep(0.01)
        asyncio.run(main())
        pid = os.fork()
        if pid == 0:
            asyncio.run(child())
            sys.exit(0)
        os.waitpid(pid, 0)
        asyncio.run(main())
        print("fine")
        """
        with Listener() as listener:
            process = listener.start(source)
            run = decode.Run(read_all(listener.accept()))
            self.finish(process)
        self.assertEqual([t.coroutine for t in run.tasks].count("main"), 2)
        self.assertEqual((run.gaps, [t for t in run.tasks if t.coroutine == "child"]), (0, []))
        with Listener() as listener:
            process = listener.start(source, LOOPSCOPE_FOLLOW="1")
            first, second = listener.accept(), listener.accept()
            parts = {}
            threads = [threading.Thread(target=lambda c=c: parts.__setitem__(c, read_all(c))) for c in (first, second)]
            [t.start() for t in threads]
            [t.join() for t in threads]
            self.finish(process)
        parent, child = decode.Run(parts[first]), decode.Run(parts[second])
        self.assertEqual(child.hello["ppid"], parent.hello["pid"])
        self.assertEqual(child.find("child").outcome, "returned")
        self.assertIsNotNone(child.bye)

    def test_many_tasks(self):
        result = traced.run(
            """
            import asyncio
            async def wait(e):
                await e.wait()
            async def main():
                e = asyncio.Event()
                ts = [asyncio.create_task(wait(e)) for _ in range(20000)]
                await asyncio.sleep(0)
                e.set()
                await asyncio.gather(*ts)
            asyncio.run(main())
            """
        )
        self.assertEqual(result.code, 0, result.err.decode())
        done = [t for t in result.run.tasks if t.coroutine == "wait" and t.outcome == "returned"]
        self.assertEqual(len(done), 20000)

    def test_collector_runs_inside(self):
        result = traced.run(
            """
            import asyncio, gc
            gc.set_threshold(5)
            waiters = []
            loop = asyncio.new_event_loop()
            class Cycle:
                def __init__(self): self.me = self
                def __del__(self):
                    f = loop.create_future(); f.add_done_callback(lambda f: None); f.set_result(1)
                    if waiters: waiters.pop().set_result(1)
            async def work():
                for i in range(500):
                    Cycle()
                    f = loop.create_future(); waiters.append(f)
                    loop.call_soon(lambda f=f: f.done() or f.set_result(0))
                    await f
            async def nest(d):
                return await (nest(d - 1) if d else work())
            async def main():
                await asyncio.gather(*[nest(5) for _ in range(5)])
            loop.run_until_complete(main())
            """
        )
        self.assertEqual(result.code, 0, result.err.decode())
        self.assertEqual(result.run.stats[-1]["notes"], [])
        for task in result.run.tasks:
            for row in task.suspensions:
                self.assertIn(row["stack"][0].function, ("nest", "main", "shutdown_asyncgens"))


if __name__ == "__main__":
    unittest.main()
