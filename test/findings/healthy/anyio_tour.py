"""Streams, task groups, timeouts, cancel scopes, locks, threads and processes of anyio."""

import time

import anyio
import anyio.from_thread
import anyio.to_thread


async def worker(receive):
    async with receive:
        async for _ in receive:
            await anyio.sleep(0.001)


async def streams():
    send, receive = anyio.create_memory_object_stream(3)
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(worker, receive.clone())
        receive.close()
        async with send:
            for n in range(30):
                await send.send(n)


async def timeouts():
    with anyio.move_on_after(0.05):
        await anyio.sleep(10)
    try:
        with anyio.fail_after(0.05):
            await anyio.sleep(10)
    except TimeoutError:
        pass
    async with anyio.create_task_group() as group:
        group.start_soon(anyio.sleep_forever)
        await anyio.sleep(0.02)
        group.cancel_scope.cancel()


async def locks():
    event, limiter, semaphore, lock = anyio.Event(), anyio.CapacityLimiter(2), anyio.Semaphore(1), anyio.Lock()

    async def use():
        async with limiter, semaphore, lock:
            await anyio.sleep(0.003)

    async def later():
        await anyio.sleep(0.6)
        event.set()

    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(use)
        group.start_soon(later)
        await event.wait()


async def main():
    await streams()
    await timeouts()
    await locks()
    await anyio.to_thread.run_sync(time.sleep, 0.1)
    await anyio.to_thread.run_sync(lambda: anyio.from_thread.run(anyio.sleep, 0.05))
    await anyio.run_process(["echo", "hi"], stdout=None)


anyio.run(main)
