"""Two transfers take the same two locks in opposite orders, and wait for each other for ever.

What to look at: the red cycle credit -> ledger -> debit -> accounts -> credit, and the finding that
lists it. The program gives up after 10 seconds. Cure: take the locks in one order everywhere.
"""

import asyncio


async def credit(accounts: asyncio.Lock, ledger: asyncio.Lock) -> None:
    async with accounts:
        await asyncio.sleep(0.1)
        async with ledger:
            print("credited")


async def debit(accounts: asyncio.Lock, ledger: asyncio.Lock) -> None:
    async with ledger:
        await asyncio.sleep(0.1)
        async with accounts:
            print("debited")


async def main() -> None:
    accounts = asyncio.Lock()
    ledger = asyncio.Lock()
    transfers = [
        asyncio.create_task(credit(accounts, ledger), name="credit"),
        asyncio.create_task(debit(accounts, ledger), name="debit"),
    ]
    print("two transfers are under way; Ctrl-C ends them")
    done, pending = await asyncio.wait(transfers, timeout=10)
    print(f"{len(done)} done, {len(pending)} stuck")
    for transfer in pending:
        transfer.cancel()
    await asyncio.gather(*pending, return_exceptions=True)


asyncio.run(main())
