"""Names for objects, from the source line that made them: `self.accounts = asyncio.Lock()` is 'accounts'."""

import sys

VERSION = sys.version_info[:2]
MAX_KNOWN = 1000
_known = {}  # (id of a code object, offset) -> name; `codes` keeps them alive


def resolve(code, offset):
    """The variable that the call at an instruction of code is assigned to, or "". Reads the source: for the drain thread."""
    place = id(code), offset
    name = _known.get(place)
    if name is None:
        if len(_known) > MAX_KNOWN:
            _known.clear()
        name = _known[place] = find(code, offset)
    return name


def known_name(place):
    """What `resolve(*place)` found, or the place itself if nobody has asked yet."""
    code, offset = place
    return _known.get((id(code), offset), place)


def is_known(place):
    """Whether `resolve(*place)` would only look it up."""
    return type(place) is tuple and (id(place[0]), place[1]) in _known


def find(code, offset):
    import linecache

    line, column = position(code, offset)
    if column is None:
        return stored(code, offset)
    before = linecache.getline(code.co_filename, line).encode()[:column].decode(errors="replace").rstrip()
    if before.endswith("await"):
        before = before[:-5].rstrip()
    if before[-1:] == ",":
        return of_tuple(before)
    if before[-1:] != "=" or before[-2:] in ("==", "!=", "<=", ">="):
        return ""
    target = before[:-1].rstrip().rpartition(";")[2].rpartition("=")[2]
    if "," in target:
        target = target.partition(",")[0].strip(" (")  # the first of several values
    name = target.split(":")[0].strip().rpartition(".")[2]
    return name if name.isidentifier() else ""


# What comes between a call and the instruction that stores what it returned: the object whose attribute that becomes; `await`.
BETWEEN = frozenset("LOAD_FAST LOAD_NAME LOAD_GLOBAL LOAD_DEREF LOAD_ATTR DUP_TOP GET_AWAITABLE LOAD_CONST YIELD_FROM EXTENDED_ARG CACHE".split())


def stored(code, offset):
    """The same from the instructions: 3.10, and later ones with `-X no_debug_ranges`, do not know in which column of its line a call is."""
    from opcode import EXTENDED_ARG, opname

    extended = 0
    for at in range(offset + 2, len(code.co_code), 2):
        op, arg = code.co_code[at : at + 2]
        arg |= extended
        extended = arg << 8 if op == EXTENDED_ARG else 0
        name = opname[op]
        if name == "STORE_FAST":
            return code.co_varnames[arg]
        if name == "STORE_DEREF" and VERSION < (3, 11):  # later: an index in what there is no list of
            return (code.co_cellvars + code.co_freevars)[arg]
        if name in ("STORE_NAME", "STORE_GLOBAL", "STORE_ATTR"):
            return code.co_names[arg]
        if name not in BETWEEN:
            break
    return ""


def of_tuple(before):
    """`a, b = Lock(), ` is "b": the target at the same place as the value that follows."""
    targets, _, values = before.rpartition(";")[2].partition("=")
    depth = index = 0
    for char in values:
        depth += (char in "([{") - (char in ")]}")
        index += char == "," and depth == 0
    names = targets.strip(" ()").split(",")
    name = names[index].strip().rpartition(".")[2] if depth == 0 and index < len(names) else ""
    return name if name.isidentifier() else ""


def position(code, offset):
    """Line, and column where it is known (3.11+), of the instruction at an offset."""
    if hasattr(code, "co_positions"):
        for i, (line, _, column, _) in enumerate(code.co_positions()):
            if i * 2 == offset:
                return line or code.co_firstlineno, column
    for start, end, line in code.co_lines():
        if start <= offset < end and line is not None:
            return line, None
    return code.co_firstlineno, None
