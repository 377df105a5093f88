"""Every way to wait: its kind, its label, what it waits on, and who ended the wait."""

import sys
import unittest
from importlib.util import find_spec

from . import traced

PROGRAM = """
import asyncio, sys, time
C = asyncio.create_task
begun = asyncio.Event()
async def agen():
    for i in range(2):
        await asyncio.sleep(0.005)
        yield i
async def walker():
    async for x in agen():
        pass
async def getter(q):
    await q.get()
async def joiner(q):
    await q.join()
async def putter(q):
    await q.put(1)
    await q.put(2)
async def locker(l):
    async with l:
        await asyncio.sleep(0.01)
async def limited(s):
    async with s:
        await asyncio.sleep(0.01)
async def eventer(e):
    await e.wait()
async def conder(c):
    async with c:
        await c.wait()
async def waiter(ts):
    await asyncio.wait(ts)
async def patient(t):
    await asyncio.wait_for(t, 5)
async def shielder(t):
    await asyncio.shield(t)
async def collector(ts):
    for f in asyncio.as_completed(ts):
        await f
async def threader():
    await asyncio.to_thread(time.sleep, 0.01)
async def sleeper():
    await asyncio.sleep(0.02)
async def yielder():
    await asyncio.sleep(0)
async def futurist(f):
    await f
async def other(t):
    await t
async def gatherer(ts):
    await asyncio.gather(*ts)
async def child():
    pipe = asyncio.subprocess.PIPE
    p = await asyncio.create_subprocess_exec(sys.executable, "-c", "input(); print(1)", stdin=pipe, stdout=pipe)
    asyncio.get_running_loop().call_soon(p.stdin.write, b"\\n")  # once the line is waited for
    await p.stdout.readline()
    await p.wait()
async def server(r, w):
    begun.set()
    await r.readline()
    w.close()
async def client():
    s = await asyncio.start_server(server, "127.0.0.1", 0)
    r, w = await asyncio.open_connection(*s.sockets[0].getsockname())
    await begun.wait()
    w.write(b"hello\\n")
    await r.read()
    w.close()
    s.close()
async def main():
    queue = asyncio.Queue(1); lock = asyncio.Lock(); sema = asyncio.Semaphore(1)
    event = asyncio.Event(); cond = asyncio.Condition()
    future = asyncio.get_running_loop().create_future()
    sl = C(sleeper(), name="slow")
    ts = [C(walker()), C(getter(queue), name="g1"), C(getter(queue), name="g2"), (put := C(putter(queue), name="p")), C(joiner(queue)),
          C(locker(lock), name="l1"), C(locker(lock), name="l2"), C(limited(sema), name="s1"), C(limited(sema), name="s2"),
          C(eventer(event)), C(conder(cond)), C(waiter([sl])), C(patient(sl)), C(shielder(sl)), C(gatherer([sl])),
          C(collector([C(sleeper(), name="c1"), C(sleeper(), name="c2")])), C(threader()), C(yielder()),
          C(futurist(future)), C(child()), C(other(sl)), C(client())]
    await put
    while not cond._waiters:
        await asyncio.sleep(0.005)
    event.set(); future.set_result(1)
    async with cond:
        cond.notify_all()
    queue.task_done(); queue.task_done()
    await asyncio.gather(*ts)
if "--uvloop" in sys.argv:
    import uvloop
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
asyncio.run(main(), **({"debug": True} if "--debug" in sys.argv else {}))
"""


class Waits(unittest.TestCase):
    arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.result = traced.run(PROGRAM, *cls.arguments)
        assert cls.result.code == 0, cls.result.err.decode()
        cls.run_ = cls.result.run

    def only(self, coroutine, i=0):
        return self.run_.find(coroutine).suspensions[i]

    def named(self, name, i=0):
        return next(t for t in self.run_.tasks if t.name == name).suspensions[i]

    def check(self, row, kind, functions, cause, by=None):
        self.assertEqual(row["on"][0], kind)
        self.assertEqual([p.function for p in row["stack"]], functions.split())
        self.assertEqual((row["cause"], row["by"] and row["by"].name), (cause, by))

    def test_sleep(self):
        row = self.named("slow")
        self.check(row, "sleep", "sleeper sleep", "timer")
        self.assertEqual(row["on"][1], 0.02)

    def test_yield(self):
        self.assertEqual(self.only("yielder")["on"][0], "yield")

    def test_async_generator(self):
        self.check(self.only("walker"), "sleep", "walker agen sleep", "timer")

    def test_queue(self):
        row = self.named("g1")
        self.check(row, "queue.get", "getter get", "task", "p")
        self.assertEqual(row["on"][2]["label"], "queue")
        self.assertEqual([p.function for p in row["waker"]], ["putter"])
        self.check(self.named("p"), "queue.put", "putter put", "task", "g1")
        self.check(self.only("joiner"), "queue.join", "joiner join wait", "task", "Task-1")

    def test_lock(self):
        row = self.named("l2")
        self.check(row, "lock", "locker __aenter__ acquire", "task", "l1")
        self.assertEqual(row["on"][2]["kind"], "lock")

    def test_semaphore(self):
        self.check(self.named("s2"), "semaphore", "limited __aenter__ acquire", "task", "s1")

    def test_event_and_condition(self):
        self.check(self.only("eventer"), "event", "eventer wait", "task", "Task-1")
        self.check(self.only("conder"), "condition", "conder wait", "task", "Task-1")

    def test_holders(self):
        holds = [(task.name, change) for _, task, change in self.run_.holds if task is not None]
        changes = [row for row in holds if row[0] in ("l1", "l2")]
        self.assertEqual(changes, [("l1", 1), ("l1", -1), ("l2", 1), ("l2", -1)])
        changes = [row for row in holds if row[0] in ("s1", "s2")]
        self.assertEqual(changes, [("s1", 1), ("s1", -1), ("s2", 1), ("s2", -1)])

    def test_tasks(self):
        for coroutine in "waiter gatherer".split():
            row = self.only(coroutine)
            self.assertEqual((row["on"][0], [t.name for t in row["on"][3]]), ("tasks", ["slow"]))
            self.assertEqual(row["by"].name, "slow")
        for coroutine in "patient shielder other".split():
            row = self.only(coroutine)
            self.assertEqual((row["on"][0], [t.name for t in row["on"][3]]), ("task", ["slow"]))
            self.assertEqual(row["by"].name, "slow")

    def test_as_completed(self):
        row = self.only("collector")
        self.assertEqual(row["on"][0], "tasks")
        self.assertIn(row["by"].name, ("c1", "c2"))
        if sys.version_info >= (3, 13):
            self.assertEqual({t.name for t in row["on"][3]}, {"c1", "c2"})

    def test_thread(self):
        row = self.only("threader")
        self.check(row, "thread", "threader to_thread", "thread")
        self.assertEqual(row["on"][2], "time.sleep")

    def test_future(self):
        row = self.only("futurist")
        self.assertEqual((row["on"], row["by"].name), (None, "Task-1"))
        self.assertEqual(row["waker"][0].function, "main")

    def test_subprocess(self):
        rows = self.run_.find("child").suspensions
        self.assertEqual([r["on"][0] for r in rows][0], "process")
        self.assertIn("io", [r["on"][0] for r in rows])

    def test_streams(self):
        row = self.only("server")
        self.check(row, "io", "server readline readuntil _wait_for_data", "io")

    def test_nothing_missed(self):
        last = self.run_.stats[-1]
        self.assertEqual((last["tasksMissed"], last["dropped"], last["notes"]), (0, 0, []))
        self.assertEqual(last["tasksSeen"], len(self.run_.tasks))


class WaitsInDebugMode(Waits):
    arguments = ("--debug",)


@unittest.skipUnless(find_spec("uvloop"), "uvloop is not installed here: scripts/pythons.ts makes environments that have it")
class WaitsOnUvloop(Waits):
    arguments = ("--uvloop",)


class CallbackOfTask(unittest.TestCase):
    """A method of a task as the callback of a future, which is called as its wake-up would be."""

    def test_cancel(self):
        for debug in (False, True):
            with self.subTest(debug=debug):
                result = traced.run(
                    """
                    import asyncio
                    async def waits():
                        try:
                            await asyncio.sleep(10)
                        except asyncio.CancelledError:
                            await asyncio.sleep(0)
                    async def main():
                        task = asyncio.create_task(waits())
                        await asyncio.sleep(0.01)
                        future = asyncio.get_running_loop().create_future()
                        future.add_done_callback(task.cancel)
                        future.set_result(None)
                        await task
                    asyncio.run(main(), debug=%s)
                    """
                    % debug
                )
                self.assertEqual(result.code, 0, result.err.decode())
                task = result.run.find("waits")
                self.assertEqual(len(task.steps), 3)
                self.assertEqual([row["by"] and row["by"].name for row in task.suspensions], ["Task-1", None])


@unittest.skipIf(sys.version_info < (3, 11), "Barrier, TaskGroup and timeout came with Python 3.11")
class NewerWaits(unittest.TestCase):
    def test_barrier_group_timeout(self):
        run = traced.run(
            """
            import asyncio
            async def child():
                await asyncio.sleep(0.01)
            async def party(barrier):
                await barrier.wait()
            async def group():
                async with asyncio.TaskGroup() as g:
                    g.create_task(child(), name="c")
            async def limited():
                try:
                    async with asyncio.timeout(0.1):
                        await asyncio.Event().wait()
                except TimeoutError:
                    pass
            async def main():
                barrier = asyncio.Barrier(2)
                await asyncio.gather(party(barrier), group(), limited(), party(barrier))
            asyncio.run(main())
            """
        ).run
        first = [t for t in run.tasks if t.coroutine == "party"][0].suspensions[0]
        self.assertEqual((first["on"][0], first["on"][2]["label"]), ("barrier", "barrier"))
        row = run.find("group").suspensions[0]
        self.assertEqual((row["on"][0], [t.name for t in row["on"][3]]), ("tasks", ["c"]))
        row = run.find("limited").suspensions[0]
        self.assertEqual((row["on"][0], row["cause"], row["cancelled"]), ("event", "timer", True))
        self.assertIn("_on_timeout", [p.function for p in row["waker"]])


class ByTurns(unittest.TestCase):
    def test_what_stands_for_others_where_a_future_was_awaited(self):
        """A task that waits here and there again and again may once wait for what is done when others are."""
        run = traced.run(
            """
            import asyncio
            async def child():
                await asyncio.sleep(0.001)
            async def server(things):
                for one, other in things:
                    await one()
                    await other()
            async def main():
                loop = asyncio.get_running_loop()
                def future():
                    f = loop.create_future()
                    loop.call_soon(loop.call_soon, f.set_result, None)
                    return f
                def both():
                    return asyncio.gather(loop.create_task(child(), name="a"), loop.create_task(child(), name="b"))
                def shielded():
                    return asyncio.shield(loop.create_task(child(), name="c"))
                things = [(future, future)] * 6 + [(both, future), (future, future), (future, shielded), (future, future)]
                await loop.create_task(server(things), name="server")
            asyncio.run(main())
            """
        ).run
        rows = run.find("server").suspensions
        waits = [row["on"] and (row["on"][0], [t.name for t in row["on"][3]]) for row in rows]
        self.assertEqual((len(rows), waits[12], waits[17]), (20, ("tasks", ["a", "b"]), ("task", ["c"])))

    def test_what_yields_at_times_and_else_hands_on_a_future(self):
        kinds = (False, True, False, False, True, True, False)
        program = """
            import asyncio
            class Awaited:
                def __init__(self, future):
                    self.future, self.given = future, False
                def __await__(self):
                    return self
                def __next__(self):
                    if self.given:
                        raise StopIteration
                    self.given = True
                    if self.future is not None:
                        self.future._asyncio_future_blocking = True
                    return self.future
            async def work(loop):
                for waits in KINDS:
                    future = loop.create_future() if waits else None
                    if waits:
                        loop.call_soon(future.set_result, None)
                    await Awaited(future)
            async def main():
                await asyncio.gather(*[work(asyncio.get_running_loop()) for _ in range(2)])
            asyncio.run(main())
            """
        done = traced.run(program.replace("KINDS", repr(kinds)))
        works = [task for task in done.run.tasks if task.coroutine == "work"]
        seen = [tuple((row["on"] and row["on"][0], row["future"] > 0) for row in task.suspensions) for task in works]
        self.assertEqual(seen, [tuple((None if waits else "yield", waits) for waits in kinds)] * 2)


class ManyOnOne(unittest.TestCase):
    def test_as_cheap_for_the_last_of_many(self):
        """`_callbacks` makes a list of all that wait: asked for each of them, a thousand tasks would cost a million."""
        done = traced.run(
            """
            import asyncio
            class Counting(asyncio.Future):
                asked = 0
                @property
                def _callbacks(self):
                    Counting.asked += 1
                    return super()._callbacks
            async def waiter(future):
                await future
            async def main():
                future = Counting()
                tasks = [asyncio.create_task(waiter(future), name=name) for name in "abc"]
                tasks.append(asyncio.create_task(waiter(asyncio.shield(tasks[0])), name="shield"))
                await asyncio.sleep(0)
                asked = Counting.asked
                future.set_result(None)
                await asyncio.gather(*tasks)
                print(asked, Counting.asked)
            asyncio.run(main())
            """
        )
        self.assertEqual(done.out, b"0 0\n")
        on = {task.name: task.suspensions[0]["on"] for task in done.run.tasks if task.coroutine == "waiter"}
        self.assertEqual([on[name] for name in "abc"], [None] * 3)
        self.assertEqual((on["shield"][0], [t.name for t in on["shield"][3]]), ("task", ["a"]))

    @unittest.skipUnless(sys.version_info >= (3, 13), "before 3.13 the frames of as_completed do not name its tasks")
    def test_what_as_completed_waits_for_is_told_once(self):
        done = traced.run(
            """
            import asyncio
            async def child(turn):
                await turn.wait()
            async def collector(tasks):
                for i, other in enumerate(asyncio.as_completed(tasks)):
                    await other
                    if i == 9:
                        for each in asyncio.as_completed([asyncio.sleep(0)]):
                            await each
            async def main():
                turns = [asyncio.Event() for _ in range(3000)]
                tasks = [asyncio.create_task(child(turn)) for turn in turns]
                few, many = [asyncio.create_task(collector(those), name=str(len(those))) for those in (tasks[:100], tasks)]
                for turn in turns:
                    turn.set()
                    for _ in range(6):
                        await asyncio.sleep(0)
                await asyncio.wait([few, many])
            asyncio.run(main())
            """
        )
        few, many = [task for name in ("100", "3000") for task in done.run.tasks if task.name == name]
        seen = [len(row["on"][3]) for row in few.suspensions]
        self.assertEqual(seen, [*range(100, 90, -1), 1, *range(90, 0, -1)])
        self.assertEqual(list(map(len, few.others)), [100, 1, 90])
        self.assertEqual(list(map(len, many.others)), [2000, 1, 2000, 1990])  # of more, again when a thousand are done
        self.assertEqual({row["on"][0] for row in many.suspensions}, {"tasks"})


if __name__ == "__main__":
    unittest.main()
