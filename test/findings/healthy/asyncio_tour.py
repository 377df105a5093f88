"""asyncio's own parts, used as they are meant to be, with waits long enough to be looked at."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys


async def pool():
    queue, done = asyncio.Queue(5), []

    async def work():
        while (item := await queue.get()) is not None:
            await asyncio.sleep(0.001)
            done.append(item)
            queue.task_done()
        queue.task_done()

    workers = [asyncio.create_task(work()) for _ in range(4)]
    for item in range(30):
        await queue.put(item)
    await queue.join()
    await asyncio.sleep(0.6)  # the workers wait for more
    for _ in workers:
        await queue.put(None)
    await asyncio.gather(*workers)


async def condition():
    ready, items = asyncio.Condition(), []

    async def consume():
        async with ready:
            await ready.wait_for(lambda: items)
            return items.pop()

    consumers = [asyncio.create_task(consume()) for _ in range(3)]
    for item in range(3):
        await asyncio.sleep(0.2)
        async with ready:
            items.append(item + 1)
            ready.notify()
    await asyncio.gather(*consumers)


async def timeouts():
    async def tidy():
        try:
            await asyncio.sleep(10)
        finally:
            await asyncio.sleep(0.01)

    for wait in (tidy, asyncio.Event().wait, asyncio.Queue().get):
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(wait(), 0.05)
    if sys.version_info >= (3, 11):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.6):
                await asyncio.Event().wait()


async def groups():
    async def fails():
        raise ValueError("no")

    if sys.version_info >= (3, 11):
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(asyncio.sleep(10))
                group.create_task(fails())
        except Exception:
            pass
    racers = [asyncio.create_task(asyncio.sleep(n)) for n in (0.01, 5)]
    _, late = await asyncio.wait(racers, return_when=asyncio.FIRST_COMPLETED)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    for first in asyncio.as_completed([asyncio.sleep(0.01), asyncio.sleep(0.02)]):
        await first
    await asyncio.gather(fails(), asyncio.sleep(0.01), return_exceptions=True)
    await asyncio.shield(asyncio.create_task(asyncio.sleep(0.01)))


async def outside():
    loop, event = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, event.set)
    with subprocess.Popen(["sh", "-c", f"sleep 0.4; kill -USR1 {os.getpid()}"]):
        await event.wait()
    loop.remove_signal_handler(signal.SIGUSR1)
    process = await asyncio.create_subprocess_exec("sh", "-c", "sleep 0.3; echo hi", stdout=subprocess.PIPE)
    await process.communicate()


async def generators():
    async def numbers():
        for n in range(10):
            await asyncio.sleep(0.001)
            yield n

    async for n in numbers():
        if n == 3:
            break


async def semaphores():
    limit = asyncio.Semaphore(2)

    async def use():
        async with limit:
            await asyncio.sleep(0.01)

    await asyncio.gather(*(use() for _ in range(9)))


async def main():
    for part in (pool, condition, timeouts, groups, outside, generators, semaphores):
        await part()


asyncio.run(main())
