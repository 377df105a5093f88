"""Two tasks, one of which calls time.sleep: the whole loop stands still, and the other task with it.

What to look at: the finding names the line of time.sleep, and says who was starved by it.
Cure: await asyncio.sleep(2), or await asyncio.to_thread(time.sleep, 2).
"""

import asyncio
import time


async def ticker() -> None:
    for n in range(20):
        print("tick", n)
        await asyncio.sleep(0.2)


async def blocker() -> None:
    await asyncio.sleep(0.5)
    print("blocking the loop for 2 s ..")
    time.sleep(2)
    print(".. and letting go")


async def main() -> None:
    await asyncio.gather(ticker(), blocker())


asyncio.run(main())
