"""The methods of a compiled loop that are wrapped beside `call_soon`: timers, what other threads schedule, and `run_forever`."""

from _thread import get_ident

from . import codes, loops, missed, state
from .records import RUN, THREAD, head


def put_on(loop, rec, call_soon, called, timer_fired, runs):
    """Puts them on a loop; the code of its `run_forever`. called, timer_fired: what runs in place of a callback of asyncio's. runs(): the loop begins to run."""
    stock_call_later, stock_call_at = loop.call_later, loop.call_at
    stock_threadsafe, stock_run_forever = loop.call_soon_threadsafe, loop.run_forever
    stream = rec.stream

    def call_soon_threadsafe(callback, *args, context=None):
        if not of_asyncio(callback):
            return stock_threadsafe(callback, *args, context=context)
        by_thread = rec.handing or get_ident() != stream.thread_id
        return stock_threadsafe(called, -THREAD if by_thread else rec.origin(), callback, *args, context=context)

    def call_later(delay, callback, *args, context=None):
        through = (timer_fired, callback) if of_asyncio(callback) else (callback,)
        return stock_call_later(delay, *through, *args, context=context)

    def call_at(when, callback, *args, context=None):
        through = (timer_fired, callback) if of_asyncio(callback) else (callback,)
        return stock_call_at(when, *through, *args, context=context)

    def run_forever():
        if loop.is_running():
            return stock_run_forever()  # which says so
        runs()
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

    for function in (call_soon, call_soon_threadsafe, call_later, call_at, run_forever):
        codes.mark(function.__code__, codes.STOP if function is run_forever else codes.SKIP)
        setattr(loop, function.__name__, function)
    for function in (call_soon, call_soon_threadsafe, call_later, call_at):
        function.__qualname__ = function.__name__  # which the text of a TypeError names
    return run_forever.__code__


def of_asyncio(callback):
    """Whether a callback is asyncio's own, so that nobody will see its handle's repr."""
    module = getattr(getattr(callback, "func", callback), "__module__", None)
    return isinstance(module, str) and (module == "asyncio" or module.startswith("asyncio."))
