"""Task factories: the user's own is chained, with every keyword, and a task it starts at once (3.12+) is recorded whole."""

import sys

from . import codes, recorder, state
from .records import EAGER, EAGER_END, NOT_EAGER, RAISED_OUTCOME, SUSPENDED


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
        n, frames = codes.stack(caller, 32)
        given = kwargs.get("name")
        while given is None and caller is not None and caller.f_code.co_name == "create_task":
            given = caller.f_locals.get("name")  # these name the task only after we returned
            caller = caller.f_back
        code = recorder.coroutine_code(coro)
        previous = rec.swap(placeholder)
        parent = 0 if previous is None else hash(previous)
        rec.ext(recorder.pack([EAGER, hash(placeholder), state.now(), parent, n, code] + frames))
        return placeholder, previous, given

    def finish(task, placeholder, previous, given):
        rec.swap(previous)
        rec.ext(recorder.pack([EAGER_END, hash(placeholder)] + ending(task, given)))
        if task is not None and getattr(task, "_loopscope", None) is None and task.done():
            if recorder.outcome_of(task) == RAISED_OUTCOME:
                rec.raised(task)

    def ending(task, given):
        """task, t, outcome, future, n, frames, name: how the task left its first step, if it had one."""
        if task is None or not hasattr(task, "get_coro"):
            return [0 if task is None else hash(task), state.now(), NOT_EAGER, 0, 0, 0]
        key = hash(task)
        if getattr(task, "_loopscope", None) is not None:
            return [key, state.now(), NOT_EAGER, 0, 0, 0]
        name = state.text(task.get_name() if given is None else str(given))
        state.counts["seen"] += 1
        if task.done():
            return [key, state.now(), recorder.outcome_of(task), 0, 0, name]
        chain = []
        n = recorder.frames_below(task.get_coro(), chain)
        recorder.chain_of(task)
        waits_on = getattr(task, "_fut_waiter", None)
        return [key, state.now(), SUSPENDED, 0 if waits_on is None else hash(waits_on), n] + chain + [name]

    def set_task_factory(factory):
        stock_set(factory)
        own[0] = factory
        if factory is not None:
            loop._task_factory = wrap(factory)

    def get_task_factory():
        return own[0]

    for function in (create, begin, finish, set_task_factory):
        codes.mark(function.__code__, codes.SKIP)
    if own[0] is not None:
        loop._task_factory = wrap(own[0])
    rec.restore_factory = lambda: own[0] and stock_set(own[0])
    loop.set_task_factory = set_task_factory
    loop.get_task_factory = get_task_factory
