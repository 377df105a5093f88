"""Numbers for code objects: known on the hot path by `id`, described to the reader once, when the drain comes by.

User code gets odd numbers and library code even ones, so that a walk up the stack can tell where the user's code begins
without a look-up; frames of the recorder itself are SKIP, and of its `_run_once` STOP.
"""

import os
import sys
from itertools import count

STOP = 0
SKIP = -2

known = {}  # id(code) -> number. The codes are kept alive by `kept`, or an id could be used again.
kept = []
fresh = []  # (number, code) the reader has not been told yet
counters = [count(1, 2).__next__, count(2, 2).__next__]  # odd, even
watchers = []  # called with every new library code and its number
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
    """The number of a code object met for the first time."""
    filename = code.co_filename
    if filename.startswith(own):
        number = SKIP
    else:
        odd = is_user(filename)
        number = counters[not odd]()
        fresh.append((number, code))
        if not odd:
            for watcher in watchers:
                watcher(number, code)
    kept.append(code)
    known[id(code)] = number
    return number


def mark(code, number):
    """Gives one of the recorder's own code objects its special number."""
    kept.append(code)
    known[id(code)] = number


def number(code):
    n = known.get(id(code))
    return define(code) if n is None else n


def tell_again():
    """Every code will be sent anew: another reader listens."""
    del fresh[:]
    fresh.extend((known[id(c)], c) for c in kept if known[id(c)] > 0)


def positions(code):
    """[offset, line, offset, line, ..] of a code object."""
    out = []
    last = None
    for start, _, line in code.co_lines():
        if line is not None and line != last:
            out += (start, line)
            last = line
    return out


def absolute(filename):
    if filename[:1] == "<" or os.path.isabs(filename):
        return filename
    return os.path.normpath(os.path.join(cwd, filename))


def take():
    """The `codes` rows not sent yet, and forgets them."""
    rows = []
    while fresh:
        n, code = fresh.pop(0)
        name = code.co_name
        rows.append(
            [n, absolute(code.co_filename), name, getattr(code, "co_qualname", name), code.co_firstlineno, n & 1, positions(code)]
        )
    return rows


def stack(frame, limit):
    """[code, offset, ..] innermost first; ends with the first user frame when limit is 0, else after limit frames."""
    out = []
    n = 0
    while frame is not None:
        code = frame.f_code
        i = known.get(id(code))
        if i is None:
            i = define(code)
        if i > 0:
            out += (i, frame.f_lasti)
            n += 1
            if (i & 1 and not limit) or n == (limit or 32):
                break
        elif i == STOP:
            break
        frame = frame.f_back
    return n, out
