"""Loops that are not recorded: the program runs as it would, and the recording says what it lacks."""

import os
import tempfile
import unittest

from . import decode, traced
from .same import Compared

SCRATCH = """
    import asyncio, collections
    class Scratch(asyncio.AbstractEventLoop):
        def __init__(self):
            self.ready = collections.deque()
        def call_soon(self, callback, *args, context=None):
            self.ready.append(asyncio.Handle(callback, args, self, context))
            return self.ready[-1]
        def call_later(self, delay, callback, *args, context=None):
            return self.call_soon(callback, *args, context=context)
        def create_task(self, coro):
            return asyncio.Task(coro, loop=self)
        def create_future(self):
            return asyncio.Future(loop=self)
        def get_debug(self):
            return False
        def run_until_complete(self, coro):
            task = self.create_task(coro)
            asyncio._set_running_loop(self)
            try:
                while not task.done():
                    self.ready.popleft()._run()
            finally:
                asyncio._set_running_loop(None)
            return task.result()
    async def work():
        return await asyncio.gather(asyncio.sleep(1, "slept"), asyncio.sleep(0, "yielded"))
"""
NOTE = "loops of the class %s are not recorded: it does not derive from asyncio's loops"


class Unrecorded(Compared):
    def noted(self, source):
        """The notes of a program, which does and prints the same untraced."""
        shown = self.same(source, recorded=False)
        self.assertEqual(shown.code, 0, shown.err)
        return shown.run.stats[-1]["notes"]

    def test_one_that_runs(self):
        """Said once, and nothing of ours is left on the class."""
        notes = self.noted(
            SCRATCH
            + """
    stock = Scratch.call_soon
    for _ in range(2):
        print(Scratch().run_until_complete(work()))
    print(vars(Scratch)["call_soon"] is stock, Scratch.call_soon is stock, Scratch().call_soon.__func__ is stock)
            """
        )
        self.assertEqual(notes, [NOTE % "Scratch"])

    def test_one_that_inherits_what_is_asked_for(self):
        """As a class does whose methods are compiled; it gets nothing of its own for good."""
        notes = self.noted(
            SCRATCH.replace("Scratch(asyncio.AbstractEventLoop)", "Methods")
            + """
    class Inherits(Methods, asyncio.AbstractEventLoop):
        pass
    print(Inherits().run_until_complete(work()), "call_soon" in vars(Inherits))
            """
        )
        self.assertEqual(notes, [NOTE % "Inherits"])

    def test_what_asks_the_class_alone(self):
        """A loop that is not used, a mixin of one that is recorded, and a class that is only looked at."""
        notes = self.noted(
            SCRATCH
            + """
    stock = Scratch.call_soon
    class Recorded(Scratch, asyncio.SelectorEventLoop):
        def __init__(self):
            asyncio.SelectorEventLoop.__init__(self)
        call_soon = asyncio.SelectorEventLoop.call_soon
        call_later = asyncio.SelectorEventLoop.call_later
        create_task = asyncio.SelectorEventLoop.create_task
        create_future = asyncio.SelectorEventLoop.create_future
        get_debug = asyncio.SelectorEventLoop.get_debug
        run_until_complete = asyncio.SelectorEventLoop.run_until_complete
    Scratch()
    loop = Recorded()
    async def short():
        return await asyncio.gather(asyncio.sleep(0.001, 1), asyncio.sleep(0, 2))
    print(loop.run_until_complete(short()), Scratch.call_soon is stock, stock.__qualname__)
    print(super(Recorded, loop).call_soon.__func__ is stock)
    loop.close()
            """
        )
        self.assertEqual(notes, [])

    def test_one_from_before_the_recording(self):
        with tempfile.TemporaryDirectory() as folder:
            trace = os.path.join(folder, "own")
            source = (
                SCRATCH
                + """
    import sys, loopscope_runtime
    loop = Scratch()
    print(loop.run_until_complete(work()))
    loopscope_runtime.start(file=sys.argv[1])
    print(loop.run_until_complete(work()))
                """
            )
            shown = traced.run(source, trace, traced=False, PYTHONPATH=os.path.dirname(traced.SITE))
            self.assertEqual((shown.code, shown.out), (0, b"['slept', 'yielded']\n" * 2), shown.err)
            with open(trace, "rb") as file:
                run = decode.Run(file.read())
        self.assertEqual(run.stats[-1]["notes"], [NOTE % "Scratch"])


if __name__ == "__main__":
    unittest.main()
