"""Tasks that can only be woken by one another: found in what refers to what, whatever they wait for.

A task that is suspended wakes when somebody completes the future it waits on, and only who can reach that future, or the lock or
queue that leads to it, can do that. So, of the objects that suspended tasks refer to: what something else refers to may be acted
upon; a task that waits on such a thing may wake, and may then act upon all that it refers to itself. Tasks that are left when
that ends are stuck for ever, timers and sockets or not; all that can be done from outside is to cancel them.
"""

import builtins
import gc
import sys
from contextvars import Context
from types import AsyncGeneratorType, CodeType, CoroutineType, FrameType, GeneratorType, ModuleType
from weakref import getweakrefcount

from . import state
from .records import key

MAX_TASKS = 200
MAX_THINGS = 4000
MAX_STUCK = 40  # with more, who could wake whom is not worked out
LASTING = (type, ModuleType, CodeType, Context)  # not looked into: what these refer to counts as referred to from elsewhere
# Since 3.14 a local that is about to be used is pushed uncounted. A frame that is suspended in `await` or `yield from` has counted
# all that it holds, but in `f(x, (yield))` it refers to x twice, by the local and by the argument, and counts that once.
BORROWING = (GeneratorType, AsyncGeneratorType) if sys.version_info >= (3, 14) else ()


def reliable():
    """Whether every reference to an object is counted where it is made: not without the GIL."""
    return state.has_gil()


class Graph:
    """A part of the heap: what can be reached from some things, and how often each is referred to from elsewhere."""

    def __init__(self, things, limit, *skipped):
        """Takes the only reference to the list, whose items nobody else may hold while the references are counted."""
        self.things = things
        ignored = {id(builtins.__dict__), *map(id, skipped)}
        self.numbers = numbers = {id(thing): i for i, thing in enumerate(things)}
        self.below = below = []  # for each thing, the numbers of those it refers to
        for thing in things:  # which grows
            row = []
            others = gc.get_referents(thing)
            if isinstance(thing, BORROWING):  # each once: if that is too few, it counts as referred to from elsewhere
                others = list({id(other): other for other in others}.values())
            for other in others:
                i = numbers.get(id(other))
                if i is None:
                    if len(things) >= limit or not gc.is_tracked(other) or isinstance(other, LASTING) or id(other) in ignored:
                        continue
                    if type(other) is dict and "__builtins__" in other:  # a module's
                        continue
                    i = numbers[id(other)] = len(things)
                    things.append(other)
                row.append(i)
            below.append(row)

    def reached_from_elsewhere(self):
        """The numbers of the things that something outside this part refers to, and can act upon by that."""
        things = self.things
        inside = [0] * len(things)
        for row in self.below:
            for i in row:
                inside[i] += 1
        measure = [object()]
        own = sys.getrefcount(measure[0])
        more = [i for i in range(len(things)) if sys.getrefcount(things[i]) > inside[i] + own]
        ours = {id(getattr(thing, "_loopscope", None)) for thing in things if hasattr(thing, "_fut_waiter")}
        return [i for i in more if id(things[i]) not in ours and not inert(things[i])]

    def spread(self, reached, barrier=0):
        """All that can be reached from the numbers in `reached`, which grows; not into the first `barrier` things."""
        seen = set(reached)
        for i in reached:
            for j in self.below[i]:
                if j >= barrier and j not in seen:
                    seen.add(j)
                    reached.append(j)
        return seen


def inert(thing):
    """What is of no use to who has it: a coroutine that is suspended, and its frame."""
    kind = type(thing)
    return kind is FrameType or (kind is CoroutineType and suspended(thing))


def suspended(coroutine):
    try:
        return coroutine.cr_suspended
    except AttributeError:  # before 3.11
        return coroutine.cr_frame is not None and coroutine.cr_frame.f_lasti >= 0 and not coroutine.cr_running


def find(references, gathering):
    """{key of a stuck task: keys of the stuck tasks that could wake it}, for tasks given by weak references."""
    tasks = [task for task in (reference() for reference in references) if getattr(task, "_fut_waiter", None) is not None]
    count = len(tasks)
    if not 2 <= count <= MAX_TASKS:
        return {}
    graph = Graph(tasks + [task.get_coro() for task in tasks], MAX_THINGS, getattr(tasks[0], "_loop", None))
    del tasks
    waits = [wait_of(task, gathering) for task in graph.things[:count]]  # futures or, where all of several must end, lists of tasks
    for thing in graph.things[2 * count :]:
        if type(thing).__name__ == "TaskGroup" and type(thing).__module__ == "asyncio.taskgroups":
            ending = getattr(thing, "_on_completed_fut", None)
            for n, wait in enumerate(waits):
                if wait is ending and ending is not None:
                    waits[n] = list(thing._tasks)
            ending = wait = None
    numbers = graph.numbers
    waits = [[numbers.get(id(t), -1) for t in wait] if type(wait) is list else numbers.get(id(wait), -1) for wait in waits]
    thing = None
    # A task, or its coroutine, is no way to what it waits on: who has it can only cancel it.
    barrier = 2 * count
    reached = [i for i in graph.reached_from_elsewhere() if i >= barrier]
    reached += [i for i in range(barrier, len(graph.things)) if getweakrefcount(graph.things[i])]
    free = set()
    while True:
        seen = graph.spread(reached, barrier)
        more = [n for n in range(count) if n not in free and may_wake(waits[n], count, free, seen)]
        if not more:
            break
        free.update(more)
        reached = list(seen) + more + [count + n for n in more]
    stuck = [n for n in range(count) if n not in free]
    if len(stuck) < 2:
        return {}
    return {key(graph.things[n]): [key(graph.things[m]) for m in wakers(n, waits[n], count, stuck, graph)] for n in stuck}


def wait_of(task, gathering):
    future = task._fut_waiter
    return list(future._children) if type(future) is gathering else future


def may_wake(wait, count, free, seen):
    """wait: the number of a future, or of tasks that all must end; -1: of something that was not looked at."""
    if type(wait) is list:
        return all(may_wake(each, count, free, seen) for each in wait)
    return wait < 0 or (wait in free if wait < count else wait in seen)


def wakers(task, wait, count, stuck, graph):
    if type(wait) is list:
        return [each for each in wait if each in stuck]
    if wait < count:
        return [wait]
    if len(stuck) > MAX_STUCK:
        return []
    return [other for other in stuck if other != task and wait in graph.spread([other, count + other], 2 * count)]
