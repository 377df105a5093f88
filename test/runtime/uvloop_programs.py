"""What the tests of uvloop run."""

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

    waiting = []

    async def inner(future):
        waiting.append(future)
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
        while len(waiting) < len(tasks):
            await asyncio.sleep(0.001)
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
