"""Locks, queues and their like: when each was made, under which name, and who holds it.

asyncio's classes get, for an attribute that they set at creation or at every acquire and release, a descriptor that has only
`__set__`: it stores the value in the instance's `__dict__` as before, so `vars`, `copy`, `pickle` and reads are what they were.
"""

from _thread import get_ident
from sys import _getframe as getframe

from . import codes, labels, loops, state
from .records import HOLD, KEYS, O_BARRIER, O_CONDITION, O_EVENT, O_LOCK, O_QUEUE, O_SEMAPHORE, OBJECT, head, key

MANY = 50  # objects of one place whose whole creation stack is told; of later ones, the frames up to the user's, or the innermost
MAX_PLACES = 1000  # that are remembered
MAX_WAYS = 4  # of each

clock = state.clock
here = loops.here
STOP = codes.STOP
HEADS = [head(OBJECT, 0, kind) for kind in range(O_QUEUE + 1)]
ACQUIRED_HEAD, RELEASED_HEAD = head(HOLD, 0, 1), head(HOLD, 0, 0)


class Setter:
    """Stores an attribute in the instance; who derives from it says how, and what it tells of that."""

    def __init__(self, name):
        self.name = name

    def __delete__(self, instance):
        try:
            del instance.__dict__[self.name]
        except KeyError:
            raise AttributeError(self.name) from None


def start(asyncio, recorder_here):
    """Puts the descriptors on asyncio's classes; recorder_here() is the recorder of the calling thread's loop, or None."""
    locks, queues = asyncio.locks, asyncio.queues
    queue_init = queues.Queue.__init__.__code__
    wake_up_next = locks.Semaphore._wake_up_next.__code__

    counts = {}  # how many objects each place made
    # And of those that made many, the ways in which they did: the code of each frame above, up to the user's or the loop's, and the offset of each
    # that is told, else None; what the record says of that; what names the object.
    places = {}

    def made(kind, instance, above=3):
        """An object was made by the frame that is so many above this function's, which called the `__init__` of asyncio's."""
        try:
            maker = getframe(above)
            for way, fields, label in places.get(id(maker.f_code) + maker.f_lasti, ()):
                frame = maker
                for code, offset in way:
                    frame = frame.f_back
                    if frame.f_code is not code or (offset is not None and frame.f_lasti != offset):
                        break
                else:
                    head = HEADS[kind] - hash(instance) % KEYS
                    record = (head, clock(), *fields, state.text(label)) if label else (head, clock()) + fields
                    (here.get(get_ident()) or recorder_here() or state.common()).ext(record)
                    return
            if maker.f_code is queue_init:  # a descriptor on the queue itself would slow every put and get
                made(O_QUEUE, maker.f_locals["self"], above + 2)
                return
        except (ValueError, AttributeError) as exc:  # the stack is not that deep, or ends there
            if not state.ours(exc):
                raise
        slowly(kind, instance, above)

    def slowly(kind, instance, above):
        """The same, looking at each frame; what asyncio makes for its own use does not count."""
        init = getframe(above)
        maker = caller = init.f_back
        if getattr(type(instance).__init__, "__code__", None) is not init.f_code:  # its class has one of its own
            while caller is not None and caller.f_code.co_name == "__init__" and caller.f_locals.get("self") is instance:
                caller = caller.f_back
        if caller is not None and caller.f_globals.get("__name__") in ("asyncio.queues", "asyncio.locks"):
            if not (kind == O_LOCK and isinstance(caller.f_locals.get("self"), locks.Condition)):
                return
        while caller is not None and not codes.is_user_code(caller.f_code):
            caller = None if codes.base_of(caller.f_code) == STOP else caller.f_back  # who runs the loop did not make it
        label = None if caller is None else (caller.f_code, caller.f_lasti)
        frames = codes.stack(maker, 32)
        rec = here.get(get_ident()) or recorder_here()
        ext = state.common().ext if rec is None else rec.ext
        ext((HEADS[kind] - hash(instance) % KEYS, clock(), len(frames), *frames, state.text(label)))
        if maker is not None and codes.base_of(maker.f_code) > 0:
            remember(maker, caller, frames, label)

    def remember(maker, caller, frames, label):
        """Notes what tells that an object is made as another was, where many are: the frames up to the one in which it is called something, or up to the loop's."""
        if len(counts) > MAX_PLACES:
            counts.clear()
            places.clear()
        place = id(maker.f_code) + maker.f_lasti  # of code that is kept; no other lies there
        n = counts[place] = counts.get(place, 0) + 1
        if n < MANY:
            return
        frame, way, told = maker, [], 1
        while frame is not caller:
            frame = frame.f_back
            if frame is None:
                return
            base = codes.base_of(frame.f_code)
            way.append((frame.f_code, None if caller is None else frame.f_lasti))
            if base == STOP:
                break
            told += base > 0 and caller is not None
        name = "" if label is None else labels.known_name(label)
        fields = (told, *frames[:told]) if name else (told, *frames[:told], 0)
        places[place] = ((way, fields, name), *places.get(place, ()))[:MAX_WAYS]

    def hold(instance, head, holder=None):
        rec = here.get(get_ident()) or recorder_here()
        if rec is not None:
            rec.ext((head - hash(instance) % KEYS, clock(), rec.current() if holder is None else holder))

    def lock(self, instance, value):
        fields = instance.__dict__
        previous = fields.get("_locked")
        fields["_locked"] = value
        if not state.active:
            return
        try:
            if previous is None:
                made(O_LOCK, instance)
            elif value != previous:
                hold(instance, ACQUIRED_HEAD if value else RELEASED_HEAD)
        except Exception as exc:
            state.fault(exc, "objects")

    def semaphore(self, instance, value):
        fields = instance.__dict__
        previous = fields.get("_value")
        fields["_value"] = value
        if not state.active:
            return
        try:
            if previous is None:
                made(O_SEMAPHORE, instance)
            elif value > previous:
                hold(instance, RELEASED_HEAD)
            elif value < previous:
                frame = getframe(1)
                hold(instance, ACQUIRED_HEAD, waiter_of(frame.f_locals.get("fut")) if frame.f_code is wake_up_next else None)
        except Exception as exc:
            state.fault(exc, "objects")

    def of_kind(kind, name):
        def once(self, instance, value):
            fields = instance.__dict__
            previous = fields.get(name)
            fields[name] = value
            if previous is not None or not state.active:
                return
            try:
                made(kind, instance)
            except Exception as exc:
                state.fault(exc, "objects")

        return once

    def waiter_of(future):
        """The task that awaits a future: its wake-up is the future's callback."""
        for entry in getattr(future, "_callbacks", None) or ():
            owner = getattr(entry[0], "__self__", None)
            if hasattr(owner, "get_coro"):
                return key(owner)
        return 0

    def put(cls, name, store):
        state.replace(cls, name, type("Setter", (Setter,), {"__set__": store})(name))

    put(locks.Lock, "_locked", lock)
    put(locks.Semaphore, "_value", semaphore)
    put(locks.Event, "_waiters", of_kind(O_EVENT, "_waiters"))
    put(locks.Condition, "_lock", of_kind(O_CONDITION, "_lock"))
    if hasattr(locks, "Barrier"):
        put(locks.Barrier, "_parties", of_kind(O_BARRIER, "_parties"))
