"""Task factories: the user's own is chained, with every keyword, and a task it starts at once (3.12+) is recorded whole."""

import sys

from . import chains, codes, creation, foreign, guard, loops, mimic, missed, recorder, state
from .records import EAGER, EAGER_END, NOT_EAGER, RAISED_OUTCOME, SUSPENDED, head, key


class Placeholder:
    """Names the running task until the factory returns it."""


def watch_factory(loop, rec, stock_get, stock_set):
    """Chains the factory that a loop has already. stock_get(loop), stock_set(loop, factory): the methods of its class."""
    rec.factory = stock_get(loop)
    if rec.factory is not None:
        stock_set(loop, chained(rec, rec.factory))
    rec.restore_factory = lambda: rec.factory and stock_set(loop, rec.factory)
    if sys.version_info >= (3, 14) and not isinstance(loop, sys.modules["asyncio"].base_events.BaseEventLoop):
        watch_compiled_start(loop, rec)


def setting(stock, of):
    """What `set_task_factory` is replaced by. stock: the original; of(loop): the recorder of a loop, or None."""
    used = loops.used

    def set_task_factory(self, factory):
        used(self)
        stock(self, factory)
        rec = of(self)
        if rec is not None:
            rec.factory = factory
            if factory is not None:
                stock(self, chained(rec, factory))  # uvloop keeps it where nobody else can put it

    return set_task_factory


def getting(stock, of):
    """The same of `get_task_factory`, which gives back the user's."""

    def get_task_factory(self):
        rec = of(self)
        return stock(self) if rec is None else rec.factory

    return get_task_factory


def chained(rec, factory):
    """A task factory that calls the user's, and tells what it does."""

    def traced_factory(lp, coro, **kwargs):
        return create(rec, factory, lp, coro, kwargs)

    codes.mark(traced_factory.__code__, codes.SKIP)
    return traced_factory


def create(rec, factory, lp, coro, kwargs):
    """Calls the user's factory between an EAGER and an EAGER_END."""
    try:
        opened = begin(rec, coro, kwargs, sys._getframe(2))
    except Exception as exc:
        state.fault(exc, "a task factory")
        return factory(lp, coro, **kwargs)
    task = None
    try:
        task = factory(lp, coro, **kwargs)
    finally:
        try:
            finish(rec, task, *opened)
        except Exception as exc:
            state.fault(exc, "a task factory")
    return task


def begin(rec, coro, kwargs, caller):
    placeholder = Placeholder()
    frames = codes.stack(caller, 32)
    given = None
    while "name" not in kwargs and given is None and caller is not None and caller.f_code.co_name == "create_task":
        given = caller.f_locals.get("name")  # these name the task only after we returned
        caller = caller.f_back
    code = creation.coroutine_code(coro)
    number = 0 if code is None else codes.number(code)
    previous = rec.swap(placeholder)
    parent = 0 if previous is None else key(previous)
    rec.ext((head(EAGER, key(placeholder)), state.clock(), parent, number, len(frames), *frames))
    return placeholder, previous, given


def finish(rec, task, placeholder, previous, given):
    rec.swap(previous)
    outcome, values = ending(rec, task, given)
    rec.ext((head(EAGER_END, key(placeholder), outcome), *values))
    if task is not None and getattr(task, "_loopscope", None) is None and task.done():
        if recorder.outcome_of(task) == RAISED_OUTCOME:
            rec.raised(task)


def ending(rec, task, given):
    """How the task left its first step, if it had one: outcome, (task, t, future, n, frames, name)."""
    if task is None:
        return NOT_EAGER, (0, state.clock(), 0, 0, 0)
    k = key(task)
    if not foreign.can_tell(task):
        missed.found(rec, task)
        return NOT_EAGER, (k, state.clock(), 0, 0, 0)
    if getattr(task, "_loopscope", None) is not None:
        return NOT_EAGER, (k, state.clock(), 0, 0, 0)
    name = state.text(task.get_name() if given is None else str(given))
    state.counts["seen"] += 1
    if task.done():
        return recorder.outcome_of(task), (k, state.clock(), 0, 0, name)
    frames = []
    chains.frames_below(task.get_coro(), frames)
    chains.of(task)
    chain = chains.places(frames)
    waits_on = foreign.waiter_of(task)
    return SUSPENDED, (k, state.clock(), 0 if waits_on is None else key(waits_on), len(chain), *chain, name)


for function in (create, begin, finish):
    codes.mark(function.__code__, codes.SKIP)


def watch_eager_start(base):
    """Since 3.14 `create_task` may start a task without a factory: the stock one is replaced by its mirror, which tells of that."""
    tasks = sys.modules["asyncio.tasks"]
    stock = base.__dict__["create_task"]
    if not guard.is_mirrored(stock):
        return

    def create_task(self, coro, **kwargs):
        if self._closed:
            self._check_closed()  # stock: self._check_closed()
        if self._task_factory is not None:
            return self._task_factory(self, coro, **kwargs)  # stock: return self._task_factory(self, coro, **kwargs)
        opened = None
        if kwargs.get("eager_start"):
            try:
                rec = loops.of(self)
                opened = rec and begin(rec, coro, kwargs, sys._getframe())
            except Exception as exc:
                state.fault(exc, "create_task")
        task = None
        try:
            task = tasks.Task(coro, loop=self, **kwargs)  # stock: task = tasks.Task(coro, loop=self, **kwargs)
        finally:
            if opened is not None:
                try:
                    finish(rec, task, *opened)
                except Exception as exc:
                    state.fault(exc, "create_task")
        if task._source_traceback:
            del task._source_traceback[-1]
        try:
            return task
        finally:  # as asyncio does: the frame must not keep the task
            del task

    state.replace(base, "create_task", mimic.disguise(create_task, stock))


def watch_compiled_start(loop, rec):
    """The same for a loop that is compiled, as uvloop is."""
    stock = loop.create_task

    def make(_, coro, **kwargs):
        return stock(coro, **kwargs)

    def create_task(coro, **kwargs):
        if rec.factory is not None or not kwargs.get("eager_start"):
            task, ours = stock(coro, **kwargs), 1
        else:
            task, ours = create(rec, make, loop, coro, kwargs), 3
        if rec.factory is None and getattr(task, "_source_traceback", None):
            del task._source_traceback[-ours:]
        try:
            return task
        finally:  # the frame must not keep the task
            del task

    for function in (make, create_task):
        codes.mark(function.__code__, codes.SKIP)
    loop.create_task = create_task
