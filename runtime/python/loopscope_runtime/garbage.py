"""Garbage collections: full ones are told of, and none begins in the drain thread.

No thread of the program runs during a full one, and CPython does not say how long it takes. It counts them. The drain thread looks at
the count at each of its turns, and whether it came as late as it does when it has to wait for one.
"""

import gc

from . import state, wire
from .records import GARBAGE

LATE_NS = 5_000_000  # what a thread may have to wait for the GIL: `sys.getswitchinterval()`
seen = [0, 0]  # how many there were at the last look; when that was, or 0

held_off = []  # holds one thing while the collector is off because of us


def hold_off():
    """For the drain thread, at the begin of a turn: a collection runs finalizers and `gc.callbacks` of the program, where it is not prepared for another thread."""
    if gc.isenabled() and state.has_gil():
        held_off.append(True)
        gc.disable()


def allow():
    """At the end of the turn; and for who finds that the thread did not come to that."""
    if held_off:
        gc.enable()
        held_off.clear()


def start():
    seen[:] = 0, 0


def look(t, expected):
    """A frame, if there was one since the last look, and the thread was expected to look well before t, in ns; else None."""
    count = gc.get_stats()[2]["collections"]
    before, since = seen
    seen[:] = count, t
    if not since or count == before or t - expected <= LATE_NS:
        return None
    return wire.json_frame(GARBAGE, {"t": t, "since": since, "late": t - expected})
