"""Await chains and creation stacks are as the program has them, though what was seen before is foreseen."""

import os
import tempfile
import textwrap
import unittest

from . import traced

# A program whose tasks go ways of every kind, at random; each chain that is written is compared with a look at the coroutines.
RANDOM_WAYS = """
    import asyncio, random, sys, types
    import loopscope_runtime
    from loopscope_runtime import chains, recorder

    loopscope_runtime.start(file=sys.argv[1])
    stock, count, wrong, written = recorder.Recorder.suspended, 0, [], {}

    def suspended(self, task, note, end, future):
        global count
        count += 1
        stream, records = self.ext, []
        self.ext = records.append
        stock(self, task, note, end, future)
        self.ext = stream
        for record in records:
            stream(record)
            kind = int(-record[0] // 2 ** 32)
            at = 3 if kind >> 5 & 32 else 2
            if kind & 31 == 1 and kind >> 5 & 64:
                kept, n = record[at : at + 2]
                written[task] = [*written.get(task, ())[:kept], *record[at + 2 : at + 2 + n]]
        whole, natives = [], []
        chains.frames_below(task.get_coro(), whole, natives)
        if written[task] != chains.places(whole) or note[6] != whole:
            wrong.append((written[task], chains.places(whole), note))
        if natives[: len(note[7])] != note[7]:
            wrong.append((natives, note))

    recorder.Recorder.suspended = suspended
    dice = random.Random(5)

    class Awaitable:
        def __init__(self, future):
            self.future = future

        def __await__(self):
            return self.future.__await__()

    @types.coroutine
    def generator(depth):
        yield from (leaf(depth) if dice.random() < 0.5 else asyncio.sleep(0)).__await__()

    async def leaf(depth):
        kind = dice.randrange(8)
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        loop.call_soon(future.set_result, None)
        if kind == 0: await asyncio.sleep(0)
        elif kind == 1: await asyncio.sleep(0.0001)
        elif kind == 2: await future
        elif kind == 3: await Awaitable(future)
        elif kind == 4: await generator(depth)
        elif kind == 5:
            async for _ in numbers(depth): pass
        elif kind == 6: await asyncio.wait_for(way(depth + 1), 60)
        else: await asyncio.gather(other_way(depth + 1), way(depth + 1))

    async def numbers(depth):
        for n in range(2):
            await way(depth + 1)
            yield n

    async def way(depth):
        if depth > 9:
            return await asyncio.sleep(0)
        for _ in range(dice.randrange(1, 3)):
            kind = dice.randrange(5)
            if kind == 0: await way(depth + 1)
            elif kind == 1: await other_way(depth + 1)
            elif kind == 2: await leaf(depth)
            elif kind == 3: await third_way(depth + 1)
            else: await asyncio.sleep(0)

    async def other_way(depth):
        if depth > 9:
            return await leaf(depth)
        await way(depth + 2)
        await leaf(depth + 1)

    async def third_way(depth):
        try:
            async with asyncio.Lock():
                await other_way(depth + 1)
        finally:
            await way(depth + 3)

    async def main():
        for _ in range(int(sys.argv[2])):
            await asyncio.gather(*[way(0) for _ in range(6)])

    asyncio.run(main())
    print(len(wrong), count > 500, *wrong[:1])
"""

# An installed package that makes tasks and events in callbacks, where no code of the user is on the stack.
LIBRARY = """
    import asyncio

    tasks, events = [], []

    async def serve(way):
        await asyncio.sleep(0)

    async def other(way):
        events.append(asyncio.Event())

    def make(coro):
        events.append(asyncio.Event())
        tasks.append(asyncio.get_running_loop().create_task(coro))

    def here(way):
        make(serve(way))

    def there(way):
        make(serve(way))

    def other_here(way):
        make(other(way))

    async def from_task(call, *args):
        call(*args)
"""
LIBRARY_MAKES = """
    import asyncio, sys
    sys.path.insert(0, sys.argv[1])
    import maker

    def by_user(way):
        maker.make(maker.serve(way))

    async def main():
        loop = asyncio.get_running_loop()
        ways = {"h": maker.here, "t": maker.there, "o": maker.other_here, "u": by_user}
        for letter in sys.argv[2]:
            loop.call_soon(ways[letter], letter)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        for _ in range(4):
            await asyncio.gather(*[maker.from_task(maker.here, "h") for _ in range(3)])
            await maker.from_task(by_user, "u")
        await asyncio.sleep(0.01)

    result = asyncio.run(main())  # which is no name of what callbacks make
"""
ABOVE = {"h": ["make", "here"], "t": ["make", "there"], "o": ["make", "other_here"], "u": ["make", "by_user"]}


class Foreseen(unittest.TestCase):
    def test_chains_are_those_of_the_coroutines(self):
        with tempfile.TemporaryDirectory(prefix="loopscope-test-") as folder:
            path = os.path.join(traced.ROOT, "runtime", "python")
            result = traced.run(RANDOM_WAYS, os.path.join(folder, "trace"), "10", traced=False, PYTHONPATH=path)
        self.assertEqual((result.code, result.err, result.out), (0, b"", b"0 True\n"))

    def test_creation_stacks_without_the_user(self):
        letters = "hhhhtthohohhhuhuuhhhtttuuuuhhhooohhhhh"
        with tempfile.TemporaryDirectory(prefix="loopscope-test-") as folder:
            packages = os.path.join(folder, "site-packages")
            os.mkdir(packages)
            with open(os.path.join(packages, "maker.py"), "w", encoding="utf-8") as file:
                file.write(textwrap.dedent(LIBRARY))
            result = traced.run(LIBRARY_MAKES, packages, letters)
        self.assertEqual((result.code, result.err), (0, b""))
        made = [task for task in result.run.tasks if task.coroutine in ("serve", "other")]
        expected = [ABOVE[letter] for letter in letters]
        stacks = [[place.function for place in task.creation if place.function != "create_task"] for task in made]
        self.assertEqual([stack[:2] for stack in stacks[: len(expected)]], expected)
        self.assertEqual({tuple(stack[2:]) for stack in stacks[: len(expected)]}, {()})
        self.assertEqual({task.parent for task in made[: len(expected)]}, {None})
        later = made[len(expected) :]
        self.assertEqual([stack[:3] for stack in stacks[len(expected) :]], 4 * (3 * [["make", "here", "from_task"]] + [["make", "by_user", "from_task"]]))
        self.assertEqual([task.parent.coroutine for task in later], 4 * (3 * ["from_task"] + ["main"]))
        self.assertEqual(len({task.parent for task in later}), 13)
        # Each made an event, and each `other` one more when it ran.
        events = [[place.function for place in each["creation"]] for each in result.run.objects.values() if each["kind"] == "event"]
        self.assertEqual(sum(frames == ["other"] for frames in events), letters.count("o"))
        self.assertEqual({each["label"] for each in result.run.objects.values()}, {""})
        self.assertEqual([frames[:2] for frames in events if frames != ["other"]][: len(expected)], expected)


if __name__ == "__main__":
    unittest.main()
