"""Bytes of the stream: frames, and a JSON writer of our own (importing `json` would cost the program's start-up)."""

import sys
from struct import Struct

from .records import RECORDS

try:
    from _json import encode_basestring_ascii as quote
except ImportError:  # an interpreter without the accelerator
    from json.encoder import py_encode_basestring_ascii as quote

MAGIC = b"\x89LSCP\r\n\x1a"
HEADER = MAGIC + Struct("<HHI").pack(1, 0, 0)
frame_head = Struct("<IBBH").pack
records_head = Struct("<IIIIQ").pack
CHUNK = 1000
DOUBLES = "%dd" if sys.byteorder == "little" else "<%dd"  # the native form is the faster one
chunk = Struct(DOUBLES % CHUNK).pack
positive = bytes(range(128))  # of the byte that holds a double's sign


def frame(kind, body):
    return frame_head(len(body), kind, 0, 0) + body


def dumps(value):
    """JSON text of None, bool, int, float, str, list, tuple and dict."""
    kind = type(value)
    if kind is str:
        return quote(value)
    if kind is int:
        return str(value)
    if kind is list or kind is tuple:
        return "[%s]" % ",".join([dumps(v) for v in value])
    if kind is dict:
        return "{%s}" % ",".join(["%s:%s" % (quote(k), dumps(v)) for k, v in value.items()])
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if isinstance(value, str):
        return quote(str.__str__(value))
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return float.__repr__(value)
    raise TypeError("not for the wire: %r" % kind)


def json_frame(kind, value):
    return frame(kind, dumps(value).encode("ascii"))


def records_body(values):
    """The numbers of records as doubles. In pieces: that is twice as fast as all at once."""
    whole = len(values) - len(values) % CHUNK
    parts = [chunk(*values[i : i + CHUNK]) for i in range(0, whole, CHUNK)]
    parts.append(Struct(DOUBLES % (len(values) - whole)).pack(*values[whole:]))
    return b"".join(parts)


def count_records(data):
    """How many records doubles hold: each begins with a negative one."""
    return len(data[7::8].translate(None, positive))


def records_frame(loop, sequence, records, lost, pieces):
    """A `records` frame, in pieces: they are sent as they are, for a copy of that size costs as much as sending it."""
    size = sum(map(len, pieces))
    return [frame_head(24 + size, RECORDS, 0, 0) + records_head(loop, sequence, size >> 3, records, lost), *pieces]
