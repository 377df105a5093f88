"""What is put on a loop, and what on its class: methods are told of once, whoever's they are, and a loop keeps finding its own fast."""

import unittest

from .same import Compared

CLASSES = """
    import asyncio, sys
    class Stock(asyncio.SelectorEventLoop): pass
    class Calling(asyncio.SelectorEventLoop):
        '''Has its own of each, which call asyncio's.'''
        def close(self): said("close"); super().close()
        def set_task_factory(self, factory): said("set"); super().set_task_factory(factory)
        def get_task_factory(self): said("get"); return super().get_task_factory()
        def run_in_executor(self, executor, func, *args): said("run"); return super().run_in_executor(executor, func, *args)
        def _set_coroutine_origin_tracking(self, enabled): said("origin"); super()._set_coroutine_origin_tracking(enabled)
    class Keeping(Calling):
        '''Keeps the factory itself.'''
        factory = None
        def set_task_factory(self, factory): said("set"); self.factory = factory
        def get_task_factory(self): return self.factory
        def create_task(self, coro, **kwargs):
            return super().create_task(coro, **kwargs) if self.factory is None else self.factory(self, coro, **kwargs)
    class Mixin:
        def close(self): said("close"); super().close()
    class Mixed(Mixin, asyncio.SelectorEventLoop): pass
    def said(what):
        if what not in ("get", "set"): print(what)
    def work(): return 7
    async def child(): await asyncio.sleep(0)
    def factory(loop, coro, **kwargs):
        print("factory", type(loop).__name__)
        return asyncio.Task(coro, loop=loop, **kwargs)
"""


class Methods(Compared):
    def test_a_loop_has_few_attributes(self):
        """From 30 on, CPython since 3.11 finds the attributes and methods of an object slowly."""
        shown = self.same(
            """
            import asyncio
            kept = asyncio.new_event_loop()
            async def main(loop):
                await asyncio.gather(asyncio.sleep(0), asyncio.to_thread(int))
                loop.call_soon_threadsafe(int)
                names = sorted(vars(loop))
                ours = [name for name in names if name in ("call_soon", "_run_once")]
                print(len(names) - len(ours), len(names) < 30, [name for name in names if "loopscope" in name])
            for loop in (kept, asyncio.new_event_loop()):
                loop.run_until_complete(main(loop))
                loop.close()
            """
        )
        self.assertEqual(shown.run.stats[-1]["tasksMissed"], 0)

    def test_methods_of_ones_own(self):
        self.check("pass", 1)

    def test_methods_that_are_the_first_use(self):
        self.check("loop.set_task_factory(factory)", 2)

    def check(self, first, factory_made):
        shown = self.same(
            CLASSES
            + """
    async def main():
        loop = asyncio.get_running_loop()
        loop.set_task_factory(factory)
        print(loop.get_task_factory() is factory, await loop.run_in_executor(None, work))
        await loop.create_task(child())
        loop.set_task_factory(None)
        print(loop.get_task_factory(), await loop.create_task(child()))
        try: loop.close()
        except RuntimeError as exc: print(exc)
    for kind in Stock, Calling, Keeping, Mixed:
        loop = kind()
        %s
        loop.run_until_complete(main())
        loop.close()
        loop.close()
        print(loop.is_closed(), loop)
            """
            % first
        )
        for number in 1, 2, 3, 4:
            records = [(name, fields) for loop, name, fields in shown.run.records if loop == number]
            self.assertEqual([fields[:2] for name, fields in records if name == "FUTURE"], [("thread", "work"), ("?", "")])  # and it is freed
            self.assertEqual([name for name, _ in records if name == "EAGER"], ["EAGER"] * factory_made)
            self.assertEqual([fields[-1] for name, fields in records if name == "RUN"], [1, 0, -1])
        self.assertEqual([task.outcome for task in shown.run.tasks], ["returned"] * 12)
        self.assertEqual(shown.run.stats[-1]["tasksMissed"], 0)

    def test_turns_without_returning(self):
        """A fused loop does not return to `run_forever` after each turn; who replaces `_run_once` meanwhile gets the next one."""
        self.same(
            """
            import asyncio, gc, sys
            turns = []
            def home():
                frame = sys._getframe()
                while frame.f_code.co_name != "_run_once": frame = frame.f_back
                return frame.f_globals["__name__"]
            async def main():
                loop = asyncio.get_running_loop()
                await asyncio.sleep(0)
                stock = loop._run_once
                def counted():
                    turns.append(1)
                    stock()
                loop._run_once = counted
                for i in range(5):
                    await asyncio.sleep(0)
                    print(len(turns))
                loop._run_once = stock
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                print(len(turns))
                for each in gc.get_objects():
                    if type(each).__name__ == "Recording":
                        each.end()
                await asyncio.sleep(0)
                print(home(), len(turns))
            asyncio.run(main())
            loop = asyncio.new_event_loop()
            loop.call_soon(loop.call_soon, print, "later")
            loop._run_once()
            print("one turn")
            loop.close()
            """
        )

    def test_what_gets_the_events(self):
        """A fused loop that need not wait hands on events itself; who replaces what does so in asyncio gets them."""
        self.same(
            """
            import asyncio, socket
            log = []
            async def turn(what):
                for _ in range(3):  # something is ready all the time
                    await asyncio.sleep(0)
                print(what, log)
                log.clear()
            async def main():
                loop = asyncio.get_running_loop()
                (a, b), (c, d) = socket.socketpair(), socket.socketpair()
                loop.add_reader(a, lambda: log.append(a.recv(9)))
                async def again(what):
                    b.send(b"news")
                    await turn(what)
                await again("stock")
                for owner in loop, type(loop):
                    for name in "_process_events", "_add_callback":
                        stock = getattr(owner, name)
                        def logged(*args):
                            log.append(name)
                            return stock(*args)
                        setattr(owner, name, logged)
                        await again(type(owner).__name__ + name)
                        delattr(owner, name)
                        await again("stock")
                loop.add_reader(c, lambda: log.append((c.recv(9), loop.remove_reader(a))))
                d.send(b"first"), b.send(b"not read")
                await turn("removed by the one before")
                loop.add_writer(a, lambda: log.append(("writes", loop.remove_writer(a))))
                loop.add_reader(a, print, "reads", 2)
                loop.call_soon(loop.remove_reader, a)
                d.send(b"second")
                await turn("both")
                loop._add_reader(a.fileno(), print, "cancelled").cancel()
                await turn("given up")
                print(a.fileno() in loop._selector.get_map())
                d.close()
                await turn("closed")
                loop.remove_reader(c)
                for each in a, b, c: each.close()
            asyncio.run(main())
            """
        )

    def test_timers_that_are_due(self):
        """In the order of their times, but for those that were cancelled, be they few or most."""
        self.same(
            """
            import asyncio, time
            log = []
            async def main():
                loop = asyncio.get_running_loop()
                for many in 9, 300:
                    now = loop.time()
                    timers = [loop.call_at(now + 0.001 * (i * 7 % 10), log.append, i * 7 % 10) for i in range(many)]
                    for i in range(0, many, 2) if many < 100 else range(290):
                        timers[i].cancel()
                    time.sleep(0.02)
                    await asyncio.sleep(0)
                    await asyncio.sleep(0)
                    print(log, len(loop._scheduled), loop._timer_cancelled_count, [each._scheduled for each in timers].count(True))
                    log.clear()
            asyncio.run(main())
            """
        )

    def test_attributes_of_handles(self):
        self.same(
            """
            import asyncio
            async def main():
                loop = asyncio.get_running_loop()
                first, second = loop.call_soon(print, 1), loop.call_soon(print, 2)
                print(first, first._repr, first._source_traceback, first._cancelled)
                first._repr, first._source_traceback = "<mine>", []
                print(first, first._source_traceback)
                loop.set_debug(True)
                second.cancel()
                loop.set_debug(False)
                print(second, second._repr, second.cancelled(), second._callback, second._args)
                for name in "_repr", "_source_traceback":
                    delattr(first, name)
                await asyncio.sleep(0)
            asyncio.run(main())
            """
        )

    def test_nothing_stays_on_the_class(self):
        shown = self.same(
            """
            import asyncio, gc
            names = ["__init__", "call_soon_threadsafe", "close", "create_task", "get_task_factory", "run_in_executor", "set_task_factory"]
            async def main():
                await asyncio.sleep(0)
            asyncio.run(main())
            for each in gc.get_objects():
                if type(each).__name__ == "Recording":
                    each.end()
            base = asyncio.BaseEventLoop
            print([vars(base)[name].__code__.co_filename == base.time.__code__.co_filename for name in names], base.close.__qualname__)
            asyncio.run(main())
            """
        )
        self.assertEqual([task.coroutine for task in shown.run.tasks].count("main"), 1)


if __name__ == "__main__":
    unittest.main()
