"""uvloop, and loops made like it: the loop is compiled, so tasks are stepped through a shim, and what wakes them is judged by who schedules them."""

from _thread import get_ident
from sys import _getframe as getframe
from types import MethodType
from weakref import ref

from . import asyncio_patch, chains, codes, loops, methods, missed, recorder, state, wakers
from .eager import leaves
from .fallback import BUILTIN
from .faults import watch_class
from .othersteps import first_wake
from .othersteps import other_step as other_step_of
from .recorder import CLOCK_HEAD, SLOW_CALLBACK
from .records import ARG, CALLBACK_HEAD, IO, KEYS, LIGHT_HEAD, NAME, RUN, TASK, THREAD, TIMER, WAS_CANCELLED, head, key
from .records import WAKE_AT_END, WAKE_BY_NONE, WAKE_BY_STEP, WAKE_HERE, WAKE_THERE, YIELD_HEAD
from .state import PIECE

COMPILED = ("uvloop", "winloop", "rloop")
REASON = "%s is compiled: its steps are seen from outside"
STEP_TYPE = "TaskStepMethWrapper"  # of the callback that runs a C task's first step, or goes on after a yield
LOOK = 0.002  # seconds until a loop looks again how many those are, and whether they are to be sent
NOTHING = object()  # instead of an argument

clock = state.clock
known = codes.known
USER = codes.USER


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
            loops.runs(rec)
            rec.ext((head(RUN, 0, 1), state.clock()))

    meet(act)
    return stream


def trace(loop, stream, asyncio):
    """Wraps a loop's scheduling methods; its recorder."""
    rec = recorder.Recorder(stream, asyncio)
    stock_call_soon, stock_call_later, stock_call_at = loop.call_soon, loop.call_later, loop.call_at
    stock_threadsafe, stock_run_forever = loop.call_soon_threadsafe, loop.run_forever
    buf, ext, light, gathering = stream.buf, stream.ext, rec.light, rec.gathering
    suspended, stopped, done, wake = rec.suspended, rec.stopped, rec.done, rec.wake
    created, first, waker_place = rec.created, rec.first, wakers.place
    Task = asyncio.tasks.Task
    pending = rec.pending = {}  # key -> name as told, of the tasks that were made and have not run yet
    Step = None  # the type named STEP_TYPE: seen when the first task is made
    cur = None  # the task whose step runs
    me = 0.0  # its key
    begin = 0.0  # of its step
    nested = False  # a task that is being made runs its first step inside of the step
    by = 0.0  # key of the task that scheduled the callback which runs
    cause = IO  # what a task made ready now is woken by, if by no task. What runs outside of our shims is libuv that calls back
    calling = 0.0  # when the callback that runs began; 0 when none runs
    look_at = 0.0  # when a step that ends sees to what is written

    def step(task, callback, arg, note):
        """Runs in place of a step of a task of asyncio's. arg: what the callback is handed, or NOTHING. note: the task's list, if at hand."""
        nonlocal cur, me, begin
        if stream.resync:
            anew()
            note = None
        cur = task
        me = hash(task) % KEYS if note is None else note[5]
        begin = b = clock()
        try:
            if arg is NOTHING:
                callback()
            else:
                callback(arg)
        except BaseException:
            broke_off(task, b)
            task = note = callback = arg = None  # the traceback has this frame
            raise
        t = clock()
        cur = None
        try:
            note = note or getattr(task, "_loopscope", None)
            w = task._fut_waiter
            if note is None:
                rec.stepped(task, b, t)
            else:
                ext((CLOCK_HEAD, b))
                if w is not None:
                    suspended(task, note, t, w)
                elif task.done():
                    done(task, note, t)
                else:
                    stopped(task, note, t, None)
            if t > look_at:
                look(t)
        except Exception as exc:
            state.fault(exc, "a step")
        task = note = callback = arg = w = None  # what the task raised may keep this frame, and what it names

    def light_step(task, callback, arg, _):
        """The same in light detail, in which a task carries its name as told, or the list of `chains`."""
        nonlocal cur, me, begin
        if stream.resync:
            anew()
        cur = task
        me = k = hash(task) % KEYS
        begin = b = clock()
        try:
            if arg is NOTHING:
                callback()
            else:
                callback(arg)
        except BaseException:
            broke_off(task, b)
            task = callback = arg = None
            raise
        t = clock()
        cur = None
        try:
            note = getattr(task, "_loopscope", None)
            if note is None:
                rec.stepped(task, b, t)
            elif task._fut_waiter is not None:
                ext((CLOCK_HEAD, b, LIGHT_HEAD - k, t))
            elif not task.done():
                ext((CLOCK_HEAD, b, YIELD_HEAD - k, t))
            else:
                ext((CLOCK_HEAD, b))
                first(task, k, b, t, note) if type(note) is str else done(task, note, t)
            if t > look_at:
                look(t)
        except Exception as exc:
            state.fault(exc, "a step")
        task = callback = arg = None

    def first_step(task, callback, k):
        """The same for the first step of a task that was seen being made."""
        nonlocal cur, me, begin
        if stream.resync:
            anew()
        cur = task
        me = k
        begin = b = clock()
        try:
            callback()
        except BaseException:
            broke_off(task, b)
            task = callback = None
            raise
        t = clock()
        cur = None
        try:
            name = pending.pop(k, None)
            if name is None:
                rec.stepped(task, b, t)
            elif light and not task.done():
                told = task.get_name()
                if told is not name:
                    ext((head(NAME, k), state.text(told)))
                task._loopscope = told
                ext((CLOCK_HEAD, b, (YIELD_HEAD if task._fut_waiter is None else LIGHT_HEAD) - k, t))
            else:
                ext((CLOCK_HEAD, b))
                first(task, k, b, t, name)
            if t > look_at:
                look(t)
        except Exception as exc:
            state.fault(exc, "a step")
        task = callback = None

    def other_step(task, callback, *args):
        """The same for tasks of other makes."""
        nonlocal cur, me, begin
        if stream.resync:
            anew()
        cur = task
        me = key(task)
        begin = b = clock()
        try:
            callback(*args)
        except BaseException:
            broke_off(task, b)
            task = callback = args = None
            raise
        t = clock()
        cur = None
        ended(task, b, t)
        task = callback = args = None

    def broke_off(task, b):
        """SystemExit or KeyboardInterrupt leaves a step, and the loop."""
        nonlocal cur
        cur = None
        ended(task, b, clock())

    def ended(task, b, t):
        """Records a step of a task of which nothing is at hand."""
        try:
            k = key(task)
            name = pending.pop(k, None)
            if name is None:
                rec.stepped(task, b, t)
            else:
                ext((CLOCK_HEAD, b))
                first(task, k, b, t, name)
            if t > look_at:
                look(t)
        except Exception as exc:
            state.fault(exc, "a step")

    def look(t):
        """Sends what is to be sent, and packs what has been written."""
        nonlocal look_at
        look_at = t + LOOK
        if t > state.due:
            state.overdue()
        elif len(buf) > PIECE:
            stream.pack()

    def anew():
        """Records were lost: all tasks are told anew."""
        try:
            rec.resync(loop)
        except Exception as exc:
            state.fault(exc, "telling all tasks anew")

    def called(origin, callback, *args):
        """Runs in place of a callback of asyncio's. origin: the key of the task that scheduled it, or -cause."""
        nonlocal by, cause, calling
        if stream.resync:
            anew()
        if origin < 0:
            cause = -origin
        else:
            by = origin
        calling = b = clock()
        try:
            return callback(*args)
        finally:
            t = clock()
            if t - b > SLOW_CALLBACK:
                ext((CALLBACK_HEAD - by, b, t))
            by = calling = 0.0
            cause = IO
            callback = args = None

    def timer_fired(callback, *args):
        nonlocal cause
        cause = TIMER
        try:
            return callback(*args)
        finally:
            cause = IO
            callback = args = None

    def call_soon(callback, *args, context=None):
        nonlocal Step
        task = k = note = None
        arg = args[0] if args else NOTHING
        try:
            kind = type(callback)
            if kind is BUILTIN:
                owner = callback.__self__
                # `future.add_done_callback(task.cancel)` has the looks of a wake-up, too.
                if type(owner) is Task and owner._fut_waiter is arg and not arg.cancelled() and not nested and len(args) == 1:
                    if light:
                        if type(arg) is gathering:
                            woken(carried(owner), arg, getframe(1))
                    else:
                        try:
                            note = owner._loopscope
                        except AttributeError:
                            note = first_wake(rec, owner, cur)
                        if arg is cur:
                            ext((WAKE_AT_END - note[5],))
                        elif cur is not None:
                            place = waker_place(getframe(1), 32, note[13])
                            ext((WAKE_HERE - note[5], clock(), place) if place else (WAKE_BY_STEP - note[5], clock()))
                        elif by:
                            woken(note, arg, getframe(1))
                        else:
                            frame = getframe(1)
                            base = known.get(id(frame.f_code), 0.0)
                            # The innermost of the user's, else the innermost of two.
                            if base >= USER or base > 0.0 and getattr(frame.f_back, "f_code", None) is run_code:
                                place = base + frame.f_lasti
                            else:
                                place = waker_place(frame, 2, note[13])
                            why = cause * ARG + note[5]
                            ext((WAKE_THERE - why, clock(), place) if place else (WAKE_BY_NONE - why, clock()))
                    task = owner
                elif isinstance(owner, Task) and "wakeup" in callback.__name__:
                    if nested and not hasattr(owner, "_loopscope"):
                        note = leaves(rec, cur, owner, arg)
                    if note is None:
                        note = carried(owner)
                        if owner is cur:
                            pending.pop(me, None)  # it has a list before its first step has ended, which is to be kept
                        woken(note, arg, getframe(1))
                    task = owner
            elif kind is Step or Step is None and kind.__name__ == STEP_TYPE:
                Step = kind
                owner = callback.__self__
                if owner is not cur:  # else it yields
                    name = owner.get_name()
                    k = nested and leaves(rec, cur, owner) or created(owner, 0.0 if cur is None else me, name)
                    if nested:
                        k = chains.of(owner, name)  # by which whoever awaits its end sees that it was told
                    if type(k) is float:
                        pending[k] = name
                task = owner
            elif kind is MethodType:
                task = other_step_of(rec, woken, callback, args, getframe(1), cur, 0.0 if cur is None else me, by, cause)
                if task is not None:
                    args = task, callback, *args
                    callback = other_step
                    task = None
            if task is None and of_asyncio(callback):
                args = origin(), callback, *args
                callback = called
        except Exception as exc:
            state.fault(exc, "call_soon")
            task = None
        if task is None:
            return stock_call_soon(callback, *args, context=context)
        if type(k) is float:
            return stock_call_soon(first_step, task, callback, k, context=context)
        return stock_call_soon(shim, task, callback, arg, note, context=context)

    def carried(task):
        """The list of a task that wakes."""
        return first_wake(rec, task, cur) if getattr(task, "_loopscope", None) in (None, []) else chains.of(task)

    def woken(note, future, frame):
        """Records that a task is to be stepped because of a future; False if that is no future: the callback is none of a task's."""
        try:
            flags = WAS_CANCELLED if future.cancelled() else 0
        except AttributeError:
            return False
        if light and not flags and type(future) is not gathering:
            return True
        if cur is not None or by:
            wake(note[5], TASK | flags, by if cur is None else me, frame, cur is not None and not nested)
        else:
            wake(note[5], cause | flags, 0.0, frame)
        return True

    def call_soon_threadsafe(callback, *args, context=None):
        if not of_asyncio(callback):
            return stock_threadsafe(callback, *args, context=context)
        by_thread = rec.handing or get_ident() != stream.thread_id
        return stock_threadsafe(called, -THREAD if by_thread else origin(), callback, *args, context=context)

    def call_later(delay, callback, *args, context=None):
        through = (timer_fired, callback) if of_asyncio(callback) else (callback,)
        return stock_call_later(delay, *through, *args, context=context)

    def call_at(when, callback, *args, context=None):
        through = (timer_fired, callback) if of_asyncio(callback) else (callback,)
        return stock_call_at(when, *through, *args, context=context)

    def run_forever():
        nonlocal cur, nested, by, cause, calling
        if loop.is_running():
            return stock_run_forever()  # which says so
        cur, nested, by, cause, calling = None, False, 0.0, IO, 0.0  # a signal handler may have broken off what ran before
        stream.thread_id = get_ident()
        stream.resting = False
        loops.runs(rec)
        rec.ext((head(RUN, 0, 1), state.clock()))
        try:
            stock_run_forever()
        finally:
            loops.runs(None)
            missed.count(loop)
            rec.ext((head(RUN, 0, 0), state.clock()))
            stream.rest()

    def current():
        return 0.0 if cur is None else me

    def swap(task):
        nonlocal cur, me, begin, nested
        previous, cur = cur, task
        me = 0.0 if task is None else key(task)
        if previous is None:
            begin = calling
        nested = task is not None and not hasattr(task, "get_coro")
        return previous

    def origin():
        return (by or -cause) if cur is None else me

    def probe():
        return (0.0, 0, 0) if stream.resting else (current(), int((calling if cur is None else begin) * 1e9), 0)

    probe.gone = ref(rec, lambda _: setattr(stream, "closed", True))  # the stream keeps this, and neither the recorder nor the loop

    for function in (call_soon, call_soon_threadsafe, call_later, call_at, woken):
        codes.mark(function.__code__, codes.SKIP)
        function.__qualname__ = function.__name__  # which the text of a TypeError names
    run_code = run_forever.__code__
    shim = light_step if light else step
    for function in (run_forever, step, light_step, first_step, other_step, called, timer_fired):
        codes.mark(function.__code__, codes.STOP)
    stream.probe, rec.current, rec.swap, rec.origin = probe, current, swap, origin
    loop.call_soon = call_soon
    loop.call_soon_threadsafe = call_soon_threadsafe
    loop.call_later = call_later
    loop.call_at = call_at
    loop.run_forever = run_forever
    loop._loopscope = rec
    return rec


def of_asyncio(callback):
    """Whether a callback is asyncio's own, so that nobody will see its handle's repr."""
    module = getattr(getattr(callback, "func", callback), "__module__", None)
    return isinstance(module, str) and (module == "asyncio" or module.startswith("asyncio."))
