"""A random asyncio program: what it does depends on its seed alone. Prints what happened; writes what it knows of its tasks to a file.

    doings.py SEED LOOP TRUTH SIZE FLAGS    LOOP: asyncio (its time is virtual, so that timers come in one order) or uvloop (no timer comes)

This file has what its tasks share, and what is known of them; `doings.py` what they do.
"""

import asyncio
import concurrent.futures
import gc
import inspect
import selectors
import sys
import time
import types

SEED, LOOP, TRUTH = sys.argv[1:4]
SIZE, FLAGS = int(sys.argv[4]), sys.argv[5].split(",")
NEW = sys.version_info
log = []  # what happened, in order
known = {}  # task -> key of the one that made it, or None; they live to the end, so that no key is used twice
expected = []  # checkpoints
kept = []
budget = [SIZE * 25]


def key(thing):
    return hash(thing) % 2**32


def current():
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


def note(task, parent):
    if isinstance(task, asyncio.Future) and hasattr(task, "get_coro") and task not in known:
        known[task] = None if parent is None else key(parent)
    return task


def chain(c):
    out = []
    while c is not None and len(out) < 400:
        kind = type(c)
        if kind is types.CoroutineType:
            f, below = c.cr_frame, c.cr_await
        elif kind is types.GeneratorType:
            f, below = c.gi_frame, c.gi_yieldfrom
        elif kind is types.AsyncGeneratorType:
            f, below = c.ag_frame, c.ag_await
        else:
            if kind.__name__ in ("coroutine_wrapper", "async_generator_asend", "async_generator_athrow"):
                c = next((r for r in gc.get_referents(c) if type(r) in (types.CoroutineType, types.AsyncGeneratorType)), None)
                continue
            break
        if f is not None:
            out.append([f.f_code.co_filename.rpartition("/")[2], f.f_lineno, f.f_code.co_name])
        c = below
    return out


def checkpoint():
    """What every suspended task of this loop waits at, this very moment."""
    loop = asyncio.get_running_loop()
    me = current()
    rows = []
    t = time.monotonic()
    for task in asyncio.all_tasks(loop):
        if task is me or task.done():
            continue
        coro = task.get_coro()
        if getattr(coro, "cr_running", False):  # it is starting the task that runs
            continue
        frames = chain(coro)
        begun = getattr(coro, "cr_frame", None) is not None and inspect.getcoroutinestate(coro) != "CORO_CREATED"
        if not begun:
            rows.append([key(task), task.get_name(), None, 0, False])
            continue
        waits = task._fut_waiter
        ready = waits is None or waits.done()
        rows.append([key(task), task.get_name(), frames, 0 if waits is None else key(waits), ready])
    expected.append([t, time.monotonic(), None if me is None else key(me), rows])


class Virtual(selectors.EpollSelector):
    """Time goes by only while nothing else is to be done."""

    now = 1000.0

    def select(self, timeout=None):
        events = super().select(0)
        if not events and (timeout is None or timeout > 0):
            if timeout is None:
                return super().select(5)  # threads
            Virtual.now += timeout + 1e-6
        return events


def virtual_loop():
    loop = asyncio.SelectorEventLoop(Virtual())
    loop.time = lambda: Virtual.now
    loop.slow_callback_duration = 1e9
    return loop


class Now(concurrent.futures.Executor):
    """An executor whose work is done before it is waited for."""

    def submit(self, function, *args, **kwargs):
        future = concurrent.futures.Future()
        try:
            future.set_result(function(*args, **kwargs))
        except BaseException as exc:
            future.set_exception(exc)
        return future


class Later:
    """What stands for timers on a loop whose time nobody can set: so many turns of the loop."""

    def __init__(self, loop):
        self.loop, self.left, self.on = loop, [], False

    def after(self, turns, function, *args):
        self.left.append([turns, function, args])
        if not self.on:
            self.on = True
            self.loop.call_soon(self.turn)

    def turn(self):
        due = []
        for entry in self.left:
            entry[0] -= 1
            if entry[0] <= 0:
                due.append(entry)
        self.left = [e for e in self.left if e[0] > 0]
        for _, function, args in due:
            function(*args)
        self.on = bool(self.left)
        if self.on:
            self.loop.call_soon(self.turn)


class Ordered(dict):
    """A set whose order does not depend on addresses."""

    def add(self, thing):
        self[thing] = None

    def discard(self, thing):
        self.pop(thing, None)


class World:
    """What the tasks of one loop share."""

    def __init__(self, loop):
        self.loop = loop
        self.locks = [asyncio.Lock() for _ in range(2)]
        self.semaphores = [asyncio.Semaphore(2), asyncio.BoundedSemaphore(1)]
        self.conditions = [asyncio.Condition(), asyncio.Condition(self.locks[0])]
        self.events = [asyncio.Event() for _ in range(2)]
        self.queues = [asyncio.Queue(1), asyncio.PriorityQueue(2), asyncio.LifoQueue()]
        self.barriers = [asyncio.Barrier(2)] if hasattr(asyncio, "Barrier") else []
        self.tasks = []
        self.later = Later(loop)
        self.executor = Now()

    def after(self, delay, function, *args):
        if LOOP == "uvloop":
            self.later.after(int(delay * 1000), function, *args)
        else:
            self.loop.call_later(delay, function, *args)


def few(dice):
    return dice.choice((1, 1, 2, 3, 6))


def current_cancelling():
    task = current()
    return task.cancelling() if hasattr(task, "cancelling") else False


def set_unless_done(future):
    if not future.done():
        future.set_result(None)


async def finish(world):
    """Ends whatever still waits, as far as it can be ended."""
    me = current()
    world.loop.set_task_factory(None)
    order = {task: n for n, task in enumerate(known)}
    for _ in range(30):
        left = [task for task in asyncio.all_tasks() if task is not me]
        if not left:
            break
        for task in sorted(left, key=lambda task: (order.get(task, 0), len(task.get_name()), task.get_name())):
            task.cancel()
        for _ in range(20):
            await asyncio.sleep(0)


def new_loop():
    if LOOP == "uvloop":
        import uvloop

        loop = uvloop.new_event_loop()
    else:
        loop = virtual_loop()
    loop.slow_callback_duration = 1e9
    loop.set_exception_handler(lambda loop, context: log.append(("handler", context["message"].split(" at 0x")[0].split("<")[0])))
    return loop


def outcome(task):
    if not task.done():
        return "pending"
    return "cancelled" if task.cancelled() else "raised" if task.exception() else "returned"
