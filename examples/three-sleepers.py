"""Three tasks that sleep 0.5, 1 and 2 seconds side by side: the smallest picture of concurrency.

What to look at: main waits on all three, and the whole takes 2 seconds and not 3.5.
"""

import asyncio


async def sleeper(name: str, seconds: float) -> str:
    print(f"{name} sleeps for {seconds} s")
    await asyncio.sleep(seconds)
    print(f"{name} is up")
    return name


async def main() -> None:
    names = await asyncio.gather(
        sleeper("one", 0.5),
        sleeper("two", 1.0),
        sleeper("three", 2.0),
    )
    print("all done:", ", ".join(names))


asyncio.run(main())
