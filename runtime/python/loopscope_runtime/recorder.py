"""Turns what the loop sees into records. One recorder per loop; the fused loop has the commonest cases inlined."""

import sys
from _thread import get_ident
from weakref import ref

from . import chains, codes, creation, foreign, missed, names, state, suspensions, waits, wakers
from .creation import CANCELLED_HEAD, RAISED_HEAD, RETURNED_HEAD
from .records import (
    ADOPT,
    AT_ONCE_HEAD,
    CANCELLED,
    CLOCK,
    FOR_EVER,
    KEYS,
    LIGHT_HEAD,
    NAME,
    NOT_KNOWN,
    POLL,
    RAISED,
    RAISED_OUTCOME,
    RETURNED,
    TASK,
    UNSAFE,
    WAKE,
    WAKE_BY,
    WAKE_FRAMES,
    WAKE_PLACE,
    WAKE_TIME,
    THREAD,
    WAS_CANCELLED,
    YIELD_HEAD,
    head,
    key,
)

clock = state.clock
USER = codes.USER
getframe = sys._getframe
chain_of = chains.of

SLOW_CALLBACK = 50e-6  # seconds; shorter ones are not recorded
CLOCK_HEAD = head(CLOCK)
POLL_HEAD, POLL_FOR_EVER = head(POLL), head(POLL, 0, FOR_EVER)


def outcome_of(task):
    if task.cancelled():
        return CANCELLED
    return RETURNED if getattr(task, "_exception", None) is None else RAISED_OUTCOME


def raise_place(exc):
    """[place] of the innermost user frame of a traceback, or of its innermost frame, or []."""
    tb = exc.__traceback__
    place = []
    by_user = False
    while tb is not None:
        base = codes.base_of(tb.tb_frame.f_code)
        if base >= USER or (base > 0 and not by_user):
            place = [base + max(tb.tb_lasti, 0)]  # of compiled code (Cython) it is -1 on 3.10
            by_user = by_user or base >= USER
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
        return len(selector._fd_to_key) - 1  # what get_map() looks at; it costs four calls
    except Exception:  # also a stand-in for a selector, in a test
        pass
    try:
        return len(selector.get_map()) - 1
    except Exception:
        return -1


def poll(timeout, timers, loop):
    """A POLL: the loop is about to wait, for so many seconds (None: for ever). A signal with a handler counts as a file."""
    t = clock()
    if t > state.due:
        state.overdue()
    try:
        files = len(loop._selector._fd_to_key) - 1
        handlers = len(loop._signal_handlers)
    except (AttributeError, TypeError):  # no Unix loop, no selector of Python's, or a stand-in for one, in a test
        files, handlers = watched(loop._selector), len(getattr(loop, "_signal_handlers", ()))
    if files < 0:
        return head(POLL, 0, NOT_KNOWN | (FOR_EVER if timeout is None else 0)), t, timeout or 0.0, timers
    return (POLL_FOR_EVER if timeout is None else POLL_HEAD) - (files + handlers), t, timeout or 0.0, timers


class Recorder(suspensions.Suspensions):
    """Writes the records of one loop into a stream."""

    def __init__(self, stream, asyncio):
        self.stream = stream
        self.ext = stream.ext
        self.sleep_code = asyncio.tasks.sleep.__code__
        self.gathering = asyncio.tasks._GatheringFuture
        self.light = state.options["detail"] == "light"
        self.all_tasks = asyncio.all_tasks
        self.current = None  # () -> key of the running task
        self.origin = None  # () -> who schedules what is scheduled now, as in `Fallback.origins`
        self.swap = None  # (task, its key if that is at hand) -> the one before: what runs now is that task
        self.step_of = None  # (callback) -> (task that it steps, or None; whether it wakes it)
        self.fallback = None  # its Fallback, if `Handle._run` is to tell that
        self.replaced = ()  # names of methods that are replaced on the loop, for its class has its own
        self.running = False
        self.pending = ()  # keys of tasks that were made and have not run yet, where that is not to be seen in what is ready
        self.unnamed = None  # (weak reference, name as told) of tasks that ended as a factory made them, where they get their name after that
        self.factory = None  # the user's task factory
        self.making = None  # the coroutine that it was given last, until it has returned
        self.opened = None  # the innermost of the tasks that `starts.py` sees in their first step
        self.armed = None  # the coroutine of the next of them, while its constructor has not stepped it, where several loops run; or what it may be
        self.maker = None  # the frame that makes that task, where nobody knew that it would
        self.restore_factory = None  # gives the loop its task factory back
        self.first_run = None  # called when a loop that did not run when it was met runs for the first time
        self.adopting = False  # there may be tasks that were there before the recording, and are still to be described
        self.begin_anew()
        creation.watch(self, asyncio.tasks.Task)
        self.handing = False  # work is being handed to an executor: what is scheduled meanwhile is by its threads

    def enter(self, start, task, own):
        """Within what runs, a task begins that `starts.py` sees. own: the code of its coroutine."""
        start.name = name = names.of(task)
        start.parent = parent = self.current()
        start.key = k = self.created(task, parent, name, 4, own)
        start.before = self.swap(start, k)
        self.ext((AT_ONCE_HEAD - k,))

    def leave(self, start):
        """Its first step is over: what ran before goes on."""
        self.swap(start.before, start.parent)

    def stepped(self, task, begin, end):
        """A step ended, whatever way; the task may never have been seen before."""
        if getattr(task, "_loopscope", None) is None:
            missed.found(self, task, begin)
        st = chain_of(task)
        future = foreign.waiter_of(task)
        self.ext((CLOCK_HEAD, begin))
        if future is None and task.done():
            self.done(task, st, end)
        else:
            self.stopped(task, st, end, future)

    def stopped(self, task, st, end, future):
        """A step ended, and the task goes on later."""
        if not self.light:
            self.suspended(task, st, end, future)
            return
        if names.given and st[3] is not names.of(task):
            self.renamed(task, st)
        if future is None:
            self.ext((YIELD_HEAD - st[2], end))
        else:
            self.ext((LIGHT_HEAD - st[2], end))

    def done(self, task, st, end):
        """A step ended and with it the task."""
        try:
            name = st[3]
        except IndexError:  # it had ended before: somebody scheduled a wake-up by hand
            self.ext((CLOCK_HEAD, end))
            return
        if names.given and name is not names.of(task):
            self.renamed(task, st)
        k = st[2]
        st.clear()
        if task.cancelled():
            self.ext((CANCELLED_HEAD - k, end))
        elif getattr(task, "_exception", None) is None:
            self.ext((RETURNED_HEAD - k, end))
        else:
            self.ext((RAISED_HEAD - k, end))
            self.raised(task)

    def renamed(self, task, st):
        """Before Python 3.13, `create_task(name=...)` names the task only after it was scheduled."""
        told, st[3] = st[3], names.of(task)
        if names.changed(task, told):
            self.ext((head(NAME, st[2]), state.text(names.text(st[3]))))

    def raised(self, task):
        exc = task._exception
        where = raise_place(exc)
        texts = [state.text(type(exc).__qualname__), state.text(text_of(exc))]
        self.ext((head(RAISED, key(task)), len(where), *where, *texts))
        state.failed.append([ref(task), state.now(), False])

    def wake(self, k, cause, by, frame, implied=False):
        """The task of key k became ready. A cancellation has all frames up to the user's, another wake the user's one.

        Where no task woke it there is no user to find: the two innermost are looked at. implied: `by` is the running task.
        """
        arg = cause | WAKE_TIME
        tail = ()
        if by and not implied:
            arg |= WAKE_BY
            tail = (by,)
        if cause & WAS_CANCELLED:
            frames = codes.stack(frame, 0 if cause & 15 == TASK else 2)
            arg |= WAKE_FRAMES
            tail += (len(frames), *frames)
        elif not self.light:
            place = wakers.place(frame, 32 if cause == TASK else 2, [])
            if place:
                arg |= WAKE_PLACE
                tail += (place,)
        self.ext((head(WAKE, k, arg), clock(), *tail))

    def unsafe(self, frame):
        """A loop was used by a thread it does not run in, which is the cause of what it wakes. Seen for certain only while the loop waits, which it mostly does."""
        frames = codes.stack(frame, 0)
        threading = sys.modules.get("threading")
        thread = threading and threading._active.get(get_ident())  # `current_thread` might make an object
        name = thread.name if thread else "thread %d" % get_ident()
        api = frame.f_code.co_name if len(frames) > 1 else "call_soon"
        self.ext((head(UNSAFE, get_ident() % KEYS), clock(), len(frames), *frames, state.text(api), state.text(name)))
        return THREAD

    def resync(self, loop):
        """Records were lost: describes every task anew. Or the process forked, and the drain thread is to go on."""
        self.stream.resync = False
        self.forget()
        self.begin_anew()
        resume = state.resume
        if resume is not None:
            resume()
            return
        for task in self.all_tasks(loop):
            self.adopt(task)

    def waits_on(self, task, future, frames, coroutines):
        """What a suspended task waits on, as `waits.ask` says it. frames, coroutines: its chain. Tells what the future stands for, where others must know."""
        judged = waits.judge(coroutines) if coroutines and future is not None and frames[-1][0] is coroutines[-1].cr_code else None
        if judged is not None:
            return waits.ask(judged, coroutines)
        if future is not None and type(future) is not type(task):
            waits.relate(self, future, self.gathering)
        return 0, None, None, ()

    def adopt(self, task, t=None):
        """Describes a task whose creation was not seen, or was lost. t: since when it may have existed. Whether it waits for others."""
        if not foreign.can_tell(task):
            return False
        coro = task.get_coro()
        frames, coroutines = [], []
        if not task.done():
            chains.frames_below(coro, frames, coroutines)
        st = chains.fresh(task)
        try:
            task._loopscope = st
        except AttributeError:
            pass
        future = None if task.done() else foreign.waiter_of(task)
        found = self.waits_on(task, future, frames, coroutines)
        arg, values = waits.fields(found)
        code = creation.coroutine_code(coro)
        number = 0 if code is None else codes.number(code)
        chain = chains.places(frames)
        waited = 0 if future is None else key(future)
        text = state.text(names.text(st[3]))
        self.ext((head(ADOPT, st[2], arg), t or clock(), waited, number, len(chain), *chain, *values, text))
        return bool(found[3]) or hasattr(future, "get_coro") or type(future) is self.gathering
