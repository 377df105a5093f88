"""Tasks of classes that do not derive from asyncio's: followed where they behave as tasks do, and counted where they do not.

What is asked of such a class: that `asyncio.isfuture` takes it for a future; `get_coro` and `get_name`; objects that take an attribute
and are equal to none but themselves; and that a bound method of its own is what steps it. It is the one that is scheduled.
"""

import gc
from types import AsyncGeneratorType, CoroutineType, GeneratorType

ASKED = ("_asyncio_future_blocking", "get_coro", "get_name", "done", "cancelled", "add_done_callback")
NO_STEP = ("cancel", "set_result", "set_exception", "remove_done_callback", "add_done_callback", "result", "exception")
BELOW = {CoroutineType: "cr_await", GeneratorType: "gi_yieldfrom", AsyncGeneratorType: "ag_await"}
NO_STATE = not hasattr(CoroutineType, "cr_suspended")
DEEPEST = 500  # what a chain of awaits is followed for

_kinds = {}  # class -> whether it is one of tasks
own = ()  # asyncio's classes of tasks


def start(asyncio):
    """Called when asyncio is there."""
    global own
    own = (asyncio.tasks.Task, asyncio.tasks._PyTask)


def is_task(kind):
    """Whether a class is one of tasks, asyncio's own included."""
    try:
        return _kinds[kind]
    except KeyError:
        answer = _kinds[kind] = (
            all(hasattr(kind, name) for name in ASKED)
            and kind.__hash__ is object.__hash__
            and kind.__dictoffset__ != 0
            and kind.__weakrefoffset__ != 0
        )
        return answer


def stepped_by(callback):
    """The task of a foreign class that a bound method steps, or None."""
    task = callback.__self__
    if is_task(type(task)) and not isinstance(task, own) and callback.__name__ not in NO_STEP and can_tell(task):
        return task
    return None


def can_tell(task):
    """Whether a task says what it runs; one that is being made may not yet."""
    if isinstance(task, own):  # not asked: CPython 3.12.0 and 3.12.1 crash in `get_coro` of a task that ended as it was started at once
        return True
    if not is_task(type(task)):
        return False
    try:
        task.get_coro()
        task.get_name()
    except AttributeError:
        return False
    return True


def started(coro):
    """Whether a native coroutine has begun to run."""
    if type(coro) is not CoroutineType:
        return False
    if NO_STATE:  # 3.10
        return coro.cr_frame is None or coro.cr_frame.f_lasti >= 0
    return coro.cr_suspended or coro.cr_running or coro.cr_frame is None


def waiter_of(task):
    """The future that a suspended task waits on, or None."""
    try:
        return task._fut_waiter
    except AttributeError:
        return awaited(task.get_coro())


def awaited(coro):
    """The future at which a suspended coroutine waits, or None: asyncio's tasks know theirs, others keep it where nobody sees it."""
    for _ in range(DEEPEST):
        name = BELOW.get(type(coro))
        below = name and getattr(coro, name)
        if below is None:
            break
        coro = below
    if type(coro) is GeneratorType and coro.gi_frame is not None:  # a future's `__await__` in Python
        found = [coro.gi_frame.f_locals.get("self")]
    else:
        found = gc.get_referents(coro)
    return next((each for each in found if getattr(each, "_asyncio_future_blocking", None) is not None), None)
