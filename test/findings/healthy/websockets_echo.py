"""Echoes over websockets, with several clients at a time."""

import asyncio

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve


async def echo(websocket):
    async for message in websocket:
        await websocket.send(message)


async def client(port):
    async with connect(f"ws://127.0.0.1:{port}") as websocket:
        for n in range(10):
            await websocket.send(str(n))
            assert await websocket.recv() == str(n)


async def main():
    async with serve(echo, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        await asyncio.gather(*(client(port) for _ in range(5)))


asyncio.run(main())
