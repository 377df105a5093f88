"""Await chains: what a suspended task awaits, frame by frame.

Per task, the recorder keeps a list on the task itself, so that it dies with the task; until the task first waits, nothing, or its name as
last written (`creation.py`). What is the same for all tasks that wait at one place is kept once (`Place`). The fields, by index:

0 place     where it was suspended last; START before the first suspension
1 leaf      the innermost native coroutine of its chain then, which may have finished since
2 key       of the task
3 name      of the task, as last written, and as `names.of` gives it
4 head      first number of the record that says "suspended where it was suspended before"; in light detail, of a step that ended with an await, or None
5 base      a coroutine that lasted while those below it were entered anew, or None; in light detail, as `head` of a step that ended with a yield
6 way       what leads from the base to the place (`Place.way`), or None
"""

import gc
import sys
from types import AsyncGeneratorType, CoroutineType, GeneratorType

from . import codes, names, positions
from .records import KEYS, YIELD_HEAD

SLEEP0 = "sleep(0)"
OTHER = "other"
MAX_FRAMES = 500
NO_COROUTINE = AttributeError, TypeError  # what `cr_code`, `cr_await` and `positions.where` raise of anything else

where, lasti = positions.where, positions.lasti


async def _agen():
    yield


class _Awaitable:
    async def go(self):
        pass


def _type_of(make):
    hooks = sys.get_asyncgen_hooks()
    if any(hooks):  # a loop runs: it would take our generator for one of the program's
        sys.set_asyncgen_hooks(None, None)
    thing = make()
    if any(hooks):
        sys.set_asyncgen_hooks(*hooks)
    kind = type(thing)
    thing.close()
    return kind


AsyncSend = _type_of(lambda: _agen().__anext__())
AsyncThrow = _type_of(lambda: _agen().athrow(ValueError))


def _wrapper_type():
    coro = _Awaitable().go()
    wrapper = coro.__await__()
    wrapper.close()
    return type(wrapper)


CoroutineWrapper = _wrapper_type()
INNER = frozenset((CoroutineType, GeneratorType, AsyncGeneratorType, AsyncSend, AsyncThrow, CoroutineWrapper))


class Place:
    """Where tasks are suspended: a chain as it was told, and what is known of a wait there. Tasks with that chain share it.

    frames: (code, offset) of the whole chain, outermost first; the first `natives` of them are of native coroutines, of which `links` are what is
    to be compared. at: that of the innermost, which is the leaf; None if its code leaves no choice. below: the type of what the leaf awaits, or SLEEP0,
    or OTHER: something that must be walked anew each time. awaits: the same where nothing else is to be looked at, else None. bare: whether the
    task yielded. head: first number of the record that says "suspended where it was suspended before", but for the key. handler: what says what
    the leaf waits on: (function, index of the coroutine it asks), or None. by_user: whether the leaf is code of the user. ways: how those that woke
    tasks were reached (`wakers.place`). last: of the object on which a task here waited last, a weak reference to the list of those who wait
    there, what it takes from the head, its key. number: by which the records of the loop name the chain. others: chains that begin like it, by where they are
    different. kept: how many coroutines are taken to last while a task waits here again and again. way: of the innermost of these, its `at`, and the `links` below it. turns: by `where` its leaf was when a task was suspended next, the place that was.
    era: of the recorder, in which the number holds.
    """

    __slots__ = (
        "frames", "natives", "links", "at", "below", "awaits", "bare", "head", "handler", "by_user", "ways", "last", "number", "others", "kept", "way", "turns", "era",
    )  # fmt: skip

    def __init__(self, frames, natives, below, ways):
        self.frames, self.natives, self.below, self.ways = frames, natives, below, ways
        self.links = () if below is OTHER else links(frames[:natives])
        self.at = self.links[-1][1] if self.links else NOWHERE
        self.awaits = self.handler = self.last = self.way = None
        self.bare = self.by_user = False
        self.head = 0.0
        self.number, self.others, self.kept, self.turns, self.era = 0, {}, natives, {}, None

    def shorten(self):
        """The coroutine that was taken to last did not: it is to be the one around it."""
        if self.kept > 1 and self.links:
            self.kept -= 1
            self.way = self.links[self.kept - 1][1], self.links[self.kept :]


class Foreign:
    """Stands for the leaf of a chain that is walked anew each time."""

    cr_await = None


def frames_below(c, out, natives=None):
    """Appends (code, offset) of c and of everything it awaits. natives: gets the coroutines."""
    while c is not None and len(out) < MAX_FRAMES:
        kind = type(c)
        if kind is CoroutineType:
            below = c.cr_await
            if natives is not None:
                natives.append(c)
            if below is not None:  # it is suspended
                out.append((c.cr_code, lasti(c)))
                c = below
                continue
            f = c.cr_frame
        elif kind is GeneratorType:
            f, below = c.gi_frame, c.gi_yieldfrom
        elif kind is AsyncGeneratorType:
            f, below = c.ag_frame, c.ag_await
        elif kind is CoroutineWrapper or kind is AsyncSend or kind is AsyncThrow:
            want = CoroutineType if kind is CoroutineWrapper else AsyncGeneratorType
            c = next((r for r in gc.get_referents(c) if type(r) is want), None)
            continue
        else:
            below = getattr(c, "cr_await", None) or getattr(c, "gi_yieldfrom", None)
            f = getattr(c, "cr_frame", None) or getattr(c, "gi_frame", None)
        if f is not None:
            out.append((f.f_code, max(0, f.f_lasti)))
        c = below


def places(frames):
    """What the wire has for (code, offset) pairs."""
    known = codes.known
    return [(known.get(id(code)) or codes.base_of(code)) + offset for code, offset in frames]


def save_room(Task):
    """Has a task that gets an attribute make a small dictionary for it.

    On 3.13 it makes one for thirty (344 bytes, and not found as fast), as long as fewer names were ever used for attributes of tasks. Others use a small one, or none.
    """
    if sys.version_info[:2] == (3, 13) and Task.__module__ == "_asyncio":
        sample = Task.__new__(Task)
        for i in range(30):
            setattr(sample, "_loopscope%d" % i, None)


def fresh(task, name=None):
    """The list of a task that has not been looked at. name: as last written; else its present one."""
    coro = task.get_coro()
    leaf = coro if type(coro) is CoroutineType else Foreign
    return [START, leaf, hash(task) % KEYS, names.of(task) if name is None else name, None, None, None]


def of(task, name=None):
    """The recorder's list for a task, made when it is not there. name: as last written; else what the task carries, or its present one."""
    st = getattr(task, "_loopscope", None)
    if type(st) is list:
        return st
    st = fresh(task, st if name is None else name)
    try:
        task._loopscope = st
    except AttributeError:  # a task class without a __dict__: nothing is remembered, every chain is whole
        pass
    return st


def unsure(task):
    """The same for a task in its first step, of which nobody knows whether it still has the name that was told."""
    st = of(task)
    st[3] = None
    return st


# The instruction at which a coroutine is suspended, and how far from `f_lasti` it is; not known: see `links`.
YIELDS = {(3, 10): (72, 2), (3, 11): (86, 0), (3, 12): (150, 0), (3, 13): (118, -2), (3, 14): (120, -2)}
yields, distance = YIELDS.get(sys.version_info[:2], (None, 0))
single = {}  # id(code) -> whether it has but one place to be suspended at


def links(frames):
    """Suspended coroutines as they are to be compared: (code, None) where the code leaves no choice, else (code, what `where` says)."""
    out = []
    for code, offset in frames:
        only = single.get(id(code))
        if only is None:
            instructions = code.co_code[::2]
            at = (offset + distance) // 2
            only = instructions.count(yields) == 1 and instructions[at] == yields if yields is not None else False
            codes.base_of(code)  # which keeps it alive
            single[id(code)] = only
        out.append((code, None if only else positions.number(code, offset)))
    return tuple(out)


NOWHERE = -1
START = Place([], 0, OTHER, [])


# Ways down: place of a native frame -> what was awaited below it when it was there last. Most chains are like one that was there
# before, be it of another task: a frame that is as foreseen costs a third of one that is not.
# The frames below it; what their last awaits, as `below`; all of them, that of the key and those of `sleep(0)` included; their places.
paths = {}
MAX_PATHS = 5000


def inner(task, depth):
    """The native coroutine so many below the outermost of a suspended task."""
    c = task.get_coro()
    for _ in range(depth):
        c = c.cr_await
    return c


def walk(c, future, sleep_code):
    """The chain of a suspended task's coroutine: (its frames and their places, which are not to be changed; its native coroutines; `below`; `ways`)."""
    if type(c) is not CoroutineType:
        out, natives = [], []
        frames_below(c, out, natives)
        return out, places(out), natives, OTHER, []
    out, told, natives, below, ways = descend(c, future, sleep_code)
    if below is OTHER:
        tail = []
        frames_below(natives[-1].cr_await, tail, natives)
        out, told = out + tail, told + places(tail)
    return out, told, natives, below, ways


def descend(c, future, sleep_code):
    """The native coroutines from c on, as `walk` says it. The frames below a leaf are included for SLEEP0 alone."""
    natives = [c]
    out, told, ways = [], [], []
    unknown = None  # the first place that nothing is foreseen of
    while True:
        code = c.cr_code
        a = c.cr_await
        at = lasti(c) if a is not None else c.cr_frame.f_lasti
        place = (codes.known.get(id(code)) or codes.base_of(code)) + at
        path = paths.get(place)
        if path is None:
            unknown = unknown or (place, len(out))
            out.append((code, at))
            told.append(place)
        else:
            inner, below, frames, whole, known_ways = path
            size = len(natives) - 1
            try:
                for code, at in inner:
                    if (a.cr_code is not code) if at is None else (where(a) != at):
                        break
                    c = a
                    natives.append(c)
                    a = c.cr_await
                else:
                    if type(a) is below or (below is SLEEP0 and future is None and type(a) is CoroutineType and a.cr_code is sleep_code):
                        out, told = (out + frames, told + whole) if out else (frames, whole)
                        ways = known_ways
                        break
            except NO_COROUTINE:
                pass
            out += frames[: len(natives) - size]
            told += whole[: len(natives) - size]
        if type(a) is CoroutineType:
            if a.cr_await is not None and (future is not None or a.cr_code is not sleep_code):
                c = a
                natives.append(c)
                continue
            below = OTHER if a.cr_await is None else SLEEP0
        else:
            below = OTHER if type(a) in INNER else type(a)
        if below is SLEEP0:
            tail = []
            frames_below(a, tail)
            out += tail
            told += places(tail)
        break
    if unknown is not None:
        place, i = unknown
        leaf = len(natives)
        if len(paths) > MAX_PATHS:
            paths.clear()
        paths[place] = links(out[i + 1 : leaf]), below, out[i:], told[i:], ways
    return out, told, natives, below, ways
