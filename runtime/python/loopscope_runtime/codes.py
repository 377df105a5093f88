"""Numbers for code objects: known on the hot path by `id`, described to the reader once, when the drain comes by.

A place in a code object is one number on the wire: the code's number times 2**24, plus the offset of the instruction. `known` holds
the first part, as a float. User code gets the numbers from 2**20, so that a walk up the stack can tell where the user's code begins
without a look-up; frames of the recorder itself are SKIP, and of its `_run_once` STOP.
"""

import os
import sys
from itertools import count
from types import ModuleType

STOP = 0.0
SKIP = -1.0
OFFSETS = 16777216.0  # offsets are less than this
FIRST_USER = 1 << 20
USER = FIRST_USER * OFFSETS  # places from here on are the user's

known = {}  # id(code) -> place of its offset 0, or STOP or SKIP. The codes are kept alive by `kept`, or an id could be used again.
kept = []
fresh = []  # (number, code) the reader has not been told yet
next_user = count(FIRST_USER).__next__
next_library = count(1).__next__
watchers = []  # called with every new library code
cwd = ""
library = ()
own = os.path.dirname(__file__) + os.sep


def start():
    """Notes what relative file names are relative to, and where the standard library lies."""
    global cwd, library
    try:
        cwd = os.getcwd()
    except OSError:
        cwd = os.sep
    paths = {os.path.dirname(os.__file__)}
    for prefix in (sys.prefix, sys.base_prefix):
        paths.add(os.path.join(prefix, "lib", "python%d.%d" % sys.version_info[:2]))
    library = tuple(p + os.sep for p in paths)


def is_user(filename):
    """Whether a file is neither the standard library's nor an installed package's."""
    if filename[:1] == "<":
        return filename[:8] != "<frozen " and filename[:11] != "<loopscope>"
    return not (filename.startswith(library) or "site-packages" in filename or "dist-packages" in filename)


def define(code):
    """The place of a code object met for the first time."""
    filename = code.co_filename
    if filename.startswith(own):
        base = SKIP
    else:
        user = is_user(absolute(filename))
        number = next_user() if user else next_library()
        base = number * OFFSETS
        fresh.append((number, code))
        if not user:
            for watcher in watchers:
                watcher(code)
    kept.append(code)
    known[id(code)] = base
    return base


def mark(code, base):
    """Gives one of the recorder's own code objects its special number."""
    if known.get(id(code)) != base:
        kept.append(code)
        known[id(code)] = base


def base_of(code):
    """The place of a code object's offset 0; STOP or SKIP for the recorder's own."""
    base = known.get(id(code))
    return define(code) if base is None else base


def number(code):
    """A code object's number; 0 or less for the recorder's own."""
    return int(base_of(code) // OFFSETS)


def is_user_code(code):
    return base_of(code) >= USER


def tell_again():
    """Every code will be sent anew: another reader listens."""
    del fresh[:]
    fresh.extend((number(c), c) for c in kept if known[id(c)] > 0)


def positions(code):
    """[offset, line, offset, line, ..] of a code object."""
    out = []
    last = None
    for start, _, line in code.co_lines():
        if line is not None and line != last:
            out += (start, line)
            last = line
    return out or [0, code.co_firstlineno]  # of compiled code (Cython) on 3.10, which has one of these for each line that raised


def absolute(filename):
    if filename[:1] == "<" or os.path.isabs(filename):
        return filename
    return os.path.normpath(os.path.join(cwd, filename if filename.endswith(".py") else beside_module(filename)))


def beside_module(filename):
    """Where the source of a compiled module (Cython) lies: it is named from where that was built, `pkg/fast.pyx` or `src/pkg/fast.pyx`."""
    parts = filename.replace("\\", "/").split("/")
    for i, part in enumerate(parts):
        module = sys.modules.get(part.partition(".")[0])
        if issubclass(type(module), ModuleType):
            names = object.__getattribute__(module, "__dict__")  # `vars` would load a lazy module
            if isinstance(names.get("__file__"), str):
                root = os.path.dirname(names["__file__"])
                return os.path.join(os.path.dirname(root) if "__path__" in names else root, *parts[i:])
    return filename


def take():
    """The `codes` rows not sent yet, and forgets them."""
    rows = []
    while fresh:
        n, code = fresh.pop(0)
        name = code.co_name
        rows.append(
            [n, absolute(code.co_filename), name, getattr(code, "co_qualname", name), code.co_firstlineno, int(n >= FIRST_USER), positions(code)]
        )
    return rows


def stack(frame, limit):
    """Places, innermost first; ends with the first user frame when limit is 0, else after limit frames."""
    out = []
    while frame is not None:
        code = frame.f_code
        base = known.get(id(code))
        if base is None:
            base = define(code)
        if base > 0:
            out.append(base + frame.f_lasti)
            if (base >= USER and not limit) or len(out) == (limit or 32):
                break
        elif base == STOP:
            break
        frame = frame.f_back
    return out
