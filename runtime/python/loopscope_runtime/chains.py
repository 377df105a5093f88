"""Await chains: what a suspended task awaits, frame by frame.

Per task, the recorder keeps a list on the task itself, so that it dies with the task; until the task first waits, nothing, or its name as
last written (`creation.py`). The fields, by index:

0 head      first number of the record that says "suspended where it was suspended before"; None before the first suspension
1 offset    the leaf's position in its code
2 leaf      the innermost native coroutine of the chain
3 awaits    type of what the leaf awaits; None: look closer each time; SLEEP0: `sleep(0)`
4 name      of the task, as last written, and as `names.of` gives it
5 key       of the task
6 frames    (code, offset) of the whole chain as last written, outermost first
7 coroutines  the native ones, outermost first: their frames are the first of `frames`; the innermost may be left out
8 handler   what says what the leaf waits on: (function, index of the coroutine it asks), or None
9 below     as `awaits`, or OTHER: something that must be walked anew each time
10 by user  whether the leaf is code of the user
11 natives  how many of `frames` are those of `coroutines` when none is left out
12 anew     what tells that the chain is as before though its end was entered anew (`anew`), or where else it was (`Suspensions.turn`), or None
13 ways     how those that woke it were reached: see `wakers.place`
14, 15      since when this holds, and the record: of a list that the task carries in turn with others (`Suspensions.turn`)
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

where = positions.where


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


class Foreign:
    """Stands for a coroutine whose chain is walked anew each time: it is no native one, or its task takes no attribute."""

    cr_frame = cr_await = None

    def __init__(self, coro):
        self.coro = coro


def frames_below(c, out, natives=None):
    """Appends (code, offset) of c and of everything it awaits. natives: gets the coroutines."""
    while c is not None and len(out) < MAX_FRAMES:
        kind = type(c)
        if kind is CoroutineType:
            f, below = c.cr_frame, c.cr_await
            if natives is not None:
                natives.append(c)
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


def fresh(task, name=None):
    """The list of a task that has not been looked at. name: as last written; else its present one."""
    coro = task.get_coro()
    leaf = coro if type(coro) is CoroutineType else Foreign(coro)
    return [None, -1, leaf, None, names.of(task) if name is None else name, hash(task) % KEYS, (), None, None, None, False, 0, None, []]


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
    st[4] = None
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


def unchanged(st, future, sleep_code):
    """Whether a chain is like the one before: -1 if not, else how many of its coroutines last, or 0 if all do.

    Coroutines that run the same code at the same place take the place of finished ones.
    """
    coroutines = st[7]
    kept = len(coroutines)
    c = coroutines[-1]
    f = c.cr_frame
    while f is None:
        kept -= 1
        if not kept:
            return -1
        c = coroutines[kept - 1]
        f = c.cr_frame
    frames = st[6]
    if f.f_lasti != frames[kept - 1][1]:
        return -1
    count = st[11]
    if kept < count:
        del coroutines[kept:]
        try:
            if st[8] is None:  # they are likely to be others the next time: the ones that last are enough
                for code, offset in frames[kept:count]:
                    c = c.cr_await
                    if c.cr_code is not code or c.cr_frame.f_lasti != offset:
                        return -1
            else:  # which looks into them
                for code, offset in frames[kept:count]:
                    c = c.cr_await
                    if c.cr_code is not code or c.cr_frame.f_lasti != offset:
                        return -1
                    coroutines.append(c)
        except AttributeError:  # what is awaited there now is no coroutine, or has no frame
            return -1
        st[2] = c
    else:
        kept = 0
    a = c.cr_await
    if future is None:
        return kept if st[9] is SLEEP0 and type(a) is CoroutineType and a.cr_code is sleep_code else -1
    return kept if st[9] is type(a) and st[0] + st[5] != YIELD_HEAD else -1  # what is awaited may have yielded before, and now hands on a future


def anew(st, kept, waiters=None, arg=0.0, thing=0.0):
    """What tells the next time that only the coroutines below the first `kept` were entered anew, and all is as before.

    The innermost that lasts, its offset, the others' `links`, the type of what the leaf awaits; and where that is how one waits on an object: a
    weak reference to the list of those who wait there, what it adds to the record's head, the object's key.
    """
    c = st[7][kept - 1]
    del st[7][kept:]
    return c, st[6][kept - 1][1], links(st[6][kept : st[11]]), st[9], waiters, arg, thing


def lasting(coroutines):
    """Takes the finished ones out of a chain's coroutines: (how many last, the innermost of them, what it awaits: None if it is finished, too)."""
    kept = len(coroutines)
    c = coroutines[-1]
    a = c.cr_await
    while a is None and kept > 1:
        kept -= 1
        c = coroutines[kept - 1]
        a = c.cr_await
    del coroutines[kept:]
    return kept, c, a


def walk(st, future, sleep_code):
    """Looks at the chain of a suspended task anew: (how many frames are as before, places of the others, coroutines)."""
    before = st[6]
    natives = coroutines = st[7]
    kept, c, _ = lasting(coroutines)
    f = c.cr_frame
    if f is None:
        kept = 0
        st[1], st[2], st[9], st[13] = -2, c, OTHER, []
        out, natives = [], []
        frames_below(c.coro if type(c) is Foreign else None, out, natives)
        told = places(out)
    else:
        out, told = descend(st, c, f, coroutines, future, sleep_code)
        kept -= 1
        if st[9] is OTHER:
            natives = coroutines[:]
            tail = []
            frames_below(st[2].cr_await, tail, natives)
            out = out + tail
            told = told + places(tail)
    st[11] = len(coroutines)
    st[12] = None
    same = 0
    for old, new in zip(before[kept:], out):
        if old is not new and (old[0] is not new[0] or old[1] != new[1]):
            break
        same += 1
    if same == len(out) and kept + same == len(before):
        return len(before), (), natives
    st[6] = before[:kept] + out if kept else out
    return kept + same, told[same:] if same else told, natives


# Ways down: place of a native frame -> what was awaited below it when it was there last. Most chains are like one that was there
# before, be it of another task: a frame that is as foreseen costs a third of one that is not.
# The frames below it; what their last awaits, as `below`; all of them, that of the key and those of `sleep(0)` included; their places.
paths = {}
MAX_PATHS = 5000


def descend(st, c, f, coroutines, future, sleep_code):
    """Adds the native coroutines below c, whose frame is f: (frames from f on, their places), which are not to be changed.

    The frames below a leaf are included for SLEEP0 alone.
    """
    start = len(coroutines)
    out, told = [], []
    unknown = None  # the first place that nothing is foreseen of
    st[13] = []
    while True:
        code = c.cr_code
        place = (codes.known.get(id(code)) or codes.base_of(code)) + f.f_lasti
        a = c.cr_await
        path = paths.get(place)
        if path is None:
            unknown = unknown or (place, len(out))
            out.append((code, f.f_lasti))
            told.append(place)
        else:
            inner, below, frames, whole, ways = path
            size = len(coroutines) - 1
            try:
                for code, at in inner:
                    if (a.cr_code is not code) if at is None else (where(a) != at):
                        break
                    c = a
                    coroutines.append(c)
                    a = c.cr_await
                else:
                    if type(a) is below or (below is SLEEP0 and future is None and type(a) is CoroutineType and a.cr_code is sleep_code):
                        out, told = (out + frames, told + whole) if out else (frames, whole)
                        st[13] = ways
                        break
            except NO_COROUTINE:
                pass
            out += frames[: len(coroutines) - size]
            told += whole[: len(coroutines) - size]
        if type(a) is CoroutineType:
            f = a.cr_frame
            if f is not None and (future is not None or a.cr_code is not sleep_code):
                c = a
                coroutines.append(c)
                continue
            below = OTHER if f is None else SLEEP0
        else:
            below = OTHER if type(a) in INNER else type(a)
        if below is SLEEP0:
            tail = []
            frames_below(a, tail)
            out += tail
            told += places(tail)
        break
    leaf = len(coroutines) - start
    st[1], st[2], st[9] = out[leaf][1], c, below
    if unknown is not None:
        place, i = unknown
        if len(paths) > MAX_PATHS:
            paths.clear()
        paths[place] = links(out[i + 1 : leaf + 1]), below, out[i:], told[i:], st[13]
    return out, told
