"""Chains that are told by their numbers are those they were told as, also where records were lost."""

import unittest

from . import traced

# Tasks that wait at some places in turn, tasks like one that has ended, and records lost in between.
LOSSES = """
    import asyncio, sys

    async def leaf(future): await future
    async def other_leaf(future): await future
    async def below(make): await leaf(make())

    async def alternating(make):
        for _ in range(50):
            await make()
            await leaf(make())
            await make()
            await below(make)
            await other_leaf(make())

    async def ever_new(make):
        await below(make)
        await other_leaf(make())

    async def main(times):
        loop = asyncio.get_running_loop()
        stream = loop._run_once._loopscope.stream

        def make():
            nonlocal times
            future = loop.create_future()
            loop.call_soon(future.set_result, None)
            times -= 1
            if times > 0 and times % 37 == 0:  # as where nobody takes the records away
                stream.taking.acquire()
                stream.pack_all()
                stream.dropped(sum(count for _, count in stream.packed))
                stream.packed, stream.size = [], 0
                stream.gap = stream.resync = True
                stream.taking.release()
            elif times > 0 and times % 37 == 20:
                stream.pack.__globals__["overdue"].__self__.flush()
            return future

        task = asyncio.create_task(alternating(make))
        for _ in range(60):
            await asyncio.create_task(ever_new(make))
        await task

    asyncio.run(main(int(sys.argv[1])))
"""


class Numbers(unittest.TestCase):
    def test_chains_have_other_numbers_after_a_loss(self):
        for times in ("500", "0"):  # lost now and then; never
            result = traced.run(LOSSES, times)
            self.assertEqual((result.code, result.err), (0, b""))
            self.assertEqual(result.run.gaps > 5, times != "0")
            stacks = {"alternating": [], "ever_new": []}
            for task in result.run.tasks:
                for each in task.suspensions:
                    if task.coroutine in stacks and each["future"]:
                        stacks[task.coroutine].append([place.line for place in each["stack"]])
            expected = {
                "alternating": [[10], [11, 4], [12], [13, 6, 4], [14, 5]],
                "ever_new": [[17, 6, 4], [18, 5]],
            }
            for name, turns in expected.items():
                found = stacks[name]
                if times == "0":
                    self.assertEqual(found, turns * (50 if name == "alternating" else 60))
                else:  # where it is not known it is not told
                    self.assertEqual([lines for lines in found if lines not in [*turns, []]], [])
                    self.assertGreater(len(found), 40)
                    self.assertGreater(len([lines for lines in found if lines]), len(found) * 0.8)


if __name__ == "__main__":
    unittest.main()
