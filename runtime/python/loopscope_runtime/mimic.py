"""Makes a replacement look like what it replaces, in tracebacks, stack dumps and to debuggers: same file, name and line.

A line of ours ending in `# stock: TEXT` stands for the line of the original that reads TEXT (the last such
line, or the first if TEXT begins with `first`); all other lines stand for the line of the first such mark.
"""

import contextvars
import sys
from types import FunctionType, TracebackType

from . import state

NEW_TABLE = sys.version_info >= (3, 11)
_made = {}  # what was worked out before, and the code objects it was worked out from: every loop asks for the same


def disguise(function, stock):
    """`function` with the code object of a look-alike of `stock`; function itself when that cannot be made."""
    try:
        code = look_alike(function.__code__, stock.__code__)
    except (OSError, ValueError, IndexError):
        return function
    twin = FunctionType(code, function.__globals__, stock.__name__, function.__defaults__, function.__closure__)
    twin.__kwdefaults__ = function.__kwdefaults__
    twin.__qualname__ = stock.__qualname__
    twin.__doc__ = stock.__doc__
    twin.__module__ = stock.__module__
    return twin


def look_alike(code, stock):
    if (code, stock) not in _made:
        _made[code, stock] = make_look_alike(code, stock)
    return _made[code, stock]


def make_look_alike(code, stock):
    marks = {}
    with open(code.co_filename, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            text = line.partition("# stock: ")[2].strip()
            if text and number >= code.co_firstlineno:
                marks[number] = text
    with open(stock.co_filename, encoding="utf-8") as file:
        source = file.read().split("\n")
    own_lines = {line for _, _, line in code.co_lines()}
    marks = {n: location(stock, source, text) for n, text in marks.items() if n in own_lines}
    main = marks[min(marks)]
    ranges = []
    for start, end, line in code.co_lines():
        where = marks.get(line, main)
        if ranges and ranges[-1][2] == where:
            ranges[-1][1] = end
        else:
            ranges.append([start, end, where])
    changes = {
        "co_filename": stock.co_filename,
        "co_name": stock.co_name,
        "co_firstlineno": stock.co_firstlineno,
        "co_linetable": (table_3_11 if NEW_TABLE else table_3_10)(ranges, stock.co_firstlineno),
    }
    if NEW_TABLE:
        changes["co_qualname"] = stock.co_qualname
    return code.replace(**changes)


def position_of(function, text):
    """(instruction offset, line) of the last instruction on the line of a function that reads text."""
    code = function.__code__
    if (code, text) not in _made:
        _made[code, text] = find_position(code, text)
    return _made[code, text]


def find_position(code, text):
    with open(code.co_filename, encoding="utf-8") as file:
        source = file.read().split("\n")
    line = location(code, source, text)[0]
    offset = 0
    if NEW_TABLE:
        where = location(code, source, text)
        for i, position in enumerate(code.co_positions()):
            if position == where:
                offset = i * 2
    return offset, line


def location(stock, source, text):
    """(line, end line, column, end column) of the call on the last line of stock's source that reads text; no columns before 3.11."""
    lines = [line for _, _, line in stock.co_lines() if line is not None]
    choose = min if text.startswith("first ") else max
    wanted = text.removeprefix("first ")
    line = choose(n for n in range(stock.co_firstlineno, max(lines) + 1) if source[n - 1].strip() == wanted)
    if not NEW_TABLE:
        return (line, line, None, None)
    widest = (line, line, None, None)
    for position in stock.co_positions():
        if position[0] == line and position[2] is not None and source[line - 1].encode()[position[3] - 1 : position[3]] == b")":
            if widest[2] is None or position[3] - position[2] > widest[3] - widest[2]:
                widest = position
    return widest


def varint(value):
    out = bytearray()
    while value >= 64:
        out.append(64 | value & 63)
        value >>= 6
    out.append(value)
    return out


def table_3_11(ranges, first):
    out = bytearray()
    line = first
    for start, end, (at, end_line, column, end_column) in ranges:
        units = (end - start) // 2
        while units > 0:
            n = min(units, 8)
            units -= n
            delta = at - line
            signed = varint(-delta << 1 | 1 if delta < 0 else delta << 1)
            line = at
            if column is None:
                out += bytes([0x80 | 13 << 3 | n - 1]) + signed
            else:
                out += bytes([0x80 | 14 << 3 | n - 1]) + signed
                out += varint(end_line - at) + varint(column + 1) + varint(end_column + 1)
    return bytes(out)


def table_3_10(ranges, first):
    out = bytearray()
    line = first
    for start, end, (at, _, _, _) in ranges:
        size = end - start
        delta = at - line
        line = at
        while delta > 127 or delta < -127:
            step = 127 if delta > 0 else -127
            out += bytes([0, step & 255])
            delta -= step
        while size > 254:
            out += bytes([254, delta & 255])
            delta = 0
            size -= 254
        out += bytes([size, delta & 255])
    return bytes(out)


_handle_classes = {}


def handle_classes(events):
    """A Handle that knows its task, and since 3.14 one for what other threads schedule, else None.

    The first is made by calling it without arguments, which costs a quarter less than its `__new__`.
    """
    if events not in _handle_classes:
        locked = getattr(events, "_ThreadSafeHandle", None)
        defaults = {"_repr": None, "_source_traceback": None, "_cancelled": False}
        late = {name: Late(events.Handle.__dict__[name], default) for name, default in defaults.items()}
        kind = knowing(events.Handle, "_task", "_by", "_name", __init__=object.__init__, **late)
        _handle_classes[events] = kind, locked and knowing(locked, "_by")
    return _handle_classes[events]


class Late:
    """An attribute that has a value until it is set. Of most handles nobody does, nor asks for it: setting two of them took a tenth of making one."""

    def __init__(self, slot, default):
        self.slot, self.default = slot, default

    def __get__(self, handle, kind=None):
        if handle is None:
            return self.slot
        try:
            return self.slot.__get__(handle)
        except AttributeError:
            return self.default

    def __set__(self, handle, value):
        self.slot.__set__(handle, value)

    def __delete__(self, handle):
        self.slot.__set__(handle, self.default)


def knowing(kind, *slots, **more):
    """A subclass that calls itself as its base does, for its repr shows. more: attributes."""
    return type(kind.__name__, (kind,), {"__slots__": slots, "__doc__": kind.__doc__, "__module__": kind.__module__, **more})


def stepping(kind, handle, task):
    """The same handle as one that knows its task, of a class that `handle_classes` made."""
    own = kind.__new__(kind)
    for name in kind.__base__.__slots__:
        if name != "__weakref__":
            setattr(own, name, getattr(handle, name))
    own._task, own._by = task, None
    return own


def take_the_place(ready, handle, task, kind):
    """Puts such a handle in the place of one that was scheduled just now; other threads only add to what is ready."""
    for i in range(len(ready) - 1, -1, -1):
        if ready[i] is handle:
            ready[i] = stepping(kind, handle, task)
            break


def one_frame_less(handle):
    """A handle of debug mode, whose traceback must end with the caller of `call_soon`."""
    if getattr(handle, "_source_traceback", None):
        del handle._source_traceback[-1]
    return handle


runs = {}  # code that runs handles as `Handle._run` does -> its line then


def seen_from(frame, function):
    """What to call in the place of a function that looks at its caller: from a frame of ours that runs a handle, it would see `Handle._run` without us."""
    if frame is None or runs.get(frame.f_code) != frame.f_lineno:
        return function

    def through_run(*args):
        raised = []

        def call():
            try:
                function(*args)
            except BaseException as exc:
                raised.append(exc)

        Handle = state.asyncio.events.Handle
        bare = Handle.__new__(Handle)
        bare._loop, bare._context = None, contextvars.copy_context()
        bare._callback, bare._args = unseen(call), ()
        bare._run()
        if raised:
            raise raised.pop()

    return through_run


def unseen(function):
    """The same, which `warnings.warn` does not count among the frames that it goes up: it leaves out those of a file with this name."""
    code = function.__code__.replace(co_filename="<importlib._bootstrap loopscope>")
    return FunctionType(code, function.__globals__, function.__name__, None, function.__closure__)


def real_run(Handle):
    """A function that makes a traceback begin with the frame of a real `Handle._run`, as it would without us."""
    position = position_of(Handle._run, "self._context.run(self._callback, *self._args)")

    def through_run(tb):
        bare = Handle.__new__(Handle)
        frames = []
        bare._loop = None
        bare._context = contextvars.copy_context()
        bare._callback = frames.extend
        bare._args = (map(sys._getframe, (0,)),)
        bare._run()
        return TracebackType(tb, frames[0], *position)

    return through_run
