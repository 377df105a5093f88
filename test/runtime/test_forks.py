"""A program that forks: the recording goes on, and nobody notices. (What parent and child send: test_faults.)"""

import os
import unittest

from . import traced

SOURCE = """
import asyncio, os
async def after():
    await asyncio.sleep(0)
async def main():
    def forbidden(*_):
        raise RuntimeError("a blocking call in a loop")
    stock = os.stat
    os.stat = forbidden  # as tools do that look for blocking calls
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.stat = stock
    os.waitpid(pid, 0)
    await asyncio.create_task(after())
asyncio.run(main())
print("fine")
"""


@unittest.skipUnless(hasattr(os, "fork"), "no fork here")
class Forks(unittest.TestCase):
    def test_where_blocking_calls_are_forbidden(self):
        result = traced.run(SOURCE)
        self.assertEqual((result.code, result.out, result.err), (0, b"fine\n", b""))
        self.assertEqual(result.run.find("after").outcome, "returned")
        self.assertIsNotNone(result.run.bye)
