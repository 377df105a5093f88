"""Await chains and creation stacks are as the program has them, though what was seen before is foreseen."""

import os
import sys
import tempfile
import textwrap
import unittest

from . import traced

# What both programs below begin with.
RECORDED = """
    def recorded(function, rec, *args):
        '''Calls a method of a recorder: the records it writes, which go their way afterwards.'''
        stream, records = rec.ext, []
        rec.ext = records.append
        function(rec, *args)
        rec.ext = stream
        for record in records:
            stream(record)
        return records

    inside = []

    def watch(Recorder, check):
        '''Has check(task, its list, what it waits on, the records) called whenever a step that goes on was recorded, be it by either method.'''
        def watched(stock):
            def method(self, task, note, end, future, *more):
                if inside:
                    return stock(self, task, note, end, future, *more)
                inside.append(task)
                records = recorded(stock, self, task, note, end, future, *more)
                inside.clear()
                check(task, task._loopscope, future, records)
            return method
        Recorder.suspended, Recorder.elsewhere = watched(Recorder.suspended), watched(Recorder.elsewhere)
"""

# A program whose tasks go ways of every kind, at random; each chain that is written is compared with a look at the coroutines.
RANDOM_WAYS = RECORDED + """
    import asyncio, random, sys, types
    import loopscope_runtime
    from loopscope_runtime import chains, recorder, suspensions

    loopscope_runtime.start(file=sys.argv[1])
    suspensions.MANY = int(sys.argv[3])
    count, wrong, written, numbered, ways = 0, [], {}, {}, [0, 0, 0]

    def check(task, note, future, records):
        global count
        count += 1
        for record in records:
            kind = int(-record[0] // 2 ** 32)
            at = 3 if kind >> 5 & 32 else 2
            if kind & 31 != 1:
                continue
            if kind >> 5 & 64:
                kept, n = record[at : at + 2]
                at += 2 + n
                written[task] = [*written.get(task, ())[:kept], *record[at - n : at]]
                if kind >> 5 & 1024:
                    numbered[record[at]] = written[task]
                    if kept:
                        wrong.append("a number for part of a chain")
            elif kind >> 5 & 1024:
                written[task] = numbered[record[at]]
            ways[(kind >> 5 & 64 > 0) + 2 * (kind >> 5 & 1088 == 1024)] += 1
        whole, natives = [], []
        chains.frames_below(task.get_coro(), whole, natives)
        if written[task] != chains.places(whole) or note[0].frames != whole:
            wrong.append((written[task], chains.places(whole), note))
        leaf, base = note[1], note[5]
        if leaf is not (chains.Foreign if not natives else leaf) or leaf not in [*natives, chains.Foreign] or base not in [*natives, None]:
            wrong.append((natives, note))

    watch(recorder.Recorder, check)
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

    async def plain(future): await future
    async def either(future):
        if dice.random() < 0.5: await future
        else: await future
    async def through(coroutine): await coroutine

    class Iterator:
        def __init__(self, future):
            self.future = dice.choice((future, None))
            self.over = False

        def __await__(self):
            return self

        def __next__(self):
            if self.over:
                raise StopIteration
            self.over = True
            if self.future is not None: self.future._asyncio_future_blocking = True
            return self.future

    async def turns():
        loop = asyncio.get_running_loop()
        for n in range(60):
            future = loop.create_future()
            loop.call_soon(future.set_result, None)
            kind = dice.choice((0, 1, 2)) if n < 40 else dice.randrange(6)
            if kind == 0: await future
            elif kind == 1: await future
            elif kind == 2:  # at one place, what is awaited is of many kinds
                await dice.choice((
                    *[lambda: future] * 9, *[lambda: Iterator(future)] * 3, lambda: Awaitable(future), lambda: plain(future), lambda: either(future),
                    lambda: through(plain(future)), lambda: through(either(future)), lambda: asyncio.sleep(0), lambda: asyncio.gather(future),
                    lambda: leaf(0), lambda: asyncio.ensure_future(plain(future)), lambda: asyncio.shield(future),
                ))()
            elif kind == 3: await either(future)
            elif kind == 4: await through(either(future))
            else: await through(dice.choice((plain, either))(future))

    async def deep(depth): await (deep(depth - 1) if depth else turns())

    async def main():
        for _ in range(int(sys.argv[2])):
            await asyncio.gather(*[way(0) for _ in range(6)], turns(), turns(), deep(3), deep(9))

    asyncio.run(main())
    print(len(wrong), min(count, *ways[1:]) > 500 or ways, *wrong[:1])
"""

# A program whose tasks wait for one another at queues, locks and events in many ways, at random; of each wait the kind and the object that are
# written are compared with a look at the frame that waits, and the place of each waker with a walk up the whole stack.
RANDOM_WAKES = RECORDED + """
    import asyncio, random, sys
    import loopscope_runtime
    from loopscope_runtime import chains, codes, fused, recorder, wakers, waits

    loopscope_runtime.start(file=sys.argv[1])
    stock_place = wakers.place
    wrong, counts = [], {"wakes": 0, "objects": 0}

    def place(frame, limit, ways, code=None):
        counts["wakes"] += 1
        told = stock_place(frame, limit, ways, code)
        walked = codes.stack(frame, 0 if limit == 32 else limit)
        users = [each for each in walked if each >= codes.USER]
        expected = users[0] if users else walked[0] if walked else 0
        if told != expected:
            wrong.append(("place", told, expected, ways))
        return told

    def check(task, note, future, records):
        arg = int(-records[-1][0] // 2**32) >> 5
        frames, natives = [], []
        chains.frames_below(task.get_coro(), frames, natives)
        if note[0].frames != frames:
            wrong.append(("chain", note, frames))
        judged = waits.judge(natives) if future is not None and frames[-1][0] is natives[-1].cr_code else None
        wait, thing, _, others = (0, None, None, ()) if judged is None else waits.ask(judged, natives)
        if future is not None and arg & 31 != wait:
            wrong.append(("wait", arg, wait))
        if thing is not None and not others:
            counts["objects"] += 1
            if not arg & 128 or records[-1][-1] != recorder.key(thing):
                wrong.append(("object", records[-1], thing))

    watch(recorder.Recorder, check)
    wakers.place, fused.waker_place = place, place
    dice = random.Random(int(sys.argv[2]))

    class Own(asyncio.Queue):
        def put_nowait(self, item):
            if self.full():
                raise asyncio.QueueFull
            self._put(item)
            self._unfinished_tasks += 1
            self._finished.clear()
            self._wakeup_next(self._getters)

    class Patient(asyncio.LifoQueue):
        async def get(self):
            while self.empty():
                getter = asyncio.get_running_loop().create_future()
                self._getters.append(getter)
                await getter
            return self.get_nowait()

    async def put(queue): await queue.put(1)
    async def put_too(queue): await queue.put(2)
    async def put_deeper(queue): await put(queue)
    async def put_now(queue):
        if not queue.full():
            queue.put_nowait(3)
    async def get(queue): await queue.get()
    async def get_deeper(queue): await get(queue)
    def take(queue): return queue.get_nowait()
    async def get_now(queue):
        if not queue.empty():
            take(queue)

    async def forever(ways, things):
        while True:
            way = dice.choice(ways)
            for _ in range(dice.choice((1, 1, 5))):
                await way(dice.choice(things))
            if dice.random() < 0.3:
                await asyncio.sleep(0)

    async def same(way, thing):
        while True:
            await way(thing)
            await asyncio.sleep(0)

    def release(lock): lock.release()
    async def hold(lock):
        async with lock:
            await asyncio.sleep(0)
    async def hold_too(lock):
        await lock.acquire()
        await asyncio.sleep(0)
        release(lock)
    async def wait(event): await event.wait()
    async def turn(event):
        event.set()
        event.clear()
        await asyncio.sleep(0)
    async def notified(condition):
        async with condition:
            await condition.wait()
    async def notify(condition):
        async with condition:
            condition.notify_all()
        await asyncio.sleep(0)

    async def main():
        queues = [asyncio.Queue(2), Own(2), Patient(1), asyncio.LifoQueue(3)]
        locks, events, conditions = [asyncio.Lock(), asyncio.Lock(), asyncio.Semaphore(2)], [asyncio.Event()], [asyncio.Condition()]
        single = asyncio.Queue(1)
        jobs = [forever([put, put_too, put_deeper, put_now, lambda queue: queue.put(5)], queues[:2]) for _ in range(4)]
        jobs += [forever([put, put_deeper, put_now], queues[2:]), same(put_too, queues[2]), same(put, queues[3])]
        jobs += [forever([get, get_deeper, get_now, lambda queue: queue.get()], queues) for _ in range(5)]
        jobs += [same(lambda queue: queue.put(4), single), same(asyncio.Queue.get, single)]
        jobs += [forever([hold, hold_too], locks) for _ in range(4)]
        jobs += [forever([wait], events), same(wait, events[0]), forever([turn], events)]
        jobs += [forever([notified], conditions), same(notified, conditions[0]), forever([notify], conditions)]
        tasks = [asyncio.create_task(job) for job in jobs]
        for _ in range(int(sys.argv[3])):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    ended = asyncio.run(main())
    print(len(wrong), min(counts.values()) > 500 or counts, {type(each) for each in ended}, *wrong[:1])
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
            for chains_with_numbers in ("1000", "30"):
                file = os.path.join(folder, "trace")
                result = traced.run(RANDOM_WAYS, file, "10", chains_with_numbers, traced=False, PYTHONPATH=path)
                self.assertEqual((result.code, result.err, result.out), (0, b"", b"0 True\n"))

    def test_wakes_and_waits_are_those_of_the_frames(self):
        with tempfile.TemporaryDirectory(prefix="loopscope-test-") as folder:
            path = os.path.join(traced.ROOT, "runtime", "python")
            for seed in ("1", "2"):
                result = traced.run(RANDOM_WAKES, os.path.join(folder, "trace"), seed, "1500", traced=False, PYTHONPATH=path)
                expected = b"0 True {<class 'asyncio.exceptions.CancelledError'>}\n"
                self.assertEqual((result.code, result.err, result.out), (0, b"", expected))

    def test_where_a_coroutine_is_suspended_is_known(self):
        """Of code that awaits once only, the offset is not asked: it depends on the interpreter which instruction that is."""
        program = """
            import asyncio, opcode, sys
            import loopscope_runtime
            from loopscope_runtime import chains

            async def once(future):
                return await future

            async def twice(future):
                async with asyncio.Lock():
                    return await future

            async def main():
                future = asyncio.get_running_loop().create_future()
                for function in once, twice:
                    coroutine = function(future)
                    coroutine.send(None)
                    future._asyncio_future_blocking = False
                    print([offset is None for _, offset in chains.links([(coroutine.cr_code, coroutine.cr_frame.f_lasti)])])
                    coroutine.close()
            asyncio.run(main())
            print(chains.yields is None or opcode.opname[chains.yields])
        """
        result = traced.run(program, traced=False, PYTHONPATH=os.path.join(traced.ROOT, "runtime", "python"))
        known = sys.version_info < (3, 15)
        name = b"True" if not known else b"YIELD_FROM" if sys.version_info < (3, 11) else b"YIELD_VALUE"
        self.assertEqual((result.code, result.err, result.out), (0, b"", b"[%r]\n[False]\n%s\n" % (known, name)))

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
