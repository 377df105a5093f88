"""`call_soon_threadsafe` of stock loops, on asyncio's class: what it schedules on a fused loop says who scheduled it."""

from _thread import get_ident

from . import codes, loops, methods, mimic, state
from .mimic import one_frame_less
from .records import THREAD


def replace(asyncio):
    """asyncio is one that `fused.py` mirrors."""
    events = asyncio.events
    handle_type, locked_type = mimic.handle_classes(events)
    stock = methods.stock["call_soon_threadsafe"]
    of, init = loops.of, events.Handle.__init__

    def call_soon_threadsafe(self, callback, *args, context=None):
        self._check_closed()  # stock: self._check_closed()
        if self._debug:
            self._check_callback(callback, "call_soon_threadsafe")  # stock: self._check_callback(callback, 'call_soon_threadsafe')
        rec = of(self)
        fallback = None if rec is None else rec.fallback
        if fallback is None or not fallback.fused:
            return one_frame_less(stock(self, callback, *args, context=context))
        if self._debug:
            return one_frame_less(fallback.call_soon_threadsafe(callback, *args, context=context))
        if locked_type is not None:
            h = locked_type(callback, args, self, context)
        else:
            h = handle_type()
            init(h, callback, args, self, context)
            h._task = None
        h._by = rec.origin() if get_ident() == self._thread_id and not rec.handing else -THREAD
        self._ready.append(h)
        self._write_to_self()
        return h

    twin = mimic.disguise(call_soon_threadsafe, stock)
    codes.mark(twin.__code__, codes.SKIP)
    state.replace(asyncio.base_events.BaseEventLoop, "call_soon_threadsafe", twin)
