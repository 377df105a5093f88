"""uvloop, and loops made like it: the loop is compiled, so tasks are stepped through a shim, and what wakes them is judged by who schedules them."""

from _thread import get_ident

from . import asyncio_patch, codes, fallback, methods, missed, recorder, state, wakers
from .fallback import BUILTIN
from .faults import watch_class
from .recorder import CLOCK_HEAD
from .records import IO, RUN, THREAD, TIMER, WAKE_AT_END, WAKE_BY_STEP, WAKE_HERE, head, key

COMPILED = ("uvloop", "winloop", "rloop")
REASON = "%s is compiled: its steps are seen from outside"


class UvFallback(fallback.Fallback):
    """As on other foreign loops; but handles are uvloop's, and cannot be watched."""

    above = 3
    idle_cause = IO  # what runs outside of a shim is libuv calling back: timers are shimmed, so it is input or output

    def step(self, origin, callback, *args):
        """Runs in place of a task's step or an asyncio callback. origin: who scheduled the callback, as in `origins`."""
        self.enter(None, callback, origin)
        try:
            return callback(*args)
        finally:
            self.leave()
            # The traceback of a task that failed has this frame below its own: task, exception and frame would be a cycle.
            self = callback = args = None

    def timer_fired(self, callback, *args):
        self.cause = TIMER
        try:
            return callback(*args)
        finally:
            self.cause = IO
            self = callback = args = None


def is_compiled(loop_class, base):
    """Whether a class of loops is to be seen from outside. base: asyncio's BaseEventLoop."""
    return loop_class.__module__.partition(".")[0] in COMPILED and not issubclass(loop_class, base)


def patch(loop_class, asyncio, drain):
    """Called right after uvloop made its loop's class."""
    stock_init = loop_class.__init__

    def __init__(self, *args, **kwargs):
        stock_init(self, *args, **kwargs)
        if not state.active or asyncio_patch.session is not session:
            return
        try:
            if session.meets(self):
                new_loop(self, asyncio, drain)
        except Exception as exc:
            state.fault(exc, "a new compiled loop")

    session = asyncio_patch.session
    state.replace(loop_class, "__init__", __init__)
    watch_class(loop_class)


def new_loop(loop, asyncio, drain, meet=lambda act: act()):
    """Announces a loop; meet(act) is to call act when, and in the thread in which, the recorder can be put on it."""
    stream = asyncio_patch.new_stream()
    drain.introduce(stream, asyncio_patch.describe(loop, stream, "fallback", REASON % type(loop).__module__.partition(".")[0]))

    def act():
        rec = trace(loop, stream, asyncio)
        asyncio_patch.equip(loop, stream, rec, methods.OF_EVERY_LOOP)
        if loop.is_running():
            stream.thread_id = get_ident()
            rec.ext((head(RUN, 0, 1), state.clock()))

    meet(act)
    return stream


def trace(loop, stream, asyncio):
    """Wraps a loop's scheduling methods; its recorder."""
    rec = recorder.Recorder(stream, asyncio)
    self = UvFallback(loop, rec, asyncio)
    self.cause = IO
    stock_call_soon, stock_call_later, stock_call_at = loop.call_soon, loop.call_later, loop.call_at
    stock_threadsafe, stock_run_forever = loop.call_soon_threadsafe, loop.run_forever
    outer_step, timer_fired, getframe = self.step, self.timer_fired, recorder.getframe
    clock, ext, light, gathering = state.clock, rec.ext, rec.light, rec.gathering
    done, stopped, first, waker_place = rec.done, rec.stopped, rec.first, wakers.place
    Task = asyncio.tasks.Task
    its_step = None  # the type of the callback that runs a task's first step: seen when the first task is made
    running = None  # the task whose step the function below runs

    def step(task, callback, *args):
        """Runs in place of a step of one of asyncio's own tasks: what `UvFallback.step` does, at less cost."""
        nonlocal running
        if self.begin or stream.resync:
            return outer_step(None, callback, *args)
        self.cur = running = task
        self.begin = begin = clock()
        try:
            return callback(*args)
        finally:
            t = clock()
            self.cur = running = None
            self.by = self.begin = 0.0
            self.cause = IO
            try:
                stepped(task, begin, t)
                if t > state.due:
                    state.overdue()
            except Exception as exc:
                state.fault(exc, "a step")
            task = callback = args = None  # an exception's traceback may keep this frame, and what it names

    def stepped(task, begin, t):
        st = getattr(task, "_loopscope", None)
        if type(st) is str:
            ext((CLOCK_HEAD, begin))
            first(task, key(task), begin, t, st)
            return
        if type(st) is not list:
            rec.stepped(task, begin, t)
            return
        ext((CLOCK_HEAD, begin))
        future = task._fut_waiter
        if future is None and task.done():
            done(task, st, t)
            return
        if future is not None and not light:
            c = st[2]
            f = c.cr_frame
            if f is not None and f.f_lasti == st[1] and type(c.cr_await) is st[3] and type(future) is not gathering:
                ext((st[0], t, hash(future)))
                return
        stopped(task, st, t, future)

    def woken(task, future, frame):
        """Records that the task whose step runs has made another ready; False where it is not as simple as that."""
        st = getattr(task, "_loopscope", None)
        if type(st) is not list or running is None or self.cur is not running or future.cancelled():
            return False
        if frame.f_code is step.__code__:
            ext((WAKE_AT_END - st[5],))
            return True
        place = 0 if light else waker_place(frame, 32, st[13])
        ext((WAKE_HERE - st[5], clock(), place) if place else (WAKE_BY_STEP - st[5], clock()))
        return True

    def call_soon(callback, *args, context=None):
        nonlocal its_step
        origin = None
        try:
            kind = type(callback)
            if kind is BUILTIN:
                task = callback.__self__
                if type(task) is Task and len(args) == 1 and task._fut_waiter is args[0] and woken(task, args[0], getframe(1)):
                    return stock_call_soon(step, task, callback, *args, context=context)
            elif kind is its_step:
                task = callback.__self__
                if type(task) is Task:
                    if task is not self.cur and not hasattr(task, "_loopscope"):
                        rec.made(task, 0.0 if self.cur is None else key(self.cur))
                    return stock_call_soon(step, task, callback, context=context)
            elif its_step is None and kind.__name__ == "TaskStepMethWrapper":
                its_step = kind
            if not self.noticed(callback, args, getframe(1)):
                if not of_asyncio(callback):
                    return stock_call_soon(callback, *args, context=context)
                origin = self.origin()
        except Exception as exc:
            state.fault(exc, "call_soon")
        return stock_call_soon(outer_step, origin, callback, *args, context=context)

    def call_soon_threadsafe(callback, *args, context=None):
        if not of_asyncio(callback):
            return stock_threadsafe(callback, *args, context=context)
        by_thread = rec.handing or get_ident() != stream.thread_id
        return stock_threadsafe(outer_step, -THREAD if by_thread else self.origin(), callback, *args, context=context)

    def call_later(delay, callback, *args, context=None):
        if of_asyncio(callback):
            return stock_call_later(delay, timer_fired, callback, *args, context=context)
        return stock_call_later(delay, callback, *args, context=context)

    def call_at(when, callback, *args, context=None):
        if of_asyncio(callback):
            return stock_call_at(when, timer_fired, callback, *args, context=context)
        return stock_call_at(when, callback, *args, context=context)

    def run_forever():
        stream.thread_id = get_ident()
        stream.resting = False
        rec.ext((head(RUN, 0, 1), state.clock()))
        try:
            stock_run_forever()
        finally:
            missed.count(loop)
            rec.ext((head(RUN, 0, 0), state.clock()))
            stream.rest()

    for function in (call_soon, call_soon_threadsafe, call_later, call_at, stepped, woken):
        codes.mark(function.__code__, codes.SKIP)
    for function in (run_forever, step, UvFallback.timer_fired, UvFallback.step):
        codes.mark(function.__code__, codes.STOP)
    loop.call_soon = call_soon
    loop.call_soon_threadsafe = call_soon_threadsafe
    loop.call_later = call_later
    loop.call_at = call_at
    loop.run_forever = run_forever
    loop._loopscope = rec
    fallback.expose(self, stream, rec)
    return rec


def of_asyncio(callback):
    """Whether a callback is asyncio's own, so that nobody will see its handle's repr."""
    module = getattr(getattr(callback, "func", callback), "__module__", None)
    return isinstance(module, str) and (module == "asyncio" or module.startswith("asyncio."))
