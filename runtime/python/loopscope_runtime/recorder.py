"""Turns what the loop sees into records. One recorder per loop; the fused loop has the commonest cases inlined.

Per task, the recorder keeps a list on the task itself (so that it dies with the task):
`[offset of the innermost coroutine kept, what lies below it, name, key, chain, its frames, outermost coroutine, .., innermost]`.
What lies below is None for a future, -1 for `sleep(0)`, -2 for what must be walked again, else the number of a frame that says what
is waited on; chain is `(code, offset, ..)`, outermost frame first, as last written. At the next suspension only what lies below the deepest coroutine still alive is walked again.
"""

import gc
import sys
from _thread import get_ident
from struct import Struct
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from weakref import ref

from . import codes, state, waits
from .records import ADOPT, CANCELLED, DONE, NAME, NEW, ON, RAISED, RAISED_OUTCOME, RETURNED, STEP, TASK, UNSAFE, WAKE, YIELD

now = state.now
known = codes.known
define = codes.define
STOP = codes.STOP
key = hash
getframe = sys._getframe
handlers = waits.handlers
duration = waits.duration
strings = state.strings
next_string = state.next_string
MANY = 50  # tasks of one place whose whole creation stack is written
PACK = [Struct("<%dq" % n).pack for n in range(200)]


pack5 = PACK[5]


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


def fresh_chain(task):
    coro = task.get_coro()
    return [-1, None, task.get_name(), key(task), (), 0, coro if type(coro) is CoroutineType else Foreign(coro)]


def chain_of(task):
    """The recorder's list for a task, made when it is not there."""
    try:
        return task._loopscope
    except AttributeError:
        st = fresh_chain(task)
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

    def __init__(self, stream, asyncio):
        self.stream = stream
        self.ext = stream.buf.append
        self.sleep_code = asyncio.tasks.sleep.__code__
        self.gathering = asyncio.tasks._GatheringFuture
        self.sleep_frames = []  # what lies below a coroutine that awaits sleep(0): always the same
        self.light = state.options["detail"] == "light"
        self.creation_frames = 1 if self.light else 32
        self.all_tasks = asyncio.all_tasks
        self.places = {}  # how many tasks each place made
        self.current = None  # () -> key of the running task
        self.swap = None  # (task) -> the one before: what runs now is that task

    def stepped(self, task, begin, end):
        """A step ended, whatever way; the task may never have been seen before."""
        st = getattr(task, "_loopscope", None)
        if st is None:
            self.adopt(task, begin)
            st = chain_of(task)
        future = getattr(task, "_fut_waiter", None)
        if future is None and task.done():
            self.done(task, st, begin, end)
        elif self.light:
            kind, values = (YIELD, ()) if future is None else (STEP, (key(future),))
            self.ext(pack((kind, st[3], begin, end) + values + (0, 0)))
        else:
            self.suspended(task, st, begin, end, future)

    def suspended(self, task, st, begin, end, future):
        """A step ended at an await; future is what the task waits on (None: a bare yield)."""
        if st[0] == -1 and st[2] is not task.get_name():
            self.renamed(task, st)
        kept = len(st) - 6
        c = st[-1]
        f = c.cr_frame
        while f is None and kept > 1:
            del st[-1]
            kept -= 1
            c = st[-1]
            f = c.cr_frame
        out = []
        if f is None:
            kept = 1
            offset = below = -2
            natives = []
            frames_below(c.coro if type(c) is Foreign else None, out, natives)
        else:
            while True:
                code = c.cr_code
                offset = f.f_lasti
                try:
                    number = known[id(code)]
                except KeyError:
                    number = define(code)
                out += (number, offset)
                c = c.cr_await
                if type(c) is not CoroutineType:
                    break
                if c.cr_code is self.sleep_code:
                    break
                f = c.cr_frame
                if f is None:
                    break
                st.append(c)
            natives = None
            if type(c) not in INNER:
                below = number if number in handlers else None
            elif type(c) is CoroutineType and future is None:
                below = -1
                if not self.sleep_frames:
                    frames_below(c, self.sleep_frames)
                out += self.sleep_frames
            else:
                below = -2
                natives = st[6:]
                frames_below(c, out, natives)
        out = tuple(out)
        chain = st[4]
        start = kept * 2 - 2
        if chain[start:] == out:
            keep = st[5]
            n = 0
            out = ()
        else:
            st[4] = chain[:start] + out
            keep = kept - 1
            n = len(out) >> 1
            st[5] = keep + n
        st[0] = offset
        st[1] = below
        if future is None:
            self.ext(pack((YIELD, st[3], begin, end, keep, n) + out))
            return
        if below is None:
            kind = type(future)
            if kind is not type(task) and (number & 1 or kind is self.gathering):
                waits.relate(self, future, self.gathering)
        self.ext(pack((STEP, st[3], begin, end, key(future), keep, n) + out))
        if below is not None and future is not None:
            leaf = st[4][-2]
            handler = handlers.get(leaf)
            if type(handler) is int:
                self.ext(PACK[6](ON, st[3], handler, 0, -1, 0))
            elif handler is not None:
                waits.describe(self, st[3], handler, natives or st[6:])

    def done(self, task, st, begin, end):
        """A step ended and with it the task."""
        if st[2] is not task.get_name():
            self.renamed(task, st)
        k = st[3]
        st.clear()
        outcome = outcome_of(task)
        self.ext(pack5(DONE, k, begin, end, outcome))
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
        state.failed.append([ref(task), now(), False])

    def wake(self, task, cause, by, frame):
        """A task became ready. Frames up to the user's; where no task woke it there is no user to find, two are enough."""
        out = []
        limit = 0 if self.light else 32 if cause & 15 == TASK else 2
        if not limit:
            frame = None
        while frame is not None:
            code = frame.f_code
            try:
                number = known[id(code)]
            except KeyError:
                number = define(code)
            if number > 0:
                out += (number, frame.f_lasti)
                limit -= 1
                if number & 1 or not limit:
                    break
            elif number == STOP:
                break
            frame = frame.f_back
        n = len(out)
        self.ext(PACK[6 + n](WAKE, key(task), now(), cause, by, n >> 1, *out))

    def created(self, task, parent, frame):
        """A task was made. Where the same place has made many, only the frames up to the user's are told."""
        coro = task.get_coro()
        name = task.get_name()
        k = key(task)
        if type(coro) is CoroutineType:
            code = coro.cr_code
            try:
                own = known[id(code)]
            except KeyError:
                own = define(code)
            task._loopscope = [-1, None, name, k, (), 0, coro]
        else:
            own = coroutine_code(coro)
            task._loopscope = [-1, None, name, k, (), 0, Foreign(coro)]
        out = []
        add = out.append
        number = 0
        while frame is not None:  # up to the user's code
            code = frame.f_code
            try:
                number = known[id(code)]
            except KeyError:
                number = define(code)
            if number > 0:
                add(number)
                add(frame.f_lasti)
                if number & 1:
                    break
            elif number == STOP:
                break
            frame = frame.f_back
        if number & 1:
            place = number << 20 | out[-1]
            made = self.places.get(place, 0)
            if made < MANY:
                self.places[place] = made + 1
                out += codes.stack(frame.f_back, self.creation_frames)[1]
        state.counts["seen"] += 1
        text = next_string()
        strings[text] = name
        n = len(out)
        self.ext(PACK[7 + n](NEW, k, now(), parent, n >> 1, own, *out, text))

    def unsafe(self, frame):
        """A loop was used by a thread it does not run in. Seen for certain only while the loop waits, which it mostly does."""
        n, out = codes.stack(frame, 0)
        threading = sys.modules.get("threading")
        thread = threading and threading._active.get(get_ident())  # `current_thread` might make an object
        name = thread.name if thread else "thread %d" % get_ident()
        api = frame.f_code.co_name if n > 1 else "call_soon"
        self.ext(pack([UNSAFE, now(), get_ident() & 0x7FFFFFFF, n] + out + [state.text(api), state.text(name)]))

    def resync(self, loop):
        """Records were lost: describes every task anew. Or the process forked, and the drain thread is to go on."""
        self.stream.resync = False
        if state.resume is not None:
            state.resume()
            return
        for task in self.all_tasks(loop):
            self.adopt(task)

    def adopt(self, task, t=None):
        """Describes a task whose creation was not seen, or was lost. t: since when it may have existed."""
        coro = task.get_coro()
        out = []
        n = 0 if task.done() else frames_below(coro, out)
        fresh = fresh_chain(task)
        fresh[4] = tuple(out)
        fresh[5] = n
        try:
            task._loopscope = fresh
        except AttributeError:
            pass
        w = getattr(task, "_fut_waiter", None)
        values = [ADOPT, key(task), t or now(), 0 if w is None else key(w), 0, n, coroutine_code(coro)]
        self.ext(pack(values + out + [state.text(task.get_name())]))
