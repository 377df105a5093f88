"""How the tasks of a random program wait: some frames of every kind, one below the other, and then at something."""

import asyncio
import contextlib
import types

from world import LOOP, budget, checkpoint, set_unless_done


class Failure(Exception):
    pass


class Awaitable:
    def __init__(self, coro):
        self.coro = coro

    def __await__(self):
        return self.coro.__await__()


class Iterator:
    """Yields a future the way asyncio's own do, or nothing; the future may be done already."""

    def __init__(self, future):
        self.future, self.over = future, False

    def __await__(self):
        return self

    def __next__(self):
        if self.over:
            raise StopIteration
        self.over = True
        if self.future is not None:
            self.future._asyncio_future_blocking = True
        return self.future


@types.coroutine
def bare():
    yield


@types.coroutine
def generator(coro):
    return (yield from coro.__await__())


async def agen(node, count):
    for n in range(count):
        await node.leaf()
        yield n


@contextlib.asynccontextmanager
async def manager(node):
    await node.leaf()
    try:
        yield node
    finally:
        await asyncio.sleep(0)


class Held:
    def __init__(self, node):
        self.node = node

    async def __aenter__(self):
        await self.node.leaf()
        return self

    async def __aexit__(self, *exc):
        await self.node.leaf()
        return False


class Waits:
    """The part of a `Node` that waits."""

    async def nest(self):
        """Some frames, then a leaf."""
        await self.frames(self.dice.randrange(6))

    async def frames(self, left):
        dice = self.dice
        if left <= 0:
            return await self.leaf()
        kind = dice.randrange(9)
        if kind == 0:
            await self.frames(left - 1)
        elif kind == 1:
            await Awaitable(self.frames(left - 1))
        elif kind == 2:
            await generator(self.frames(left - 1))
        elif kind == 3:
            async with manager(self):
                await self.frames(left - 1)
        elif kind == 4:
            async with Held(self), Held(self):
                await self.frames(left - 2)
        elif kind == 5:
            try:
                await self.frames(left - 1)
            finally:
                await self.other(left - 1)
        elif kind == 6:
            async with contextlib.AsyncExitStack() as stack:
                await stack.enter_async_context(Held(self))
                stack.push_async_callback(self.frames, left - 2)
        elif kind == 7:
            for _ in range(3):
                await self.other(left - 1)
        else:
            lazy = [x async for x in agen(self, 1)]
            await self.frames(left - len(lazy))

    async def other(self, left):
        if self.dice.random() < 0.5:
            await self.frames(left - 1)
        await self.leaf()

    async def leaf(self):
        loop, dice = self.world.loop, self.dice
        budget[0] -= 1
        kind = dice.randrange(13)
        if kind in (0, 1, 2):
            await asyncio.sleep(0)
        elif kind == 3:
            future = loop.create_future()
            self.world.after(dice.choice((0.001, 0.002, 0.01)), set_unless_done, future)
            await future
        elif kind == 4:
            future = loop.create_future()
            loop.call_soon(set_unless_done, future)
            await future
        elif kind == 5:
            future = asyncio.futures._PyFuture(loop=loop)
            loop.call_soon(set_unless_done, future)
            await future
        elif kind == 6:
            await bare()
        elif kind == 7:
            future = loop.create_future()
            if dice.random() < 0.3:
                future.set_result(None)
            else:
                loop.call_soon(set_unless_done, future)
            await Iterator(dice.choice((None, future)))
        elif kind == 8:
            if LOOP == "uvloop":
                await asyncio.sleep(0)
            else:
                await asyncio.sleep(dice.choice((0.001, 0.002, 0.005)))
        elif kind == 9:
            future = loop.create_future()
            set_unless_done(future)
            await future
        elif kind == 10:
            future = loop.create_future()
            loop.call_soon_threadsafe(set_unless_done, future)
            await asyncio.shield(future)
        elif kind == 11:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(loop.create_future(), 0)
        else:
            await asyncio.gather(*[asyncio.sleep(0) for _ in range(dice.randrange(3))])
        if dice.random() < 0.04:
            checkpoint()
