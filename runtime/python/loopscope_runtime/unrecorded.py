"""Loops written from scratch, on `asyncio.AbstractEventLoop`: they are not recorded, which is said once one is used.

A descriptor in their class learns of it as `call_soon` is asked for, which every task asks for. It gives what the class has, and takes itself
away at the first: the program runs no frame of ours, and nothing of ours later.
"""

from . import state
from .uvloop_patch import is_compiled

NONE = object()


def watch(cls, base):
    """A class below AbstractEventLoop. base: asyncio's BaseEventLoop; what derives from that is recorded."""
    if is_recorded(cls, base):
        return
    stock = cls.__dict__.get("call_soon", NONE)
    undo = []

    class Asked:
        __slots__ = ()

        def __get__(self, loop, kind=None):
            if loop is not None and state.active and not is_recorded(type(loop), base):
                state.note("loops of the class %s are not recorded: it does not derive from asyncio's loops" % type(loop).__qualname__)
                while undo:
                    undo.pop()()
            if stock is NONE:
                return super(cls, kind if loop is None else loop).call_soon
            bind = getattr(type(stock), "__get__", None)
            return stock if bind is None else bind(stock, loop, kind)

    try:
        state.replace(cls, "call_soon", Asked(), undo)
    except Exception:  # its metaclass forbids it
        return
    state.hooks.append(lambda: [each() for each in undo])


def is_recorded(cls, base):
    return issubclass(cls, base) or any(is_compiled(each, base) for each in cls.__mro__)
