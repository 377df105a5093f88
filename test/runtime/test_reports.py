"""What the interpreter reports names the lines that it names untraced."""

import sys
import unittest

from .same import Compared

DROPPED = """
    import asyncio, sys, time

    async def forgotten(): pass

    class Holder:
        def __init__(self):
            self.coroutine = forgotten()
        async def run(self):
            await asyncio.sleep(0)

    async def local():
        coroutine = forgotten()
        await asyncio.sleep(0)

    async def argument(holder):
        await asyncio.sleep(0)

    def callback(coroutine):
        pass

    loop = asyncio.new_event_loop()
    for schedule in (
        lambda: loop.create_task(local()),
        lambda: loop.create_task(Holder().run()),
        lambda: loop.create_task(argument(Holder())),
        lambda: loop.create_task(argument(Holder())).cancel(),
        lambda: loop.call_soon(callback, forgotten()),
        lambda: loop.call_soon(forgotten),
        lambda: loop.call_later(0.001, callback, forgotten()),
        lambda: [loop.call_later(0.001, callback, forgotten()), loop.call_later(0.001, print), loop.call_soon(time.sleep, 0.01)],
        lambda: [loop.call_later(0.001, print), loop.call_soon(time.sleep, 0.01), loop.call_soon(callback, forgotten())],
        lambda: [loop.call_soon(callback, forgotten()), loop.call_soon_threadsafe(print)],
        lambda: loop.call_soon_threadsafe(callback, forgotten()),
        lambda: loop.set_debug(True),
        lambda: loop.create_task(local()),
        lambda: loop.call_soon(callback, forgotten()),
    ):
        before = len(loop._scheduled)
        schedule()
        # Which line drops what a timer called depends on whether another timer is due in the same turn.
        loop.run_until_complete(asyncio.sleep(0.2 if len(loop._scheduled) > before else 0.005))
        print("next", file=sys.stderr)
    loop.slow_callback_duration = 60
    loop.close()
"""


class NeverAwaited(Compared):
    def test_the_line_that_dropped_it(self):
        for detail in ("full", "light"):
            for action in ("always", "error"):
                if (action, sys.version_info < (3, 11)) != ("error", True):  # there the traceback has one frame more
                    with self.subTest(detail=detail, action=action):
                        shown = self.same(DROPPED, options=["-W", action], LOOPSCOPE_DETAIL=detail)
                        self.assertGreater(shown.err.count(b"was never awaited"), 9)


class Copies(Compared):
    def test_asyncio_is_taken_out_of_the_modules(self):
        """As the end of the interpreter does, where a finalizer may still run a loop."""
        shown = self.same(
            """
            import asyncio, sys
            async def child(n):
                await asyncio.sleep(0.001)
                return n
            async def main():
                there = [name for name in sys.modules if name.partition(".")[0] == "asyncio"]
                for name in there: del sys.modules[name]
                await asyncio.gather(*[child(n) for n in range(3)])
                task = loop.create_task(child(3))
                await asyncio.sleep(0.3)  # the drain thread looks
                return await task
            class Late:
                def __del__(self):
                    print(asyncio.run(child(4)))
            late = Late()
            loop = asyncio.new_event_loop()
            print(loop.run_until_complete(main()))
            sys.modules["asyncio"] = asyncio
            loop.close()
            print(asyncio.run(child(5)))
            """
        )
        self.assertGreaterEqual(len(shown.run.tasks), 6)

    def test_a_second_copy_is_told(self):
        shown = self.same(
            """
            import asyncio, sys
            asyncio.run(asyncio.sleep(0))
            for name in [name for name in sys.modules if name.partition(".")[0] == "asyncio"]: del sys.modules[name]
            import asyncio
            asyncio.run(asyncio.sleep(0))
            """,
            recorded=False,
        )
        self.assertEqual([note for note in shown.run.stats[-1]["notes"] if "a second time" in note], shown.run.stats[-1]["notes"])
        self.assertEqual(len(shown.run.stats[-1]["notes"]), 1)


if __name__ == "__main__":
    unittest.main()
