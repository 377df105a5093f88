"""An application with a worker in its lifespan, plain and background work, orderly shut down by SIGTERM."""

import asyncio
import os
import signal
import socket
import threading
import urllib.request
from contextlib import asynccontextmanager

import uvicorn
from fastapi import BackgroundTasks, FastAPI

sock = socket.socket()
sock.bind(("127.0.0.1", 0))
sock.listen()
port = sock.getsockname()[1]


@asynccontextmanager
async def lifespan(app):
    queue = asyncio.Queue()

    async def work():
        while True:
            await queue.get()
            queue.task_done()

    app.state.queue = queue
    worker = asyncio.create_task(work())
    yield
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)


app = FastAPI(lifespan=lifespan)


@app.get("/")
async def hello(n: int):
    await app.state.queue.put(n)
    await asyncio.sleep(0.001)
    return {"n": n}


@app.get("/plain")
def plain():
    return 1


@app.get("/later")
async def later(tasks: BackgroundTasks):
    async def work():
        await asyncio.sleep(0.01)

    tasks.add_task(work)
    return 2


def client():
    for n in range(10):
        for path in (f"?n={n}", "plain", "later"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}").read()
    os.kill(os.getpid(), signal.SIGTERM)


threading.Thread(target=client, daemon=True).start()
uvicorn.Server(uvicorn.Config(app, log_level="warning", loop="asyncio")).run(sockets=[sock])
