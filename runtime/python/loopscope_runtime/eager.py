"""Task factories: the user's own is chained, with every keyword, and a task it starts at once (3.12+) is recorded whole."""

import sys

from . import chains, codes, creation, foreign, guard, mimic, missed, recorder, state
from .records import EAGER, EAGER_END, NOT_EAGER, RAISED_OUTCOME, SUSPENDED, head, key


class Placeholder:
    """Names the running task until the factory returns it."""


def watch_factory(loop, rec):
    """Wraps the loop's task factory, now and whenever it is set; `get_task_factory` gives back the user's."""
    stock_set = loop.set_task_factory
    own = [loop.get_task_factory()]

    def wrap(factory):
        def traced_factory(lp, coro, **kwargs):
            return create(factory, lp, coro, kwargs)

        codes.mark(traced_factory.__code__, codes.SKIP)
        return traced_factory

    def create(factory, lp, coro, kwargs):
        """Calls the user's factory between an EAGER and an EAGER_END."""
        try:
            opened = begin(coro, kwargs, sys._getframe(2))
        except Exception as exc:
            state.fault(exc, "a task factory")
            return factory(lp, coro, **kwargs)
        task = None
        try:
            task = factory(lp, coro, **kwargs)
        finally:
            try:
                finish(task, *opened)
            except Exception as exc:
                state.fault(exc, "a task factory")
        return task

    def begin(coro, kwargs, caller):
        placeholder = Placeholder()
        frames = codes.stack(caller, 32)
        given = kwargs.get("name")
        while given is None and caller is not None and caller.f_code.co_name == "create_task":
            given = caller.f_locals.get("name")  # these name the task only after we returned
            caller = caller.f_back
        code = creation.coroutine_code(coro)
        number = 0 if code is None else codes.number(code)
        previous = rec.swap(placeholder)
        parent = 0 if previous is None else key(previous)
        rec.ext((head(EAGER, key(placeholder)), state.clock(), parent, number, len(frames), *frames))
        return placeholder, previous, given

    def finish(task, placeholder, previous, given):
        rec.swap(previous)
        outcome, values = ending(task, given)
        rec.ext((head(EAGER_END, key(placeholder), outcome), *values))
        if task is not None and getattr(task, "_loopscope", None) is None and task.done():
            if recorder.outcome_of(task) == RAISED_OUTCOME:
                rec.raised(task)

    def ending(task, given):
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

    def set_task_factory(factory):
        stock_set(factory)
        own[0] = factory
        if factory is not None:
            stock_set(wrap(factory))  # uvloop keeps it where nobody else can put it

    def get_task_factory():
        return own[0]

    for function in (create, begin, finish, set_task_factory):
        codes.mark(function.__code__, codes.SKIP)
    if own[0] is not None:
        stock_set(wrap(own[0]))
    rec.restore_factory = lambda: own[0] and stock_set(own[0])
    loop.set_task_factory = set_task_factory
    loop.get_task_factory = get_task_factory
    if sys.version_info >= (3, 14):
        if isinstance(loop, sys.modules["asyncio"].base_events.BaseEventLoop):
            watch_eager_start(loop, begin, finish)
        else:
            watch_compiled_start(loop, own, create)


def watch_eager_start(loop, begin, finish):
    """Since 3.14 `create_task` may start a task without a factory: the stock one is replaced by its mirror, which tells of that."""
    asyncio = sys.modules["asyncio"]
    tasks = asyncio.tasks
    loop_class = type(loop)
    stock = loop_class.create_task
    if stock is not asyncio.base_events.BaseEventLoop.create_task or not guard.is_mirrored(stock):
        return

    def create_task(coro, **kwargs):
        if loop_class.create_task is not stock:  # somebody has replaced it since
            return loop_class.create_task(loop, coro, **kwargs)
        if loop._closed:
            loop._check_closed()  # stock: self._check_closed()
        if loop._task_factory is not None:
            return loop._task_factory(loop, coro, **kwargs)  # stock: return self._task_factory(self, coro, **kwargs)
        opened = None
        if kwargs.get("eager_start"):
            try:
                opened = begin(coro, kwargs, sys._getframe())
            except Exception as exc:
                state.fault(exc, "create_task")
        task = None
        try:
            task = tasks.Task(coro, loop=loop, **kwargs)  # stock: task = tasks.Task(coro, loop=self, **kwargs)
        finally:
            if opened is not None:
                try:
                    finish(task, *opened)
                except Exception as exc:
                    state.fault(exc, "create_task")
        if task._source_traceback:
            del task._source_traceback[-1]
        try:
            return task
        finally:  # as asyncio does: the frame must not keep the task
            del task

    loop.create_task = mimic.disguise(create_task, stock)


def watch_compiled_start(loop, own, create):
    """The same for a loop that is compiled, as uvloop is. own: holds the user's task factory; create: calls one between an EAGER and an EAGER_END."""
    stock = loop.create_task

    def make(_, coro, **kwargs):
        return stock(coro, **kwargs)

    def create_task(coro, **kwargs):
        if own[0] is not None or not kwargs.get("eager_start"):
            task, ours = stock(coro, **kwargs), 1
        else:
            task, ours = create(make, loop, coro, kwargs), 3
        if own[0] is None and getattr(task, "_source_traceback", None):
            del task._source_traceback[-ours:]
        try:
            return task
        finally:  # the frame must not keep the task
            del task

    for function in (make, create_task):
        codes.mark(function.__code__, codes.SKIP)
    loop.create_task = create_task
