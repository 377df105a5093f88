"""A server of each kind, and its client: `servers.py serve KIND` prints its port and, after so many requests, its processor time."""

import asyncio
import os
import socket
import subprocess
import sys
import time

KINDS = {"FastAPI + uvicorn": 1.12, "aiohttp": 1.25, "aiohttp on uvloop": 1.35}  # and the targets
WARM_UP, REQUESTS, CONNECTIONS = 500, 3000, 10


def report(counter):
    """Counts a request; at the end of the warm-up and of the whole says what has been used by then."""
    counter[0] += 1
    if counter[0] in (WARM_UP, WARM_UP + REQUESTS):
        print(time.process_time_ns(), flush=True)


async def serve_aiohttp():
    from aiohttp import web

    counter = [0]

    async def item(request):
        await asyncio.sleep(0)
        report(counter)
        return web.json_response({"item": request.match_info["n"]})

    app = web.Application()
    app.router.add_get("/items/{n}", item)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(site._server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


async def serve_fastapi():
    import fastapi
    import uvicorn

    counter = [0]
    app = fastapi.FastAPI()

    @app.get("/items/{n}")
    async def item(n: int):
        await asyncio.sleep(0)
        report(counter)
        return {"item": n}

    listening = socket.socket(proto=socket.IPPROTO_TCP)  # else asyncio leaves the delay of small packets on, and the server waits
    listening.bind(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    config = uvicorn.Config(app, log_level="error", access_log=False, loop="asyncio", http="h11")
    await uvicorn.Server(config).serve(sockets=[listening])


def serve(kind):
    main = serve_fastapi if kind.startswith("FastAPI") else serve_aiohttp
    if kind.endswith("uvloop"):
        import uvloop

        uvloop.install()
    asyncio.run(main())


async def ask(port, requests):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for n in range(requests):
        writer.write(b"GET /items/%d HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % n)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(length)
    writer.close()


async def ask_all(port):
    await asyncio.gather(*[ask(port, (WARM_UP + REQUESTS) // CONNECTIONS) for _ in range(CONNECTIONS)])


def measure(python, kind, env):
    """Processor nanoseconds of a server for REQUESTS requests; None where it does not start: something is not installed."""
    server = subprocess.Popen(
        [python, os.path.abspath(__file__), "serve", kind], env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        port = server.stdout.readline()
        if not port:
            return None
        deadline = time.monotonic() + 10
        while True:
            try:
                asyncio.run(ask_all(int(port)))
                break
            except ConnectionRefusedError:  # uvicorn binds first and listens later
                if time.monotonic() > deadline:
                    raise
        begin, end = int(server.stdout.readline()), int(server.stdout.readline())
        return end - begin
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__" and sys.argv[1:2] == ["serve"]:
    serve(sys.argv[2])
