"""Tasks that wait for the end of a child process that cannot end: it writes into a pipe that is full, and nobody but they could read it.

asyncio reads ahead of a child's output until its reader's limit, and no further. What is told here is so on Linux, where the system says
what a process waits for; elsewhere nothing is told.
"""

import gc
import sys
from types import CoroutineType, FrameType

from .records import key

FIONREAD, F_GETPIPE_SZ = 0x541B, 1032
PAGE = 4096  # a pipe may count as full with less than a page left
MAX_DEPTH = 64  # of an await chain


def waits(references, leaf_is):
    """The tasks among weakly referenced ones that wait in `Process.wait`. leaf_is(task, function): whether it waits in that."""
    base = sys.modules.get("asyncio.base_subprocess")
    if base is None or sys.platform != "linux":
        return []
    wait = base.BaseSubprocessTransport._wait
    return [reference for reference in references if leaf_is(reference(), wait)]


def find(references):
    """[key of a task, id of the process, "stdout" or "stderr"] for each task that waits in vain."""
    found = []
    for reference in references:
        try:
            row = in_vain(reference())
        except (AttributeError, KeyError):  # the task has gone on meanwhile, and what it waited for is closed
            row = None
        if row is not None:
            found.append(row)
    return found


def in_vain(task):
    subprocess = sys.modules["asyncio.subprocess"]
    chain = [] if task is None else await_chain(task.get_coro())
    if len(chain) < 2 or chain[-2].cr_code is not subprocess.Process.wait.__code__:
        return None
    things = [each for each in referents(chain[-2]) if type(each) is subprocess.Process]
    if not things:
        return None
    del things[1:]
    waits = task
    # Whoever else has the process can read what it writes, but for those that do nothing else than wait for this task.
    while (task := only_waiter(task)) is not None and len(chain) < MAX_DEPTH:
        chain += await_chain(task.get_coro())
    own = sum(each is things[0] for coroutine in chain for each in referents(coroutine))
    if references_to(things) != own + 1:
        return None
    process = things[0]
    pid, transport, protocol = process.pid, process._transport, process._protocol
    if type(protocol) is not subprocess.SubprocessStreamProtocol:
        return None
    for number, name in ((1, "stdout"), (2, "stderr")):
        readers = [getattr(process, name)]
        # It is the process's and the protocol's; reading is paused, and nobody waits for what is read.
        if readers[0] is None or references_to(readers) != 3 or not readers[0]._paused or readers[0]._waiter is not None:
            continue
        if is_full(transport.get_pipe_transport(number)) and is_writing(pid):
            return [int(key(waits)), pid, name]
    return None


def only_waiter(task):
    """The task that awaits a task, if nothing else is to be done when that ends."""
    callbacks = task._callbacks or ()
    waiters = [getattr(callback, "__self__", None) for callback, _ in callbacks]
    return waiters[0] if len(waiters) == 1 and type(waiters[0]) is type(task) and waiters[0]._fut_waiter is task else None


def await_chain(coroutine):
    chain = []
    while type(coroutine) is CoroutineType and len(chain) < MAX_DEPTH:
        chain.append(coroutine)
        coroutine = coroutine.cr_await
    return chain


def referents(coroutine):
    """What a suspended coroutine and its frame refer to, each as often as they do."""
    things = gc.get_referents(coroutine)
    for frame in [each for each in things if type(each) is FrameType]:
        things += gc.get_referents(frame)
    return things


def references_to(things):
    """How many references there are to the first of a list, that of the list included."""
    measure = [object()]
    return sys.getrefcount(things[0]) - sys.getrefcount(measure[0]) + 1


def is_full(pipe):
    import fcntl  # asyncio's child processes have loaded it

    try:
        fd = pipe._fileno
        waiting = int.from_bytes(fcntl.ioctl(fd, FIONREAD, bytes(4)), sys.byteorder)
        return waiting > fcntl.fcntl(fd, F_GETPIPE_SZ) - PAGE
    except (AttributeError, TypeError, ValueError, OSError):  # it is closed meanwhile, or no pipe
        return False


def is_writing(pid):
    """Whether a process stands still because the pipe that it writes into is full."""
    try:
        with open("/proc/%d/wchan" % pid, "rb") as file:
            return file.read().endswith(b"pipe_write")
    except OSError:
        return False
