"""A program at its limits: no more files, no more disk, signals at every moment, threads and loops at the end of the interpreter."""

import os
import socket
import sys
import tempfile
import unittest

from . import traced
from .same import Compared


class Limits(Compared):
    def test_out_of_file_descriptors(self):
        self.same(
            """
            import asyncio, os, resource
            async def main():
                resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
                files = []
                try:
                    while True:
                        files.append(os.open(__file__, os.O_RDONLY))
                except OSError as exc:
                    print(exc.strerror)
                try:
                    await asyncio.open_connection("127.0.0.1", 1)
                except OSError as exc:
                    print(exc.strerror)
                await asyncio.sleep(0.15)
                for file in files: os.close(file)
                print(await asyncio.to_thread(len, "fine"))
            asyncio.run(main())
            """
        )

    def test_descriptors_have_the_numbers_they_have_untraced(self):
        self.same(
            """
            import asyncio, os
            async def main():
                loop = asyncio.get_running_loop()
                with open(__file__) as file:
                    print(file.fileno(), os.pipe(), loop._ssock.fileno(), loop._csock.fileno())
            asyncio.run(main())
            """
        )

    def test_a_daemon_closes_all_descriptors(self):
        """And uses their numbers for files of its own: they are neither written to nor closed."""
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
            listener.bind(os.path.join(folder, "socket"))
            listener.listen()
            for channel in {}, {"LOOPSCOPE_CHANNEL": "unix:" + listener.getsockname()}:
                with self.subTest(channel=channel):
                    shown = self.same(
                        """
                        import os
                        mine = os.open("mine", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
                        os.closerange(3, mine), os.closerange(mine + 1, 4096)
                        for fd in range(900, 1024):
                            os.dup2(mine, fd)
                        import asyncio
                        async def work():
                            for _ in range(30): await asyncio.sleep(0.005)
                        async def main():
                            await asyncio.gather(*[work() for _ in range(20)])
                        asyncio.run(main())
                        print(os.fstat(mine).st_size, [os.fstat(fd).st_size for fd in range(900, 1024)] == [0] * 124)
                        """,
                        recorded=False,
                        **channel,
                    )
                    self.assertEqual(shown.out, b"0 True\n")

    def test_file_as_large_as_allowed(self):
        shown = self.same(
            """
            import asyncio, resource
            resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
            async def work():
                for _ in range(3000): await asyncio.sleep(0)
            async def main():
                await asyncio.gather(*[work() for _ in range(5)])
                await asyncio.sleep(0.1)
                print("fine")
            asyncio.run(main())
            """,
            recorded=False,
        )
        self.assertLessEqual(len(shown.data), 20000)

    def test_signals_that_the_program_blocks(self):
        """They wait for whoever asks for them: no thread of ours takes them, by which the program would be killed."""
        with tempfile.TemporaryDirectory() as folder:
            for detail in ("full", "dormant"):
                with self.subTest(detail=detail):
                    shown = self.same(
                        """
                        import asyncio, os, signal, threading
                        blocked = {signal.SIGUSR1, signal.SIGTERM, signal.SIGHUP, signal.SIGRTMIN}
                        signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
                        async def main():
                            waiting = asyncio.create_task(asyncio.to_thread(signal.sigwait, {signal.SIGRTMIN}))
                            for number in sorted(blocked):
                                os.kill(os.getpid(), number)
                            print(await waiting)
                            if os.fork() == 0:
                                os._exit(0)
                            await asyncio.sleep(0)  # our thread begins again
                            for number in sorted(blocked - {signal.SIGRTMIN}):
                                print(signal.sigtimedwait({number}, 5).si_signo)
                        asyncio.run(main())
                        """,
                        options=["-W", "ignore"],
                        recorded=detail == "full",
                        LOOPSCOPE_DETAIL=detail,
                        LOOPSCOPE_CONTROL=folder,
                    )
                    self.assertEqual(shown.code, 0)

    def test_signals_at_every_moment(self):
        self.same(
            """
            import asyncio, signal, time
            seen = 0
            def handler(number, frame):
                global seen
                seen += 1
            async def work(end):
                while time.monotonic() < end: await asyncio.sleep(0)
            async def main():
                lock = asyncio.Lock()
                end = time.monotonic() + 0.5
                await asyncio.gather(*[work(end) for _ in range(5)], asyncio.to_thread(time.sleep, 0.2))
                reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
                writer.write(b"fine\\n")
                print((await reader.readline()).decode().strip())
                writer.close()
            async def echo(reader, writer):
                writer.write(await reader.readline())
                writer.close()
            async def serve():
                global server
                server = await asyncio.start_server(echo, "127.0.0.1", 0)
                await main()
                server.close()
            signal.signal(signal.SIGALRM, handler)
            signal.setitimer(signal.ITIMER_REAL, 0.001, 0.0003)
            asyncio.run(serve())
            signal.setitimer(signal.ITIMER_REAL, 0)
            print(seen > 20)
            """
        )

    @unittest.skipIf(sys.version_info < (3, 11), "before the Runner of 3.11 asyncio itself loses a task to an interrupt now and then, and hangs")
    def test_interrupts_are_never_lost(self):
        self.same(
            """
            import asyncio, os, signal, threading
            async def work():
                while True: await asyncio.sleep(0)
            async def main():
                threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
                await asyncio.gather(*[work() for _ in range(5)])
            for _ in range(5):
                try:
                    asyncio.run(main())
                except KeyboardInterrupt:
                    print("interrupted")
            """
        )

    def test_collections_begin_in_the_threads_of_the_program(self):
        """Finalizers, and what is in `gc.callbacks`, run where they would untraced."""
        self.same(
            """
            import asyncio, gc, threading, time
            threads = set()
            gc.callbacks.append(lambda phase, info: threads.add(threading.get_ident()))
            gc.set_threshold(60)
            class Knot:
                def __init__(self): self.knot = self
                def __del__(self): threads.add(threading.get_ident())
            async def waits(event):
                await event.wait()
            async def main():
                event = asyncio.Event()
                waiting = [asyncio.create_task(waits(event)) for _ in range(300)]
                end = time.monotonic() + 1
                while time.monotonic() < end:
                    for _ in range(10): Knot()
                    await asyncio.sleep(0.001)
                event.set()
                await asyncio.gather(*waiting)
            asyncio.run(main())
            print(threads == {threading.get_ident()}, gc.isenabled())
            """
        )

    @unittest.skipIf(sys.version_info < (3, 12), "settrace_all_threads came with Python 3.12")
    def test_our_thread_is_not_traced(self):
        """Of what a profiler is told, some calls of C that end it are left."""
        self.same(
            """
            import asyncio, sys, threading
            seen = set()
            def tell(frame, event, arg):
                if not event.startswith("c_"):
                    seen.add(threading.get_ident() == main_thread)
            main_thread = threading.get_ident()
            async def main():
                for on, off in (threading.settrace_all_threads, sys.settrace), (threading.setprofile_all_threads, sys.setprofile):
                    await asyncio.sleep(0.1)  # so that our thread sleeps
                    on(tell)
                    for _ in range(10): await asyncio.sleep(0.02)
                    off(None)
                    print(seen)
            asyncio.run(main())
            """
        )

    def test_of_a_loop_that_is_gone_nothing_is_kept(self):
        """Programs that are not asynchronous run one for each request, for as long as they live."""
        shown = traced.run(
            """
            import asyncio, sys
            pump = sys.__spec__.loader_state["loopscope_runtime.tracing"].current.pump
            state = sys.__spec__.loader_state["loopscope_runtime.state"]
            async def main(): await asyncio.sleep(0)
            for _ in range(100): asyncio.run(main())
            pump.flush(True)
            pump.flush(True)
            print(len(pump.descriptions) < 50, len(state.streams) < 50)
            """
        )
        self.assertEqual((shown.out, shown.err), (b"True True\n", b""))

    def test_what_is_kept_of_a_task_that_waits(self):
        """One list, and what an attribute of a task takes: no frame objects, and nothing of each that is the same for all that wait there."""
        program = """
            import asyncio, gc, os, sys, tracemalloc

            async def below(depth, queue):
                await (below(depth - 1, queue) if depth else queue.get())

            async def again_and_again(queue):
                while True:
                    await below(3, queue)

            async def by_turns(queue):
                while True:
                    future = asyncio.get_running_loop().create_future()
                    queue._put(future)
                    await future
                    await below(1, queue)

            async def main():
                for function in again_and_again, by_turns:
                    queues = [asyncio.Queue() for _ in range(1000)]
                    tracemalloc.start()
                    tasks = [asyncio.create_task(function(queue)) for queue in queues]
                    for turn in range(6):
                        await asyncio.sleep(0.1)  # records are sent meanwhile
                        for queue in queues:
                            if queue.qsize():
                                queue.get_nowait().set_result(None)
                            else:
                                queue.put_nowait(None)
                    await asyncio.sleep(0.1)
                    gc.collect()
                    ours = [tracemalloc.Filter(True, "*loopscope_runtime*")]
                    size = sum(each.size for each in tracemalloc.take_snapshot().filter_traces(ours).statistics("filename"))
                    tracemalloc.stop()
                    print(size // len(tasks))
                    for task in tasks:
                        task.cancel()
            asyncio.run(main())
        """
        most = 750 if sys.version_info < (3, 11) else 450 if sys.version_info < (3, 14) else 360
        for detail in "full", "light":
            result = traced.run(program, LOOPSCOPE_DETAIL=detail)
            self.assertEqual((result.code, result.err), (0, b""))
            sizes = list(map(int, result.out.split()))
            self.assertTrue(len(sizes) == 2 and all(100 < size < most for size in sizes), (detail, sizes))

    def test_the_end_of_the_interpreter(self):
        self.same(
            """
            import asyncio, atexit, threading, time
            async def main():
                await asyncio.sleep(0.01)
            def at_exit():
                asyncio.run(main())
                print("a loop at exit")
            atexit.register(at_exit)
            def background():
                loop = asyncio.new_event_loop()
                loop.create_task(endless())
                loop.run_forever()
            async def endless():
                while True: await asyncio.sleep(0)
            threading.Thread(target=background, daemon=True).start()
            class Last:
                def __del__(self):
                    try: asyncio.run(main())
                    except BaseException as exc: print(type(exc).__name__)
                    else: print("a loop in a finalizer")
            keep = Last()
            asyncio.run(main())
            print("end")
            """
        )

    def test_the_collector_comes_by_at_the_end(self):
        """What it finds while the last flush runs, and frees where no code of Python's runs, is told; nothing that is on its way is lost for it."""
        source = """
            import asyncio, atexit, gc, sys
            async def never():
                pass
            class Link:
                def __init__(self, n):
                    self.n, self.itself, self.coroutine = n, self, never()
                def __del__(self):
                    if self.n:
                        Link(self.n - 1)
            async def main():
                functions = {}
                for i in range(100):
                    exec("async def f%d(): pass" % i, functions)
                await asyncio.gather(*[functions["f%d" % i]() for i in range(100)])
            atexit.register(lambda: (Link(30), gc.set_threshold(int(sys.argv[1]))))
            asyncio.run(main())
            print("end")
            """
        for threshold in ("1", "20"):
            with self.subTest(threshold=threshold):
                result = traced.run(source, threshold, options=("-W", "ignore"))
                self.assertEqual((result.code, result.out, result.err), (0, b"end\n", b""))
                run = result.run
                works = [task for task in run.tasks if task.coroutine.startswith("f")]
                self.assertEqual((run.stats[-1]["notes"], run.gaps, len(works), run.bye is None), ([], 0, 100, False))
                self.assertIn(("never-awaited", "never", None), run.faults)

    @unittest.skipIf(sys.version_info < (3, 13), "subinterpreters can be made by a module of this name since Python 3.13")
    def test_subinterpreters(self):
        """Looking at the frames of all threads, as is done for a step that takes long, crashes CPython while an interpreter is made."""
        shown = self.same(
            """
            import _interpreters, asyncio, os, sys
            if sys.version_info >= (3, 14):
                import concurrent.interpreters
            async def main():
                for _ in range(4):
                    own = _interpreters.create()
                    _interpreters.exec(own, "import os, sys, asyncio; print('loopscope' in ' '.join([*sys.path, *sys.modules]), flush=True)")
                    _interpreters.destroy(own)
                print(os.environ.get("PYTHONPATH"))
            asyncio.run(main())
            """,
            recorded=False,
        )
        self.assertEqual(shown.run.stats[-1]["dropped"], 0)

    def test_exits_in_the_midst(self):
        for how in ("os._exit(3)", "sys.exit(4)", "os.abort()", "os.kill(os.getpid(), 9)", "os.execv(sys.executable, [sys.executable, '-c', 'print(5)'])"):
            with self.subTest(how=how):
                self.same(
                    """
                    import asyncio, os, sys, threading
                    async def work():
                        while True: await asyncio.sleep(0)
                    async def main():
                        tasks = [asyncio.create_task(work()) for _ in range(5)]
                        await asyncio.sleep(0.15)
                        print("out", flush=True)
                        %s
                    asyncio.run(main())
                    """
                    % how
                )

    def test_another_program_in_the_place_of_this_one(self):
        """What was recorded is sent before."""
        for how in "os.execv('/bin/echo', ['echo', 'x'])", "os.execlp('echo', 'echo', 'x')", "os.execle('/bin/echo', 'echo', 'x', os.environ)":
            result = traced.run("import asyncio, os\nasync def main(): %s\nasyncio.run(main())" % how)
            self.assertEqual((result.code, result.out, result.err), (0, b"x\n", b""))
            self.assertEqual([task.coroutine for task in result.run.tasks], ["main"])
            self.assertIsNone(result.run.bye)


if __name__ == "__main__":
    unittest.main()
