"""Who called `cancel()` of a task that does not wait, so that nothing but its next step shows it."""

import os
import sys
import unittest
from importlib.util import find_spec

from . import traced
from .same import Compared

PROGRAM = """
    import asyncio, contextlib, sys, threading

    class Sub(asyncio.Task):
        def cancel(self, msg=None):
            return super().cancel(msg)  #: of the subclass

    class Plain(asyncio.Task):
        pass

    async def leaf(event=None):
        await (asyncio.Event() if event is None else event).wait()

    async def awaits(thing):
        await thing

    async def turns(n=3):
        for _ in range(n):
            await asyncio.sleep(0)

    def named(name, coroutine):
        return asyncio.create_task(coroutine, name=name)

    def of_class(kind, name):
        return kind(leaf(), loop=asyncio.get_running_loop(), name=name)

    async def ended(*tasks):
        await asyncio.wait(tasks)
        for task in tasks:
            try:
                task.result()
            except asyncio.CancelledError as exc:
                print(task.get_name(), "cancelled", *exc.args)

    async def timed_out():
        with contextlib.suppress(asyncio.TimeoutError):
            async with asyncio.timeout(-1):
                await turns()

    async def group():
        async with asyncio.TaskGroup() as group:
            group.create_task(leaf(), name="of a group")
            raise ValueError

    async def in_first_step():
        asyncio.current_task().cancel()  #: itself
        await leaf()

    async def refused(thing):
        try:
            await thing
        except asyncio.CancelledError:
            print("caught")
        await asyncio.sleep(0)

    async def main():
        loop = asyncio.get_running_loop()
        fresh, said, stored, other, done = (named(name, turns(0)) for name in ("fresh", "said", "stored", "other thread", "done"))
        fresh.cancel()  #: fresh
        said.cancel(msg="said so")  #: said
        stop = stored.cancel
        stop()
        thread = threading.Thread(target=lambda: other.cancel())
        thread.start()
        thread.join()
        await ended(fresh, said, stored, other)
        done.cancel()
        event = asyncio.Event()
        ready, waits, late = named("ready", leaf(event)), named("waits", leaf()), named("late", refused(leaf(event)))
        inner = named("inner", leaf(event))
        outer = named("outer", awaits(inner))
        await turns()
        event.set()
        ready.cancel("with a word")  #: ready
        waits.cancel()
        late.cancel()  #: late
        outer.cancel()  #: outer
        await ended(ready, waits, late, inner, outer)
        future = loop.create_future()
        gathers = named("gathers", awaits(asyncio.gather(future)))
        await turns()
        future.set_result(None)
        gathers.cancel()  #: gathers
        await ended(gathers)
        gathering = asyncio.gather(named("gathered", leaf()))
        gathering.cancel()  #: gathering
        await asyncio.wait([gathering])
        sub, plain = of_class(Sub, "sub"), of_class(Plain, "plain")
        sub.cancel()
        asyncio.Task.cancel(plain)
        await ended(sub, plain)
        first = named("first", in_first_step())
        await ended(first)
        loop.call_soon(lambda: left[0].cancel())  #: callback
        left.append(named("callback", turns(0)))
        await turns()
        if sys.version_info >= (3, 11):
            await named("timed out", timed_out())
            with contextlib.suppress(Exception):
                await named("group", group())
        print(asyncio.Task.cancel, repr(plain.cancel).partition(" at ")[0], sorted(vars(asyncio.Task))[:9], sub.cancel.__name__)
        print([asyncio.Task.__new__(asyncio.Task).cancel.__name__, hasattr(plain, "cancel"), sub.cancel.__func__ is Sub.cancel])
        asyncio.current_task().add_done_callback(lambda _: left.append(named("left", leaf())))

    left = []
    if "--uvloop" in sys.argv:
        import uvloop
        uvloop.install()
    elif "--own" in sys.argv:
        class Loop(asyncio.SelectorEventLoop):
            def call_soon(self, *args, **kwargs):
                return super().call_soon(*args, **kwargs)
        asyncio.set_event_loop_policy(type("Policy", (asyncio.DefaultEventLoopPolicy,), {"_loop_factory": Loop})())
    asyncio.run(main(), debug="--debug" in sys.argv)
    print("done")
"""

GROUPED = sys.version_info >= (3, 11)
WAYS = [(), ("--debug",), ("--own",), *([("--uvloop",)] if find_spec("uvloop") else [])]
# name -> [(what of, by whose step, innermost function, what the line of the user's code is marked with)]
CALLS = {
    "fresh": [("task", "main", "main", "fresh")],
    "said": [("task", "main", "main", "said")],
    "stored": [],
    "other thread": [],
    "done": [],
    "ready": [("task", "main", "main", "ready")],
    "waits": [],
    "late": [("task", "main", "main", "late")],
    "inner": [("task", "main", "main", "outer")],
    "outer": [],
    "gathers": [("task", "main", "main", "gathers")],
    "gathered": [("task", "main", "cancel", "gathering")],
    "sub": [("task", "main", "cancel", "of the subclass")],
    "plain": [],
    "first": [("task", "first", "in_first_step", "itself")],
    "callback": [("task", "main", "<lambda>", "callback")],
    "left": [("callback", None, "_cancel_all_tasks", None)],
}
GROUP_CALLS = {
    "timed out": [("task", "timed out", "_on_timeout", None)],
    "of a group": [("task", "group", "_abort", None)],
}
# Who scheduled a callback of the user's is not known there, and what is ready as the loop is told to stop runs first.
UVLOOP_CALLS = {"callback": [("io", None, "<lambda>", "callback")], "left": []}


class Cancels(Compared):
    def calls(self, *args, detail="full"):
        result = self.same(PROGRAM, *args, LOOPSCOPE_DETAIL=detail)
        self.assertTrue(result.out.endswith(b"done\n"), result.err.decode())
        run = result.run
        self.assertEqual(run.stats[-1]["tasksMissed"], 0)
        marks = {i: line.partition("#:")[2].strip() for i, line in enumerate(PROGRAM.split("\n"), 1)}
        found = {}
        for task in run.tasks:
            found[task.name] = [
                (cause, by and ("main" if by.coroutine == "main" else by.name), frames[0].function, self.mark(marks, frames))
                for _, cause, by, frames in task.asked_to_end
            ]
        return found

    def mark(self, marks, frames):
        return next((marks.get(frame.line) or None for frame in frames if frame.file == "app.py"), None)

    def test_every_way(self):
        for way in WAYS:
            for detail in ("full", "light"):
                with self.subTest(way=way, detail=detail):
                    found = self.calls(*way, detail=detail)
                    wanted = {**CALLS, **(GROUP_CALLS if GROUPED else {}), **(UVLOOP_CALLS if "--uvloop" in way else {})}
                    self.assertEqual({name: found[name] for name in wanted}, wanted)

    def test_nothing_is_left(self):
        """A recording that ends gives the class its method back, and the next one takes it again."""
        result = traced.run(
            """
            import asyncio, os, sys
            import loopscope_runtime
            from loopscope_runtime import state, tracing
            def shown():
                return vars(asyncio.Task)["cancel"] is stock, asyncio.Task.cancel is stock, hasattr(asyncio.Task, "__abstractmethods__")
            async def cancels():
                for _ in range(3):
                    task = asyncio.create_task(asyncio.sleep(0))
                    task.cancel()
                    await asyncio.wait([task])
                    assert task.cancelled()
            stock = vars(asyncio.Task)["cancel"]
            for _ in range(3):
                loopscope_runtime.start(file=sys.argv[1])
                asyncio.run(cancels())
                print(*shown())
                tracing.current.end()
                asyncio.run(cancels())
                print(*shown())
            """,
            os.devnull,
            traced=False,
            PYTHONPATH=os.path.join(traced.ROOT, "runtime", "python"),
        )
        self.assertEqual((result.code, result.err), (0, b""))
        self.assertEqual(result.out.decode().split("\n")[:-1], ["False True False", "True True False"] * 3)

    def test_tasks_in_a_circle(self):
        """They cancel one another up to the recursion limit."""
        shown = self.same(
            """
            import asyncio
            async def main():
                tasks = []
                async def other(n):
                    await tasks[1 - n]
                tasks += [asyncio.create_task(other(n)) for n in range(2)]
                await asyncio.sleep(0.01)
                try:
                    tasks[0].cancel()
                except RecursionError as exc:
                    print("too deep")
                await asyncio.create_task(asyncio.sleep(0), name="later")
            loop = asyncio.new_event_loop()
            loop.set_exception_handler(lambda loop, context: None)
            loop.run_until_complete(main())
            """
        )
        self.assertEqual((shown.run.stats[-1]["notes"], shown.run.tasks[-1].outcome), ([], "returned"))

    def test_finalizers_at_the_end(self):
        """Tasks are cancelled when most of the interpreter is gone."""
        shown = self.same(
            """
            import asyncio, os, sys
            class Keeper:
                def __init__(self, task):
                    self.task = task
                def __del__(self, say=os.write):
                    say(2, b"cancelled %d\\n" % self.task.cancel())
            loop = asyncio.new_event_loop()
            async def leaf(): pass
            keepers = [Keeper(loop.create_task(leaf()))]
            keepers[0].itself = keepers[0]
            sys.keeper = Keeper(loop.create_task(leaf()))
            asyncio.kept = Keeper(loop.create_task(leaf()))
            import functools, inspect, pydoc
            print(inspect.signature(asyncio.Task.cancel), inspect.isroutine(asyncio.Task.cancel), inspect.ismethoddescriptor(asyncio.Task.cancel))
            print(pydoc.render_doc(asyncio.Task.cancel))
            """
        )
        self.assertEqual(shown.err.count(b"cancelled 1"), 3)


if __name__ == "__main__":
    unittest.main()
