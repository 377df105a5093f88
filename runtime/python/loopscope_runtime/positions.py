"""Where a coroutine is suspended, as a number that compares without a frame object.

A coroutine's `cr_frame` is made when first asked for, and then lives as long as the coroutine: 300 to 500 bytes that the garbage collector
counts, for each coroutine of each request of a server. Since 3.11 a coroutine has in itself what its frame object would say: the address of
the instruction it is suspended at, which is that of its code object, plus what lies before the first instruction there, plus `f_lasti`.
`where` reads it with a member descriptor (`members.py`). Where the address lies is not assumed but looked for, in coroutines whose `f_lasti` is
known; where it is not found, or there is no `_ctypes`, frames are asked.

Code objects must be kept alive, as by `codes.base_of`, as long as numbers of theirs are compared. A finished coroutine has a number, too:
whoever asks goes on to what it awaits, which then is nothing.
"""

import sys
from types import CoroutineType, coroutine

from . import codes, members


@coroutine
def _wait():
    yield


async def _inner():
    await _wait()
    for _ in range(2):
        await _wait()
    try:
        await _wait()
    except ValueError:
        pass
    await _wait()


async def _outer(twice):
    if twice:
        await _inner()
    await _inner()


def _samples():
    """Coroutines that are suspended at different places."""
    out = [_outer(False), _outer(True), _inner(), _inner(), _inner(), _inner(), _inner()]
    for i, c in enumerate(out):
        for _ in range(max(1, i - 1)):
            c.send(None)
    return [*out, out[0].cr_await, out[1].cr_await]


def find():
    """(what reads the address at which a coroutine is suspended, how far the first instruction lies behind a code object), or None."""
    if sys.version_info < (3, 11) or not members.known_build():
        return None
    samples = ()
    try:
        samples = _samples()
        for _, read in members.numbers(CoroutineType):
            ahead = {read(c) - id(c.cr_code) - c.cr_frame.f_lasti for c in samples}
            if len(ahead) == 1:
                return read, ahead.pop()
    except Exception:  # no _ctypes, or one that may not do this: it is faster with it, no more
        pass
    finally:
        for c in samples:
            c.close()
    return None


def where_by_frame(c):
    """`where` by a frame object."""
    return codes.base_of(c.cr_code) + c.cr_frame.f_lasti


found = find()
where, ahead = found or (where_by_frame, None)


def number(code, offset):
    """What `where` says of a coroutine of that code that is suspended there."""
    return codes.base_of(code) + offset if ahead is None else id(code) + ahead + offset


def lasti_by_number(c):
    """The `f_lasti` of a suspended coroutine."""
    return where(c) - id(c.cr_code) - ahead


def lasti_by_frame(c):
    """The same by a frame object."""
    return c.cr_frame.f_lasti


lasti = lasti_by_frame if ahead is None else lasti_by_number
