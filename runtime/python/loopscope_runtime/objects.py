"""Locks, queues and their like: when each was made, under which name, and who holds it.

asyncio's classes get, for an attribute that they set at creation or at every acquire and release, a descriptor that has only
`__set__`: it stores the value in the instance's `__dict__` as before, so `vars`, `copy`, `pickle` and reads are what they were.
"""

import sys

from . import codes, state
from .records import HOLD, O_BARRIER, O_CONDITION, O_EVENT, O_LOCK, O_QUEUE, O_SEMAPHORE, OBJECT, head, key

MAX_MADE = 1000  # places whose way is remembered


class Setter:
    """Stores `name` in the instance, and calls react(instance, previous, value, frame of the assignment)."""

    def __init__(self, name, react):
        self.name = name
        self.react = react

    def __set__(self, instance, value):
        fields = instance.__dict__
        previous = fields.get(self.name)
        fields[self.name] = value
        if not state.active:
            return
        try:
            self.react(instance, previous, value, sys._getframe(1))
        except Exception as exc:
            state.fault(exc, "objects")

    def __delete__(self, instance):
        try:
            del instance.__dict__[self.name]
        except KeyError:
            raise AttributeError(self.name) from None


codes.mark(Setter.__set__.__code__, codes.SKIP)


def start(asyncio, recorder_here):
    """Puts the descriptors on asyncio's classes; recorder_here() is the recorder of the calling thread's loop, or None."""
    locks, queues = asyncio.locks, asyncio.queues
    queue_init = queues.Queue.__init__.__code__
    wake_up_next = locks.Semaphore._wake_up_next.__code__

    made = {}  # place of who made an object -> how that was reached when it was last, its frames, and where the name stands

    def created(kind):
        def react(instance, previous, value, frame):
            if previous is None:
                creation(kind, instance, frame)

        return react

    def creation(kind, instance, frame):
        """`frame` is in an `__init__` of asyncio's; what asyncio makes for its own use does not count."""
        caller = maker = frame.f_back
        plain = getattr(type(instance).__init__, "__code__", None) is frame.f_code  # its class has none of its own
        if plain and maker is not None:
            place = codes.base_of(maker.f_code) + maker.f_lasti
            before = made.get(place)
            if before is not None and codes.leads(before[0], maker):
                write(kind, instance, *before[1:])
                return
        while not plain and caller is not None and caller.f_code.co_name == "__init__" and caller.f_locals.get("self") is instance:
            caller = caller.f_back
        if caller is not None and caller.f_globals.get("__name__") in ("asyncio.queues", "asyncio.locks"):
            if not (kind == O_LOCK and isinstance(caller.f_locals.get("self"), locks.Condition)):
                return
        frames = codes.stack(maker, 32)
        while caller is not None and not codes.is_user_code(caller.f_code):
            caller = None if codes.base_of(caller.f_code) == codes.STOP else caller.f_back  # who runs the loop did not make it
        label = None if caller is None else (caller.f_code, caller.f_lasti)
        if plain and maker is not None:
            way = codes.way(maker)
            if way is not None:
                if len(made) > MAX_MADE:
                    made.clear()
                made[place] = way, frames, label
        write(kind, instance, frames, label)

    def write(kind, instance, frames, label):
        rec = recorder_here()
        stream = rec.stream if rec is not None else state.common()
        stream.ext((head(OBJECT, key(instance), kind), state.clock(), len(frames), *frames, state.text(label)))

    def hold(instance, change, task_key):
        rec = recorder_here()
        if rec is not None:
            holder = rec.current() if task_key is None else task_key
            rec.ext((head(HOLD, key(instance), int(change > 0)), state.clock(), holder))

    def lock_changed(instance, previous, value, frame):
        if previous is None:
            creation(O_LOCK, instance, frame)
        elif value != previous:
            hold(instance, 1 if value else -1, None)

    def semaphore_changed(instance, previous, value, frame):
        if previous is None:
            creation(O_SEMAPHORE, instance, frame)
        elif value < previous:
            hold(instance, 1, waiter_of(frame.f_locals.get("fut")) if frame.f_code is wake_up_next else None)
        elif value > previous:
            hold(instance, -1, None)

    def event_or_queue(instance, previous, value, frame):
        """A queue makes an event as it is made: a descriptor on the queue itself would slow every put and get."""
        if previous is not None:
            return
        caller = frame.f_back
        if caller is not None and caller.f_code is queue_init:
            creation(O_QUEUE, caller.f_locals["self"], caller)
        else:
            creation(O_EVENT, instance, frame)

    def waiter_of(future):
        """The task that awaits a future: its wake-up is the future's callback."""
        for entry in getattr(future, "_callbacks", None) or ():
            owner = getattr(entry[0], "__self__", None)
            if hasattr(owner, "get_coro"):
                return key(owner)
        return 0

    state.replace(locks.Lock, "_locked", Setter("_locked", lock_changed))
    state.replace(locks.Semaphore, "_value", Setter("_value", semaphore_changed))
    state.replace(locks.Event, "_waiters", Setter("_waiters", event_or_queue))
    state.replace(locks.Condition, "_lock", Setter("_lock", created(O_CONDITION)))
    if hasattr(locks, "Barrier"):
        state.replace(locks.Barrier, "_parties", Setter("_parties", created(O_BARRIER)))
