"""What nobody will look at any more, told while it happens: tasks that failed and were not asked, tasks that nothing refers to.

asyncio tells of both when the garbage collector comes by, which may be never. The drain thread looks here now and then.
"""

import sys
from time import thread_time_ns
from weakref import ref

from . import missed, pipes, state, stuck, wire
from .records import LOST, STUCK, UNASKED, head, key

GRACE_NS = 200_000_000  # whoever is to look at a failed task has mostly done so by then
MAX_FAILED = 1000  # failed tasks that are remembered; of more, asyncio tells
MAX_TASKS = 2000  # a program with more live tasks is not searched: it would cost too much
AGAIN_NS = 1_000_000_000  # between looks at the same waits that were found free
BUDGET_NS = 3_000_000  # of processor time, of one search; the next goes on where it stopped
PRICE = 500  # a search that took t is not repeated within PRICE * t
NEAR, FAR = 30, 300  # how many objects are looked at for one task: each time, and once for each wait

suspects = {}  # weak reference to a task that was found alone -> the future it waits on; None once that was told
held = {}  # weak reference to a task -> the future at whose wait the far look found it held
waiting = {}  # weak reference to a task -> the future it waited on at the last search
free = [None, 0]  # waits among which none was found for ever; when they are looked at again: what refers to what may change without them
in_vain = [{}, {}]  # what `stuck.find` found last, and what of it was told
for_child = [[], []]  # the same of `pipes.find`
next_search = [0, 0]  # when; at which task


def look(t):
    """For the drain thread, at each of its turns: writes records, and returns frames."""
    if state.failed:
        look_at_failed(t)
    if t < next_search[0]:
        return ()
    began = thread_time_ns()
    tasks = all_tasks()
    looked_at = len(tasks) <= MAX_TASKS and stuck.reliable()
    references = [lasting_ref(task) for task in tasks] if looked_at else []
    del tasks  # references are counted now
    frames = ()
    if looked_at:
        still = unmoved(references)
        search(still, began)
        if state.options["detail"] != "light":  # of a circle, what its tasks wait for could not be told
            frames = (*search_stuck(still, t), *search_pipes(still, t))
    next_search[0] = t + max(GRACE_NS, PRICE * (thread_time_ns() - began))
    return frames


def lasting_ref(task):
    """A weak reference that remains a key of dictionaries when the task is gone: it must have been hashed before."""
    reference = ref(task)
    hash(reference)
    return reference


def emit(*values):
    state.common().ext(values)


def look_at_failed(t):
    failed = state.failed
    n = len(failed)
    kept = []
    for entry in failed[: min(n, MAX_FAILED)]:
        reference, when, told = entry
        task = reference()
        if task is None:
            continue  # asyncio told of it, or somebody asked
        if not getattr(task, "_log_traceback", False):
            if told:
                emit(head(UNASKED, key(task), 0), t / 1e9)
            continue
        if not told and t - when >= GRACE_NS:
            emit(head(UNASKED, key(task), 1), when / 1e9)
            entry[2] = True
        kept.append(entry)
    failed[:n] = kept


def unmoved(references):
    """The tasks that wait on what they waited on at the last search, as far as can be told: what runs is neither lost nor stuck."""
    before = dict(waiting)
    waiting.clear()
    for reference in references:
        future = getattr(reference(), "_fut_waiter", None)
        if future is not None:
            waiting[reference] = id(future)
        future = None
    return [reference for reference in waiting if before.get(reference) == waiting[reference]]


def search(references, began):
    """Looks for tasks that nothing refers to. One must be found twice, for threads move references meanwhile."""
    position = next_search[1] if next_search[1] < len(references) else 0
    for reference in references[position:]:
        position += 1
        suspect(reference)
        if thread_time_ns() - began > BUDGET_NS:
            break
    next_search[1] = position
    for reference in [each for each in suspects if each not in waiting]:  # it runs, or is gone
        del suspects[reference]
    for reference in [each for each in held if each() is None]:
        del held[reference]


def search_stuck(still, t):
    """Looks for tasks that only wait for one another, among those that have not moved since the last search."""
    found = {}
    if len(still) < 2:  # asyncio may not even be there
        waits = {}
    else:
        asyncio_tasks = state.asyncio.tasks
        waits = {reference: waiting[reference] for reference in still if not sleeps(reference(), asyncio_tasks.sleep)}
    if len(waits) > 1 and (waits != free[0] or t >= free[1]):
        found = stuck.find(waits, asyncio_tasks._GatheringFuture)
        free[:] = (None, 0) if found else (waits, t + AGAIN_NS)
    again = found == in_vain[0]
    in_vain[0] = found
    if not again or found == in_vain[1]:
        return ()
    in_vain[1] = found
    rows = [[int(k), [int(other) for other in others]] for k, others in found.items()]
    return [wire.json_frame(STUCK, {"t": t, "tasks": rows})]


def search_pipes(still, t):
    """Looks for tasks that wait for a child process which waits for them."""
    waits = pipes.waits(still, sleeps)
    found = pipes.find(waits) if waits else []
    again = found == for_child[0]
    for_child[0] = found
    if not again or found == for_child[1]:
        return ()
    for_child[1] = found
    return [wire.json_frame(STUCK, {"t": t, "tasks": [], "pipes": found})]


def sleeps(task, sleep):
    """Whether a task waits in `asyncio.sleep`, whose timer wakes it whatever others do, or in another coroutine function."""
    st = getattr(task, "_loopscope", None)
    leaf = st[1:2] if type(st) is list else []  # it is emptied, in the loop's thread, as the task ends
    return bool(leaf) and getattr(leaf[0], "cr_code", None) is sleep.__code__


def all_tasks():
    """The tasks of the loops that run, those that were missed being looked for on the way; none when they come and go too fast to be listed."""
    tasks = []
    try:
        for stream in list(state.streams):
            loop = None if stream.resting or stream.loop is None else stream.loop()
            if loop is not None:
                there = state.asyncio.all_tasks(loop)
                missed.look(loop, there)
                tasks.extend(there)
    except RuntimeError:
        return ()
    return tasks


def suspect(reference):
    task = reference()
    future = getattr(task, "_fut_waiter", None)
    # Of a task that nobody holds, these are: the wake-up callback, perhaps itself, `task` and getrefcount's argument.
    if future is None or sys.getrefcount(task) > 5:
        suspects.pop(reference, None)
        return
    waits_on = id(future)
    name = key(task)
    task = future = None
    alone = is_alone(reference, NEAR)
    if not alone and held.get(reference) != waits_on:
        alone = is_alone(reference, FAR)
        if not alone:
            held[reference] = waits_on
    if not alone:
        suspects.pop(reference, None)
    elif suspects.get(reference, 0) == waits_on:
        suspects[reference] = None
        emit(head(LOST, name), state.clock(), state.text("Nothing refers to the task but itself"))
    elif suspects.get(reference, 0) is not None:
        suspects[reference] = waits_on


def is_alone(reference, limit):
    """Whether nothing refers to a suspended task but what only the task itself keeps alive.

    What the garbage collector does, for a part of the heap: of what can be reached from the task, that is garbage which has
    references only from there, and from nothing that is referred to from elsewhere. What is found so is garbage for certain,
    whichever part is looked at; a larger part finds more.
    """
    things = [task for task in (reference(),) if task is not None]
    if not things:
        return False
    graph = stuck.Graph(things, limit, getattr(things[0], "_loop", None))
    return 0 not in graph.spread(graph.reached_from_elsewhere())
