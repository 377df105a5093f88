"""uvloop: who made a task ready, what a step that breaks off leaves behind, and what is pending as the loop stops."""

import sys
import unittest
from importlib.util import find_spec

from . import traced
from .test_light import CANCELS

WAKES = """
    import asyncio, socket, uvloop

    def by_library(future):
        asyncio.futures._set_result_unless_cancelled(future, None)

    class Fed(asyncio.StreamReader):
        def feed_data(self, data):
            super().feed_data(data)

    def wakes(future):
        future.set_result(None)

    class Protocol(asyncio.Protocol):
        def data_received(self, data):
            future = self.future
            if data == b"direct":
                future.set_result(None)
            else:
                wakes(future)

    async def main():
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)

        async def waits(way, *args):
            # Again and again: what is remembered of the time before must not be told where it is not so.
            for each in (way, by_library, way, asyncio.futures._set_result_unless_cancelled, by_library, way):
                future = loop.create_future()
                more = (None,) if each is asyncio.futures._set_result_unless_cancelled else ()
                loop.add_reader(ours, each, future, *more)
                theirs.send(b"x")
                await future
                loop.remove_reader(ours)
                ours.recv(1)

        await asyncio.create_task(waits(wakes), name="reader")
        left, right = socket.socketpair()
        protocol = Protocol()
        transport, _ = await loop.create_connection(lambda: protocol, sock=left)

        async def receives():
            for data in (b"direct", b"through", b"direct", b"through"):
                protocol.future = loop.create_future()
                right.send(data)
                await protocol.future

        await asyncio.create_task(receives(), name="protocol")
        transport.close()

        async def reads(reader):
            await reader.readexactly(2)

        for kind in (asyncio.StreamReader, Fed):
            left, right = socket.socketpair()
            reader = kind()
            transport, _ = await loop.create_connection(lambda: asyncio.StreamReaderProtocol(reader), sock=left)
            task = asyncio.create_task(reads(reader), name=kind.__name__)
            await asyncio.sleep(0)
            right.send(b"xx")
            await task
            transport.close()

        async def waits_for(future):
            await future

        async def sets(future, other):
            future.set_result(None)
            by_library(other)

        futures = loop.create_future(), loop.create_future()
        waiting = [asyncio.create_task(waits_for(future), name="of a task %d" % i) for i, future in enumerate(futures)]
        await asyncio.sleep(0)
        await asyncio.create_task(sets(*futures), name="setter")
        await asyncio.wait(waiting)
        print("done")

    loop = uvloop.new_event_loop()
    loop.run_until_complete(main())
    loop.close()
"""

BREAKS = """
    import asyncio, sys, uvloop
    kind = {"exit": SystemExit, "interrupt": KeyboardInterrupt}[sys.argv[1]]

    async def breaks(wait):
        if wait is not None:
            await asyncio.sleep(wait)
        raise kind

    async def other():
        await asyncio.sleep(0.002)
        await asyncio.sleep(0)

    async def main(wait):
        task = asyncio.create_task(other(), name="other %s" % wait)
        asyncio.create_task(breaks(wait), name="breaks %s" % wait)
        await task

    loop = uvloop.new_event_loop()
    for wait in (None, 0, 0.001):
        try:
            loop.run_until_complete(main(wait))
        except BaseException as exc:
            print(type(exc).__name__)
        loop.run_until_complete(asyncio.sleep(0.01))
    loop.close()
"""

WITHIN = """
    import asyncio, uvloop

    async def waits(future):
        await future

    async def main():
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        task = asyncio.create_task(waits(future))
        await asyncio.sleep(0)
        try:
            loop.run_forever()
        except RuntimeError as exc:
            print(exc)
        future.set_result(None)
        await task

    loop = uvloop.new_event_loop()
    loop.run_until_complete(main())
    loop.close()
"""

# It yields a future that is done already: its task is woken in the midst of its step.
DONE = """
    class Done:
        def __await__(self):
            future = asyncio.get_running_loop().create_future()
            future.set_result(None)
            future._asyncio_future_blocking = True
            yield future
"""

PENDING = DONE + """
    import asyncio, uvloop

    async def child():
        await asyncio.sleep(0)

    async def main():
        tasks.append(asyncio.create_task(child(), name="first"))
        tasks.append(asyncio.create_task(child()))

    async def at_once():
        await Done()
        await asyncio.sleep(0)
        await Done()

    tasks = []
    loop = uvloop.new_event_loop()
    loop.run_until_complete(main())
    loop.run_until_complete(asyncio.sleep(0.001))
    for task in tasks:
        assert task.done()
    loop.run_until_complete(at_once())
    loop.close()
    print("done")
"""

LOST = """
    import asyncio, uvloop

    async def child(event):
        await event.wait()
        await asyncio.sleep(0)
        await asyncio.sleep(0.01)  # it is looked for every 2 ms

    async def main():
        event = asyncio.Event()
        tasks = [asyncio.create_task(child(event)) for _ in range(3)]
        await asyncio.sleep(0)
        tasks.append(asyncio.create_task(child(event)))
        event.set()
        state = getattr(asyncio.get_running_loop().call_soon, "__globals__", {}).get("state")
        for stream in state.streams if state else ():
            stream.resync = True  # as if records had been lost
        await asyncio.wait(tasks)
        print("done")

    loop = uvloop.new_event_loop()
    loop.run_until_complete(main())
    loop.close()
"""

YIELDS = DONE + """
    import asyncio, sys, uvloop

    async def inner(future):
        await future

    async def middle(depth, wait):
        if depth:
            await middle(depth - 1, wait)
        else:
            await wait

    async def other(depth, wait):
        await middle(depth, wait)

    async def first(done):
        await done

    async def works(future, done):
        # It is known by a list from its first suspension on; each must be told as it is, whatever wakes it.
        await first(Done() if done else asyncio.sleep(0))
        for _ in range(3):
            await middle(2, asyncio.sleep(0.001))
            await other(1, inner(future))
            await other(1, asyncio.sleep(0))
            await other(2, asyncio.sleep(0.001))

    async def main():
        future = asyncio.get_running_loop().create_future()
        tasks = [asyncio.create_task(works(future, n % 2)) for n in range(4)]
        await asyncio.sleep(0.01)
        future.set_result(None)
        await asyncio.wait(tasks)
        await asyncio.create_task(turns())
        print("done")

    async def turns():
        for delay in (0, 0.001, 0, 0, 0.001, 0):
            await asyncio.sleep(delay)

    loop = uvloop.new_event_loop()
    loop.run_until_complete(main())
    loop.close()
"""


AT_ONCE = """
    import asyncio, uvloop

    def factory(loop, coro, **kwargs):
        return asyncio.Task(coro, loop=loop, eager_start=True)

    async def ends(wait):
        if wait is not None:
            await asyncio.sleep(wait)

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_task_factory(factory)
        # uvloop names a task when the factory has returned it.
        tasks.extend(loop.create_task(ends(wait), name="ends %s" % wait) for wait in (None, 0, 0.001))
        tasks.append(loop.create_task(ends(None)))
        await asyncio.gather(*tasks)
        tasks.append(loop.create_task(ends(None), name="the last"))
        print([task.get_name() for task in tasks])

    tasks = []
    loop = uvloop.new_event_loop()
    loop.run_until_complete(main())
    loop.close()
"""

NAMES = """
    import uvloop

    loop = uvloop.new_event_loop()

    def called(*args):
        print("called with", args)

    def threadsafe(*args, **kwargs):
        return loop.call_soon_threadsafe(*args, **kwargs)

    def later(*args, **kwargs):
        return loop.call_later(0, *args, **kwargs)

    def at(*args, **kwargs):
        return loop.call_at(loop.time(), *args, **kwargs)

    for schedule in (loop.call_soon, threadsafe, later, at):
        for args, kwargs in (
            ((), {}), ((called, 1, 2), {"context": None}), ((1,), {"callback": called}), ((), {"callback": called}),
            *(((called,), {name: 1}) for name in ("arg", "args", "more", "task", "note", "k", "self", "loop", "other")),
        ):
            try:
                print(list(kwargs), type(schedule(*args, **kwargs)).__name__)
            except TypeError as exc:
                print(list(kwargs), type(exc).__name__, str(exc).partition("()")[0])
    loop.call_later(0.01, loop.stop)
    loop.run_forever()
    loop.close()
"""

LIGHT = """
    import asyncio, uvloop

    async def turns(n):
        loop = asyncio.get_running_loop()
        for i in range(5):
            if (i + n) % 3:
                await asyncio.sleep(0)
            else:
                future = loop.create_future()
                loop.call_soon(future.set_result, None)
                await future
            if i == 2 and n == 1:
                asyncio.current_task().set_name("renamed")

    async def ends(how, wait):
        asyncio.current_task().set_name(how + str(wait))
        if wait is not None:
            await asyncio.sleep(wait)
        if how == "raises":
            raise ValueError(how)
        if how == "cancelled":
            raise asyncio.CancelledError

    async def done_already():
        future = asyncio.get_running_loop().create_future()
        future.set_result(None)
        await asyncio.wait([future])
        await asyncio.gather(*(asyncio.create_task(ends("returns", wait)) for wait in (None, 0)))

    async def main():
        tasks = [asyncio.create_task(turns(n), name="turns %d" % n) for n in range(3)]
        tasks += [asyncio.create_task(ends(how, wait)) for how in ("raises", "cancelled") for wait in (None, 0, 0.001)]
        await asyncio.gather(*tasks, done_already(), return_exceptions=True)
        print("done")

    loop = uvloop.new_event_loop()
    loop.run_until_complete(main())
    loop.close()
"""


@unittest.skipUnless(find_spec("uvloop"), "uvloop is not installed here: scripts/pythons.ts makes environments that have it")
class OnUvloop(unittest.TestCase):
    def run_of(self, source, *args, quiet=True, **env):
        plain = traced.run(source, *args, traced=False)
        shown = traced.run(source, *args, **env)
        self.assertEqual((shown.code, shown.out), (plain.code, plain.out), shown.err.decode())
        if quiet:
            self.assertEqual((shown.err, plain.err), (b"", b""))
        last = shown.run.stats[-1]
        self.assertEqual((last["notes"], last["tasksMissed"]), ([], 0))
        self.assertEqual(last["tasksSeen"], len(shown.run.tasks))
        return shown

    def wakers(self, run, name):
        task = next(task for task in run.tasks if task.name == name)
        return [(row["cause"], row["by"] and row["by"].name, [place.function for place in row["waker"]]) for row in task.suspensions]

    def test_who_woke(self):
        run = self.run_of(WAKES).run
        user, through, library = (("io", None, [name]) for name in ("wakes", "by_library", "_set_result_unless_cancelled"))
        self.assertEqual(self.wakers(run, "reader"), [user, through, user, library, through, user])
        received, wakes = (("io", None, [name]) for name in ("data_received", "wakes"))
        self.assertEqual(self.wakers(run, "protocol"), [received, wakes] * 2)
        self.assertEqual(self.wakers(run, "StreamReader"), [("io", None, ["_wakeup_waiter"])])
        # Of what no task does, two frames are looked at, and the user's is the third.
        self.assertEqual(self.wakers(run, "Fed"), [("io", None, ["_wakeup_waiter"])])
        self.assertEqual(self.wakers(run, "of a task 0"), [("task", "setter", ["sets"])])
        self.assertEqual(self.wakers(run, "of a task 1"), [("task", "setter", ["by_library"])])

    def test_a_step_that_ends_the_loop(self):
        for kind, error in (("exit", b"SystemExit\n"), ("interrupt", b"KeyboardInterrupt\n")):
            with self.subTest(kind):
                shown = self.run_of(BREAKS, kind, quiet=False)  # uvloop prints the traceback, which has a frame of ours
                self.assertEqual(shown.out, error * 3)
                tasks = {task.name: task for task in shown.run.tasks}
                for wait in (None, 0, 0.001):
                    self.assertEqual(tasks["breaks %s" % wait].outcome, "raised")
                    self.assertEqual(tasks["other %s" % wait].outcome, "returned")
                    self.assertEqual([row["cause"] for row in tasks["other %s" % wait].suspensions][:1], ["timer"])

    def test_run_forever_within_a_step(self):
        shown = self.run_of(WITHIN)
        self.assertIn(b"already running", shown.out)
        row = shown.run.find("waits").suspensions[0]
        self.assertEqual((row["cause"], row["by"].coroutine, [place.function for place in row["waker"]]), ("task", "main", ["main"]))
        self.assertEqual([kind for _, kind, _ in shown.run.records].count("RUN"), 3)

    def test_pending_as_the_loop_stops(self):
        run = self.run_of(PENDING).run
        self.assertEqual([task.name for task in run.tasks if task.coroutine == "child"][0], "first")
        self.assertEqual(len(run.find("at_once").steps), 4)

    def test_a_first_step_that_yields(self):
        run = self.run_of(YIELDS).run
        works = [task for task in run.tasks if task.coroutine == "works"]
        self.assertEqual(len(works), 4)
        middle = ["works", "middle", "middle", "middle", "sleep"]
        other = ["works", "other", "middle", "middle"]
        for n, task in enumerate(works):
            expected = [["works", "first", "__await__" if n % 2 else "sleep"]]
            for i in range(3):
                expected.append(middle)
                if not i:
                    expected.append([*other, "inner"])
                expected += [[*other, "sleep"], [*other, "middle", "sleep"]]
            told = [[place.function for place in row["stack"]] for row in task.suspensions]
            self.assertEqual([[name for name in each if name != "__sleep0"] for each in told], expected)
        told = [[place.function for place in row["stack"]] for row in run.find("turns").suspensions]
        self.assertEqual(told, [["turns", "sleep", *["__sleep0"] * (not delay)] for delay in (0, 1, 0, 0, 1, 0)])

    def test_records_were_lost(self):
        run = self.run_of(LOST).run
        children = [task for task in run.tasks if task.coroutine == "child"]
        self.assertEqual([task.outcome for task in children], ["returned"] * 4)
        self.assertEqual({kind for _, kind, _ in run.records} >= {"ADOPT", "DONE"}, True)

    @unittest.skipIf(sys.version_info < (3, 12), "no task starts before it is returned")
    def test_names_of_tasks_that_end_at_once(self):
        tasks = self.run_of(AT_ONCE).run.tasks
        told = [task.name for task in tasks if task.coroutine == "ends"]
        self.assertEqual(told[:3] + told[4:], ["ends None", "ends 0", "ends 0.001", "the last"])
        self.assertRegex(told[3], r"^Task-\d+$")

    def test_names_of_parameters(self):
        """What is scheduled takes the keywords that uvloop's methods take, and no other."""
        self.assertEqual(self.run_of(NAMES).out.count(b"called with"), 8)

    def test_light_detail(self):
        run = self.run_of(LIGHT, LOOPSCOPE_DETAIL="light").run
        turns = [task for task in run.tasks if task.coroutine == "turns"]
        self.assertEqual(
            [[row["on"] and row["on"][0] for row in task.suspensions] for task in turns],
            [["yield" if (i + n) % 3 else None for i in range(5)] for n in range(3)],
        )
        self.check_ends(run)

    def test_ends(self):
        self.check_ends(self.run_of(LIGHT).run)

    def check_ends(self, run):
        self.assertEqual([task.name for task in run.tasks if task.coroutine == "turns"], ["turns 0", "renamed", "turns 2"])
        ends = {task.name: (task.outcome, len(task.steps)) for task in run.tasks if task.coroutine == "ends"}
        steps = {"None": 1, "0": 2, "0.001": 2}
        expected = {how + wait: (how, steps[wait]) for how in ("raises", "cancelled") for wait in steps}
        expected = {name: ("raised" if how == "raises" else how, count) for name, (how, count) in expected.items()}
        self.assertEqual(ends, expected | {"returns" + wait: ("returned", steps[wait]) for wait in ("None", "0")})
        steps = sorted(step for task in run.tasks for step in task.steps)
        self.assertTrue(all(end <= begin for (_, end), (begin, _) in zip(steps, steps[1:])), steps)

    def test_who_cancelled_in_light_detail(self):
        source = CANCELS.replace("asyncio.run(main())", "__import__('uvloop').new_event_loop().run_until_complete(main())")
        shown = traced.run(source, LOOPSCOPE_DETAIL="light")
        self.assertEqual((shown.code, shown.out), (0, b"done\n"), shown.err.decode())
        named = {task.name: task for task in shown.run.tasks}
        for name in ("direct", "cleans up", "child", "inner"):
            with self.subTest(name):
                row = next(row for row in named[name].suspensions if row.get("cancelled"))
                self.assertEqual((row["cause"], row["by"].name), ("task", "canceller"))
                self.assertEqual([place.function for place in row["waker"] if place.user], ["canceller"])
        told = [row["cause"] for task in shown.run.tasks for row in task.suspensions if not row.get("cancelled")]
        self.assertEqual(told.count(None), len(told) - 1, "but for the gather, which passes a cancellation on as an exception of its own")


if __name__ == "__main__":
    unittest.main()
