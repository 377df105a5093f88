"""Tasks that were not seen when they were made: found, counted, and followed from then on.

asyncio knows its tasks, and a loop what is to run next. Both are compared with what was seen whenever a loop stops, and now and then
while it runs.
"""

from itertools import islice

from . import foreign, loops, state
from .records import key

MANY = 2000  # of what is to run next, only so many are looked at
untold = set()  # keys of those that were counted, but cannot be told of


def is_unseen(task):
    return getattr(task, "_loopscope", None) is None and not task.done() and key(task) not in untold


def unseen(rec, loop, tasks):
    """Those of a loop's tasks that nobody saw. Asked in another thread, it may count a task whose first step begins at this moment.

    A task is left alone until it first waits: it was seen if it is in one of a fused loop's handles, is pending elsewhere, or runs.
    """
    found = [task for task in tasks if is_unseen(task)]
    if found:
        handles = list(loops.ready(loop))
        scheduled = {id(handle._task) for handle in handles if type(getattr(handle, "_by", None)) is float and hasattr(handle, "_task")}
        running = rec.current()
        seen = {key(task) for task in found if id(task) in scheduled or key(task) in rec.pending}
        found = [task for task in found if key(task) not in seen and key(task) != running and is_unseen(task)]
    return found


def look(loop, tasks):
    """For the drain thread, with the tasks of a loop that runs: lets the loop count, where there is something to count."""
    rec = loops.of(loop)
    if rec is None or rec.adopting:
        return
    if unseen(rec, loop, tasks) or unseen(rec, loop, about_to_run(rec, loop)):
        # The class's own method: what is scheduled so is recorded as a callback of nobody.
        type(loop).call_soon_threadsafe(loop, count, loop)


def about_to_run(rec, loop):
    """The tasks whose steps a loop has before it, as far as it shows them."""
    if rec.step_of is None:
        return []
    ready = list(islice(loops.ready(loop), MANY))  # at once: what is run to look at them may have the collector schedule more
    return [task for task in (rec.step_of(handle._callback)[0] for handle in ready) if task is not None]


def count(loop):
    """In the loop's thread, between two callbacks or as it stops."""
    rec = loops.of(loop)
    if rec is None:
        return
    try:
        rec.count()
        for task in unseen(rec, loop, {*rec.all_tasks(loop), *about_to_run(rec, loop)}):
            found(rec, task)
    except Exception as exc:
        state.fault(exc, "the count of tasks")


def found(rec, task, since=None):
    """A task that was never seen. since: when it was there already, in seconds."""
    over = not state.active or rec.stream not in state.streams  # what was noted on it is taken off while its loop is in the midst of an iteration
    if not rec.adopting and not over:  # else it was there before the recording
        state.counts["missed"] += 1
    if foreign.can_tell(task):
        rec.adopt(task, since)
    else:
        untold.add(key(task))
        state.note("tasks of the class %s do not say what they run: they are counted, but not shown" % type(task).__qualname__)
