"""Work handed to threads and processes: FUTURE records, so that the wait is known to be for one, and for what."""

from _weakref import ref

from . import state
from .records import FUTURE, FUTURE_DEFAULT, FUTURE_POOL, W_PROCESS, W_THREAD, head, key


def running(stock, of):
    """What `run_in_executor` is replaced by. stock: the original; of(loop): the recorder of a loop, or None."""

    def run_in_executor(self, executor, func, *args):
        rec = of(self)
        if rec is None:
            return stock(self, executor, func, *args)
        rec.handing = True  # work that is done before its future is there is reported by this thread, not by its own
        try:
            future = stock(self, executor, func, *args)
        finally:
            rec.handing = False
        try:
            in_process = any(c.__name__ == "ProcessPoolExecutor" for c in type(executor).__mro__)
            wait = W_PROCESS if in_process else W_THREAD
            if executor is None:  # asyncio's own, that uvloop does not show
                executor = getattr(self, "_default_executor", None)
                wait |= FUTURE_DEFAULT
            pool = () if executor is None else pool_of(executor)
            arg = wait | FUTURE_POOL if pool else wait
            k = key(future)
            rec.ext((head(FUTURE, k, arg), state.clock(), *pool, state.text(name_of(func))))
            told = alive[k] = Told(future, gone)
            told.of = rec.stream, k
        except Exception as exc:
            state.fault(exc, "run_in_executor")
        return future

    return run_in_executor


alive = {}  # key of a future that was told of -> Told


class Told(ref):
    """A future that was told of; of: the stream it was told in, its key."""

    __slots__ = ("of",)


def gone(told, alive=alive, state=state, record=FUTURE, head=head):
    """It is freed, awaited or not: from now on another may have its key. The defaults are there when the interpreter's end has taken the names."""
    stream, k = told.of
    alive.pop(k, None)
    if state.active and not stream.closed:
        stream.ext((head(record, k), state.clock(), 0))


STOCK_SUBMITS = ("concurrent.futures.thread", "ThreadPoolExecutor.submit"), ("concurrent.futures.process", "ProcessPoolExecutor.submit")


def pool_of(executor):
    """The key of a pool that begins what it is given in that order, and how many it works at; () for another."""
    submit = getattr(type(executor), "submit", None)
    if (getattr(submit, "__module__", None), getattr(submit, "__qualname__", None)) not in STOCK_SUBMITS:
        return ()
    workers = getattr(executor, "_max_workers", None)
    return (key(executor), float(workers)) if type(workers) is int else ()


def name_of(func):
    """`time.sleep`, `Store.load`: what runs, looked for inside the partial that `to_thread` makes."""
    for _ in range(5):
        inner = getattr(func, "func", None)
        if inner is None:
            break
        owner = getattr(inner, "__self__", None)
        is_context_run = type(owner).__name__ == "Context" and func.args
        func = func.args[0] if is_context_run else inner
    name = getattr(func, "__qualname__", None) or type(func).__qualname__
    module = getattr(func, "__module__", None)
    if isinstance(module, str) and module not in ("builtins", "__main__"):
        return "%s.%s" % (module, name)
    return name
