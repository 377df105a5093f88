"""What the tests of tasks that start themselves run."""

from . import traced

LOOP = """
    import sys
    if "--uvloop" in sys.argv:
        from uvloop import new_event_loop
    else:
        from asyncio import new_event_loop

    def run(main):
        loop = new_event_loop()
        loop.set_debug("--debug" in sys.argv)
        loop.slow_callback_duration = 60
        try:
            return loop.run_until_complete(main)
        finally:
            loop.close()
"""

# Every way to begin and to leave the first step. What the program itself knows is printed: name, coroutine, parent, how it ended.
HOWS = """
    import asyncio, functools, json, sys
    known = []
""" + traced.DONE + """
    class Sub(asyncio.Task):
        pass

    class Init(asyncio.Task):
        def __init__(self, coro, **options):
            super().__init__(coro, eager_start=True, **options)

    def noted(kind):
        async def work(*args):
            task = asyncio.current_task()
            row = [task.get_name(), kind.__name__, parents[-1] if parents else None, "returned"]
            known.append(row)
            parents.append(row[0])
            running = True
            def leave():
                nonlocal running
                if running:
                    running = False
                    parents.pop()
            try:
                await kind(leave, *args)
            except asyncio.CancelledError:
                row[3] = "cancelled"
                raise
            except BaseException:
                row[3] = "raised"
                raise
            finally:
                leave()
        work.__name__ = work.__qualname__ = kind.__name__
        work.__code__ = work.__code__.replace(co_name=kind.__name__, co_qualname=kind.__name__)
        return work

    parents = []

    @noted
    async def ends(leave):
        pass

    @noted
    async def fails(leave):
        raise ValueError("x")

    @noted
    async def yields(leave):
        leave()
        await asyncio.sleep(0)

    @noted
    async def waits(leave):
        leave()
        await asyncio.sleep(0.001)
        await asyncio.sleep(0)

    @noted
    async def waits_for_done(leave):
        future = asyncio.get_running_loop().create_future()
        future.set_result(None)
        leave()
        await Done(future)

    @noted
    async def cancels_itself(leave):
        asyncio.current_task().cancel()
        leave()
        await asyncio.get_running_loop().create_future()

    @noted
    async def renames(leave):
        known[-1][0] = "renamed"
        asyncio.current_task().set_name("renamed")
        leave()
        await asyncio.sleep(0)

    @noted
    async def nests(leave, depth):
        inner = start(nests(depth - 1) if depth else yields())
        after = start(ends())
        later = asyncio.get_running_loop().create_task(ends_later())
        later_parents[later.get_name()] = asyncio.current_task().get_name()
        leave()
        await inner
        await asyncio.wait([after, later])

    later_parents = {}

    async def ends_later():
        pass

    def start(coro, **options):
        return asyncio.Task(coro, loop=asyncio.get_running_loop(), eager_start=True, **options)

    def by_word(coro):
        return asyncio.Task(loop=asyncio.get_running_loop(), eager_start=True, coro=coro)

    def by_dict(coro):
        options = {"loop": asyncio.get_running_loop(), "eager_start": True}
        return asyncio.Task(coro, **options)

    def by_dict_alone(coro):
        return asyncio.Task(**{"coro": coro, "loop": asyncio.get_running_loop(), "eager_start": True})

    def by_partial(coro):
        return functools.partial(asyncio.Task, eager_start=True)(coro, loop=asyncio.get_running_loop())

    def by_subclass(coro):
        return Sub(coro, loop=asyncio.get_running_loop(), eager_start=True)

    def by_init(coro):
        return Init(coro, loop=asyncio.get_running_loop())

    def by_factory(coro):
        return asyncio.eager_task_factory(asyncio.get_running_loop(), coro)

    def by_map(coro):
        return list(map(start, [coro]))[0]

    def by_create_task(coro):
        if sys.version_info < (3, 14) or "--uvloop" in sys.argv:  # which is told differently there: test_kinds
            return start(coro)
        return asyncio.create_task(coro, eager_start=True)

    def at_times(coro, eager=[0]):
        # The same instruction starts a task at once, or lets the loop start it.
        eager[0] += 1
        task = asyncio.Task(coro, loop=asyncio.get_running_loop(), eager_start=eager[0] % 2 == 0)
        return task

    async def main():
        loop = asyncio.get_running_loop()
        parents.append(asyncio.current_task().get_name())
        tasks = []
        for make in (start, by_word, by_dict, by_dict_alone, by_partial, by_subclass, by_init, by_factory, by_map, by_create_task):
            for work in (ends, fails, yields, waits, waits_for_done, cancels_itself, renames):
                before = len(known)
                tasks.append(make(work()))
                assert len(known) == before + 1, "it did not begin"
            tasks.append(make(nests(2)))
        named = start(ends(), name="of its own")
        assert known[-1][0] == "of its own"
        done = loop.create_future()

        def in_callback():
            del parents[:]
            tasks.append(start(yields()))
            tasks.append(start(nests(1)))
            done.set_result(None)

        del parents[:]
        loop.call_soon(in_callback)
        await done
        await asyncio.wait(tasks)
        for coro in (5, None):  # what is no coroutine; one whose constructor fails for another reason
            try:
                start(coro)
            except TypeError:
                pass
        parents.append(asyncio.current_task().get_name())
        late = [at_times(plain()) for _ in range(6)]
        await asyncio.wait(late)
        try:
            start(leaves())
        except SystemExit:
            pass
        known.append(["main", "main", None, "returned"])
        for task in tasks:
            task.cancelled() or task.exception()
        return [sorted(known), later_parents]

    async def plain():
        pass

    async def leaves():
        raise SystemExit(1)

    try:
        answer = run(main())
    finally:
        print(json.dumps(answer))
"""

SHARED = """
    import asyncio, json, sys, threading

    async def work(n):
        await asyncio.sleep(0)
        if n:
            await make(n - 1)

    def make(n):
        return asyncio.Task(work(n), loop=asyncio.get_running_loop(), eager_start=True)

    async def main(barrier):
        for _ in range(300):
            await make(3)
        barrier.wait()

    def several():
        barrier = threading.Barrier(3)
        threads = [threading.Thread(target=lambda: run(main(barrier))) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    sys.setswitchinterval(1e-6)
    several()
"""

# Other loops begin and end meanwhile: in another thread, and within a step.
MEANWHILE = """
    import asyncio, sys, threading

    async def work():
        await asyncio.sleep(0)

    async def other():
        await asyncio.Task(work(), loop=asyncio.get_running_loop(), eager_start=True)

    async def main():
        loop = asyncio.get_running_loop()
        thread = threading.Thread(target=run, args=(other(),))
        thread.start()
        thread.join()
        await asyncio.Task(work(), loop=loop, eager_start=True)
        me = asyncio.current_task()
        asyncio._leave_task(loop, me)
        asyncio._set_running_loop(None)
        run(other())
        asyncio._set_running_loop(loop)
        asyncio._enter_task(loop, me)
        await asyncio.Task(work(), loop=loop, eager_start=True)

    run(main())
"""

# Nothing but the program itself runs such a coroutine: where no loop runs, and where a loop just seems not to.
BY_HAND = """
    import asyncio

    async def work(n):
        if n:
            await asyncio.sleep(0)
        return n

    def drive():
        coro = work(0)
        try:
            coro.send(None)
        except StopIteration as end:
            print(end.value)

    async def main():
        loop = asyncio.get_running_loop()
        await asyncio.Task(work(1), loop=loop, eager_start=True)
        drive()
        asyncio._set_running_loop(None)
        drive()
        asyncio._set_running_loop(loop)
        await asyncio.Task(work(1), loop=loop, eager_start=True)

    run(main())
    drive()
    run(main())
"""

# A coroutine function that makes such a task itself, and is then started so.
MAKES_ITSELF = """
    import asyncio

    async def inner():
        await asyncio.sleep(0)

    async def outer():
        await asyncio.Task(inner(), loop=asyncio.get_running_loop(), eager_start=True)

    def make(coro):
        return asyncio.Task(coro, loop=asyncio.get_running_loop(), eager_start=True)

    async def main():
        await outer()
        await make(inner())
        await make(outer())
        await make(outer())

    run(main())
"""

# What a tool of the program's gets, whose ids are the ones we would take. ids: those it asks for after the first task.
TOOLS = """
    import asyncio, json, sys
    at_first, later, seen = json.loads(sys.argv[1]), json.loads(sys.argv[2]), []
    M = sys.monitoring

    def use(ids):
        for number in ids:
            print(number, M.get_tool(number))
            M.use_tool_id(number, "mine")
            print(M.get_tool(number))
            M.register_callback(number, M.events.PY_START, lambda code, offset: seen.append(code.co_name))
            M.register_callback(number, M.events.CALL, lambda code, offset, function, first: seen.append(function.__name__))
            M.register_callback(number, M.events.LINE, lambda code, line: seen.append((code.co_name, line)))
            for function in (work, make):
                M.set_local_events(number, function.__code__, M.events.PY_START | M.events.CALL | M.events.LINE)

    async def work():
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    def make():
        return asyncio.Task(work(), loop=asyncio.get_running_loop(), eager_start=True)

    async def main():
        use(at_first)
        await make()
        await make()
        use(later)
        await make()
        M.restart_events()
        await make()
        for number in at_first + later:
            M.free_tool_id(number)
        await make()

    run(main())
    print(seen)
    print([M.get_tool(n) for n in range(6)])
"""

TWICE = """
    import asyncio, sys
    import loopscope_runtime as runtime

    async def work():
        await asyncio.sleep(0)

    async def main():
        for _ in range(5):
            await asyncio.Task(work(), loop=asyncio.get_running_loop(), eager_start=True)

    from loopscope_runtime import tracing
    is_running = asyncio.BaseEventLoop.is_running
    for n in range(2):
        runtime.start(file=sys.argv[1 + n])
        asyncio.run(main())
        assert sys.modules["loopscope_runtime.starts"].tool is not None
        tracing.current.end()
        assert asyncio.BaseEventLoop.is_running is is_running
        asyncio.run(main())
        assert [sys.monitoring.get_tool(n) for n in range(6)] == [None] * 6
    print("done")
"""
