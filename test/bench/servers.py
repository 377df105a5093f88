"""Servers of each kind, and their client: `servers.py serve KIND` prints its port and, at every so manieth request, its processor time."""

import asyncio
import os
import socket
import subprocess
import sys
import time

KINDS = {"FastAPI + uvicorn": 1.12, "aiohttp": 1.25, "aiohttp on uvloop": 1.35}  # and the targets
REQUESTS, CONNECTIONS = 500, 10
TURNS = 6  # in which two servers that run side by side get so many requests, after a warm-up of as many


def report(counter):
    """Counts a request; of so many the last says what has been used by then."""
    counter[0] += 1
    if counter[0] % REQUESTS == 0:
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


class Server:
    """A server in a process of its own, and connections to it."""

    async def start(self, python, kind, env):
        """False where it does not start: something is not installed."""
        self.process = subprocess.Popen(
            [python, os.path.abspath(__file__), "serve", kind], env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        port = self.process.stdout.readline()
        if not port:
            return False
        self.connections = [await connect(int(port)) for _ in range(CONNECTIONS)]
        self.used = await self.turn()
        return True

    async def turn(self):
        """Sends so many requests; the processor time the server has used by the last of them, in nanoseconds."""
        await asyncio.gather(*[ask(*each, REQUESTS // CONNECTIONS) for each in self.connections])
        return int(self.process.stdout.readline())

    async def cost(self):
        """Of a turn, what is done for it later included: what was used since the end of the one before."""
        before, self.used = self.used, await self.turn()
        return self.used - before

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


async def connect(port):
    deadline = time.monotonic() + 10
    while True:
        try:
            return await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:  # uvicorn binds first and listens later
            if time.monotonic() > deadline:
                raise


async def ask(reader, writer, requests):
    for n in range(requests):
        writer.write(b"GET /items/%d HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % n)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(length)


async def compare(python, kind, plain, traced):
    """The ratios of the processor times of two servers that get requests in turns; none where they do not start. plain, traced: environments.

    They run side by side: what the machine does else changes from second to second, and hits neighbouring turns alike.
    """
    servers = Server(), Server()
    try:
        for server, env in zip(servers, (plain, traced)):
            if not await server.start(python, kind, env):
                return []
        ratios = []
        for i in range(TURNS):
            costs = {}
            for server in servers[:: 1 if i % 2 else -1]:
                costs[server] = await server.cost()
            ratios.append(costs[servers[1]] / costs[servers[0]])
        return ratios
    finally:
        for server in servers:
            if hasattr(server, "process"):
                server.stop()


if __name__ == "__main__" and sys.argv[1:2] == ["serve"]:
    serve(sys.argv[2])
