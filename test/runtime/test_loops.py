"""Loops that are run in other ways than by `asyncio.run`: nothing is missed, parents are right, and the program does the same."""

import os
import sys
import tempfile
import textwrap
import unittest
from importlib.util import find_spec

from . import decode, traced
from .same import Compared, neutral

WORK = """
    import asyncio, sys
    kept = []  # a key is used again once its task is gone, and the records of two loops are not read in the order of time
    async def leaf(n):
        kept.append(asyncio.current_task())
        await asyncio.sleep(0.001)
        return n
    async def branch(n):
        kept.append(asyncio.current_task())
        return await asyncio.gather(leaf(n), asyncio.create_task(leaf(n + 1)))
    async def main(n=0):
        kept.append(asyncio.current_task())
        async def later():
            await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        made = []
        loop.call_soon(lambda: made.append(loop.create_task(later())))
        print(await asyncio.create_task(branch(n)))
        await made[0]
"""
TREE = [("branch", "main"), ("later", None), ("leaf", "branch"), ("leaf", "branch"), ("main", None)]


class Loops(unittest.TestCase):
    def same(self, source, times=1, **options):
        """Runs WORK and more, both ways; main has to be seen so many times, with all that it makes."""
        plain = traced.run(whole(source), traced=False, **options)
        shown = traced.run(whole(source), **options)
        self.assertEqual((shown.code, shown.out, neutral(shown.err)), (plain.code, plain.out, neutral(plain.err)))
        self.assertEqual(shown.code, 0, shown.err.decode())
        self.complete(shown.run, times)
        return shown.run

    def complete(self, run, times):
        last = run.stats[-1]
        self.assertEqual((last["tasksMissed"], last["dropped"], last["notes"]), (0, 0, []))
        self.assertEqual(last["tasksSeen"], len(run.tasks))
        tasks = [task for task in run.tasks if task.coroutine.split(".")[-1] in ("branch", "later", "leaf", "main")]
        tree = sorted((task.coroutine.split(".")[-1], task.parent and task.parent.coroutine) for task in tasks)
        self.assertEqual(tree, sorted(TREE * times, key=lambda pair: (pair[0], pair[1] or "")))
        self.assertEqual({task.outcome for task in tasks}, {"returned"})

    @unittest.skipIf(sys.version_info < (3, 11), "asyncio.Runner came with Python 3.11")
    def test_runner(self):
        run = self.same(
            """
            with asyncio.Runner() as runner:
                runner.run(main())
                runner.run(main())
            class Loop(asyncio.SelectorEventLoop):
                pass
            with asyncio.Runner(loop_factory=Loop, debug=True) as runner:
                runner.get_loop().slow_callback_duration = 60
                runner.run(main())
            """,
            3,
        )
        self.assertEqual(len(run.loops), 2)

    @unittest.skipIf(sys.version_info < (3, 12), "asyncio.run(loop_factory=) came with Python 3.12")
    def test_loop_factory(self):
        run = self.same(
            """
            import selectors
            class Own(asyncio.SelectorEventLoop):
                def _run_once(self):
                    super()._run_once()
            asyncio.run(main(), loop_factory=asyncio.SelectorEventLoop)
            asyncio.run(main(), loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector()))
            asyncio.run(main(), loop_factory=Own)
            """,
            3,
        )
        self.assertEqual([loop["mode"] for loop in run.loops.values()], ["fast", "fast", "fallback"])

    @unittest.skipIf(sys.version_info < (3, 12), "asyncio.run(loop_factory=) came with Python 3.12")
    @unittest.skipUnless(find_spec("uvloop"), "uvloop is not installed here")
    def test_uvloop_as_a_factory(self):
        run = self.same("import uvloop\nasyncio.run(main(), loop_factory=uvloop.new_event_loop)\n")
        self.assertEqual([loop["kind"] for loop in run.loops.values()], ["uvloop.Loop"])

    @unittest.skipUnless(find_spec("rloop"), "rloop is not installed here")
    def test_rloop(self):
        run = self.same("import rloop\nloop = rloop.new_event_loop()\nloop.run_until_complete(main())\nloop.close()\n")
        self.assertEqual([(loop["kind"], loop["mode"]) for loop in run.loops.values()], [("rloop.RLoop", "fallback")])

    @unittest.skipUnless(find_spec("uvloop"), "uvloop is not installed here")
    def test_a_task_whose_coroutine_is_compiled(self):
        run = self.same(
            """
            import uvloop
            async def ask():
                await asyncio.create_task(asyncio.get_running_loop().getaddrinfo("127.0.0.1", 80), name="compiled")
            loop = uvloop.new_event_loop()
            loop.run_until_complete(main())
            loop.run_until_complete(ask())
            loop.close()
            """
        )
        task = run.find("getaddrinfo")
        self.assertEqual((task.name, task.parent.coroutine, task.outcome), ("compiled", "ask", "returned"))
        self.assertEqual([place.function for place in task.suspensions[0]["stack"]], ["getaddrinfo"])

    def test_pumped_by_another_main_loop(self):
        """What frameworks with a main loop of their own do: they let asyncio's run for a moment, again and again."""
        for turn in ("loop.call_soon(loop.stop); loop.run_forever()", "asyncio._set_running_loop(loop); loop._run_once(); asyncio._set_running_loop(None)"):
            for debug in ("False", "True"):
                with self.subTest(turn=turn, debug=debug):
                    self.same(
                        """
                        loop = asyncio.new_event_loop()
                        loop.set_debug(%s)
                        loop.slow_callback_duration = 60
                        task = loop.create_task(main())
                        while not task.done():
                            %s
                        loop.close()
                        """
                        % (debug, turn)
                    )

    @unittest.skipUnless(find_spec("_tkinter"), "this Python was built without tkinter")
    def test_pumped_by_tkinter(self):
        """The event loop of Tk is Tcl's, which needs no display."""
        self.same(
            """
            import tkinter
            tcl = tkinter.Tcl()
            loop = asyncio.new_event_loop()
            def pump():
                loop.call_soon(loop.stop)
                loop.run_forever()
                if task.done():
                    tcl.setvar("over", "yes")
                else:
                    tcl.after(1, pump)
            task = loop.create_task(main())
            tcl.after(1, pump)
            tcl.tk.call("vwait", "over")
            loop.close()
            """
        )

    @unittest.skipUnless(find_spec("_tkinter"), "this Python was built without tkinter")
    def test_that_pumps_tkinter(self):
        self.same(
            """
            import tkinter
            tcl = tkinter.Tcl()
            async def window():
                clicked = []
                tcl.after(5, lambda: clicked.append("clicked"))
                while not clicked:
                    tcl.tk.dooneevent(2)  # without waiting
                    await asyncio.sleep(0.001)
                return clicked
            loop = asyncio.new_event_loop()
            pumping = loop.create_task(window())
            loop.run_until_complete(main())
            print(loop.run_until_complete(pumping))
            loop.close()
            """
        )

    def test_a_loop_in_a_thread_and_one_after_the_other(self):
        self.same(
            """
            import threading
            def run():
                asyncio.run(main(5))
            thread = threading.Thread(target=run)
            thread.start()
            thread.join()
            asyncio.run(main())
            loop = asyncio.new_event_loop()
            loop.run_until_complete(main())
            loop.run_until_complete(main())
            loop.close()
            """,
            4,
        )

    def test_loops_from_before_the_recording(self):
        """start() in the midst of a program: in a task of a loop that runs, beside one in a thread that waits and one that does not run."""
        with tempfile.TemporaryDirectory() as folder:
            trace = os.path.join(folder, "own")
            source = """
            import threading
            async def before(started, go):
                started.set()
                await go.wait()
                await asyncio.create_task(leaf(1))
            async def begin(go):
                import loopscope_runtime
                loopscope_runtime.start(file=sys.argv[1])
                while not hasattr(asyncio.current_task(), "_loopscope"):  # the loop is met between two callbacks
                    await asyncio.sleep(0)
                await asyncio.sleep(0)  # this step was scheduled before, and is not seen
                go.set()
                await asyncio.create_task(main())
            async def outer():
                started, go = asyncio.Event(), asyncio.Event()
                waiting = asyncio.create_task(before(started, go))
                fresh = []
                await started.wait()
                await asyncio.create_task(begin(go))
                await waiting
                other_loop.call_soon_threadsafe(proceed)
                thread.join()
            def serve():
                other_loop.run_until_complete(elsewhere())
                other_loop.close()
            async def elsewhere():
                global proceed
                go = asyncio.Event()
                proceed = go.set
                there.set()
                await go.wait()
                await asyncio.create_task(leaf(2))
            there = threading.Event()
            other_loop, idle_loop = asyncio.new_event_loop(), asyncio.new_event_loop()
            never = idle_loop.create_task(leaf(3))
            thread = threading.Thread(target=serve)
            thread.start()
            there.wait()
            asyncio.run(outer())
            idle_loop.run_until_complete(never)
            idle_loop.close()
            """
            path = os.path.join(traced.ROOT, "runtime", "python")
            result = traced.run(whole(source), trace, traced=False, PYTHONPATH=path)
            self.assertEqual((result.code, result.err), (0, b""))
            with open(trace, "rb") as file:
                run = decode.Run(file.read())
        last = run.stats[-1]
        self.assertEqual((last["tasksMissed"], last["dropped"], last["notes"]), (0, 0, []))
        self.assertEqual(len(run.loops), 3)
        adopted = sorted(task.coroutine for task in run.tasks if task.adopted)
        self.assertEqual(adopted, ["before", "begin", "elsewhere", "leaf", "outer"])
        parents = sorted((task.coroutine, task.parent and task.parent.coroutine) for task in run.tasks if not task.adopted and task.parent)
        self.assertEqual(
            parents,
            [("branch", "main"), ("leaf", "before"), ("leaf", "branch"), ("leaf", "branch"), ("leaf", "elsewhere"), ("main", "begin")],
        )
        self.assertEqual([(task.coroutine, task.outcome) for task in run.tasks if task.outcome != "returned"], [])
        theirs = {"before", "begin", "branch", "elsewhere", "later", "leaf", "main", "outer"}
        self.assertEqual({task.coroutine for task in run.tasks} - theirs, {"shutdown_asyncgens", "shutdown_default_executor"})

    def begun_in_the_midst(self, source):
        """What a program recorded that begins by itself, with `start()`."""
        with tempfile.TemporaryDirectory() as folder:
            trace = os.path.join(folder, "own")
            head = "def start():\n    import loopscope_runtime\n    loopscope_runtime.start(file=sys.argv[1])\n"
            path = os.path.join(traced.ROOT, "runtime", "python")
            result = traced.run(whole(head + textwrap.dedent(source)), trace, traced=False, PYTHONPATH=path)
            self.assertEqual((result.code, result.err), (0, b""))
            with open(trace, "rb") as file:
                run = decode.Run(file.read())
        last = run.stats[-1]
        self.assertEqual((last["tasksMissed"], last["dropped"], last["notes"], last["tasksSeen"]), (0, 0, [], len(run.tasks)))
        self.assertEqual([(task.coroutine, task.outcome) for task in run.tasks if task.outcome != "returned"], [])
        return run

    @unittest.skipUnless(find_spec("uvloop"), "uvloop is not installed here")
    def test_the_thread_of_a_compiled_loop_from_before(self):
        """It does not say which thread it runs in, so that of whoever began the recording was told."""
        run = self.begun_in_the_midst("""
            import threading, uvloop
            loop = uvloop.new_event_loop()
            runs, finished = threading.Event(), None
            async def serve():
                global finished
                finished = asyncio.Event()
                runs.set()
                await finished.wait()
                await leaf(1)
            thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), name="the server's")
            thread.start()
            runs.wait()
            start()
            loop.call_soon_threadsafe(finished.set)
            thread.join()
            loop.close()
        """)
        self.assertEqual([loop["thread"] for loop in run.loops.values()], ["the server's"])

    def test_a_loop_made_as_the_recording_begins(self):
        """By another thread, while loops are looked for: it is found, and has met the recorder already."""
        run = self.begun_in_the_midst(
            """
            import gc
            stock, made = gc.get_objects, []
            def get_objects():
                made.append(asyncio.new_event_loop())
                return stock()
            gc.get_objects = get_objects
            start()
            for loop in made:
                loop.run_until_complete(main())
                loop.close()
            """
        )
        self.assertEqual(list(run.loops), [1])
        self.complete(run, 1)

    def test_a_loop_half_made_as_the_recording_begins(self):
        run = self.begun_in_the_midst(
            """
            loop = asyncio.SelectorEventLoop.__new__(asyncio.SelectorEventLoop)
            asyncio.BaseEventLoop.__init__(loop)
            start()
            asyncio.SelectorEventLoop.__init__(loop)
            loop.run_until_complete(main())
            loop.close()
            """
        )
        self.assertEqual(list(run.loops), [1])
        self.complete(run, 1)

    def test_steps_scheduled_before_the_recording(self):
        """The last step of a task that is described is seen, on a loop that does not run yet, and on one that does."""
        run = self.begun_in_the_midst(
            """
            async def quick(): pass
            async def waits(future): await future
            async def begin():
                loop = asyncio.get_running_loop()
                future = loop.create_future()
                task = asyncio.create_task(waits(future))
                await asyncio.sleep(0)
                loop.call_soon(future.set_result, 1)
                start()
                await task
                await asyncio.sleep(0)
            idle = asyncio.new_event_loop()
            before = idle.create_task(quick())
            loop = asyncio.new_event_loop()
            loop.run_until_complete(begin())
            loop.close()
            idle.run_until_complete(before)
            idle.close()
            """
        )
        self.assertEqual(sorted(task.coroutine for task in run.tasks), ["begin", "quick", "waits"])


def whole(source):
    return textwrap.dedent(WORK) + textwrap.dedent(source)

class OtherKinds(Compared):
    def test_that_keeps_its_handles_elsewhere(self):
        """As trio-asyncio's does, in whose `_ready` nothing can be counted."""
        for detail in ("full", "light"):
            shown = self.same(
                """
                import asyncio, collections
                class Nothing:
                    def clear(self): pass
                class Elsewhere(asyncio.SelectorEventLoop):
                    def __init__(self):
                        self.handles = collections.deque()
                        super().__init__()
                        self._ready = Nothing()
                    def call_soon(self, callback, *args, context=None):
                        handle = asyncio.Handle(callback, args, self, context)
                        self.handles.append(handle)
                        return handle
                    def call_soon_threadsafe(self, callback, *args, context=None):
                        handle = self.call_soon(callback, *args, context=context)
                        self._write_to_self()
                        return handle
                    def _add_callback(self, handle):
                        self.handles.append(handle)
                    def _run_once(self):
                        self._process_events(self._selector.select(0 if self.handles or self._stopping else None))
                        for _ in range(len(self.handles)):
                            handle = self.handles.popleft()
                            if not handle.cancelled(): handle._run()
                async def child(n):
                    for _ in range(n): await asyncio.sleep(0)
                    return n
                async def main():
                    print(await asyncio.gather(*[child(n) for n in range(5)]))
                    print(await asyncio.to_thread(lambda: 1 + 1))
                loop = Elsewhere()
                loop.run_until_complete(main())
                loop.run_until_complete(loop.shutdown_default_executor())
                loop.close()
                """,
                LOOPSCOPE_DETAIL=detail,
            )
            self.assertEqual([task.outcome for task in shown.run.tasks], ["returned"] * 7)


if __name__ == "__main__":
    unittest.main()
