"""Stock asyncio's `call_soon` and `_run_once` with the recording inside them, put on one loop instance.

Fusing saves the Python calls of `_call_soon`, `Handle.__init__` and `Handle._run`, which pays for most of what recording costs.
Every line here mirrors one in asyncio/base_events.py; `guard.py` checks that the originals are the ones mirrored.
"""

import contextvars
import heapq
import sys
from _thread import get_ident
from types import MethodType, TracebackType

from . import codes, fallback, mimic, recorder, state
from .records import CALLBACK, CALLED_BACK, IO, ITER, POLL, STEP, TASK, THREAD, TIMER, WAKE, WAS_CANCELLED, YIELD

BUILTIN = type(len)
SLOW_CALLBACK_NS = 50_000

_Step = None  # the type of the callback that runs a C task's first step: seen when the first task is made


def install(loop, stream, asyncio):
    """Puts the fused methods on a loop."""
    global _Step
    base_events = asyncio.base_events
    events = asyncio.events
    handle_type = handle_class(events)
    new_handle = handle_type.__new__
    Timer = events.TimerHandle
    Task = asyncio.tasks.Task
    PyTask = asyncio.tasks._PyTask
    copy_context = contextvars.copy_context
    getframe = sys._getframe
    now = state.now
    key = hash
    max_timeout = base_events.MAXIMUM_SELECT_TIMEOUT
    min_timers = base_events._MIN_SCHEDULED_TIMER_HANDLES
    min_cancelled = base_events._MIN_CANCELLED_TIMER_HANDLES_FRACTION
    ready = loop._ready
    push = ready.append
    pop = ready.popleft
    rec = recorder.Recorder(stream, asyncio)
    # Debug mode can be turned on and off at any time: what the fallback puts on the loop is what we call then.
    fallback.install(loop, rec, asyncio, fused=True)
    slow_call_soon = loop.call_soon
    slow_call_soon_threadsafe = loop.call_soon_threadsafe
    ext = stream.buf.append
    suspended, done, wake, created = rec.suspended, rec.done, rec.wake, rec.created
    inner, duration = recorder.INNER, recorder.duration
    known, define = codes.known, codes.define
    P3, P5, P6, P7, P8 = (recorder.PACK[n] for n in (3, 5, 6, 7, 8))

    run_position = mimic.position_of(events.Handle._run, "self._context.run(self._callback, *self._args)")
    warning, format_handle = base_events.logger.warning, base_events._format_handle

    light = state.options["detail"] == "light"
    cur = None  # the task whose step runs
    by = 0  # key of the task that scheduled the callback which runs
    cause = CALLED_BACK  # what a task made ready now is woken by, if by no task
    begin = 0  # of the running step or callback; 0 when none runs

    def call_soon(callback, *args, context=None):
        if loop._closed:
            loop._check_closed()  # stock: self._check_closed()
        if loop._debug:
            return one_frame_less(slow_call_soon(callback, *args, context=context))
        h = new_handle(handle_type)
        h._context = copy_context() if context is None else context
        h._loop = loop
        h._callback = callback
        h._args = args
        h._cancelled = False
        h._repr = None
        h._source_traceback = None
        h._task = None
        try:
            if not begin and loop._thread_id is not None and get_ident() != loop._thread_id:
                rec.unsafe(getframe(1))
            kind = type(callback)
            if kind is BUILTIN:
                task = callback.__self__
                if isinstance(task, Task):
                    h._task = task
                    woken(task, args, getframe(1))
                    push(h)
                    return h
            elif kind is _Step:
                h._task = task = callback.__self__
                push(h)
                if task is not cur and not hasattr(task, "_loopscope"):
                    created(task, 0 if cur is None else key(cur), getframe(1))
                return h
            elif kind is MethodType or _Step is None:
                task = other_step(callback, args, getframe(1))
                if task is not None:
                    h._task = task
                    push(h)
                    return h
            h._by = (by or -cause) if cur is None else key(cur)
        except Exception as exc:
            h._by = -CALLED_BACK
            state.fault(exc, "call_soon")
        push(h)
        return h

    def other_step(callback, args, frame):
        """The task that a rarer kind of callback steps, recorded; None if it steps none."""
        global _Step
        kind = type(callback)
        if kind is MethodType:
            task = callback.__self__
            if not isinstance(task, PyTask):
                return None
            if callback.__name__ == "__wakeup":
                woken(task, args, frame)
                return task
            if callback.__name__ != "__step":
                return None
        elif kind.__name__ == "TaskStepMethWrapper":
            _Step = kind
            task = callback.__self__
        else:
            return None
        if task is not cur and not hasattr(task, "_loopscope"):
            created(task, 0 if cur is None else key(cur), frame)
        return task

    def call_soon_threadsafe(callback, *args, context=None):
        if loop._closed:
            loop._check_closed()  # stock: self._check_closed()
        if loop._debug:
            return one_frame_less(slow_call_soon_threadsafe(callback, *args, context=context))
        h = new_handle(handle_type)
        h._context = copy_context() if context is None else context
        h._loop = loop
        h._callback = callback
        h._args = args
        h._cancelled = False
        h._repr = None
        h._source_traceback = None
        h._task = None
        if get_ident() == loop._thread_id:
            h._by = (by or -cause) if cur is None else key(cur)
        else:
            h._by = -THREAD
        push(h)
        loop._write_to_self()
        return h

    def woken(task, args, frame):
        if cur is not None:
            why = TASK
            who = key(cur)
        elif by:
            why = TASK
            who = by
        else:
            why = cause
            who = 0
        try:
            if args and args[0].cancelled():
                why += WAS_CANCELLED
        except AttributeError:  # a callback called with something that is no future
            pass
        code = frame.f_code
        if code is run_code or light:
            ext(P6(WAKE, key(task), now(), why, who, 0))
            return
        try:
            number = known[id(code)]
        except KeyError:
            number = define(code)
        if number & 1:
            ext(P8(WAKE, key(task), now(), why, who, 1, number, frame.f_lasti))
        else:
            wake(task, why, who, frame)

    def _run_once():
        nonlocal cur, by, cause, begin
        scheduled = loop._scheduled
        timers = len(scheduled)
        if timers > min_timers and loop._timer_cancelled_count / timers > min_cancelled:
            kept = []
            for h in scheduled:
                if h._cancelled:
                    h._scheduled = False
                else:
                    kept.append(h)
            heapq.heapify(kept)
            loop._scheduled = scheduled = kept
            loop._timer_cancelled_count = 0
        else:
            while scheduled and scheduled[0]._cancelled:
                loop._timer_cancelled_count -= 1
                h = heapq.heappop(scheduled)
                h._scheduled = False
        if ready or loop._stopping:
            timeout = 0
        else:
            timeout = None
            if scheduled:
                timeout = min(max(0, scheduled[0]._when - loop.time()), max_timeout)
            micros = -1 if timeout is None else duration(timeout)
            ext(P5(POLL, now(), micros, timers, recorder.watched(loop._selector)))
        event_list = loop._selector.select(timeout)  # stock: event_list = self._selector.select(timeout)
        loop._process_events(event_list)
        event_list = None
        if scheduled:
            end = loop.time() + loop._clock_resolution
            while scheduled:
                h = scheduled[0]
                if h._when >= end:
                    break
                h = heapq.heappop(scheduled)
                h._scheduled = False
                push(h)
        leaving = None
        debug = loop._debug
        todo = len(ready)
        begin = t = now()
        ext(P3(ITER, t, todo))
        if stream.resync:
            rec.resync(loop)
        try:
            for _ in range(todo):
                h = pop()
                if h._cancelled:
                    continue
                if debug:
                    begin = 0
                    try:
                        loop._current_handle = h
                        t0 = loop.time()
                        h._run()  # stock: first handle._run()
                        took = loop.time() - t0
                        if took >= loop.slow_callback_duration:
                            warning("Executing %s took %.3f seconds", format_handle(h), took)
                    finally:
                        loop._current_handle = None
                    begin = now()
                    continue
                kind = type(h)
                if kind is handle_type:
                    cur = h._task
                    if cur is None:
                        by = h._by
                        if by < 0:
                            cause = -by
                            by = 0
                else:
                    cur = None
                    by = 0
                    cause = TIMER if kind is Timer else IO
                try:
                    args = h._args
                    if args:
                        h._context.run(h._callback, *args)  # stock: handle._run()
                    else:
                        h._context.run(h._callback)  # stock: handle._run()
                except (SystemExit, KeyboardInterrupt) as exc:
                    if cur is not None and cur.done():
                        done(cur, cur._loopscope, begin, now())
                    leaving = exc
                    exc.__traceback__ = through_run(exc.__traceback__.tb_next)
                except BaseException as exc:
                    exc.__traceback__ = through_run(exc.__traceback__.tb_next)
                    recorder.report(asyncio, h, exc)
                if leaving is not None:
                    raise leaving  # stock: handle._run()
                t = now()
                if cur is None:
                    if t - begin > SLOW_CALLBACK_NS:
                        ext(P5(CALLBACK, begin, t, by, 0))
                    by = 0
                else:
                    try:
                        st = cur._loopscope
                        w = cur._fut_waiter
                        if light:
                            if w is not None:
                                ext(P7(STEP, st[3], begin, t, key(w), 0, 0))
                            elif cur.done():
                                done(cur, st, begin, t)
                            else:
                                ext(P6(YIELD, st[3], begin, t, 0, 0))
                        elif w is not None:
                            c = st[-1]
                            f = c.cr_frame
                            if f is None or f.f_lasti != st[0] or st[1] is not None or type(c.cr_await) in inner:
                                suspended(cur, st, begin, t, w)
                            else:
                                ext(P7(STEP, st[3], begin, t, key(w), st[5], 0))
                        elif cur.done():
                            done(cur, st, begin, t)
                        else:
                            if st[1] == -1:
                                f = st[-1].cr_frame
                                if f is not None and f.f_lasti == st[0]:
                                    ext(P6(YIELD, st[3], begin, t, st[5], 0))
                                else:
                                    suspended(cur, st, begin, t, None)
                            else:
                                suspended(cur, st, begin, t, None)
                    except Exception as exc:
                        recovered(cur, begin, t, exc)
                    cur = None
                begin = t
        finally:
            cur = None
            begin = by = 0
            cause = CALLED_BACK
        h = None

    def recovered(task, begin, end, exc):
        """A step could not be recorded: its task was never seen before, or this is a fault."""
        if type(exc) is AttributeError and not hasattr(task, "_loopscope"):
            rec.stepped(task, begin, end)
        else:
            state.fault(exc, "_run_once")

    def through_run(tb):
        """A traceback that begins with the frame of a real `Handle._run`, as it would without us."""
        bare = events.Handle.__new__(events.Handle)
        frames = []
        bare._loop = None
        bare._context = copy_context()
        bare._callback = frames.extend
        bare._args = (map(getframe, (0,)),)
        bare._run()
        frame = frames[0]
        return TracebackType(tb, frame, *run_position)

    _run_once = mimic.disguise(_run_once, base_events.BaseEventLoop._run_once)
    run_code = _run_once.__code__
    codes.mark(run_code, codes.STOP)
    call_soon = mimic.disguise(call_soon, base_events.BaseEventLoop.call_soon)
    call_soon_threadsafe = mimic.disguise(call_soon_threadsafe, base_events.BaseEventLoop.call_soon_threadsafe)
    for function in (call_soon, call_soon_threadsafe, woken, other_step):
        codes.mark(function.__code__, codes.SKIP)

    def probe():
        if begin:
            return (0 if cur is None else key(cur)), begin, len(ready)
        return slow_probe()

    def current():
        return slow_current() if cur is None else key(cur)

    def swap(task):
        nonlocal cur
        if loop._debug:
            return slow_swap(task)
        previous, cur = cur, task
        return previous

    slow_probe, slow_current, slow_swap = stream.probe, rec.current, rec.swap

    stream.probe = probe
    rec.current = current
    rec.swap = swap
    loop.call_soon = call_soon
    loop.call_soon_threadsafe = call_soon_threadsafe
    loop._run_once = _run_once
    return rec


def one_frame_less(handle):
    """A handle of debug mode, whose traceback must end with the caller of `call_soon`."""
    if getattr(handle, "_source_traceback", None):
        del handle._source_traceback[-1]
    return handle


_handle_classes = {}


def handle_class(events):
    """A Handle that knows its task; it calls itself `Handle`, for its repr shows."""
    if events not in _handle_classes:
        _handle_classes[events] = type(
            "Handle", (events.Handle,), {"__slots__": ("_task", "_by"), "__doc__": events.Handle.__doc__, "__module__": events.Handle.__module__}
        )
    return _handle_classes[events]


