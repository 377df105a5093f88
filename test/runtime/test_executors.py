"""Work that is handed to threads and processes: who ended the wait for it, and which pool has it."""

import unittest
from importlib.util import find_spec

from . import traced


class ThreadIsFaster(unittest.TestCase):
    """Work that its thread has done before the loop has a future for it: the thread, and not the waiting task, ended the wait."""

    def test_cause(self):
        source = """
            import asyncio, concurrent.futures, sys
            class Faster(concurrent.futures.ThreadPoolExecutor):
                def submit(self, function, *args):
                    future = super().submit(function, *args)
                    future.exception()
                    return future
            async def main():
                done = concurrent.futures.Future()
                done.set_result(None)
                print(asyncio.wrap_future(done).done())
                await asyncio.get_running_loop().run_in_executor(Faster(), len, "x")
            if "--uvloop" in sys.argv:
                from uvloop import new_event_loop
            else:
                from asyncio import new_event_loop
            loop = new_event_loop()
            loop.set_debug("--debug" in sys.argv)
            loop.slow_callback_duration = 60  # else a busy processor is reported
            loop.run_until_complete(main())
            loop.close()
        """
        for arguments in ((), ("--debug",), *[("--uvloop",)] * bool(find_spec("uvloop"))):
            with self.subTest(arguments=arguments):
                result = traced.run(source, *arguments)
                self.assertEqual((result.code, result.err), (0, b""))
                rows = [(row["on"][0], row["cause"], row["by"]) for row in result.run.find("main").suspensions]
                # Since 3.14, and late versions of 3.13, a future of the same loop is done at once, and nothing is waited for.
                self.assertEqual(rows, [("thread", "thread", None)] if result.out == b"False\n" else [])


class Freed(unittest.TestCase):
    """Another future may have the key of one that is gone, awaited or not: it is none of a thread."""

    def test_a_future_with_the_key_of_another(self):
        result = traced.run("""
            import asyncio
            async def main():
                loop = asyncio.get_running_loop()
                for _ in range(20):
                    await asyncio.gather(*[loop.run_in_executor(None, len, "x") for _ in range(6)])
                    loop.run_in_executor(None, len, "x")
                    await asyncio.sleep(0.001)
                    future = loop.create_future()
                    loop.call_soon(future.set_result, None)
                    await future  #: alone
            asyncio.run(main())
        """)
        self.assertEqual((result.code, result.err), (0, b""))
        alone = [row for row in result.run.find("main").suspensions if row["stack"][-1].line == 11]
        told = {fields[0] for _, name, fields in result.run.records if name == "FUTURE"}
        self.assertEqual((len(alone), told), (20, {"thread", "?"}))
        self.assertNotIn("thread", [row["on"][0] for row in alone if row["on"]])  # a key of `gather` may be told, until its waiter wakes


class Pools(unittest.TestCase):
    """Work is handed to a pool: which, at how many pieces it works at a time, and whether it is asyncio's own."""

    def test_pools(self):
        source = """
            import asyncio, sys
            from concurrent.futures import ThreadPoolExecutor
            class Own(ThreadPoolExecutor):
                def submit(self, *args):  # may have an order of its own
                    return super().submit(*args)
            async def main():
                loop = asyncio.get_running_loop()
                mine, more, own = ThreadPoolExecutor(1), ThreadPoolExecutor(3), Own(2)
                for pool in (mine, more, mine, own, None, None):
                    await loop.run_in_executor(pool, len, "x")
            if "--uvloop" in sys.argv:
                from uvloop import new_event_loop
            else:
                from asyncio import new_event_loop
            loop = new_event_loop()
            loop.set_debug("--debug" in sys.argv)
            loop.slow_callback_duration = 60
            loop.run_until_complete(main())
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()
        """
        for arguments in ((), ("--debug",), *[("--uvloop",)] * bool(find_spec("uvloop"))):
            with self.subTest(arguments=arguments):
                result = traced.run(source, *arguments)
                self.assertEqual((result.code, result.err), (0, b""))
                pools = [fields[2] for _, name, fields in result.run.records if name == "FUTURE" and fields[0] != "?"]
                mine, more, again, own, default, same = pools
                self.assertEqual((mine, mine[1:], more[1:], own), (again, (1, False), (3, False), None))
                self.assertNotEqual(mine[0], more[0])
                self.assertEqual(default, same)
                # uvloop does not show its own.
                self.assertEqual(default and (default[1] > 0, default[2]), None if "--uvloop" in arguments else (True, True))
