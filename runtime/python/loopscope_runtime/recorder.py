"""Turns what the loop sees into records. One recorder per loop; the fused loop has the commonest cases inlined.

Per task, the recorder keeps a list on the task itself (so that it dies with the task):
`[offset of the innermost frame, its number if it says what is waited on, name, outermost coroutine, .., innermost coroutine]`:
the await chain and the name as last written. At the next suspension only what lies below the deepest coroutine still alive is walked again.
"""

import gc
from struct import Struct
from types import AsyncGeneratorType, CoroutineType, GeneratorType

from . import codes, state, waits
from .records import ADOPT, CANCELLED, DONE, NAME, NEW, RAISED, RAISED_OUTCOME, RETURNED, STEP, WAKE, YIELD

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


def frames_below(c, out, natives=None):
    """Appends code, offset of c and everything it awaits; returns the number of frames. natives: gets the coroutines."""
    n = 0
    while c is not None and n < 500:
        kind = type(c)
        if kind is CoroutineType:
            f, below = c.cr_frame, c.cr_await
            if natives is not None:
                natives.append(c)
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
        st = [-1, None, task.get_name(), coro if type(coro) is CoroutineType else Foreign(coro)]
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


def raise_place(exc):
    """[code, offset] of the innermost user frame of a traceback, or of its innermost frame, or []."""
    tb = exc.__traceback__
    place = []
    by_user = False
    while tb is not None:
        i = codes.number(tb.tb_frame.f_code)
        if i & 1 or (i > 0 and not by_user):
            place = [i, tb.tb_lasti]
            by_user = by_user or bool(i & 1)
        tb = tb.tb_next
    return place


def text_of(exc):
    try:
        return str(exc)[:1000]
    except Exception:
        return "(its text could not be made)"


def report(asyncio, handle, exc):
    """What `Handle._run` does with an exception of its callback."""
    format_callback = asyncio.format_helpers._format_callback_source
    try:
        cb = format_callback(handle._callback, handle._args, debug=handle._loop.get_debug())
    except TypeError:  # before 3.13
        cb = format_callback(handle._callback, handle._args)
    context = {"message": "Exception in callback %s" % cb, "exception": exc, "handle": handle}
    if handle._source_traceback:
        context["source_traceback"] = handle._source_traceback
    handle._loop.call_exception_handler(context)


def watched(selector):
    """How many files a selector watches, the loop's own wake-up pipe not counted; -1 if it does not say."""
    try:
        return len(selector.get_map()) - 1
    except Exception:
        return -1


class Recorder:
    """Writes the records of one loop into a stream."""

    gathering = ()  # asyncio's future type of `gather`, once it is known
    future_types = ()

    def __init__(self, stream):
        self.stream = stream
        self.ext = stream.buf.extend
        self.current = None  # () -> key of the running task
        self.swap = None  # (task) -> the one before: what runs now is that task

    def suspended(self, task, begin, end, future):
        """A step ended at an await; future is what the task waits on (None: a bare yield)."""
        try:
            st = task._loopscope
        except AttributeError:
            self.adopt(task, begin)
            st = chain_of(task)
        if st[0] == -1 and st[2] is not task.get_name():
            self.renamed(task, st)
        k = key(task)
        depth = len(st) - 3
        c = st[-1]
        f = c.cr_frame
        if f is not None and f.f_lasti == st[0] and type(c.cr_await) not in INNER and future is not None:
            self.ext(PACK[7](STEP, k, begin, end, key(future), depth, 0))
            leaf = st[1]
            if leaf is not None:
                waits.describe(self, k, leaf, st[3:])
            return
        while f is None and depth > 1:
            st.pop()
            depth -= 1
            c = st[-1]
            f = c.cr_frame
        head = [STEP, k, begin, end, key(future)] if future is not None else [YIELD, k, begin, end]
        out = []
        leaf = None
        natives = st[3:]
        if f is None:
            st[0] = -1
            st[1] = None
            natives = []
            n = frames_below(c.coro if type(c) is Foreign else None, out, natives)
            depth = 1
        else:
            n = 0
            kept = depth
            while True:
                code = f.f_code
                offset = f.f_lasti
                leaf = known.get(id(code)) or define(code)
                out += (leaf, offset)
                n += 1
                c = c.cr_await
                if type(c) is not CoroutineType:
                    break
                f = c.cr_frame
                if f is None:
                    break
                st.append(c)
                natives.append(c)
            depth = kept
            if type(c) in INNER:
                st[0] = -1
                n += frames_below(c, out, natives)
            else:
                st[0] = offset
        st[1] = None
        if future is not None and n and natives:
            leaf = out[-2]
            st[1] = leaf if leaf in waits.handlers else None
        if future is not None:
            if st[1] is None and type(future) is not type(task):
                waits.relate(self, future, self.gathering)
        self.ext(pack(head + [depth - 1, n] + out))
        if st[1] is not None:
            waits.describe(self, k, leaf, natives)

    def done(self, task, begin, end):
        """A step ended and with it the task."""
        st = getattr(task, "_loopscope", None)
        if st is None:
            self.adopt(task, begin)
        else:
            if st[2] is not task.get_name():
                self.renamed(task, st)
            del st[:]
        outcome = outcome_of(task)
        self.ext(PACK[5](DONE, key(task), begin, end, outcome))
        if outcome == RAISED_OUTCOME:
            self.raised(task)

    def renamed(self, task, st):
        """Before Python 3.13, `create_task(name=...)` names the task only after it was scheduled."""
        st[2] = task.get_name()
        self.ext(PACK[3](NAME, key(task), state.text(st[2])))

    def raised(self, task):
        exc = task._exception
        where = raise_place(exc)
        texts = [state.text(type(exc).__qualname__), state.text(text_of(exc))]
        self.ext(pack([RAISED, key(task), len(where) // 2] + where + texts))

    def wake(self, task, cause, by, frame):
        n, out = codes.stack(frame, 0)
        self.ext(pack([WAKE, key(task), now(), cause, by, n] + out))

    def created(self, task, parent, frame):
        coro = task.get_coro()
        name = task.get_name()
        task._loopscope = [-1, None, name, coro if type(coro) is CoroutineType else Foreign(coro)]
        state.counts["seen"] += 1
        n, out = codes.stack(frame, 32)
        self.ext(pack([NEW, key(task), now(), parent, n, coroutine_code(coro)] + out + [state.text(name)]))

    def adopt(self, task, t=None):
        """Describes a task whose creation was not seen, or was lost. t: since when it may have existed."""
        coro = task.get_coro()
        chain_of(task)[:] = [-1, None, task.get_name(), coro if type(coro) is CoroutineType else Foreign(coro)]
        out = []
        n = 0 if task.done() else frames_below(coro, out)
        w = getattr(task, "_fut_waiter", None)
        values = [ADOPT, key(task), t or now(), 0 if w is None else key(w), 0, n, coroutine_code(coro)]
        self.ext(pack(values + out + [state.text(task.get_name())]))
