/** Code that the loop runs though no `await` leads there, and values that are told apart by how they are asked for. */
import assert from "node:assert/strict";
import { checks, lint } from "./rules/check";

const blocks = (files: string | Record<string, string>) => checks("blocking-*", files);

describe("what runs on the loop", () => {
  it("counts the callbacks of protocols in", () =>
    blocks(`
import asyncio, time
class Base(asyncio.Protocol): ...
class Echo(Base):
    def __init__(self): time.sleep(1)
    def connection_made(self, transport):
        time.sleep(1)  # !
    def data_received(self, data):
        self.handle(data)  # !
    def handle(self, data):
        time.sleep(1)
class Udp(asyncio.DatagramProtocol):
    def datagram_received(self, data, addr):
        open("x").write(data)  # !
class Other:
    def data_received(self, data): time.sleep(1)
`));

  it("says what it is in", () => {
    const [finding] = lint(
      "blocking-sleep",
      "import asyncio, time\nclass P(asyncio.Protocol):\n    def data_received(self, data):\n        time.sleep(1)\n",
    );
    assert.equal(finding.message, "time.sleep() blocks the event loop in protocol callback data_received()");
    assert.equal(finding.function, "P.data_received");
  });

  it("counts in what any code hands to the loop", () =>
    blocks(`
import asyncio, signal, time
def slow(): time.sleep(1)
def quick(): ...
class Server:
    def __init__(self, loop: asyncio.AbstractEventLoop):
        loop.call_soon(slow)  # !
        loop.call_later(5, slow)  # !
        loop.call_soon(quick)
        loop.add_signal_handler(signal.SIGTERM, self.stop)  # !
        loop.add_reader(0, self.on_data)  # !
        loop.run_in_executor(None, slow)
    def stop(self): slow()
    def on_data(self): time.sleep(1)
def plain():
    slow()
loop = asyncio.new_event_loop()
loop.call_soon(slow)  # !
`));

  it("follows assigning to properties, and deleting them", () =>
    blocks(`
import time
class Disk:
    @property
    def name(self):
        time.sleep(1)
        return self._name
    @name.setter
    def name(self, value):
        self._name = open("x").read()
    @name.deleter
    def name(self):
        time.sleep(1)
    @property
    def size(self): return 1
    @size.setter
    def size(self, value): time.sleep(1)
async def main(disk: Disk):
    disk.name = "x"  # !
    print(disk.name)  # !
    del disk.name  # !
    print(disk.size)
    disk.size += 1  # !
    disk.size = 2  # !
    disk.other = 3
`));

  it("narrows by isinstance", () =>
    blocks(`
from pathlib import Path
import socket
class Slow:
    def get(self): open("x")
class Quick:
    def get(self): ...
async def main(thing, other, either: Slow | Quick):
    if isinstance(thing, Path):
        thing.read_text()  # !
    elif isinstance(thing, Quick):
        thing.get()
    else:
        thing.read_text()
    thing.read_text()
    if isinstance(other, (Slow, Quick)) and other:
        other.get()  # !
    if isinstance(either, Quick):
        either.get()
    else:
        either.get()  # !
    if not isinstance(other, Path):
        other.read_text()
`));
});
