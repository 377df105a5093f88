"""The methods of loops that run rarely are replaced once, on asyncio's class; `loops.py` says why.

On a loop itself they are replaced where its class has its own: that one may, or may not, call asyncio's.
"""

import sys
from _thread import get_ident
from types import MethodType

from . import codes, eager, executors, loops, missed, state
from .records import CLOSED, RUN, head

stock = {}  # name -> what asyncio's class has
ours = {}  # name -> what is put in its place


def closing(stock, of):
    def close(self):
        stock(self)
        rec = of(self)
        if rec is not None and not rec.stream.closed and self.is_closed():
            rec.ext((head(RUN, 0, CLOSED), state.clock()))
            rec.stream.closed = True

    return close


def tracking(stock, of):
    """RUN records. `run_forever` calls this method as it begins and as it ends, and is not itself replaced: no frame is added."""
    used = loops.used

    def _set_coroutine_origin_tracking(self, enabled):
        used(self)
        stock(self, enabled)
        rec = of(self)
        if rec is None:
            return
        frame = sys._getframe(1)
        caller = frame.f_code.co_name
        if "run_forever" in caller:
            # The beginning may have come just before the recorder was there, in another thread.
            ending = "cleanup" in caller or "old_agen_hooks" in frame.f_locals
            running(self, rec, not rec.running and not ending)

    return _set_coroutine_origin_tracking


def running(loop, rec, runs):
    """In the loop's thread: it begins to run, or stops."""
    stream = rec.stream
    rec.running = runs
    loops.runs(rec if runs else None)
    stream.thread_id = get_ident()
    rec.ext((head(RUN, 0, int(runs)), state.clock()))
    if runs:
        stream.resting = False
        if rec.first_run is not None:
            rec.first_run()
    else:
        missed.count(loop)
        stream.rest()


OF_EVERY_LOOP = {
    "close": closing,
    "get_task_factory": eager.getting,
    "run_in_executor": executors.running,
    "set_task_factory": eager.setting,
}
OF_STOCK_LOOPS = {**OF_EVERY_LOOP, "_set_coroutine_origin_tracking": tracking}


def replace(base):
    """Puts them on asyncio's class."""
    stock.update((name, base.__dict__[name]) for name in ("call_soon_threadsafe", *OF_STOCK_LOOPS))

    def of_plain(name):
        def of(loop):
            rec = loops.of(loop)
            return None if rec is None or name in rec.replaced else rec

        return of

    for name, make in OF_STOCK_LOOPS.items():
        ours[name] = alike(make(stock[name], of_plain(name)), stock[name])
        state.replace(base, name, ours[name])
    if sys.version_info >= (3, 14):
        eager.watch_eager_start(base)


def stock_of(loop, name):
    """What a loop's class has, without what is put in its place."""
    function = getattr(type(loop), name)
    return stock[name] if function is ours.get(name) else function


def put_on(loop, makers):
    """Replaces those that a loop's class has of its own, on the loop; their names."""
    kind = type(loop)
    names = []
    for name, make in makers.items():
        owner = next(cls for cls in kind.__mro__ if name in cls.__dict__)
        if owner.__module__.partition(".")[0] != "asyncio":  # asyncio's own subclasses call their base's
            names.append(name)
            setattr(loop, name, MethodType(alike(make(getattr(kind, name), loops.of), owner.__dict__[name]), loop))
    return names


def alike(function, stock):
    """Gives a function the name and the words of what it replaces."""
    codes.mark(function.__code__, codes.SKIP)
    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(function, name, getattr(stock, name, getattr(function, name)))
    return function
