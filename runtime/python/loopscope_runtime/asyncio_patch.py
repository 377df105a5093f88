"""Puts the recorder into asyncio: every new loop gets its stream and the way of recording that fits it."""

import sys
import threading
from _thread import get_ident
from weakref import ref

from . import codes, eager, executors, fallback, fused, guard, objects, recorder, state, uvloop_patch, waits
from .faults import watch_class
from .records import RUN

REPLACED = ("call_soon", "_call_soon", "call_soon_threadsafe", "_run_once")
OWN_ATTRIBUTES = REPLACED + (
    "_loopscope",
    "_process_events",
    "_set_coroutine_origin_tracking",
    "call_at",
    "call_later",
    "close",
    "get_task_factory",
    "run_forever",
    "run_in_executor",
    "set_task_factory",
)
_pack3 = recorder.PACK[3]


def patch(asyncio, drain):
    """Called once, right after the program imported asyncio."""
    base = asyncio.base_events.BaseEventLoop
    mismatch = guard.mismatch(asyncio.base_events, asyncio.events)
    stock_init = base.__init__
    get_running_loop = asyncio.events._get_running_loop

    def recorder_here():
        loop = get_running_loop()
        return None if loop is None else getattr(loop, "_loopscope", None)

    def __init__(self, *args, **kwargs):
        stock_init(self, *args, **kwargs)
        if not state.active:
            return
        try:
            new_loop(self)
        except Exception as exc:
            state.fault(exc, "a new loop")

    def new_loop(loop):
        kind = type(loop)
        stream = new_stream()
        if mismatch is not None:
            reason = "asyncio's %s is not one this build knows" % mismatch
        else:
            changed = [n for n in REPLACED if getattr(kind, n, None) is not getattr(base, n)]
            reason = "%s has its own %s" % (kind.__qualname__, changed[0]) if changed else ""
        drain.introduce(stream, describe(loop, stream, "fallback" if reason else "fast", reason))
        when_used(loop, lambda: trace(loop, stream, not reason))

    def trace(loop, stream, fast):
        if fast:
            rec = fused.install(loop, stream, asyncio)
        else:
            rec = recorder.Recorder(stream, asyncio)
            fallback.install(loop, rec, asyncio)
        equip(loop, stream, rec)
        watch_runs(loop, stream)

    fallback.patch_handles(asyncio, mismatch is None)
    watch_subclasses(asyncio, drain)
    watch_class(base)
    waits.start(asyncio)
    objects.start(asyncio, recorder_here)
    base.__init__ = __init__
    return recorder_here


def watch_subclasses(asyncio, drain):
    """Loops that are no BaseEventLoop, uvloop's above all, are met when their class is made."""
    abstract = asyncio.events.AbstractEventLoop
    base = asyncio.base_events.BaseEventLoop

    def __init_subclass__(cls, **kwargs):
        super(abstract, cls).__init_subclass__(**kwargs)
        if cls.__module__ == "uvloop" and not issubclass(cls, base):
            try:
                uvloop_patch.patch(cls, asyncio, drain)
            except Exception as exc:
                state.fault(exc, "uvloop")

    abstract.__init_subclass__ = classmethod(__init_subclass__)


def equip(loop, stream, rec):
    """What is the same for every kind of loop."""
    loop._loopscope = rec
    state.hooks.append(undo(loop))
    eager.watch_factory(loop, rec)
    executors.watch(loop, rec)
    stock_close = loop.close

    def close():
        stock_close()
        if not stream.closed and loop.is_closed():
            stream.buf.append(_pack3(RUN, state.now(), -1))
            stream.closed = True

    codes.mark(close.__code__, codes.SKIP)
    loop.close = close


def undo(loop):
    """Takes everything off a loop again; holds it weakly."""
    here = ref(loop)

    def take_off():
        loop = here()
        if loop is not None:
            for name in OWN_ATTRIBUTES:
                loop.__dict__.pop(name, None)
            fallback.loops.pop(loop, None)

    return take_off


def when_used(loop, act):
    """Calls act at the loop's first use: its selector is set only after BaseEventLoop.__init__."""

    def first(*_):
        for name in names:
            loop.__dict__.pop(name, None)
        try:
            act()
        except Exception as exc:
            state.fault(exc, "a new loop")

    def call_soon(callback, *args, context=None):
        first()
        return fused.one_frame_less(loop.call_soon(callback, *args, context=context))

    def _set_coroutine_origin_tracking(enabled):
        first()
        return loop._set_coroutine_origin_tracking(enabled)

    def set_task_factory(factory):
        first()
        return loop.set_task_factory(factory)

    names = {
        "call_soon": call_soon,
        "_set_coroutine_origin_tracking": _set_coroutine_origin_tracking,
        "set_task_factory": set_task_factory,
    }
    for name, function in names.items():
        codes.mark(function.__code__, codes.SKIP)
        loop.__dict__[name] = function


def watch_runs(loop, stream):
    """RUN records. `run_forever` calls this method as it begins and as it ends, and is not itself wrapped: no frame is added."""
    stock_tracking = loop._set_coroutine_origin_tracking
    ext = stream.buf.append
    running = False

    def _set_coroutine_origin_tracking(enabled):
        nonlocal running
        stock_tracking(enabled)
        caller = sys._getframe(1).f_code.co_name
        if "run_forever" in caller:
            running = not running
            stream.thread_id = get_ident()
            ext(_pack3(RUN, state.now(), int(running)))

    loop._set_coroutine_origin_tracking = _set_coroutine_origin_tracking
    if loop.is_running():
        running = True
        stream.thread_id = loop._thread_id
        ext(_pack3(RUN, state.now(), 1))


def new_stream():
    stream = state.Stream(len(_ids) + 1)
    _ids.append(None)
    state.streams.append(stream)
    return stream


_ids = []


def describe(loop, stream, mode, reason):
    kind = type(loop)
    return {
        "loop": stream.loop_id,
        "kind": "%s.%s" % (kind.__module__.partition(".")[0], kind.__qualname__),
        "thread": threading.current_thread().name,
        "threadId": get_ident(),
        "t": state.now(),
        "mode": mode,
        "modeReason": reason,
        "debug": loop.get_debug(),
    }
