"""Workloads of the benchmark: each runs once and returns how many task steps it makes, roughly."""

import asyncio


def run(main):
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(main)
    finally:
        loop.close()


def spin(tasks=1000, turns=100):
    """Many tasks that do nothing but yield."""

    async def turn():
        for _ in range(turns):
            await asyncio.sleep(0)

    async def main():
        await asyncio.gather(*[turn() for _ in range(tasks)])

    run(main())
    return tasks * (turns + 1)


def chain(wakes=50000):
    """Ten nested awaits that stay suspended; the innermost awaits one future after another."""

    async def leaf():
        loop = asyncio.get_running_loop()
        for _ in range(wakes):
            future = loop.create_future()
            loop.call_soon(future.set_result, None)
            await future

    async def nest(depth):
        return await (leaf() if depth == 0 else nest(depth - 1))

    run(nest(9))
    return wakes


def chain_reentered(wakes=50000):
    """Ten nested awaits, entered anew for every wake."""

    async def nest(depth, loop):
        if depth == 0:
            future = loop.create_future()
            loop.call_soon(future.set_result, None)
            return await future
        return await nest(depth - 1, loop)

    async def main():
        loop = asyncio.get_running_loop()
        for _ in range(wakes):
            await nest(9, loop)

    run(main())
    return wakes


def spawn(total=100000, batch=1000):
    """Trivial tasks through gather."""

    async def nothing():
        return 1

    async def main():
        for _ in range(total // batch):
            await asyncio.gather(*[nothing() for _ in range(batch)])

    run(main())
    return total


def queue(items=200000, size=16):
    """A producer and a consumer."""

    async def produce(q):
        for i in range(items):
            await q.put(i)
        await q.put(None)

    async def consume(q):
        while await q.get() is not None:
            pass

    async def main():
        q = asyncio.Queue(size)
        await asyncio.gather(produce(q), consume(q))

    run(main())
    return items * 2 // size


def echo(messages=10000, connections=20):
    """Streams over loopback, server and clients on one loop."""
    each = messages // connections

    async def serve(reader, writer):
        while data := await reader.readline():
            writer.write(data)
            await writer.drain()
        writer.close()

    async def client(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(each):
            writer.write(b"hello world\n")
            await writer.drain()
            await reader.readline()
        writer.close()

    async def main():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        await asyncio.gather(*[client(port) for _ in range(connections)])
        server.close()
        await asyncio.sleep(0)

    run(main())
    return messages * 2


def synchronous(n=25):
    """No asyncio at all."""

    def fib(k):
        return k if k < 2 else fib(k - 1) + fib(k - 2)

    def numbers(k):
        yield from range(k)

    for _ in range(3):
        fib(n)
        sum(numbers(300000))
    return 1


SMALL = {
    "spin": lambda: spin(500, 80),
    "chain": lambda: chain(15000),
    "chain re-entered": lambda: chain_reentered(10000),
    "spawn": lambda: spawn(15000),
    "queue": lambda: queue(60000),
    "echo": lambda: echo(5000),
    "synchronous": synchronous,
}
FULL = {
    "spin": spin,
    "chain": chain,
    "chain re-entered": chain_reentered,
    "spawn": spawn,
    "queue": queue,
    "echo": echo,
    "synchronous": lambda: synchronous(27),
}
