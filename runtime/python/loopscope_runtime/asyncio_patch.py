"""Puts the recorder into asyncio: every new loop gets its stream and the way of recording that fits it."""

import threading
from _thread import get_ident

from . import fused, guard, state
from .records import RUN

PATCHED = ["BaseEventLoop.__init__", "loop.call_soon", "loop.call_soon_threadsafe", "loop._run_once"]


def patch(asyncio, drain):
    """Called once, right after the program imported asyncio."""
    base = asyncio.base_events.BaseEventLoop
    mismatch = guard.mismatch(asyncio.base_events, asyncio.events)
    stock_init = base.__init__

    def __init__(self, *args, **kwargs):
        stock_init(self, *args, **kwargs)
        try:
            _adopt_loop(self)
        except Exception as exc:
            state.fault(exc, "a new loop")

    def _adopt_loop(loop):
        kind = type(loop)
        stream = new_stream()
        if mismatch is None and kind.call_soon is base.call_soon and kind._run_once is base._run_once:
            mode, reason = "fast", ""
            wait_for_selector(loop, stream, asyncio)
        else:
            mode, reason = "fallback", "asyncio's %s is not one this build knows" % mismatch
        drain.introduce(stream, describe(loop, stream, mode, reason))

    base.__init__ = __init__


def wait_for_selector(loop, stream, asyncio):
    """The selector is set after BaseEventLoop.__init__; the first `call_soon` or `run_forever` comes later still."""

    def run_forever():
        arrange()
        return loop.run_forever()

    def call_soon(callback, *args, context=None):
        arrange()
        return loop.call_soon(callback, *args, context=context)

    def arrange():
        del loop.run_forever, loop.call_soon
        fused.install(loop, stream, asyncio)
        trace_runs(loop, stream)

    loop.run_forever = run_forever
    loop.call_soon = call_soon


def trace_runs(loop, stream):
    """RUN records, and the thread the loop runs in."""
    stock_run_forever = loop.run_forever
    stock_close = loop.close
    ext = stream.buf.extend
    pack = fused.recorder.PACK[3]

    def run_forever():
        stream.thread_id = get_ident()
        ext(pack(RUN, state.now(), 1))
        try:
            return stock_run_forever()
        finally:
            ext(pack(RUN, state.now(), 0))

    def close():
        stock_close()
        if not stream.closed:
            stream.closed = True
            ext(pack(RUN, state.now(), -1))

    loop.run_forever = run_forever
    loop.close = close


def new_stream():
    stream = state.Stream(len(_ids) + 1)
    _ids.append(None)
    state.streams.append(stream)
    return stream


_ids = []


def describe(loop, stream, mode, reason):
    kind = type(loop)
    module = kind.__module__
    return {
        "loop": stream.loop_id,
        "kind": "%s.%s" % (module.partition(".")[0], kind.__qualname__),
        "thread": threading.current_thread().name,
        "threadId": get_ident(),
        "t": state.now(),
        "mode": mode,
        "modeReason": reason,
        "debug": loop.get_debug(),
    }
