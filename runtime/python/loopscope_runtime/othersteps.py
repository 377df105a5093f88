"""Which task a rarer kind of callback steps, recorded as it is given to a fused loop: tasks in Python, of foreign classes, and the first of all."""

from types import MethodType

from . import chains, eager, foreign, missed, state
from .records import TASK


def other_step(rec, woken, callback, args, frame, cur, me, by, cause):
    """The task that a callback steps; None if it steps none. Called by `call_soon` itself: who made a task is looked for above that.

    woken: tells of a wake by a future. frame: the caller of `call_soon`. cur, me, by, cause: what runs, as in `fused.install`.
    """
    kind = type(callback)
    if kind is MethodType:
        task = callback.__self__
        if not isinstance(task, foreign.own[1]):
            return foreign_step(rec, woken, callback, args, frame, cur, me, by, cause)
        if callback.__name__ == "__wakeup":
            st = getattr(task, "_loopscope", None)
            if st is None and args and eager.leaves(rec, cur, task, args[0]) is not None:
                return task
            return task if st and args and woken(st, args[0], frame) else None
        if callback.__name__ != "__step":
            return None
    elif kind.__name__ == "TaskStepMethWrapper":
        task = callback.__self__
    else:
        return None
    if task is not cur and not hasattr(task, "_loopscope") and eager.leaves(rec, cur, task) is None:
        rec.made(task, me, 3)
        chains.of(task)
    return task


def first_wake(rec, task, running):
    """The list of a task of asyncio's that wakes and carries none: it waits, in its first step, for what is done, or nobody saw it being made."""
    if task is running:
        return chains.unsure(task)
    missed.found(rec, task)
    return task._loopscope


def foreign_step(rec, woken, callback, args, frame, cur, me, by, cause):
    """The same for a task of a class that does not derive from asyncio's."""
    task = foreign.stepped_by(callback)
    if task is None or task is cur:
        return task
    st = getattr(task, "_loopscope", None)
    if st is None:
        if foreign.started(task.get_coro()):
            missed.found(rec, task)
        else:
            rec.made(task, me, 4)
    elif not args or not woken(st, args[0], frame):
        rec.wake(st[2], TASK if me or by else cause, me or by, frame)
    return task


def lean_head(st, i, head):
    """The first number of light detail's record of a step. Kept in the list of its task, it is not made for each."""
    st[i] = head - st[2]
    return st[i]


def recovered(rec, task, begin, end, exc):
    """A step could not be recorded: its task was never seen before, or this is a fault."""
    if type(exc) in (AttributeError, TypeError) and not (isinstance(task, foreign.own) and hasattr(task, "_loopscope")):
        rec.stepped(task, begin, end)
    else:
        state.fault(exc, "_run_once")
