"""Where a loop keeps its recorder, and how it is asked for it.

CPython 3.11 and later find the attributes and methods of an object fast only while it has at most 29 attributes. A loop has 24 (3.11)
to 27 (3.14), so a stock one carries just two of ours, `call_soon` and `_run_once`; its recorder is an attribute of these functions. On
3.11 and 3.12 an object is also slower for good once anybody looked at its `__dict__`: attributes are asked for one by one.

The recorder is not in a table of ours, from which a loop that is dropped unclosed could never go, and say so.
"""

from _thread import get_ident
from types import FunctionType

get = object.__getattribute__  # a loop's class may have its own, which would count our look

here = {}  # thread -> the recorder of the loop that runs in it, for who cannot ask `of` each time
around = {}  # thread -> those of the loops within a step of which that loop runs, the outermost first


class Unused:
    """Stands for the recorder of a loop until the loop's first use."""

    def __init__(self, meet):
        self.meet = meet


def carried(loop):
    """What a loop carries: its Recorder, an Unused, or None."""
    found = on_function(loop, "_run_once")
    if found is None:
        try:
            found = get(loop, "_loopscope")
        except AttributeError:
            found = on_function(loop, "call_soon")  # somebody may have replaced `_run_once`
    return found


def on_function(loop, name):
    try:
        function = get(loop, name)
    except AttributeError:
        return None
    return getattr(function, "_loopscope", None) if type(function) is FunctionType else None


def of(loop):
    """The recorder of a loop, or None."""
    try:
        function = get(loop, "_run_once")
        found = function._loopscope if type(function) is FunctionType else carried(loop)  # what mostly is there, first
    except AttributeError:
        found = carried(loop)
    return None if type(found) is Unused else found


def ready(loop):
    """The handles that a loop has ready, as far as it shows them: others keep theirs elsewhere, and have something else there, or nothing."""
    found = getattr(loop, "_ready", ())
    return found if hasattr(found, "__len__") else ()


def runs(rec):
    """The loop of a recorder runs in this thread from now on; None: it stops."""
    thread = get_ident()
    before = here.pop(thread, None)
    if rec is None:
        if thread in around:
            here[thread] = around[thread].pop()
            if not around[thread]:
                del around[thread]
    else:
        if before is not None and before is not rec:
            around.setdefault(thread, []).append(before)
        here[thread] = rec


def forget(rec):
    """A recorder is taken off its loop."""
    for thread, other in list(here.items()):
        if other is rec:
            here.pop(thread, None)


def used(loop):
    """A loop is used, perhaps for the first time: by then its recorder is to be there."""
    found = carried(loop)
    if type(found) is Unused:
        found.meet()


def take_off(loop, names):
    """Removes attributes of ours that a loop has."""
    for name in names:
        try:
            delattr(loop, name)
        except AttributeError:
            pass
