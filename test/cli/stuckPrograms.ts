/** Programs that hang, for the tests of whoever looks at them from outside. They print "ready PID" once they do. */

const READY = 'print("ready", os.getpid(), flush=True)';

/**
 * Tasks "ab" and "ba" wait for one another's lock, from line 6, and the main task for both. `beside` are lines of its
 * beginning; what it adds to `tasks` is awaited too.
 */
export function lockOrder(beside: readonly string[] = [], ready = READY): string {
  return `import asyncio, os

async def first(a, b):
    async with a:
        await asyncio.sleep(0.01)
        async with b:
            pass

async def idler():
    await asyncio.Event().wait()

async def beat():
    while True:
        await asyncio.sleep(0.02)

async def main():
    a = asyncio.Lock()
    b = asyncio.Lock()
    tasks = [asyncio.create_task(first(a, b), name="ab"), asyncio.create_task(first(b, a), name="ba")]
${beside.map((line) => `    ${line}\n`).join("")}    await asyncio.sleep(0.05)
    asyncio.get_running_loop().call_soon(lambda: ${ready})
    await asyncio.gather(*tasks)

asyncio.run(main())
`;
}

/** Task-3 (blocks) holds the loop at line 9, and Task-2 (waits), whose time has come, waits for it. */
export const BLOCKED = `import asyncio, os, time

async def waits():
    await asyncio.sleep(0.01)

async def blocks():
    time.sleep(0.3)
    ${READY}
    time.sleep(60)

async def main():
    await asyncio.gather(waits(), blocks())

asyncio.run(main())
`;
