"""Stock asyncio's `call_soon` and `_run_once` with the recording inside them, put on one loop instance.

Fusing saves the Python calls of `_call_soon`, `Handle.__init__` and `Handle._run`, which pays for most of what recording costs.
Every line here mirrors one in asyncio/base_events.py; `guard.py` checks that the originals are the ones mirrored.
"""

import contextvars
import sys
from _thread import get_ident
from math import ulp
from types import MethodType

from . import chains, codes, fallback, loops, mimic, names, positions, recorder, state, stock, wakers
from .chains import SLEEP0
from .creation import RETURNED_HEAD
from .eager import Making
from .mimic import one_frame_less
from .othersteps import first_wake, lean_head, other_step, recovered
from .polling import arrived, drop_cancelled, push_due, shortcut, sweep
from .recorder import CLOCK_HEAD, SLOW_CALLBACK
from .records import ARG, AT_ONCE_HEAD, CALLBACK_HEAD, CALLED_BACK, CANCELLED_WAIT, IO, ITER_HEAD, LIGHT_HEAD, TASK, THREAD, TIMER, WAS_CANCELLED
from .records import WAKE_AT_END, WAKE_BY_CALLBACK, WAKE_BY_NONE, WAKE_HERE, WAKES_THERE, YIELD_HEAD, key
from .state import BUILTIN, PIECE

STRICT = sys.version_info >= (3, 15)  # a timer is due now however coarse the clock's numbers are
DICT_IS_FREE = not (3, 11) <= sys.version_info < (3, 13)  # else looking at a loop's `__dict__` slows whatever looks at its attributes
FEW = 64
ITER_HEADS = [ITER_HEAD - todo for todo in range(FEW)]  # of iterations with few callbacks

clock = state.clock
copy_context = contextvars.copy_context
getframe = sys._getframe
waker_place = wakers.place
where = positions.where
_Step = None  # the type of the callback that runs a C task's first step: seen when the first task is made
# What is asyncio's, and so the same for all loops, is not among the variables of `install`: those are handed to each single call.
handle_type = locked_types = Timer = Task = read_name = Future = plain = gathering = through_run = stock_process = None
max_timeout = min_timers = min_cancelled = warning = format_handle = run_forever = None


def install(loop, stream, asyncio):
    """Puts the fused methods on a loop."""
    base_events = asyncio.base_events
    ready = loop._ready
    push, pop = ready.append, ready.popleft
    rec = recorder.Recorder(stream, asyncio)
    globals().update(stock.known(asyncio))
    # Debug mode can be turned on and off at any time: what the fallback puts on the loop is what we call then.
    slow = fallback.install(loop, rec, asyncio, fused=True)
    buf, ext, light = stream.buf, stream.ext, rec.light
    suspended, done, wake, created, first = rec.suspended, rec.done, rec.wake, rec.created, rec.first
    selector, selector_fields, selector_class, stock_select, poll, files = shortcut(loop)
    fields = loop.__dict__ if DICT_IS_FREE else None
    cur = None  # the task whose step runs
    me = 0.0  # its key
    st = None  # its list
    again = False  # it has been scheduled again: it yielded
    nested = None  # the `Making` of a task that is being made and runs its first step inside of the step
    by = 0.0  # key of the task that scheduled the callback which runs; less than 0: minus the cause
    cause = CALLED_BACK  # what a task made ready now is woken by, if by no task
    begin = 0.0  # of the running step or callback; 0 when none runs

    def call_soon(callback, *args, context=None):
        nonlocal again, st, cause
        global _Step
        if not begin and loop._closed:  # none is closed within a step
            loop._check_closed()  # stock: self._check_closed()
        if loop._debug:
            if begin and st is None and cur is not None and nested is None:  # turned on in the first step of a task
                st = chains.unsure(cur)
            return one_frame_less(slow.call_soon(callback, *args, context=context))
        h = handle_type()
        h._context = copy_context() if context is None else context
        h._loop = loop
        h._callback = callback
        h._args = args
        try:
            if not begin and loop._thread_id is not None and get_ident() != loop._thread_id:
                cause = rec.unsafe(getframe(1))
            kind = type(callback)
            if kind is _Step:
                h._task = task = callback.__self__
                if task is cur:
                    again = True
                    h._by = st
                elif nested is not None and (note := nested.leaves(rec, task, None)) is not None:
                    h._by = note
                else:
                    h._name = name = read_name(task) if type(task) is Task else names.of(task)
                    h._by = created(task, me, name, 2)
                    if nested is not None:
                        chains.of(task, name)  # by which whoever awaits its end sees that it was told
                push(h)
                return h
            if kind is BUILTIN:
                task = callback.__self__
                if type(task) is not Future:  # whose `set_result` steps nobody
                    try:
                        (w,) = args
                        note = task._loopscope
                    except AttributeError:
                        note = None
                        if isinstance(task, Task) and "wakeup" in callback.__name__:
                            if nested is not None and nested.leaves(rec, task, w) is not None:
                                h._task, h._by = task, None
                                push(h)
                                return h
                            note = first_wake(rec, task, cur)
                            st = note if task is cur else st
                    except ValueError:  # a wake-up gets one
                        note = None
                    # `future.add_done_callback(task.cancel)` has the looks of a wake-up, too.
                    if note and (task._fut_waiter is w or "wakeup" in callback.__name__) and (
                        light and type(w) in plain and not w.cancelled() or woken(note, w)
                    ):
                        h._task = task
                        h._by = note
                        push(h)
                        return h
            elif kind is MethodType or _Step is None:
                h._task = task = other_step(rec, woken, callback, args, getframe(1), cur, me, by, cause)
                if task is not None:
                    _Step = _Step if kind is MethodType else kind
                    h._by = getattr(task, "_loopscope", None)
                    push(h)
                    return h
            h._task = None
            h._by = nested.schedules(h) if nested is not None else (by or -cause) if cur is None else me
        except Exception as exc:
            h._task, h._by = None, -CALLED_BACK
            state.fault(exc, "call_soon")
        push(h)
        return h

    def woken(st, future, frame=None):
        """Records that a task is to be stepped because of a future; False if that is no future: the callback is none of a task's.

        frame: whose doing it is; None: the caller of `call_soon`. Light detail tells of cancellations alone, and what passes them on.
        """
        try:
            flags = CANCELLED_WAIT if future.cancelled() else 0.0
        except AttributeError:
            return False
        if type(st) is str:  # a task that waits for nothing yet: it is none of its wake-ups
            return False
        if light and not flags and type(future) is not gathering:
            return True
        if frame is None:
            if future is cur:  # a task of asyncio's is done as its step ends, and not before
                ext((WAKE_AT_END - st[2] - flags,))
                return True
            frame = getframe(2)
        code = frame.f_code
        if code is run_code:
            if cur is None:
                if by:
                    ext((WAKE_BY_CALLBACK - st[2] - flags, begin, by))
                else:
                    ext((WAKE_BY_NONE - st[2] - flags - cause * ARG, begin or clock()))
            elif nested is not None:
                ext((WAKE_BY_CALLBACK - st[2] - flags, clock(), me))
            else:
                ext((WAKE_AT_END - st[2] - flags,))
            return True
        if not flags and nested is None:
            if cur is not None:
                place = waker_place(frame, 32, st[0].ways, code)
                if place:
                    ext((WAKE_HERE - st[2], clock(), place))
                    return True
            elif not by:
                place = waker_place(frame, 2, st[0].ways, code)
                if place:
                    ext((WAKES_THERE[cause] - st[2], clock(), place))
                    return True
        why = cause if cur is None and not by else TASK
        wake(st[2], why | WAS_CANCELLED if flags else why, me or by, frame, cur is not None and nested is None)
        return True

    def _run_once():
        nonlocal cur, me, st, again, by, cause, begin
        goes_on = getframe(1).f_code is run_forever  # which would do no more than call this for each turn of the loop
        turn, returned, lean = [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]  # an ITER, a DONE, a STEP of light detail: writing them from here makes no tuple
        # What each callback takes, for this function is not left: a variable of the function around, or a global one, is a line of the cache more.
        take, write, tick, class_of, lists, lightly = pop, ext, clock, type, list, light
        while True:
            if (begin or loop._debug) and loop_class._run_once is not stock_run_once:
                # Run inside a step by who has replaced it (nest_asyncio): theirs it shall be.
                step_aside()
                return loop._run_once()
            scheduled = loop._scheduled
            timers = len(scheduled)
            if timers > min_timers and loop._timer_cancelled_count / timers > min_cancelled:
                scheduled = sweep(loop)
            elif timers and scheduled[0]._cancelled:
                drop_cancelled(loop, scheduled)
            quiet = False
            if ready or loop._stopping:
                if loop._selector is selector and selector_class.select is stock_select and "select" not in selector_fields:
                    # nobody else's: what it does when it need not wait
                    event_list = poll(0, len(files) or 1)  # stock: event_list = self._selector.select(timeout)
                    if event_list:
                        event_list = arrived(event_list, files, loop, fields)
                        quiet = not event_list
                    else:  # nor has it to be told of nothing
                        quiet = fields is not None and loop_class._process_events is stock_process and "_process_events" not in fields
                else:
                    event_list = loop._selector.select(0)  # stock: event_list = self._selector.select(timeout)
            else:
                timeout = min(max(0, scheduled[0]._when - loop.time()), max_timeout) if scheduled else None
                ext(recorder.poll(timeout, timers, loop))
                event_list = loop._selector.select(timeout)  # stock: event_list = self._selector.select(timeout)
            if not quiet:
                loop._process_events(event_list)
            event_list = None
            if scheduled:
                now = loop.time()
                end = now + (max(loop._clock_resolution, ulp(now)) if STRICT else loop._clock_resolution)
                if scheduled[0]._when < end:
                    push_due(scheduled, end, push)
            own = None if loop._debug else handle_type  # in debug mode all handles are run as asyncio runs them
            todo = len(ready)
            if len(buf) > PIECE:
                stream.pack()
            begin = t = tick()
            turn[0] = ITER_HEADS[todo] if todo < FEW else ITER_HEAD - todo
            turn[1] = t
            write(turn)
            if stream.resync:
                rec.resync(loop)
            skipped = False  # whether callbacks ran that were not recorded
            try:
                for _ in range(todo):
                    try:
                        h = take()  # stock: handle = self._ready.popleft()
                    except IndexError:  # a loop that ran inside this step (nest_asyncio) took what was left
                        break
                    try:
                        # Each kind of handle has lines of its own: CPython finds attributes fast where all objects are of one class.
                        if class_of(h) is own:
                            callback = h._callback  # stock: handle = self._ready.popleft()
                            if callback is None and h._cancelled:
                                continue
                            cur = task = h._task  # stock: handle = self._ready.popleft()
                            if task is None:
                                by = h._by
                                if by < 0.0:
                                    cause = -by
                                    by = 0.0
                            else:
                                st = note = h._by
                                kind = class_of(note)
                                if kind is lists and note:
                                    me = note[2]
                                elif kind is float:  # its first step: `created` has said its key
                                    me = note
                                    name = h._name
                                    st = None
                                else:
                                    me = key(task)
                                    st = name = getattr(task, "_loopscope", None)
                                    if type(st) is not list:
                                        st = None
                            args = h._args  # stock: handle = self._ready.popleft()
                            if args:
                                if len(args) == 1:
                                    h._context.run(callback, args[0])  # stock: handle._run()
                                else:
                                    h._context.run(callback, *args)  # stock: handle._run()
                            else:
                                h._context.run(callback)  # stock: handle._run()
                        elif not h._cancelled:
                            args = callback = None  # stock: handle = self._ready.popleft()
                            kind = class_of(h)
                            if own is None:
                                if kind is handle_type and type(h._by) is float and h._task is not None:  # scheduled before it was turned on
                                    chains.of(h._task, h._name)
                                begin = 0.0
                                try:
                                    loop._current_handle = h
                                    t0 = loop.time()
                                    h._run()  # stock: first handle._run()
                                    took = loop.time() - t0
                                    if took >= loop.slow_callback_duration:
                                        warning("Executing %s took %.3f seconds", format_handle(h), took)
                                finally:
                                    loop._current_handle = None
                                begin = clock()
                                continue
                            if kind in locked_types:  # another thread may cancel it now: it runs as asyncio runs it, and is seen as in debug mode
                                cause = getattr(h, "_by", -THREAD)
                                by, cause = max(cause, 0.0), max(-cause, 0)
                                begin = 0.0
                                h._run()  # stock: handle._run()
                                begin = clock()
                                by = 0.0
                                skipped = True
                                continue
                            cause = TIMER if kind is Timer else IO
                            if args := h._args:
                                h._context.run(h._callback, *args)  # stock: handle._run()
                            else:
                                h._context.run(h._callback)  # stock: handle._run()
                        else:
                            continue
                    except (SystemExit, KeyboardInterrupt) as exc:
                        if not begin:  # it came through a real `_run`
                            raise
                        if cur is not None and cur.done():
                            first(cur, me, begin, clock(), name) if st is None else done(cur, st, clock())
                        exc.__traceback__ = through_run(exc.__traceback__.tb_next)
                        raise exc  # stock: handle._run()
                    except BaseException as exc:
                        if not begin:
                            raise
                        exc.__traceback__ = through_run(exc.__traceback__.tb_next)
                        recorder.report(asyncio, h, exc)
                    t = tick()
                    if cur is None:
                        if t - begin > SLOW_CALLBACK:
                            write((CALLBACK_HEAD - by, begin, t))
                            skipped = False
                        else:
                            skipped = True
                        by = 0.0
                    else:
                        try:
                            if skipped:
                                write((CLOCK_HEAD, begin))
                                skipped = False
                            if st is None:
                                again = False
                                if name is not None and not names.given and task._state == "FINISHED" and task._exception is None:
                                    returned[0] = RETURNED_HEAD - me
                                    returned[1] = t
                                    write(returned)
                                else:
                                    first(task, me, begin, t, name)
                            elif again:
                                again = False
                                if lightly:
                                    lean[0] = st[5] or lean_head(st, 5, YIELD_HEAD)
                                    lean[1] = t
                                    write(lean)
                                else:
                                    place = st[0]
                                    c = st[1]
                                    if place.awaits is SLEEP0 and c.cr_await is not None and (place.at is None or where(c) == place.at):
                                        write((st[4], t))
                                    else:
                                        suspended(task, st, t, None)
                            else:
                                w = task._fut_waiter
                                if w is not None:
                                    if lightly:
                                        lean[0] = st[4] or lean_head(st, 4, LIGHT_HEAD)
                                        lean[1] = t
                                        write(lean)
                                    else:
                                        place = st[0]
                                        c = st[1]
                                        if class_of(c.cr_await) is place.awaits and (place.at is None or where(c) == place.at) and class_of(w) is not gathering:
                                            write((st[4], t, hash(w)))
                                        else:
                                            suspended(task, st, t, w)
                                elif st and not names.given and task._state == "FINISHED" and task._exception is None:
                                    st.clear()
                                    returned[0] = RETURNED_HEAD - me
                                    returned[1] = t
                                    write(returned)
                                elif task.done():
                                    done(task, st, t)
                                elif lightly:
                                    write((YIELD_HEAD - me, t))
                                else:
                                    suspended(task, st, t, None)
                        except Exception as exc:
                            recovered(rec, task, begin, t, exc)
                        cur = None
                        me = 0.0
                    begin = t
            except BaseException:
                if st is None and cur is not None and nested is None and not cur.done():  # a signal handler raised in the first step of a task
                    chains.unsure(cur)
                cur, again, cause = None, False, CALLED_BACK
                begin = by = me = 0.0
                raise
            begin, cause = 0.0, CALLED_BACK
            # An exception's traceback may keep this frame, and what it names.
            h = callback = args = st = task = note = c = w = None  # stock: handle = None  # Needed to break cycles when an exception occurs.
            if not goes_on or loop._stopping or loop._run_once is not _run_once:
                return

    def follow():
        """What runs is what the fallback says: in debug mode asyncio's own code runs it, which may turn debug mode off."""
        nonlocal cur, me, st, again, by, cause
        if not begin:  # else somebody runs a handle inside of a step
            cur, by, cause, again = slow.cur, slow.by, slow.cause, False
            me = 0.0 if cur is None else key(cur)
            st = chains.of(cur) if hasattr(cur, "_loopscope") else None

    def step_aside():
        """The loop runs as its class says; what runs is seen as on a loop of an unknown kind."""
        loops.take_off(loop, ("call_soon", "_run_once"))
        slow.take_over(slow_probe, slow_current, slow_swap)

    loop_class = type(loop)
    stock_run_once = loop_class._run_once
    _run_once = mimic.disguise(_run_once, base_events.BaseEventLoop._run_once)
    run_code = _run_once.__code__
    codes.mark(run_code, codes.STOP)
    mimic.runs[run_code] = mimic.position_of(stock_run_once, "handle._run()")[1]
    call_soon = mimic.disguise(call_soon, base_events.BaseEventLoop.call_soon)
    for function in (call_soon, woken):
        codes.mark(function.__code__, codes.SKIP)

    def swap(task, k=None):
        nonlocal cur, me, nested
        previous, cur = cur, task
        me = k if k is not None else 0.0 if task is None else key(task)
        nested = task if isinstance(task, Making) else None
        return previous

    def enter(start, task, own):
        """As `Recorder.enter`, which calls three functions for that."""
        nonlocal cur, me, nested
        start.name = name = read_name(task) if type(task) is Task else names.of(task)
        start.before, start.nested = cur, nested
        start.parent = parent = slow_current() if cur is None else me
        start.key = me = created(task, parent, name, 4, own)
        cur = nested = start
        ext((AT_ONCE_HEAD - me,))

    def leave(start):
        nonlocal cur, me, nested
        cur, me, nested = start.before, start.parent, start.nested

    slow_probe, slow_current, slow_swap = stream.probe, rec.current, rec.swap
    slow.follow, slow.now = follow, lambda: (cur, by, cause)
    stream.probe = lambda: (me, int(begin * 1e9), len(ready)) if begin else slow_probe()
    rec.current = lambda: slow_current() if cur is None else me
    rec.swap, rec.enter, rec.leave = swap, enter, leave
    rec.origin = lambda: (by or -cause) if cur is None else me
    call_soon._loopscope = _run_once._loopscope = rec
    loop.call_soon = call_soon
    loop._run_once = _run_once
    return rec
