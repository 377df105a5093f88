"""What a suspension waits on, where the await chain alone does not say: handlers for asyncio's own leaf frames.

A handler is the number of a wait, or a function that gets the coroutine and returns (wait, object or None, delay in
seconds or None, tasks or futures), or None. They are found by the innermost frame's code.
"""

import os
import sys
from collections import deque
from gc import get_referents
from itertools import islice
from types import CellType, FunctionType, coroutine
from weakref import ref

from . import codes
from .records import (
    GATHER,
    LINK,
    STEP_DELAY,
    STEP_KEYS,
    STEP_OBJECT,
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
    head,
    key,
)

MAX_KEYS = 2000
MAX_TOLD = 1000
SHIELD = "shield.<locals>._outer_done_callback"
# What a future that one task awaits refers to at least: its loop, the callback, its context; its class; the task that awaits it. More: perhaps shield's.
ALONE = 3 if sys.version_info < (3, 12) else 4 if sys.version_info < (3, 14) else 5
handlers = {}  # id of an asyncio code object -> handler
overriders = {}  # id of an asyncio code object further out -> handler that knows better


SYNCHRONIZERS = {
    "Lock": W_LOCK,
    "Semaphore": W_SEMAPHORE,
    "BoundedSemaphore": W_SEMAPHORE,
    "Event": W_EVENT,
    "Condition": W_CONDITION,
    "Barrier": W_BARRIER,
}


def first(coroutine):
    """The first parameter of a suspended coroutine of asyncio's, where possible without a frame object, which would live as long as that: see `positions.py`."""
    try:
        things = get_referents(coroutine)
        thing = things[first_at]
        # Else somebody made the frame object, or even (until 3.12) the dictionary of its variables, and there are more things before it.
        if things[first_at - 1] is coroutine.cr_code and type(thing) is not CellType:
            return thing
    except IndexError:  # it is not known which that is
        pass
    return _locals(coroutine).get(coroutine.cr_code.co_varnames[0])


def _locals(coroutine):
    frame = coroutine.cr_frame
    return {} if frame is None else frame.f_locals


def _where_first_is():
    """Which of what a coroutine refers to is its first parameter; more than there are, if that is not known."""

    async def sample(self, other):
        await _pause()

    marks = object(), object()
    c = sample(*marks)
    c.send(None)
    things = get_referents(c)
    c.close()
    at = next((i for i, thing in enumerate(things) if thing is marks[0]), sys.maxsize)
    return at if things[at - 1 : at] == [c.cr_code] and things[at + 1 : at + 2] == [marks[1]] else sys.maxsize


@coroutine
def _pause():
    yield


first_at = _where_first_is()


def _synchronizer(c):
    self = first(c)
    for cls in type(self).__mro__:
        if cls.__module__ == "asyncio.locks" and cls.__name__ in SYNCHRONIZERS:
            return SYNCHRONIZERS[cls.__name__], self, None, ()
    return None


def _sleep(c):
    delay = first(c)
    return W_SLEEP, None, max(0.0, delay) if isinstance(delay, (int, float)) else None, ()


def _of_self(wait):
    return lambda c: (wait, first(c), None, ())


def _plain(wait):
    return wait


def _waiting_for(*names):
    def handler(c):
        frame_locals = _locals(c)
        found = next((frame_locals[n] for n in names if n in frame_locals), None)
        if found is None:
            return None
        if type(found) is plain[1]:
            return W_TASKS, None, None, tuple(found._children)
        return W_TASK, None, None, ((shielded(found) or found) if type(found) is plain[0] else found,)

    return handler


def _wait(c):
    return W_TASKS, None, None, tuple(_locals(c).get("fs") or ())


def _group(c):
    return W_TASKS, None, None, tuple(getattr(_locals(c).get("self"), "_tasks", ()))


def _as_completed(c):
    frame_locals = _locals(c)
    todo = frame_locals.get("todo")
    if todo is None:
        todo = getattr(frame_locals.get("self"), "_todo", ())
    return W_TASKS, None, None, todo if type(todo) is set else tuple(todo)


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

# anyio's task groups keep their tasks as asyncio's do, and wait for a future of their own.
ANYIO = os.path.join("anyio", "_backends", "_asyncio.py")

_folder = [None]
plain = (None, None)  # the class of futures, and of gather's


def start(asyncio):
    """Called before any of asyncio's code runs: its frames are recognised as they are met."""
    global plain
    _folder[0] = os.path.dirname(asyncio.__file__)
    plain = (asyncio.futures.Future, asyncio.tasks._GatheringFuture)
    if _met not in codes.watchers:
        codes.watchers.append(_met)
    for _, code in codes.fresh:
        _met(code)


def _met(code):
    folder, _, base = code.co_filename.rpartition(os.sep)
    if folder != _folder[0]:
        if code.co_name == "__aexit__" and code.co_filename.endswith(ANYIO):
            handlers[id(code)] = _group
        return
    handler = LEAVES.get(base, {}).get(code.co_name)
    if handler is not None:
        handlers[id(code)] = handler
    handler = OUTER.get(base, {}).get(code.co_name)
    if handler is not None:
        overriders[id(code)] = handler


def judge(coroutines):
    """(handler, index of the coroutine whose frame it reads) for a chain of coroutines, or None."""
    if len(coroutines) > 1:
        for i in range(len(coroutines) - 2, max(-1, len(coroutines) - 5), -1):
            code = coroutines[i].cr_code  # asyncio's own frames just above: `Queue.join` knows better than `Event.wait`
            if codes.base_of(code) >= codes.USER:
                break
            handler = overriders.get(id(code))
            if handler is not None:
                return handler, i
    handler = handlers.get(id(coroutines[-1].cr_code))
    return None if handler is None else (handler, len(coroutines) - 1)


def ask(judged, coroutines):
    """What a judge's finding and the frames say: (wait, object or None, delay or None, tasks or futures)."""
    handler, index = judged
    return asked(handler, coroutines[index])


def asked(handler, coroutine):
    """The same of the coroutine that the handler asks."""
    return (handler, None, None, ()) if type(handler) is int else handler(coroutine) or (0, None, None, ())


# Where those who wait on an object are kept, each at the end as it begins to wait.
QUEUES = {W_GET: "_getters", W_PUT: "_putters", **dict.fromkeys((W_LOCK, W_SEMAPHORE, W_EVENT, W_CONDITION), "_waiters")}


def waiting_list(wait, thing, future):
    """A weak reference to the list of those who wait on an object, if a future is the last that was added to it; else None."""
    name = QUEUES.get(wait)
    queue = name and getattr(thing, name, None)
    return ref(queue) if type(queue) is deque and queue and queue[-1] is future else None


class Told:
    """Of a set of tasks that only shrinks: which it is, and how many it had when they were told."""

    __slots__ = "tasks", "count"

    def __init__(self, tasks):
        self.tasks, self.count = ref(tasks), len(tasks)


def same(told, k, others):
    """Whether a task waits for a set of tasks that was told of it last, which need not be told again. told: by the task's key.

    Of a set that was too large to be told whole, others are told now and then.
    """
    before = told.get(k)
    if before is not None and before.tasks() is others and (before.count <= MAX_KEYS or len(others) > before.count - MAX_KEYS // 2):
        return True
    if len(told) > MAX_TOLD:
        told.clear()
    told[k] = Told(others)
    return False


def fields(found, told=None, k=0.0):
    """The same as (arg, fields) of a STEP, an ADOPT or an ON. told: what `same` is to remember, for the task of key k."""
    arg, thing, delay, others = found
    values = []
    if others:
        if type(others) is set:
            if told is not None and same(told, k, others):
                return arg | STEP_KEYS, (0,)
            others = tuple(islice(others, MAX_KEYS))
        else:
            others = others[:MAX_KEYS]
    elif thing is not None:
        arg |= STEP_OBJECT
        values.append(key(thing))
    if delay is not None:
        arg |= STEP_DELAY
        values.append(delay)
    if others:
        arg |= STEP_KEYS
        values += (len(others), *map(key, others))
    return arg, values


def shielded(future):
    """What a future is the outer one of, if `asyncio.shield` made it; else None. As fast however many wait on it.

    shield's callback is the first that its outer future gets. `_callbacks` would tell too, but there C makes a list of all of them.
    """
    things = get_referents(future)
    if len(things) > ALONE:
        for each in things:
            if type(each) is FunctionType and each.__qualname__ == SHIELD:
                inner = dict(zip(each.__code__.co_freevars, each.__closure__)).get("inner")
                return None if inner is None else inner.cell_contents
    return None


def relate(rec, future, gathering):
    """GATHER or LINK for a future whose meaning others must know: gather's, and shield's outer one. Whether it was one."""
    if isinstance(future, gathering):
        keys = list(map(hash, future._children))
        rec.ext((head(GATHER, key(future)), len(keys), *keys))
        return True
    inner = shielded(future)
    if inner is None:
        return False
    rec.ext((head(LINK, key(future)), key(inner)))
    return True
