"""How tasks come to be and how they end."""

import sys
import unittest
from importlib.util import find_spec

from . import traced


class Lifecycle(unittest.TestCase):
    def run_ok(self, source, *args, **options):
        result = traced.run(source, *args, **options)
        self.assertEqual(result.code, 0, result.err.decode())
        return result.run

    def test_three_sleepers(self):
        run = self.run_ok(
            """
            import asyncio
            async def task_one():
                await asyncio.sleep(0.02)
            async def task_two():
                await asyncio.sleep(0.04)
            async def main():
                await asyncio.gather(task_one(), task_two())
            asyncio.run(main())
            """
        )
        main, one, two = run.find("main"), run.find("task_one"), run.find("task_two")
        self.assertEqual([t.name for t in (main, one, two)], ["Task-1", "Task-2", "Task-3"])
        self.assertIs(one.parent, main)
        self.assertEqual([t.outcome for t in (main, one, two)], ["returned"] * 3)
        user = [p for p in one.creation if p.user]
        self.assertEqual(user[0][:3], ("app.py", 8, "main"))
        self.assertEqual({t.name for t in main.suspensions[0]["on"][3]}, {"Task-2", "Task-3"})
        self.assertIs(main.suspensions[0]["by"], two)
        self.assertEqual(run.runs[0], (1, 1))
        self.assertEqual(run.runs[-1], (1, -1))
        self.assertIsNotNone(run.bye)

    def test_light_detail(self):
        for slow in ("", "asyncio.get_running_loop().set_debug(True)"):
            with self.subTest(slow):
                run = self.run_ok(
                    """
                    import asyncio, os
                    async def inner():
                        await asyncio.sleep(0)
                        await asyncio.Event().wait()
                    async def waits():
                        await inner()
                    async def main():
                        %s
                        tasks = [asyncio.create_task(waits(), name=f"waits-{i}") for i in range(3)]
                        asyncio.create_task(asyncio.sleep(0), name="short")
                        for _ in range(5):
                            await asyncio.sleep(0)
                        os._exit(0)
                    asyncio.run(main())
                    """
                    % slow,
                    LOOPSCOPE_DETAIL="light",
                )
                self.assertEqual(run.hello["detail"], "light")
                named = [t for t in run.tasks if t.name.startswith("waits-")]
                self.assertEqual([t.name for t in named], ["waits-0", "waits-1", "waits-2"])
                self.assertEqual([t.outcome for t in named], ["pending"] * 3)
                self.assertEqual([len(t.steps) for t in named], [2] * 3)
                self.assertEqual([t.name for t in run.tasks if t.name == "short"], ["short"])
                for task in run.tasks:
                    for row in task.suspensions:
                        self.assertEqual(list(row["stack"]), [])

    def test_outcomes(self):
        run = self.run_ok(
            """
            import asyncio
            async def bad():
                raise ValueError("no")
            async def long():
                await asyncio.sleep(60)
            async def main():
                b = asyncio.create_task(bad()); l = asyncio.create_task(long())
                await asyncio.sleep(0)
                l.cancel()
                await asyncio.gather(b, l, return_exceptions=True)
            asyncio.run(main())
            """
        )
        bad, long = run.find("bad"), run.find("long")
        self.assertEqual((bad.outcome, long.outcome), ("raised", "cancelled"))
        self.assertEqual(bad.exception[:2], ("ValueError", "no"))
        self.assertEqual(bad.exception[2][:3], ("app.py", 4, "bad"))
        row = long.suspensions[0]
        self.assertEqual((row["cause"], row["cancelled"], row["by"].name), ("task", True, "Task-1"))
        self.assertEqual(row["waker"][0][:3], ("app.py", 10, "main"))

    def test_chain_is_kept_and_renewed(self):
        run = self.run_ok(
            """
            import asyncio
            async def leaf(n):
                loop = asyncio.get_running_loop()
                for i in range(n):
                    f = loop.create_future()
                    loop.call_soon(f.set_result, None)
                    await f
                f = loop.create_future()
                loop.call_soon(f.set_result, None)
                await f
            async def middle(n):
                await leaf(n)
            async def main():
                await middle(2)
                await middle(1)
                await leaf(0)
            asyncio.run(main())
            """
        )
        stacks = [[(p.function, p.line) for p in s["stack"]] for s in run.find("main").suspensions]
        first, last = [("main", 15), ("middle", 13)], ("leaf", 11)
        self.assertEqual(stacks[0], first + [("leaf", 8)])
        self.assertEqual(stacks[1], first + [("leaf", 8)])
        self.assertEqual(stacks[2], first + [last])
        self.assertEqual(stacks[3], [("main", 16), ("middle", 13), ("leaf", 8)])
        self.assertEqual(stacks[5], [("main", 17), last])

    def test_faults(self):
        run = self.run_ok(
            """
            import asyncio, gc
            async def never(): pass
            async def forever(): await asyncio.Event().wait()
            async def bad(): raise ValueError("boom")
            async def main():
                never()
                asyncio.create_task(bad(), name="b")
                asyncio.create_task(forever(), name="f")
                await asyncio.sleep(0.01)
                gc.collect()
            asyncio.get_event_loop_policy().new_event_loop().run_until_complete(main())
            """
        )
        self.assertIn(("unretrieved", "b", "ValueError", "boom"), run.faults)
        self.assertIn(("lost", "f", "Task was destroyed but it is pending!"), run.faults)
        never = next(f for f in run.faults if f[0] == "never-awaited")
        self.assertEqual((never[1], never[2][:3]), ("never", ("app.py", 7, "main")))

    def test_a_future_with_the_key_of_a_task(self):
        """It fails where a task was freed: the failure is not that task's."""
        run = self.run_ok(
            """
            import asyncio
            class Future(asyncio.Future):
                __hash__ = lambda self: freed
            async def fine(): pass
            async def main():
                global freed
                task = asyncio.create_task(fine(), name="fine")
                await task
                freed = hash(task)
                Future().set_exception(KeyError("key"))
            asyncio.run(main())
            """
        )
        self.assertEqual(run.faults, [("unretrieved", None, "KeyError", "'key'")])

    def test_stall(self):
        run = self.run_ok(
            """
            import asyncio, time
            async def blocker():
                time.sleep(0.5)
            async def main():
                await asyncio.gather(blocker(), asyncio.sleep(0))
            asyncio.run(main())
            """
        )
        # Another step, or the way to the sleep, may be slow on a busy machine.
        self.assertIn(("Task-2", ("blocker", 4, True)), [(stall["name"], stall["stack"][0]) for stall in run.stalls])

    def test_loops_in_threads(self):
        run = self.run_ok(
            """
            import asyncio, threading
            async def work():
                for _ in range(50):
                    await asyncio.sleep(0)
            async def main():
                await asyncio.gather(*[work() for _ in range(5)])
            threads = [threading.Thread(target=lambda: asyncio.run(main()), name="T%d" % i) for i in range(3)]
            [t.start() for t in threads]
            [t.join() for t in threads]
            """
        )
        self.assertEqual({l["thread"] for l in run.loops.values()}, {"T0", "T1", "T2"})
        self.assertEqual(sum(t.coroutine == "work" and t.outcome == "returned" for t in run.tasks), 15)

    def test_threads_wake(self):
        run = self.run_ok(
            """
            import asyncio, threading
            async def remote():
                return 1
            async def waits(f):
                await f
            async def main():
                loop = asyncio.get_running_loop()
                f = loop.create_future()
                t = asyncio.create_task(waits(f))
                await asyncio.sleep(0.01)
                def go():
                    loop.call_soon_threadsafe(f.set_result, 1)
                    asyncio.run_coroutine_threadsafe(remote(), loop).result()
                th = threading.Thread(target=go); th.start()
                await t
                while th.is_alive():
                    await asyncio.sleep(0.001)
                th.join()
            asyncio.run(main())
            """
        )
        self.assertEqual(run.find("waits").suspensions[0]["cause"], "thread")
        remote = run.find("remote")
        self.assertEqual((remote.parent, remote.outcome), (None, "returned"))
        self.assertIn("callback", [p.function for p in remote.creation])

    def test_used_from_another_thread(self):
        run = self.run_ok(
            """
            import asyncio, threading
            async def main():
                loop = asyncio.get_running_loop()
                future = loop.create_future()
                over, parked, stock = asyncio.Event(), threading.Event(), loop._selector.select
                def select(timeout):
                    if timeout is None:
                        parked.set()
                    return stock(timeout)
                def meddle():
                    parked.wait()
                    future.add_done_callback(print)
                    future.set_result(1)
                    loop.call_soon_threadsafe(over.set)
                loop._selector.select = select
                thread = threading.Thread(target=meddle, name="meddler")
                thread.start()
                await over.wait()
                thread.join()
            asyncio.run(main())
            """
        )
        faults = [f for f in run.faults if f[0] == "unsafe"]
        self.assertEqual([f[1:3] for f in faults], [("call_soon", "meddler")])
        self.assertEqual(faults[0][3][0][:3], ("app.py", 14, "meddle"))

    @unittest.skipIf(sys.version_info < (3, 12), "eager tasks came with Python 3.12")
    def test_eager_tasks(self):
        run = self.run_ok(
            """
            import asyncio
            async def quick():
                return 1
            async def slow():
                await asyncio.sleep(0.01)
            async def nested():
                await asyncio.create_task(quick(), name="inner")
            async def main():
                loop = asyncio.get_running_loop()
                loop.set_task_factory(asyncio.eager_task_factory)
                assert loop.get_task_factory() is asyncio.eager_task_factory
                a = asyncio.create_task(quick(), name="a")
                b = asyncio.create_task(slow(), name="b")
                c = asyncio.create_task(nested(), name="c")
                await asyncio.gather(a, b, c)
            asyncio.run(main())
            """
        )
        named = {t.name: t for t in run.tasks}
        self.assertEqual([named[n].outcome for n in ("a", "b", "c", "inner")], ["returned"] * 4)
        self.assertIs(named["inner"].parent, named["c"])
        self.assertEqual(named["a"].parent.coroutine, "main")
        self.assertEqual([p.function for p in named["b"].suspensions[0]["stack"]], ["slow", "sleep"])
        self.assertEqual(run.stats[-1]["tasksMissed"], 0)

    @unittest.skipIf(sys.version_info < (3, 12), "eager tasks came with Python 3.12")
    def test_what_an_eager_task_waits_on_at_once(self):
        run = self.run_ok(
            """
            import asyncio
            async def locker(lock):
                async with lock:
                    pass
            async def getter(queue):
                await queue.get()
            async def sleeper():
                await asyncio.sleep(0.01)
            async def waiter(things):
                await asyncio.wait(things)
            async def gatherer(things):
                await asyncio.gather(*things)
            async def shielder(thing):
                await asyncio.shield(thing)
            async def group(thing):
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(thing, name="in group")
            async def main():
                asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
                lock, queue = asyncio.Lock(), asyncio.Queue()
                await lock.acquire()
                slow = asyncio.create_task(sleeper(), name="slow")
                other = asyncio.create_task(sleeper(), name="other")
                waits = locker(lock), getter(queue), waiter([slow]), gatherer([slow, other]), shielder(slow), group(sleeper())
                tasks = [asyncio.create_task(each) for each in waits]
                lock.release()
                queue.put_nowait(1)
                await asyncio.wait(tasks)
            asyncio.run(main())
            """
        )
        slow = next(task for task in run.tasks if task.name == "slow")
        self.assertEqual(slow.suspensions[0]["on"][:2], ("sleep", 0.01))
        on = {name: run.find(name).suspensions[0]["on"] for name in "locker getter waiter gatherer shielder group".split()}
        self.assertEqual([(on[name][0], on[name][2]["label"]) for name in ("locker", "getter")], [("lock", "lock"), ("queue.get", "queue")])
        others = {name: (kind, [task.name for task in tasks]) for name, (kind, _, _, tasks) in on.items() if tasks}
        expected = {"waiter": ["slow"], "gatherer": ["slow", "other"], "shielder": ["slow"], "group": ["in group"]}
        self.assertEqual(others, {name: ("task" if name == "shielder" else "tasks", names) for name, names in expected.items()})

    @unittest.skipIf(sys.version_info < (3, 12), "eager tasks came with Python 3.12")
    def test_whose_doing_it_is_what_an_eager_task_schedules_at_once(self):
        """The task has its key when the factory has returned it, and what it scheduled runs after that, as many others have begun."""
        source = """
            import asyncio, sys
            async def ends(future):
                loop.call_soon(asyncio.futures._set_result_unless_cancelled, future, None)
            async def goes_on(future):
                loop.call_soon(asyncio.futures._set_result_unless_cancelled, future, None)
                await asyncio.sleep(0.01)
            async def fails(future):
                loop.call_soon(asyncio.futures._set_result_unless_cancelled, future, None)
                raise ValueError
            async def waits(future):
                await future
            def work(futures):
                return [[ends, goes_on, fails][i % 3](future) for i, future in enumerate(futures)]
            async def main():
                global loop
                loop = asyncio.get_running_loop()
                futures = [loop.create_future() for _ in range(12)]
                others = [asyncio.create_task(waits(future), name="for %d" % i) for i, future in enumerate(futures)]
                await asyncio.sleep(0)
                if "direct" in sys.argv:
                    made = [asyncio.Task(coro, loop=loop, eager_start=True) for coro in work(futures)]
                else:
                    loop.set_task_factory(asyncio.eager_task_factory)
                    made = [loop.create_task(coro) for coro in work(futures)]
                    loop.set_task_factory(None)
                await asyncio.gather(*others, *made, return_exceptions=True)
            if "uvloop" in sys.argv:
                loop = __import__("uvloop").new_event_loop()
            else:
                loop = asyncio.new_event_loop()
            loop.set_debug("debug" in sys.argv)
            loop.slow_callback_duration = 60
            loop.run_until_complete(main())
            loop.close()
            """
        # uvloop 0.23 hands a factory an `eager_start` since 3.13, and None since 3.14, so that nothing starts at once.
        uvloop = [("uvloop", "direct")] * bool(find_spec("uvloop")) + [("uvloop",)] * bool(find_spec("uvloop") and sys.version_info < (3, 13))
        for arguments in ((), ("debug",), ("direct",), ("direct", "debug"), *uvloop):
            with self.subTest(arguments=arguments):
                run = self.run_ok(source, *arguments)
                of = {name: [task for task in run.tasks if task.coroutine in name.split()] for name in ("waits", "ends goes_on fails")}
                made = sorted(of["ends goes_on fails"], key=lambda task: task.created)
                self.assertEqual([task.suspensions[0]["by"] for task in of["waits"]], made)

    def test_task_factory(self):
        run = self.run_ok(
            """
            import asyncio
            class Mine(asyncio.Task):
                pass
            seen = []
            def factory(loop, coro, **kw):
                seen.append(kw)
                return Mine(coro, loop=loop, **kw)
            async def child():
                await asyncio.sleep(0)
            async def main():
                loop = asyncio.get_running_loop()
                loop.set_task_factory(factory)
                assert loop.get_task_factory() is factory
                t = asyncio.create_task(child())
                assert type(t) is Mine
                await t
                loop.set_task_factory(None)
                assert loop.get_task_factory() is None
            asyncio.run(main())
            """
        )
        child = run.find("child")
        self.assertEqual((child.outcome, child.parent.coroutine), ("returned", "main"))


if __name__ == "__main__":
    unittest.main()
