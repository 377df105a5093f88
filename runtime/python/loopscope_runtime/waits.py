"""What a suspension waits on, where the await chain alone does not say: handlers for asyncio's own leaf frames.

A handler is the number of a wait, or a function that gets the locals of the frame and returns (wait, object, delay in µs, tasks or
futures), or None. They are found by the number of the innermost frame's code, so that user code costs one failed look-up.
"""

import os
from struct import Struct

from . import codes
from .records import (
    GATHER,
    LINK,
    ON,
    W_BARRIER,
    W_CONDITION,
    W_EVENT,
    W_GET,
    W_IO,
    W_JOIN,
    W_LOCK,
    W_PROCESS,
    W_PUT,
    W_SEMAPHORE,
    W_SLEEP,
    W_TASK,
    W_TASKS,
    W_THREAD,
)

pack6 = Struct("<6q").pack
MAX_KEYS = 2000
handlers = {}  # code number -> handler
overriders = {}  # code number of an asyncio frame further out -> handler that knows better


def duration(seconds):
    """What the wire has for a duration: microseconds, or minus the seconds of a long one."""
    if seconds < 2000:
        return max(0, round(seconds * 1e6))
    return -round(seconds) if seconds < 2e9 else -2_000_000_000


SYNCHRONIZERS = {
    "Lock": W_LOCK,
    "Semaphore": W_SEMAPHORE,
    "BoundedSemaphore": W_SEMAPHORE,
    "Event": W_EVENT,
    "Condition": W_CONDITION,
    "Barrier": W_BARRIER,
}


def _synchronizer(frame_locals):
    self = frame_locals.get("self")
    for cls in type(self).__mro__:
        if cls.__module__ == "asyncio.locks" and cls.__name__ in SYNCHRONIZERS:
            return SYNCHRONIZERS[cls.__name__], self, -1, ()
    return None


def _sleep(frame_locals):
    delay = frame_locals.get("delay")
    return W_SLEEP, None, duration(delay) if isinstance(delay, (int, float)) else -1, ()


def _of_self(wait):
    return lambda frame_locals: (wait, frame_locals.get("self"), -1, ())


def _plain(wait):
    return wait


def _waiting_for(*names):
    def handler(frame_locals):
        found = next((frame_locals[n] for n in names if n in frame_locals), None)
        if found is None:
            return None
        return W_TASK, None, -1, (found,)

    return handler


def _wait(frame_locals):
    return W_TASKS, None, -1, tuple(frame_locals.get("fs") or ())


def _group(frame_locals):
    return W_TASKS, None, -1, tuple(getattr(frame_locals.get("self"), "_tasks", ()))


def _as_completed(frame_locals):
    todo = frame_locals.get("todo")
    if todo is None:
        todo = getattr(frame_locals.get("self"), "_todo", ())
    return W_TASKS, None, -1, tuple(todo)


LEAVES = {
    "locks.py": {"acquire": _synchronizer, "wait": _synchronizer},
    "queues.py": {"get": _of_self(W_GET), "put": _of_self(W_PUT)},
    "tasks.py": {
        "sleep": _sleep,
        "_wait": _wait,
        "wait_for": _waiting_for("fut"),
        "_cancel_and_wait": _waiting_for("fut"),
    },
    "taskgroups.py": {"__aexit__": _group, "_aexit": _group},
    "streams.py": dict.fromkeys(("_wait_for_data", "_drain_helper", "drain", "wait_closed"), _plain(W_IO)),
    "base_subprocess.py": dict.fromkeys(("_wait", "_connect_pipes"), _plain(W_PROCESS)),
    "subprocess.py": dict.fromkeys(  # leaves only where the loop is compiled
        ("wait", "create_subprocess_exec", "create_subprocess_shell"), _plain(W_PROCESS)
    ),
    "unix_events.py": {"_make_subprocess_transport": _plain(W_PROCESS), "_sock_sendfile_native": _plain(W_IO)},
    "windows_events.py": {"_make_subprocess_transport": _plain(W_PROCESS)},
    "selector_events.py": dict.fromkeys(
        (
            "_accept_connection2",
            "sock_recv",
            "sock_recv_into",
            "sock_recvfrom",
            "sock_recvfrom_into",
            "sock_sendall",
            "sock_sendto",
            "sock_connect",
            "sock_accept",
            "_sendfile_native",
        ),
        _plain(W_IO),
    ),
    "proactor_events.py": dict.fromkeys(
        ("sock_recv", "sock_recv_into", "sock_sendall", "sock_connect", "sock_accept"), _plain(W_IO)
    ),
    "base_events.py": dict.fromkeys(
        (
            "_create_connection_transport",
            "create_datagram_endpoint",
            "connect_read_pipe",
            "connect_write_pipe",
            "connect_accepted_socket",
            "start_tls",
            "serve_forever",
            "wait_closed",
            "drain",
        ),
        _plain(W_IO),
    ),
}
LEAVES["base_events.py"]["shutdown_default_executor"] = _plain(W_THREAD)

OUTER = {
    "queues.py": {"join": _of_self(W_JOIN)},
    "tasks.py": {"_wait_for_one": _as_completed},
    "locks.py": {"_block": _of_self(W_BARRIER), "_wait": _of_self(W_BARRIER)},
}

_folder = [None]


def start(asyncio):
    """Called before any of asyncio's code runs: its frames are recognised as they are met."""
    _folder[0] = os.path.dirname(asyncio.__file__)
    if _met not in codes.watchers:
        codes.watchers.append(_met)
    for number, code in codes.fresh:
        _met(number, code)


def _met(number, code):
    folder, _, base = code.co_filename.rpartition(os.sep)
    if folder != _folder[0]:
        return
    handler = LEAVES.get(base, {}).get(code.co_name)
    if handler is not None:
        handlers[number] = handler
    handler = OUTER.get(base, {}).get(code.co_name)
    if handler is not None:
        overriders[number] = handler


def describe(rec, task_key, leaf, coroutines):
    """Writes the ON of a suspension whose innermost coroutine is coroutines[-1]."""
    found = None
    for c in coroutines[-2:-5:-1]:  # asyncio's own frames just above: `Queue.join` knows better than `Event.wait`
        code = c.cr_code
        number = codes.known.get(id(code))
        if number is None or number & 1:
            break
        handler = overriders.get(number)
        if handler is not None and c.cr_frame is not None:
            found = handler(c.cr_frame.f_locals)
            break
    if found is None:
        frame = coroutines[-1].cr_frame
        if frame is None:
            return
        found = leaf(frame.f_locals)
    if found is None:
        return
    wait, thing, delay, others = found
    if not others:
        rec.ext(pack6(ON, task_key, wait, 0 if thing is None else hash(thing), delay, 0))
        return
    keys = [hash(o) for o in others[:MAX_KEYS]]
    rec.ext(Struct("<%dq" % (6 + len(keys))).pack(ON, task_key, wait, 0, delay, len(keys), *keys))


def relate(rec, future, gathering):
    """GATHER or LINK for a future whose meaning others must know: gather's, and shield's outer one."""
    if isinstance(future, gathering):
        keys = [hash(o) for o in future._children]
        values = [GATHER, hash(future), len(keys)] + keys
        rec.ext(Struct("<%dq" % len(values)).pack(*values))
        return
    for entry in future._callbacks or ():
        callback = entry[0] if type(entry) is tuple else entry
        if getattr(callback, "__qualname__", "") == "shield.<locals>._outer_done_callback":
            inner = dict(zip(callback.__code__.co_freevars, callback.__closure__)).get("inner")
            if inner is not None:
                rec.ext(Struct("<3q").pack(LINK, hash(future), hash(inner.cell_contents)))
