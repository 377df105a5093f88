"""Reads what objects of classes in C have in them and do not show, by member descriptors, as classes with `__slots__` have them.

A descriptor checks by itself that it is given an object of its class, and is made only for places within what every such object has. Where
in it something lies is not assumed but looked for by whoever asks, in objects of which it is known.
"""

import sys
from struct import calcsize

from . import state

OBJECT, UNSIGNED_LONG_LONG, READ_ONLY = 16, 18, 1  # CPython's structmember.h: T_OBJECT_EX, T_ULONGLONG, READONLY
kept = []  # what descriptors refer to
_made = []  # what makes them


def known_build():
    """Whether objects have in them, in one thread as in the other, what CPython's sources say."""
    return sys.implementation.name == "cpython" and calcsize("P") == 8 and state.has_gil()  # without it each thread may have instructions of its own


def makers():
    """(what makes a descriptor, of a class and a pointer to its definition; the types of both; the type of the definition; its address)."""
    if not _made:
        import _ctypes

        def simple(letter):
            return type(letter, (_ctypes._SimpleCData,), {"_type_": letter})

        anything, text, number, offset, pointer = map(simple, "OziqP")
        fields = [("name", text), ("kind", number), ("offset", offset), ("flags", number), ("doc", text)]
        definition = type("PyMemberDef", (_ctypes.Structure,), {"_fields_": fields})
        flags = _ctypes.FUNCFLAG_CDECL | _ctypes.FUNCFLAG_PYTHONAPI
        function = type("Function", (_ctypes.CFuncPtr,), {"_flags_": flags, "_restype_": anything, "_argtypes_": (anything, pointer)})
        handle = sys.dllhandle if hasattr(sys, "dllhandle") else _ctypes.dlopen(None, 0)
        new_member = function(("PyDescr_NewMember", type("Library", (), {"_handle": handle})()))
        _made.append((new_member, anything, pointer, definition, _ctypes.addressof))
    return _made[0]


def reader(cls, kind, at):
    """A function that reads what lies so many bytes from the beginning of an object of a class; ImportError where there is no `_ctypes`."""
    new_member, anything, pointer, definition, address_of = makers()
    described = definition(b"member", kind, at, READ_ONLY, None)
    kept.append(described)
    return new_member(anything(cls), pointer(address_of(described))).__get__


def numbers(cls):
    """For each place in an object of a class, where it is and a function that reads the eight bytes there."""
    for at in range(0, cls.__basicsize__ - 7, 8):
        yield at, reader(cls, UNSIGNED_LONG_LONG, at)
