"""A server with a background task, orderly shut down by Ctrl-C, and its client in a session."""

import asyncio
import os
import signal
import socket

from aiohttp import ClientSession, web

sock = socket.socket()
sock.bind(("127.0.0.1", 0))
sock.listen()
port = sock.getsockname()[1]


async def hello(request):
    await asyncio.sleep(0.001)
    return web.json_response({"n": int(request.query["n"])})


async def client():
    async with ClientSession() as session:

        async def get(n):
            async with session.get(f"http://127.0.0.1:{port}/?n={n}") as response:
                return await response.json()

        for _ in range(3):
            await asyncio.gather(*(get(n) for n in range(20)))
    os.kill(os.getpid(), signal.SIGINT)


async def background(app):
    async def tick():
        while True:
            await asyncio.sleep(0.05)

    ticking = asyncio.create_task(tick())
    asking = asyncio.create_task(client())
    yield
    ticking.cancel()
    try:
        await ticking
    except asyncio.CancelledError:
        pass
    await asking


app = web.Application()
app.router.add_get("/", hello)
app.cleanup_ctx.append(background)
web.run_app(app, sock=sock, print=None)
