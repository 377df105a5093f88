import { checks } from "./check";

describe("calls that say they do not wait", () => {
  it("are not reported: sockets made non-blocking, constants however imported", () =>
    checks(
      "blocking-*",
      `import os, socket
from os import WNOHANG
async def ready():
    sock = socket.socket()
    sock.setblocking(False)
    sock.recv(10)
    os.waitpid(-1, os.WNOHANG)
    os.waitpid(-1, WNOHANG)
async def waits():
    sock = socket.socket()
    sock.settimeout(3)
    sock.connect(("localhost", 1))  # !
    os.waitpid(-1, 0)  # !
`,
    ));
});
