/**
 * Tasks that come and go, as a server's requests do: workers take jobs from a queue, each a task of its own with a few
 * awaits. Arguments: how many records a second it is to make, about, for how many seconds, and the number of workers.
 */
export const BUSY_SERVER = `import asyncio, sys, time

RATE = int(sys.argv[1])
SECONDS = float(sys.argv[2])
WORKERS = int(sys.argv[3]) if len(sys.argv) > 3 else 200
TICK = 0.02


async def look_up(lock):
    async with lock:
        await asyncio.sleep(0)


async def request(lock):
    await look_up(lock)
    await asyncio.sleep(0.001)


async def worker(jobs, lock):
    while True:
        await jobs.get()
        await asyncio.create_task(request(lock))
        jobs.task_done()


async def main():
    jobs = asyncio.Queue()
    crew = [asyncio.create_task(worker(jobs, asyncio.Lock()), name=f"worker-{n}") for n in range(WORKERS)]
    began = time.monotonic()
    done = 0
    while (now := time.monotonic() - began) < SECONDS:
        # About 10 records a job, see the measurement itself for what came of it.
        due = int(now * RATE / 10)
        if jobs.qsize() < 4 * WORKERS:
            for _ in range(min(due - done, 4 * WORKERS)):
                jobs.put_nowait(1)
        done = due
        await asyncio.sleep(TICK)
    for one in crew:
        one.cancel()


try:
    asyncio.run(main())
    print("ended by itself")
except KeyboardInterrupt:
    print("interrupted")
`;
