"""A small web shop's back office, with everything that can go right and wrong in it.

Orders come in, each looks up its customer and asks for a price; mailers send what is ready; a cache is
refreshed. Among them hide: a blocking call (every order that ends in 5 computes its tax by hand), a deadlock
(credit and debit take two locks in opposite orders), orders that wait for an approval nobody gives, and
a price that fails. Ctrl-C closes the shop.
"""

import asyncio
import random
import time

chance = random.Random(4)


def compute_tax(order: int) -> int:
    """Pure Python, far too slow to run on the event loop."""
    until = time.perf_counter() + 0.12
    total = order
    while time.perf_counter() < until:
        total = (total * 31 + 7) % 1_000_003
    return total


async def fetch_customer(database: asyncio.Semaphore, order: int) -> str:
    async with database:
        await asyncio.sleep(chance.uniform(0.2, 0.8))
    return f"customer {order}"


async def quote_price(supplier: asyncio.Semaphore, order: int) -> float:
    async with supplier:
        await asyncio.sleep(chance.uniform(0.3, 0.9))
    if order % 7 == 0:
        raise ValueError(f"no price for order {order}")
    return order * 1.5


async def handle_order(
    order: int,
    database: asyncio.Semaphore,
    supplier: asyncio.Semaphore,
    outbox: "asyncio.Queue[int]",
    approval: asyncio.Event,
) -> None:
    await asyncio.sleep(chance.uniform(0, 1))
    customer = asyncio.create_task(fetch_customer(database, order), name=f"customer-{order}")
    price = asyncio.create_task(quote_price(supplier, order), name=f"price-{order}")
    try:
        await asyncio.gather(customer, price)
    except ValueError as error:
        print(f"order {order}: {error}")
        return
    if order % 10 == 5:
        compute_tax(order)
    if order % 6 == 0:
        await approval.wait()
    await outbox.put(order)


async def mailer(outbox: "asyncio.Queue[int]") -> None:
    while True:
        order = await outbox.get()
        await asyncio.sleep(0.4)
        print(f"order {order}: mailed")
        outbox.task_done()


async def heartbeat() -> None:
    while True:
        await asyncio.sleep(0.5)


async def refresh_cache(cache: asyncio.Lock) -> None:
    while True:
        async with cache:
            await asyncio.sleep(0.6)
        await asyncio.sleep(0.4)


async def credit(accounts: asyncio.Lock, ledger: asyncio.Lock) -> None:
    async with accounts:
        await asyncio.sleep(0.5)
        async with ledger:
            pass


async def debit(accounts: asyncio.Lock, ledger: asyncio.Lock) -> None:
    async with ledger:
        await asyncio.sleep(0.5)
        async with accounts:
            pass


async def take_orders(database: asyncio.Semaphore, outbox: "asyncio.Queue[int]") -> None:
    supplier = asyncio.Semaphore(4)
    approval = asyncio.Event()
    open_orders: "set[asyncio.Task[None]]" = set()
    for order in range(1, 10_000):
        task = asyncio.create_task(
            handle_order(order, database, supplier, outbox, approval), name=f"order-{order}"
        )
        open_orders.add(task)
        task.add_done_callback(open_orders.discard)
        await asyncio.sleep(chance.uniform(0.1, 0.5))


async def main() -> None:
    database = asyncio.Semaphore(3)
    outbox: "asyncio.Queue[int]" = asyncio.Queue()
    accounts = asyncio.Lock()
    ledger = asyncio.Lock()
    cache = asyncio.Lock()
    print("the shop is open; Ctrl-C closes it")
    staff = [asyncio.create_task(mailer(outbox), name=f"mailer-{n}") for n in range(3)]
    staff += [
        asyncio.create_task(heartbeat(), name="heartbeat"),
        asyncio.create_task(refresh_cache(cache), name="refresh-cache"),
        asyncio.create_task(credit(accounts, ledger), name="credit-17"),
        asyncio.create_task(debit(accounts, ledger), name="debit-17"),
        asyncio.create_task(take_orders(database, outbox), name="take-orders"),
    ]
    await asyncio.gather(*staff)


try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("the shop is closed")
