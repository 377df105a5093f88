"""Turns what the loop sees into records. One recorder per loop; the fused loop has the commonest cases inlined.

Per task, the recorder keeps a list on the task itself (so that it dies with the task):
`[offset of the innermost frame, what that frame waits on, outermost coroutine, .., innermost coroutine]`: the await chain as
last written. At the next suspension only what lies below the deepest coroutine still alive is walked again.
"""

import gc
from struct import Struct
from types import AsyncGeneratorType, CoroutineType, GeneratorType, MethodType

from . import codes, state
from .records import ADOPT, CANCELLED, DONE, NEW, RAISED, RAISED_OUTCOME, RETURNED, STEP, WAKE, WAS_CANCELLED, YIELD

now = state.now
known = codes.known
define = codes.define
key = hash
PACK = [Struct("<%dq" % n).pack for n in range(200)]


def pack(values):
    """Packs a record of any length."""
    n = len(values)
    return PACK[n](*values) if n < 200 else Struct("<%dq" % n).pack(*values)


async def _agen():
    yield


class _Awaitable:
    async def go(self):
        pass


def _type_of(make):
    thing = make()
    kind = type(thing)
    thing.close()
    return kind


AsyncSend = _type_of(lambda: _agen().__anext__())
AsyncThrow = _type_of(lambda: _agen().athrow(ValueError))


def _wrapper_type():
    coro = _Awaitable().go()
    wrapper = coro.__await__()
    wrapper.close()
    return type(wrapper)


CoroutineWrapper = _wrapper_type()
INNER = frozenset((CoroutineType, GeneratorType, AsyncGeneratorType, AsyncSend, AsyncThrow, CoroutineWrapper))


class Foreign:
    """Stands for a coroutine the delta walk cannot follow: its chain is walked anew each time."""

    cr_frame = None

    def __init__(self, coro):
        self.coro = coro


def frames_below(c, out):
    """Appends code, offset of c and everything it awaits; returns the number of frames."""
    n = 0
    while c is not None and n < 500:
        kind = type(c)
        if kind is CoroutineType:
            f, below = c.cr_frame, c.cr_await
        elif kind is GeneratorType:
            f, below = c.gi_frame, c.gi_yieldfrom
        elif kind is AsyncGeneratorType:
            f, below = c.ag_frame, c.ag_await
        elif kind is CoroutineWrapper or kind is AsyncSend or kind is AsyncThrow:
            want = CoroutineType if kind is CoroutineWrapper else AsyncGeneratorType
            c = next((r for r in gc.get_referents(c) if type(r) is want), None)
            continue
        else:
            below = getattr(c, "cr_await", None) or getattr(c, "gi_yieldfrom", None)
            f = getattr(c, "cr_frame", None) or getattr(c, "gi_frame", None)
        if f is not None:
            code = f.f_code
            out += (known.get(id(code)) or define(code), f.f_lasti)
            n += 1
        c = below
    return n


def chain_of(task):
    """The recorder's list for a task, made when it is not there."""
    try:
        return task._loopscope
    except AttributeError:
        coro = task.get_coro()
        st = [-1, None, coro if type(coro) is CoroutineType else Foreign(coro)]
        try:
            task._loopscope = st
        except AttributeError:  # a task class without a __dict__: nothing is remembered, every chain is whole
            pass
        return st


def outcome_of(task):
    if task.cancelled():
        return CANCELLED
    return RETURNED if getattr(task, "_exception", None) is None else RAISED_OUTCOME


def coroutine_code(coro):
    """The code number of what a task runs; that of `Task.__init__`'s caller cannot stand in, so 0 when there is none."""
    code = getattr(coro, "cr_code", None) or getattr(coro, "gi_code", None) or getattr(coro, "ag_code", None)
    return 0 if code is None else codes.number(code)


class Recorder:
    """Writes the records of one loop into a stream."""

    def __init__(self, stream):
        self.stream = stream
        self.ext = stream.buf.extend

    def suspended(self, task, begin, end, future, kind=STEP):
        """A step ended at an await; future is what the task waits on (None: a bare yield)."""
        st = chain_of(task)
        depth = len(st) - 2
        c = st[-1]
        f = c.cr_frame
        while f is None and depth > 1:
            st.pop()
            depth -= 1
            c = st[-1]
            f = c.cr_frame
        head = [STEP, key(task), begin, end, key(future)] if future is not None else [YIELD, key(task), begin, end]
        if f is None:
            coro = c.coro if type(c) is Foreign else None
            out = []
            n = frames_below(coro, out)
            st[0] = -1
            self.ext(pack(head + [0, n] + out))
            return
        out = []
        n = 0
        while True:
            code = f.f_code
            offset = f.f_lasti
            out += (known.get(id(code)) or define(code), offset)
            n += 1
            c = c.cr_await
            if type(c) is not CoroutineType:
                break
            f = c.cr_frame
            if f is None:
                break
            st.append(c)
        st[0] = offset
        if type(c) in INNER:
            st[0] = -1
            n += frames_below(c, out)
        self.ext(pack(head + [depth - 1, n] + out))

    def done(self, task, begin, end):
        outcome = outcome_of(task)
        self.ext(PACK[5](DONE, key(task), begin, end, outcome))
        if outcome == RAISED_OUTCOME:
            self.raised(task)
        st = getattr(task, "_loopscope", None)
        if st is not None:
            del st[:]

    def raised(self, task):
        exc = task._exception
        out = []
        n = 0
        tb = exc.__traceback__
        inner = None
        while tb is not None:
            i = codes.number(tb.tb_frame.f_code)
            if i & 1 or (inner is None and i > 0):
                inner = (i, tb.tb_lasti)
            tb = tb.tb_next
        if inner is not None:
            n = 1
            out = list(inner)
        try:
            message = str(exc)[:1000]
        except Exception:
            message = "(its text could not be made)"
        self.ext(pack([RAISED, key(task), n] + out + [state.text(type(exc).__qualname__), state.text(message)]))

    def wake(self, task, cause, by, frame):
        n, out = codes.stack(frame, 0)
        self.ext(pack([WAKE, key(task), now(), cause, by, n] + out))

    def created(self, task, parent, frame):
        coro = task.get_coro()
        task._loopscope = [-1, None, coro if type(coro) is CoroutineType else Foreign(coro)]
        n, out = codes.stack(frame, 32)
        self.ext(pack([NEW, key(task), now(), parent, n, coroutine_code(coro)] + out + [state.text(task.get_name())]))

    def adopt(self, task):
        """Describes a task whose creation was not seen, or was lost."""
        chain_of(task)[:] = [-1, None, Foreign(task.get_coro())]
        coro = task.get_coro()
        out = []
        n = frames_below(coro, out) if not task.done() else 0
        w = getattr(task, "_fut_waiter", None)
        self.ext(
            pack(
                [ADOPT, key(task), now(), 0 if w is None else key(w), 0, n, coroutine_code(coro)]
                + out
                + [state.text(task.get_name())]
            )
        )
        if type(coro) is CoroutineType:
            chain_of(task)[2] = coro


__all__ = ["MethodType", "Recorder", "WAS_CANCELLED"]
