"""Puts a descriptor in the place of a method of a class in C that takes no attributes, as asyncio's tasks are of.

It goes into the dictionary behind the class's `__dict__`: whoever asks an object for the method gets the very one it had, and the class's own
one, too. The interpreter forgets what it remembers of a class when `__abstractmethods__` is set, which asks nobody's leave.
"""

import atexit
import gc

from . import codes, state

METHOD = type(str.join)


def put(cls, name, note):
    """Has note(object) called whenever an object of a class, or the class (None), is asked for a method, until the recording ends; whether it will be."""
    stock = cls.__dict__.get(name)
    if type(stock) is not METHOD or not state.has_gil():
        return False
    ours = descriptor(stock, note)
    fields = behind(cls)
    if fields is None:
        return False

    def give_back():
        exchange(cls, fields, name, ours, stock)

    if not exchange(cls, fields, name, stock, ours):
        return False
    atexit.register(give_back)  # the class outlives what its method would need, and would keep it
    state.hooks += [give_back, lambda: atexit.unregister(give_back)]
    return True


def descriptor(stock, note):
    """What stands for a method in its class."""
    bind = stock.__get__

    class StandIn:
        __slots__ = ()

        def __get__(self, thing, kind=None):
            try:
                note(thing)
            except RecursionError:  # it could not be called: tasks in a circle cancel one another until then
                pass
            return bind(thing, kind)

    codes.mark(StandIn.__get__.__code__, codes.SKIP)
    return StandIn()


def behind(cls):
    """The dictionary behind a class's `__dict__`, or None."""
    try:
        found = [each for each in gc.get_referents(cls.__dict__) if type(each) is dict]
    except Exception:  # an audit hook of the program forbids it: what is told without it is as true
        return None
    return found[0] if len(found) == 1 else None


def exchange(cls, fields, name, old, new):
    """Puts one thing in the place of the other, unless somebody else is there; whether it is there now. fields: `behind` the class."""
    if fields.get(name) is not old:
        return False
    fields[name] = new
    changed = type.__dict__["__abstractmethods__"]
    changed.__set__(cls, ())
    changed.__delete__(cls)
    return True
