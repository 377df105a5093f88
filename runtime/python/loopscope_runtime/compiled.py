"""A compiled loop, seen from outside: tasks are stepped through shims, and what wakes them is judged by who schedules them.

Of what is scheduled, the commonest is recognised by `call_soon` itself, and the rest by `otherwise`: a server finds our bytecodes in none of the
processor's caches, so that what counts is how many are run.
"""

from sys import _getframe as getframe
from types import MethodType
from weakref import ref

from . import chains, codes, compiled_methods, names, recorder, state, wakers
from .eager import Making, Placeholder, tell_names
from .othersteps import first_wake, recovered
from .othersteps import other_step as other_step_of
from .recorder import CLOCK_HEAD, SLOW_CALLBACK
from .creation import RETURNED_HEAD
from .records import ARG, AT_ONCE_HEAD, CALLBACK_HEAD, IO, KEYS, LIGHT_HEAD, NAME, TASK, TIMER, WAS_CANCELLED, head, key
from .records import WAKE_AT_END, WAKE_BY_NONE, WAKE_BY_STEP, WAKE_HERE, WAKES_THERE, YIELD_HEAD
from .state import BUILTIN, PIECE

STEP_TYPE = "TaskStepMethWrapper"  # of the callback that runs a C task's first step, or goes on after a yield
LOOK = 0.002  # seconds until a loop looks again how many those are, and whether they are to be sent

clock = state.clock
known = codes.known
USER = codes.USER
waker_place = wakers.place


def trace(loop, stream, asyncio):
    """Wraps a loop's scheduling methods; its recorder."""
    rec = recorder.Recorder(stream, asyncio)
    stock_call_soon = loop.call_soon
    buf, ext, light, gathering = stream.buf, stream.ext, rec.light, rec.gathering
    suspended, elsewhere, stopped, done, wake = rec.suspended, rec.elsewhere, rec.stopped, rec.done, rec.wake
    created, first, read_name = rec.created, rec.first, names.read
    Task = asyncio.tasks.Task
    rec.unnamed = []
    pending = rec.pending = {}  # key -> name as told, of the tasks that were made and have not run yet
    Step = None  # the type named STEP_TYPE: seen when the first task is made
    plain_task = Task  # what `call_soon` recognises by itself; None while a task that is being made runs its first step inside of the step
    nested = None  # the `Making` of that
    cur = None  # the task whose step runs
    me = 0.0  # its key
    begin = 0.0  # of its step
    by = 0.0  # key of the task that scheduled the callback which runs
    cause = IO  # what a task made ready now is woken by, if by no task. What runs outside of our shims is libuv that calls back
    calling = 0.0  # when the callback that runs began; 0 when none runs
    look_at = 0.0  # when a step that ends sees to what is written
    outer_code, outer_base, outer_user = None, 0.0, False  # of the function that libuv called and that woke a task last; whether it is the user's

    def call_soon(callback, *args, context=None):
        kind = type(callback)
        if kind is Step:
            task = callback.__self__
            if task is cur:  # it yields
                return stock_call_soon(shim, task, callback, None, me, context=context)
            try:
                if nested is None:
                    name = read_name(task) if type(task) is plain_task else names.of(task)
                    k = created(task, 0.0 if cur is None else me, name)
                    if type(k) is float:
                        pending[k] = name
                    else:
                        task = None
                else:
                    note = nested.leaves(rec, task, None)
                    if note is None:
                        task = None
                    elif light:
                        task._loopscope = note[3]
            except Exception as exc:
                task = None
                unforeseen(exc)
            if task is not None:
                if nested is None:
                    return stock_call_soon(first_step, task, callback, k, name, context=context)
                return stock_call_soon(shim, task, callback, None, note[2], context=context)
        elif kind is BUILTIN:
            task = callback.__self__
            if type(task) is plain_task:
                try:
                    (future,) = args
                    # `future.add_done_callback(task.cancel)` has the looks of a wake-up, too.
                    if task._fut_waiter is not future or future.cancelled():
                        task = None
                    elif light:  # it is not looked at
                        k = hash(task) % KEYS
                        if type(future) is gathering:
                            task = None
                    else:
                        note = task._loopscope
                        k = note[2]
                        if future is cur:
                            ext((WAKE_AT_END - k,))
                        elif cur is not None:
                            place = waker_place(getframe(1), 32, note[0].ways)
                            ext((WAKE_HERE - k, clock(), place) if place else (WAKE_BY_STEP - k, clock()))
                        elif by:
                            task = None
                        else:
                            frame = getframe(1)
                            if frame.f_code is outer_code and (outer_user or frame.f_back.f_code is run_code):
                                ext((WAKES_THERE[cause] - k, clock(), outer_base + frame.f_lasti))
                            else:
                                place = outer_place(frame, note)
                                ext((WAKES_THERE[cause] - k, clock(), place) if place else (WAKE_BY_NONE - cause * ARG - k, clock()))
                except Exception as exc:
                    task = None
                    unforeseen(exc)
                if task is not None:
                    return stock_call_soon(shim, task, callback, future, k, context=context)
        callback, args = otherwise(callback, args, getframe(1))
        return stock_call_soon(callback, *args, context=context)

    def step(task, callback, future, k):
        """Runs in place of a step of a task of asyncio's, but the first. future: what the callback is handed; None: nothing. k: the task's key."""
        nonlocal cur, me, begin
        cur = task
        me = k
        begin = clock()
        try:
            if future is None:
                callback()
            else:
                callback(future)
        except BaseException:
            broke_off(task)
            del task, callback, future  # the traceback has this frame
            raise
        t = clock()
        cur = None
        try:
            future = task._fut_waiter
            if future is not None:
                ext((CLOCK_HEAD, begin))
                suspended(task, task._loopscope, t, future)
            else:
                future = task._loopscope
                if task._state == "FINISHED" and task._exception is None and (not names.given or future[3] is names.of(task)):
                    ext((CLOCK_HEAD, begin, RETURNED_HEAD - k, t))
                    future.clear()
                else:
                    ext((CLOCK_HEAD, begin))
                    if task.done():
                        done(task, future, t)
                    else:
                        stopped(task, future, t, None)
            if t > look_at:
                look(t)
        except Exception as exc:
            recovered(rec, task, begin, t, exc)
        del task, callback, future  # what the task raised may keep this frame, and what it names

    def light_step(task, callback, future, k):
        """The same in light detail, in which a task carries its name as told, or the list of `chains`."""
        nonlocal cur, me, begin
        cur = task
        me = k
        begin = clock()
        try:
            if future is None:
                callback()
            else:
                callback(future)
        except BaseException:
            broke_off(task)
            del task, callback, future
            raise
        t = clock()
        cur = None
        try:
            future = task._loopscope
            if task._fut_waiter is not None and future is not None:
                ext((CLOCK_HEAD, begin, LIGHT_HEAD - k, t))
            elif type(future) is list or task._state != "FINISHED" or task._exception is not None or (names.given and future is not names.of(task)):
                lightly_ended(task, k, t, future)
            else:
                ext((CLOCK_HEAD, begin, RETURNED_HEAD - k, t))
            if t > look_at:
                look(t)
        except Exception as exc:
            recovered(rec, task, begin, t, exc)
        del task, callback, future

    def lightly_ended(task, k, t, note):
        """A step ended, neither by an await nor as most tasks end."""
        ext((CLOCK_HEAD, begin))
        if not task.done():
            ext((YIELD_HEAD - k, t))
        else:
            first(task, k, begin, t, note) if type(note) is not list else done(task, note, t)

    def first_step(task, callback, k, name):
        """The same for the first step of a task that was seen being made. name: as told."""
        nonlocal cur, me, begin
        cur = task
        me = k
        begin = clock()
        try:
            callback()
        except BaseException:
            broke_off(task)
            del task, callback
            raise
        t = clock()
        cur = None
        try:
            try:
                del pending[k]
            except KeyError:  # it has been told of differently since
                name = None
            if name is None or task.done():
                ext((CLOCK_HEAD, begin))
                first(task, k, begin, t, name)
            elif light:
                if names.given and name is not names.of(task) and names.changed(task, name):
                    ext((head(NAME, k), state.text(names.said(task))))
                task._loopscope = name = names.of(task)
                ext((CLOCK_HEAD, begin, (YIELD_HEAD if task._fut_waiter is None else LIGHT_HEAD) - k, t))
            else:
                ext((CLOCK_HEAD, begin))
                elsewhere(task, None, t, task._fut_waiter, k, name)
            if t > look_at:
                look(t)
        except Exception as exc:
            state.fault(exc, "a step")
        del task, callback

    def other_step(task, callback, *args):
        """The same for tasks of other makes."""
        nonlocal cur, me, begin
        cur = task
        me = key(task)
        begin = clock()
        try:
            callback(*args)
        except BaseException:
            broke_off(task)
            del task, callback, args
            raise
        t = clock()
        cur = None
        ended(task, t)
        del task, callback, args

    def broke_off(task):
        """SystemExit or KeyboardInterrupt leaves a step, and the loop."""
        nonlocal cur
        cur = None
        ended(task, clock())

    def ended(task, t):
        """Records a step of a task of which nothing is at hand."""
        try:
            k = key(task)
            name = pending.pop(k, None)
            if name is None:
                rec.stepped(task, begin, t)
            else:
                ext((CLOCK_HEAD, begin))
                first(task, k, begin, t, name)
            if t > look_at:
                look(t)
        except Exception as exc:
            state.fault(exc, "a step")

    def look(t):
        """Sees to what is written, to records that were lost, and to names."""
        nonlocal look_at
        look_at = t + LOOK
        if t > state.due:
            state.overdue()
        elif len(buf) > PIECE:
            stream.pack()
        if stream.resync:
            rec.resync(loop)
        if rec.unnamed:
            tell_names(rec)

    def called(origin, callback, *args):
        """Runs in place of a callback of asyncio's. origin: the key of the task that scheduled it, or -cause."""
        nonlocal by, cause, calling
        if type(origin) is Placeholder:
            origin = origin.origin()
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

    def unforeseen(exc):
        """What is scheduled does not have the looks of what `call_soon` recognises: `otherwise` sees to it. Or this is a fault."""
        if type(exc) not in (AttributeError, ValueError) or exc.__traceback__.tb_next is not None:
            state.fault(exc, "call_soon")

    def otherwise(callback, args, frame):
        """What is to be scheduled in place of a callback that `call_soon` does not recognise. frame: who schedules it."""
        nonlocal Step
        try:
            kind = type(callback)
            if kind is BUILTIN:
                task = callback.__self__
                if isinstance(task, Task) and "wakeup" in callback.__name__:
                    note = nested.leaves(rec, task, args[0]) if nested is not None and not hasattr(task, "_loopscope") else None
                    if note is None:
                        note = first_wake(rec, task, cur) if getattr(task, "_loopscope", None) in (None, []) else chains.of(task)
                        if task is cur:
                            pending.pop(me, None)  # it has a list before its first step has ended, which is to be kept
                        woken(note, args[0], frame)
                    return shim, (task, callback, args[0], note[2])
            elif kind is Step or Step is None and kind.__name__ == STEP_TYPE:
                task = callback.__self__
                if task is cur:
                    return shim, (task, callback, None, me)
                Step = kind
                note = None if nested is None else nested.leaves(rec, task, None)
                if note is None:
                    name = names.of(task)
                    k = created(task, 0.0 if cur is None else me, name, 3)
                    if nested is not None:
                        note = chains.of(task, name)  # by which whoever awaits its end sees that it was told
                    elif type(k) is float:
                        pending[k] = name
                        return first_step, (task, callback, k, name)
                if light and nested is not None:
                    task._loopscope = note[3]
                return shim, (task, callback, None, hash(task) % KEYS)
            elif kind is MethodType:
                task = other_step_of(rec, woken, callback, args, frame, cur, 0.0 if cur is None else me, by, cause)
                if task is not None:
                    return other_step, (task, callback, *args)
            if compiled_methods.of_asyncio(callback):
                return called, (nested if type(nested) is Placeholder else origin(), callback, *args)
        except Exception as exc:
            state.fault(exc, "call_soon")
        return callback, args

    def outer_place(frame, note):
        """Where the code is, called by libuv, that woke a task: the innermost frame of the user's, else the innermost of two; 0.0 if there is none."""
        nonlocal outer_code, outer_base, outer_user
        base = known.get(id(frame.f_code), 0.0)
        if base >= USER or base > 0.0 and getattr(frame.f_back, "f_code", None) is run_code:
            outer_code, outer_base, outer_user = frame.f_code, base, base >= USER
            return base + frame.f_lasti
        return waker_place(frame, 2, note[0].ways)

    def woken(note, future, frame):
        """Records that a task is to be stepped because of a future; False if that is no future: the callback is none of a task's."""
        try:
            flags = WAS_CANCELLED if future.cancelled() else 0
        except AttributeError:
            return False
        if light and not flags and type(future) is not gathering:
            return True
        if cur is not None or by:
            wake(note[2], TASK | flags, by if cur is None else me, frame, cur is not None and nested is None)
        else:
            wake(note[2], cause | flags, 0.0, frame)
        return True

    def runs():
        """The loop begins to run. A signal handler may have broken off what ran before."""
        nonlocal by, cause, calling
        swap(None)
        by, cause, calling = 0.0, IO, 0.0

    def current():
        return 0.0 if cur is None else me

    def swap(task, k=None):
        nonlocal cur, me, begin, nested, plain_task, look_at
        previous, cur = cur, task
        if k is None:
            look_at = 0.0  # what a factory has made gets its name soon
        me = k if k is not None else 0.0 if task is None else key(task)
        if previous is None:
            begin = calling
        nested = task if isinstance(task, Making) else None
        plain_task = Task if nested is None else None
        return previous

    def enter(start, task, own):
        """As `Recorder.enter`, which calls three functions for that."""
        nonlocal cur, me, begin, nested, plain_task
        start.name = name = read_name(task) if type(task) is Task else names.of(task)
        start.before, start.nested = cur, nested
        if cur is None:
            begin, me = calling, 0.0
        start.parent = me
        start.key = me = created(task, me, name, 4, own)
        cur = nested = start
        plain_task = None
        ext((AT_ONCE_HEAD - me,))

    def leave(start):
        nonlocal cur, me, nested, plain_task
        cur, me, nested = start.before, start.parent, start.nested
        if nested is None:
            plain_task = Task

    def origin():
        return (by or -cause) if cur is None else me

    def probe():
        return (0.0, 0, 0) if stream.resting else (current(), int((calling if cur is None else begin) * 1e9), 0)

    probe.gone = ref(rec, lambda _: setattr(stream, "closed", True))  # the stream keeps this, and neither the recorder nor the loop

    shim = light_step if light else step
    for function in (call_soon, woken, otherwise):
        codes.mark(function.__code__, codes.SKIP)
    for function in (step, light_step, first_step, other_step, called, timer_fired):
        codes.mark(function.__code__, codes.STOP)
    stream.probe, rec.current, rec.origin = probe, current, origin
    rec.swap, rec.enter, rec.leave = swap, enter, leave
    run_code = compiled_methods.put_on(loop, rec, call_soon, called, timer_fired, runs)
    loop._loopscope = rec
    return rec
