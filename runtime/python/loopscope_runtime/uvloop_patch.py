"""uvloop, and loops made like it: the loop is compiled, so what it schedules is seen from outside (`compiled.py`)."""

from _thread import get_ident

from . import asyncio_patch, compiled, loops, methods, starts, state
from .faults import watch_class
from .records import RUN, head

COMPILED = ("uvloop", "winloop", "rloop")
REASON = "%s is compiled: its steps are seen from outside"


def is_compiled(loop_class, base):
    """Whether a class of loops is to be seen from outside. base: asyncio's BaseEventLoop."""
    return loop_class.__module__.partition(".")[0] in COMPILED and not issubclass(loop_class, base)


def patch(loop_class, asyncio, drain):
    """Called right after uvloop made its loop's class."""
    stock_init = loop_class.__init__

    def __init__(self, *args, **kwargs):
        stock_init(self, *args, **kwargs)
        if not state.active or asyncio_patch.session is not session:
            return
        try:
            if session.meets(self):
                new_loop(self, asyncio, drain)
        except Exception as exc:
            state.fault(exc, "a new compiled loop")

    session = asyncio_patch.session
    state.replace(loop_class, "__init__", __init__)
    watch_class(loop_class)
    starts.watch(loop_class)


def new_loop(loop, asyncio, drain, meet=lambda act: act()):
    """Announces a loop; meet(act) is to call act when, and in the thread in which, the recorder can be put on it."""
    stream = asyncio_patch.new_stream()

    def introduce():
        drain.introduce(stream, asyncio_patch.describe(loop, stream, "fallback", REASON % type(loop).__module__.partition(".")[0]))

    def act():
        rec = compiled.trace(loop, stream, asyncio)
        asyncio_patch.equip(loop, stream, rec, methods.OF_EVERY_LOOP)
        if loop.is_running():
            introduce()  # again: a compiled loop does not say which thread it runs in, and this is it
            stream.thread_id = get_ident()
            loops.runs(rec)
            rec.ext((head(RUN, 0, 1), state.clock()))

    introduce()
    meet(act)
    return stream
