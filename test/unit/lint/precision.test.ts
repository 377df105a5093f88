/** Code of real projects that was reported and should not have been, next to what must be reported: what objects and functions are. */
import assert from "node:assert/strict";
import { checks, lint } from "./rules/check";

const blocks = (files: string | Record<string, string>) => checks("blocking-*", files);

describe("precision", () => {
  it("leaves alone what reads a file that is open, and is none of the disk's", () =>
    checks(
      "blocking-file",
      `
import io, zipfile
import pandas as pd
async def main(data, client, path):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        with archive.open("a") as member:
            pd.read_csv(member)
    async with client.get() as response:
        pd.read_csv(response)
    with open(path) as file:  # !
        pd.read_csv(file)  # !
    pd.read_csv(path)  # !
`,
    ));

  it("knows a socket that another method made non-blocking, or another class's", () =>
    blocks({
      "voice.py": `
import socket
class Voice:
    def __init__(self):
        self.sock: socket.socket = socket.socket()
        self.other = socket.socket()
        self.waiting = socket.socket()
        self.sock.setblocking(False)
        self.other.settimeout(0.0)
        self.waiting.setblocking(True)
    async def send(self, data):
        self.sock.sendto(data, ("10.0.0.1", 1))
        self.other.recv(1)
        self.waiting.recv(1)  # !
class Child(Voice):
    async def read(self):
        self.sock.recv(1)
`,
      "gateway.py": `
from voice import Voice
async def hello(voice: Voice):
    voice.sock.sendto(b"", ("10.0.0.1", 1))
    voice.waiting.sendto(b"", ("10.0.0.1", 1))  # !
`,
    }));

  it("takes os.fdopen, which opens nothing, for no more than a look at the file", () => {
    const found = lint("blocking-file", "import os\nasync def f(fd):\n    os.fdopen(fd)\n    open('x')\n");
    assert.deepEqual(
      found.map(({ line, severity }) => [line, severity]),
      [
        [3, "hint"],
        [4, "warning"],
      ],
    );
  });

  it("takes the awaitable one where a name may be two functions", () =>
    blocks(`
import requests
class Sync:
    def __enter__(self): return self
    def __exit__(self, *args): ...
    def read(self): return requests.get("https://a.example")
class Async:
    async def __aenter__(self): return self
    async def __aexit__(self, *args): ...
    async def read(self): ...
def client(sync=False) -> Async | Sync:
    return Sync() if sync else Async()
async def main(either: Async | Sync):
    async with client() as c:
        await c.read()
    await either.read()
    with Sync() as s:
        s.read()  # !
`));

  it("knows that a plain method that is awaited, and gives nothing, is overridden with an async one", () =>
    blocks(`
import time
class Server:
    def serve(self):
        time.sleep(1)
    def start(self):
        time.sleep(1)
        return self.soon()
    async def run(self):
        await self.serve()
        await self.start()  # !
        self.serve()  # !
class AsyncServer(Server):
    async def serve(self):
        time.sleep(1)  # !
def plain():
    time.sleep(1)
async def main(server: Server):
    await server.serve()
    await plain()  # !
`));

  it("reports an awaited plain function only for what it does in any case", () =>
    blocks(`
import time
async def later(): ...
def either(asynchronous=True):
    if asynchronous:
        return later()
    return time.sleep(1)
def arms(asynchronous):
    if asynchronous:
        result = later()
    else:
        time.sleep(1)
        result = later()
    return result
def always():
    time.sleep(1)
    return later()
async def main():
    await either()
    await arms(True)
    await always()  # !
    either()
    either(False)  # !
`));

  it("looks up methods in the order Python does", () =>
    blocks(`
import time
class Base:
    def save(self): time.sleep(1)
class Left(Base): ...
class Right(Base):
    async def save(self): ...
class Both(Left, Right):
    async def go(self):
        await super().save()
        await self.save()
class One(Left):
    async def go(self):
        super().save()  # !
`));

  it("looks through hundreds of base classes", () => {
    const mixins = Array.from(
      { length: 300 },
      (_, i) => `class M${i}:\n    def m${i}(self): time.sleep(1)\n`,
    );
    const bases = mixins.map((_, i) => `M${i}`).join(", ");
    const use = `class All(${bases}): ...\nasync def main(all: All):\n    all.m0()  # !\n    all.m299()  # !\n`;
    blocks(`import time\n${mixins.join("")}${use}`);
  });

  it("knows when a future has its result", () =>
    blocks(`
import asyncio, concurrent.futures
from concurrent.futures import as_completed, wait, Future
async def main(pool: concurrent.futures.ThreadPoolExecutor, task: asyncio.Task, known: asyncio.Future):
    future = pool.submit(print)
    if future.done():
        return future.result()
    other = pool.submit(print)
    await asyncio.wrap_future(other)
    other.result()
    third = pool.submit(print)
    third.result()  # !
    task.result()
    known.result()
    (await asyncio.create_task(asyncio.sleep(1)))
    asyncio.create_task(asyncio.sleep(1)).result()
async def collect(pool: concurrent.futures.ThreadPoolExecutor):
    futures = [pool.submit(print) for _ in range(3)]
    for future in as_completed(futures):  # !
        future.result()
    done, pending = wait(futures)  # !
    for future in done:
        future.result()
    for future in pending:
        future.result()  # !
def handler(pool: concurrent.futures.ThreadPoolExecutor):
    def on_done(future: Future): future.result()
    pool.submit(print).add_done_callback(on_done)
    on_done(pool.submit(print))
async def calls(pool: concurrent.futures.ThreadPoolExecutor):
    handler(pool)
`));

  it("lets queues without a limit take what is put", () =>
    blocks(`
import queue
class Worker:
    def __init__(self, limit):
        self.free = queue.Queue()
        self.zero = queue.PriorityQueue(0)
        self.full = queue.Queue(10)
        self.some = queue.Queue(maxsize=limit)
    async def go(self):
        self.free.put(1)
        self.zero.put(1)
        self.full.put(1)  # !
        self.some.put(1)  # !
        self.full.put(1, block=False)
        self.full.put_nowait(1)
        self.free.get()  # !
        queue.SimpleQueue().put(1)
`));

  it("knows what does not go to the network", () =>
    blocks(`
import smtplib, socket
async def main():
    socket.getaddrinfo("::1", 0, socket.AF_UNSPEC, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)
    socket.getaddrinfo("a.example", 80)  # !
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.connect(("8.8.8.8", 80))
    udp.sendto(b"x", ("8.8.8.8", 80))
    udp.recv(10)  # !
    tcp = socket.socket()
    tcp.connect(("a.example", 80))  # !
    smtp = smtplib.SMTP()
    smtp.connect("a.example")  # !
    smtplib.SMTP("a.example")  # !
`));

  it("tempers what is far away and may not happen", () => {
    const chain = (last: string) =>
      Array.from({ length: 8 }, (_, i) => `def f${i}(x):\n    ${i === 7 ? last : `f${i + 1}(x)`}\n`).join("");
    const severity = (last: string, call: string) =>
      lint("blocking-sleep", `import time\n${chain(last)}async def main():\n    ${call}\n`)[0].severity;
    assert.equal(severity("time.sleep(1)", "f0(1)"), "error");
    assert.equal(severity("if x: time.sleep(1)", "f0(1)"), "info");
    assert.equal(severity("if x: time.sleep(1)", "f4(1)"), "error");
  });

  it("takes abstract methods of `async def` that are iterated for async generators", () =>
    checks(
      "missing-await",
      `
import abc
from typing import AsyncIterator
class Stream(abc.ABC):
    @abc.abstractmethod
    async def items(self) -> AsyncIterator[int]: ...
    async def open(self) -> AsyncIterator[int]:
        return await connect()
async def main(stream: Stream):
    async for item in stream.items():
        print(item)
    async for item in stream.open():  # !
        print(item)
    for item in stream.items():  # !
        print(item)
`,
    ));

  it("knows that a queue that was looked into has something", () =>
    blocks(
      `
import asyncio
import queue
class Session:
    def __init__(self):
        self.received: queue.Queue[bytes] = queue.Queue()
        self.limited: queue.Queue[bytes] = queue.Queue(10)
    async def receive(self):
        while self.received.empty():
            await asyncio.sleep(0)
        return self.received.get()
    async def next(self):
        return self.received.get()  # !
    async def send(self, data):
        self.received.put(data)
        self.limited.put(data)  # !
`,
    ));

  it("leaves compressed files alone that are wrapped around others", () =>
    blocks(
      `
import gzip
import io
import tarfile
import zipfile
import PIL.Image
async def pack(data):
    buffer = io.BytesIO()
    with gzip.GzipFile(mode="wb", fileobj=buffer) as file:
        file.write(data)
    gzip.GzipFile("data.gz")  # !
    gzip.GzipFile("data.gz", fileobj=None)  # !
    tarfile.open("data.tar")  # !
    with tarfile.open(fileobj=buffer) as archive:
        archive.extractall()
async def unpack(data, name):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.read(name)
    image = PIL.Image.open(io.BytesIO(data))
    image.save(io.BytesIO(), "png")
    PIL.Image.open(name).save(name)  # !
    with zipfile.ZipFile(name) as archive:  # !
        archive.read(name)  # !
`,
    ));
});

describe("what packages nobody had looked at showed", () => {
  it("is that asking for an address as numbers asks nobody", () =>
    checks(
      "blocking-socket",
      `
import socket
async def main(address):
    socket.getnameinfo(address, socket.NI_NUMERICHOST)
    socket.getnameinfo(address, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)
    socket.getnameinfo(address, 0)  # !
`,
    ));

  it("is that a decorated coroutine function is only called in a plain wrapper, and fails when awaited", () =>
    checks(
      "blocking-sleep",
      `
import functools, time
def retried(fn):
    @functools.wraps(fn)
    def wrapper(*args):
        try:
            return fn(*args)
        except OSError:
            time.sleep(1)
            raise
    return wrapper
def slowed(fn):
    def wrapper(*args):
        time.sleep(1)
        return fn(*args)
    return wrapper
@retried
async def load(): ...
@slowed
async def save(): ...
@retried
def plain(): ...
async def main():
    await load()
    await save()  # !
    plain()  # !
`,
    ));

  it("is that what a function has just made is not known to any other thread", () =>
    checks(
      "not-thread-safe",
      `
import asyncio, threading
class Job:
    def __init__(self):
        self.ready = asyncio.Event()
        self.ready.set()
    def done(self):
        self.ready.set()
def work():
    queue = asyncio.Queue()
    queue.put_nowait(1)
    Job()
def finish(job: Job):
    job.done()
async def main(job: Job):
    threading.Thread(target=work).start()
    threading.Thread(target=finish, args=(job,)).start()  # !
`,
    ));

  it("is that zope's interfaces say little of what provides them", () =>
    checks(
      "missing-await",
      `
from zope.interface import Interface
class IHooks(Interface):
    async def add(hook): ...
    async def items(): ...
class Hooks:
    async def add(self, hook): ...
class INot:
    async def add(self, hook): ...
async def main(a: IHooks, b: Hooks, c: INot):
    a.add(1)
    async for item in a.items(): ...
    b.add(1)  # !
    c.add(1)  # !
`,
    ));

  it("is that Twisted's coroutines are not asyncio's to gather", () => {
    const code = `
async def fetch(url): ...
async def main():
    a = await fetch("a")
    b = await fetch("b")
    return a, b
`;
    assert.equal(lint("sequential-awaits", code).length, 1);
    assert.equal(lint("sequential-awaits", `from twisted.internet import defer\n${code}`).length, 0);
    assert.equal(
      lint("sequential-awaits", `import asyncio\nfrom twisted.internet import defer\n${code}`).length,
      1,
    );
  });
});
