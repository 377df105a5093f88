"""Bytes of the stream: frames, and a JSON writer of our own (importing `json` would cost the program's start-up)."""

from struct import Struct

try:
    from _json import encode_basestring_ascii as quote
except ImportError:  # an interpreter without the accelerator
    from json.encoder import py_encode_basestring_ascii as quote

MAGIC = b"\x89LSCP\r\n\x1a"
HEADER = MAGIC + Struct("<HHI").pack(1, 0, 0)
frame_head = Struct("<IBBH").pack
records_head = Struct("<IIIIQq").pack


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
    raise TypeError("not for the wire: %r" % kind)


def json_frame(kind, value):
    return frame(kind, dumps(value).encode("ascii"))


def records_frame(loop, sequence, lost, base, data, wide):
    """A `records` frame; data are packed 64-bit ints, of which only the low halves are sent unless wide."""
    if wide:
        count, width = len(data) >> 3, 8
    else:
        data = memoryview(data).cast("i")[::2].tobytes()
        count, width = len(data) >> 2, 4
    return frame(10, records_head(loop, sequence, count, width, lost, base) + data)
