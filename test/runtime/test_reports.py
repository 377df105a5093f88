"""What the interpreter reports names the lines that it names untraced."""

import sys
import unittest

from .same import Compared

DROPPED = """
    import asyncio, sys

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
        lambda: loop.call_soon_threadsafe(callback, forgotten()),
        lambda: loop.set_debug(True),
        lambda: loop.create_task(local()),
        lambda: loop.call_soon(callback, forgotten()),
    ):
        schedule()
        loop.run_until_complete(asyncio.sleep(0.005))
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


if __name__ == "__main__":
    unittest.main()
