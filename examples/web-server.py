"""A web server of asyncio streams, and a crowd of clients of its own: a task per connection.

One of its pages reads a file the blocking way, another asks two back ends one after the other
though neither needs the other's answer. Open http://127.0.0.1:8080/ to join the crowd; Ctrl-C ends it.
"""

import asyncio
import random
import sys
import time

PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 8080


async def ask_backend(name: str) -> str:
    await asyncio.sleep(random.uniform(0.05, 0.2))
    return name


async def page(path: str) -> str:
    if path == "/slow-file":
        time.sleep(0.08)  # what reading a file from a busy disk feels like
        return "a file"
    if path == "/report":
        stock = await ask_backend("stock")
        sales = await ask_backend("sales")
        return f"{stock} and {sales}"
    return await ask_backend("hello")


async def serve_client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        body = (await page(request.split(" ")[1])).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the client went away
    finally:
        writer.close()


async def visit(path: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        return await reader.read()
    finally:
        writer.close()


async def visitor(number: int) -> None:
    while True:
        await asyncio.sleep(random.uniform(0.2, 1.5))
        path = random.choice(["/", "/", "/", "/report", "/slow-file"])
        await visit(path)


async def main() -> None:
    clients: "set[asyncio.Task[None]]" = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = writer.get_extra_info("peername")[1]
        task = asyncio.create_task(serve_client(reader, writer), name=f"client-{port}")
        clients.add(task)  # the loop itself keeps tasks only weakly
        task.add_done_callback(clients.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", PORT)
    print(f"serving http://127.0.0.1:{PORT}/ to 12 visitors; Ctrl-C ends it")
    async with server:
        visitors = [asyncio.create_task(visitor(n), name=f"visitor-{n}") for n in range(12)]
        await asyncio.gather(*visitors)


try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("closed")
