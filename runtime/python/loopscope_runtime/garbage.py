"""Full garbage collections: no thread of the program runs meanwhile, and CPython does not say how long they take.

It counts them. The drain thread looks at the count at each of its turns, and whether it came as late as it does when it has to wait for one.
"""

import gc

from . import wire
from .records import GARBAGE

LATE_NS = 5_000_000  # what a thread may have to wait for the GIL: `sys.getswitchinterval()`
seen = [0, 0]  # how many there were at the last look; when that was, or 0


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
