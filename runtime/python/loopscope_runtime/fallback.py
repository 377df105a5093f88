"""Recording for loops that `fused.py` must not replace: other classes, debug mode, an asyncio this build does not know.

`call_soon` is wrapped on the loop, and `Handle._run` on the class, where the beginning and the end of every step and callback show.
"""

import sys
from _thread import get_ident
from types import MethodType
from weakref import ref

from . import codes, eager, foreign, loops, methods, mimic, missed, recorder, state
from .recorder import SLOW_CALLBACK
from .records import CALLBACK, CALLED_BACK, IO, ITER, TASK, THREAD, TIMER, WAS_CANCELLED, head, key
from .state import BUILTIN

clock = state.clock


class Fallback:
    """What is running on one loop, and the records of it."""

    def __init__(self, loop, rec, asyncio):
        self.loop = loop
        self.rec = rec
        self.fused = False  # whether the loop's `_run_once` is ours, and writes POLL and ITER
        self.task_types = (asyncio.tasks.Task, asyncio.tasks._PyTask)
        self.timer = asyncio.events.TimerHandle
        self.handle_type = mimic.handle_classes(asyncio.events)[0]
        self.cur = None
        self.by = 0.0
        self.cause = CALLED_BACK
        self.begin = 0.0
        self.follow = None  # called when another handle begins to run, or one has ended
        self.now = self.here  # () -> cur, by, cause, as they are for what is scheduled now: a fused loop may run a step by itself
        self.outer = []  # what ran when the loop was run again inside a step (nest_asyncio)
        self.origins = {}  # id(handle) of a callback that is no step -> key of the task, or -cause, that scheduled it
        rec.step_of = self.task_of
        self.arriving = {}  # id(callback) -> the same, while `call_soon_threadsafe` is on its way: it may run before the handle is known

    def task_of(self, callback):
        """(task, whether it is its wake-up) of a callback that steps a task, else (None, False)."""
        kind = type(callback)
        if kind is MethodType:
            task = callback.__self__
            if isinstance(task, self.task_types):
                name = callback.__name__
                if name == "__step" or name == "__wakeup":
                    return task, name == "__wakeup"
            else:
                task = foreign.stepped_by(callback)
                if task is not None:
                    return task, task is not self.now()[0] and hasattr(task, "_loopscope")
        elif kind is BUILTIN:
            task = callback.__self__
            if isinstance(task, self.task_types) and "wakeup" in callback.__name__.lower():
                return task, True
        elif kind.__name__ == "TaskStepMethWrapper":
            return callback.__self__, False
        return None, False

    def here(self):
        return self.cur, self.by, self.cause

    def origin(self):
        cur, by, cause = self.now()
        return (by or -cause) if cur is None else key(cur)

    def scheduler(self):
        """The same, to be asked when what is scheduled runs: a task that is being made has another key by then."""
        cur = self.now()[0]
        return cur if type(cur) is eager.Placeholder else self.origin()

    def scheduled(self, handle, callback, args, frame):
        """A callback was given to call_soon by `frame`: records what that means for a task, if it is one's."""
        task, wakes = self.task_of(callback)
        cur, by, cause = self.now()
        if task is None:
            self.remember(handle, self.scheduler())
            return
        if self.fused:  # and debug mode may be turned off before that runs
            mimic.take_the_place(self.loop._ready, handle, task, self.handle_type)
        if wakes and not hasattr(task, "_loopscope") and eager.leaves(self.rec, cur, task, args[0]):
            pass
        elif wakes:
            cause, by = (TASK, key(cur)) if cur is not None else (TASK, by) if by else (cause, 0.0)
            if args and getattr(args[0], "cancelled", bool)():
                cause += WAS_CANCELLED
            self.rec.wake(key(task), cause, by, frame)
        elif task is not cur and not hasattr(task, "_loopscope") and eager.leaves(self.rec, cur, task) is None:
            if isinstance(task, self.task_types) or not foreign.started(task.get_coro()):
                self.rec.made(task, 0.0 if cur is None else key(cur), 4)
            else:
                missed.found(self.rec, task)

    def remember(self, handle, origin):
        origins = self.origins
        if len(origins) > 1000:  # some were cancelled, and will never be asked for
            live = set(map(id, list(loops.ready(self.loop))))
            for i in [i for i in list(origins) if i not in live][: len(origins) - 500]:
                origins.pop(i, None)
        origins[id(handle)] = origin

    def arrived(self, handle, callback, origin):
        """A callback that any thread scheduled has its handle."""
        try:
            if id(callback) in self.arriving:  # it did not run yet
                self.remember(handle, origin)
                self.arriving.pop(id(callback), None)
        except Exception as exc:
            state.fault(exc, "call_soon_threadsafe")

    def enter(self, handle, callback):
        """A handle's callback is about to run."""
        if self.rec.stream.resync:
            self.rec.resync(self.loop)
        if self.begin:
            self.outer.append((self.cur, self.by, self.cause))
        self.cur = self.task_of(callback)[0]
        if self.cur is None:
            origin = self.origins.pop(id(handle), None)
            origin = self.arriving.pop(id(callback), None) or origin or getattr(handle, "_by", None)
            if type(origin) is eager.Placeholder:
                origin = origin.origin()
            if origin is None:
                self.cause, self.by = TIMER if isinstance(handle, self.timer) else IO, 0.0
            elif origin < 0:
                self.cause, self.by = -origin, 0.0
            else:
                self.by = origin
        self.begin = clock()
        if self.follow is not None:
            self.follow()

    def leave(self):
        t = clock()
        begin, task, by = self.begin, self.cur, self.by
        self.cur = None
        self.by = self.begin = 0.0
        self.cause = CALLED_BACK
        if task is not None:
            self.rec.stepped(task, begin, t)
        elif t - begin > SLOW_CALLBACK:
            self.rec.ext((head(CALLBACK, by), begin, t))
        if self.outer:
            self.cur, self.by, self.cause = self.outer.pop()
            self.begin = clock()
        elif not self.fused:
            self.poll_ahead()
        if self.follow is not None:
            self.follow()

    def put_on(self):
        """The loop is not fused, or no longer."""
        self.fused = False
        loop = self.loop
        loop.call_soon = self.call_soon
        loop.call_soon_threadsafe = self.call_soon_threadsafe
        loop._loopscope = self.rec
        if hasattr(loop, "_process_events") and "_process_events" not in vars(loop):
            watch_polls(loop, self.rec)

    def take_over(self, probe, current, swap):
        """The loop was fused, and runs as its class says from now on. These tell what runs, as they did before it was fused."""
        self.put_on()
        self.follow, self.now = None, self.here
        self.rec.stream.probe, self.rec.current, self.rec.swap, self.rec.origin = probe, current, swap, self.origin
        del self.rec.enter, self.rec.leave  # those of the fused loop
        state.note("%s was replaced while the loop ran: it is recorded from outside since" % type(self.loop)._run_once.__qualname__)

    def poll_ahead(self):
        """POLL when nothing is left to run: the loop is going to wait."""
        loop = self.loop
        if getattr(loop, "_ready", True) or loop._stopping:
            return
        timers = loop._scheduled
        timeout = max(0.0, timers[0]._when - loop.time()) if timers else None
        self.rec.ext(recorder.poll(timeout, len(timers), loop))


def patch_handles(asyncio, known):
    """Makes `Handle._run` tell the loop's Fallback, if it has one. known: the original is the one mirrored here."""
    Handle = asyncio.events.Handle
    stock = Handle._run
    recorder_of = loops.of

    def _run(self):
        rec = recorder_of(self._loop)
        fallback = None if rec is None else rec.fallback
        if fallback is not None:
            try:
                fallback.enter(self, self._callback)
            except Exception as exc:
                state.fault(exc, "Handle._run")
        try:
            self._context.run(self._callback, *self._args)  # stock: self._context.run(self._callback, *self._args)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as exc:
            recorder.report(asyncio, self, exc)
        finally:
            if fallback is not None:
                try:
                    fallback.leave()
                except Exception as exc:
                    state.fault(exc, "Handle._run")
        self = None

    def _run_unknown(self):
        rec = recorder_of(self._loop)
        fallback = None if rec is None else rec.fallback
        if fallback is None:
            return stock(self)
        fallback.enter(self, self._callback)
        try:
            return stock(self)
        finally:
            fallback.leave()

    if not known:
        codes.mark(_run_unknown.__code__, codes.STOP)
        state.replace(Handle, "_run", _run_unknown)
        return
    codes.mark(_run.__code__, codes.STOP)
    twin = mimic.disguise(_run, stock)
    codes.mark(twin.__code__, codes.STOP)
    state.replace(Handle, "_run", twin)


def install(loop, rec, asyncio, fused=False):
    """Wraps a loop's scheduling methods. fused: not on the loop; `call_soon` and `call_soon_threadsafe` of the Fallback are used in debug mode."""
    fallback = rec.fallback = Fallback(loop, rec, asyncio)
    fallback.fused = fused
    stock_call_soon = loops.get(loop, "call_soon")
    stock_threadsafe = MethodType(methods.stock["call_soon_threadsafe"], loop) if fused else loops.get(loop, "call_soon_threadsafe")

    def call_soon(callback, *args, context=None):
        handle = stock_call_soon(callback, *args, context=context)
        if getattr(handle, "_source_traceback", None):
            del handle._source_traceback[-1]
        fallback_scheduled(fallback, handle, callback, args)
        return handle

    def call_soon_threadsafe(callback, *args, context=None):
        by_thread = rec.handing or get_ident() != rec.stream.thread_id
        fallback.arriving[id(callback)] = origin = -THREAD if by_thread else fallback.scheduler()
        try:
            handle = stock_threadsafe(callback, *args, context=context)
        except BaseException:
            fallback.arriving.pop(id(callback), None)
            raise
        fallback.arrived(handle, callback, origin)
        if getattr(handle, "_source_traceback", None):
            del handle._source_traceback[-1]
        return handle

    for function in (call_soon, call_soon_threadsafe, fallback_scheduled):
        codes.mark(function.__code__, codes.SKIP)
    fallback.call_soon = call_soon
    fallback.call_soon_threadsafe = call_soon_threadsafe
    if not fused:
        fallback.put_on()
    expose(fallback, rec.stream, rec)
    return fallback


def expose(fallback, stream, rec):
    """Lets others ask what runs. The stream must not keep the loop."""
    weakly = ref(fallback, lambda _: setattr(stream, "closed", True))
    ready = loops.ready(fallback.loop)

    def current():
        return 0.0 if fallback.cur is None else key(fallback.cur)

    def swap(task, _=None):
        previous, fallback.cur = fallback.cur, task
        return previous

    def probe():
        fallback = None if stream.resting else weakly()
        if fallback is None:
            return 0.0, 0, len(ready)
        return (0.0 if fallback.cur is None else key(fallback.cur)), int(fallback.begin * 1e9), len(ready)

    stream.probe = probe
    rec.current = current
    rec.swap = swap
    rec.origin = fallback.origin


def fallback_scheduled(fallback, handle, callback, args):
    try:
        fallback.scheduled(handle, callback, args, sys._getframe(2))
    except Exception as exc:
        state.fault(exc, "call_soon")


def watch_polls(loop, rec):
    """ITER from the method that gets the selector's events."""
    stock_process = loop._process_events

    def _process_events(event_list):
        stock_process(event_list)
        t = clock()
        rec.ext((head(ITER, len(loops.ready(loop))), t))
        if t > state.due:
            state.overdue()

    codes.mark(_process_events.__code__, codes.SKIP)
    loop._process_events = _process_events
