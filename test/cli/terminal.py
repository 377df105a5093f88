"""Runs a command on a terminal of its own, as a person would: terminal.py STEPS COMMAND...

STEPS is JSON: [["expect", text] | ["send", text] ...]. Prints JSON: {"output", "code", "signal"}.
"""

import json
import os
import pty
import select
import sys
import time

steps, command = json.loads(sys.argv[1]), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)

output, seen = "", 0
deadline = time.monotonic() + 45


def read():
    global output
    ready, _, _ = select.select([terminal], [], [], max(0, deadline - time.monotonic()))
    if not ready:
        print(json.dumps({"output": output, "code": None, "signal": None, "waiting": steps[:1]}))
        os.kill(pid, 9)
        os._exit(1)
    try:
        data = os.read(terminal, 65536)
    except OSError:  # the other side is closed
        return False
    output += data.decode("utf-8", "replace")
    return bool(data)


while steps:
    kind, text = steps[0]
    if kind == "send":
        os.write(terminal, text.encode())
    else:
        while (at := output.find(text, seen)) < 0:
            if not read():
                break
        seen = max(seen, at + len(text))
    steps.pop(0)
while read():
    pass
_, status = os.waitpid(pid, 0)
signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
print(json.dumps({"output": output, "code": os.waitstatus_to_exitcode(status), "signal": signal}))
