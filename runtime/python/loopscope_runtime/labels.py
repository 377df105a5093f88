"""Names for objects, from the source line that made them: `self.accounts = asyncio.Lock()` is 'accounts'."""


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
    source = linecache.getline(code.co_filename, line)
    if column is not None:
        before = source.encode()[:column].decode(errors="replace").rstrip()
    else:
        before = source.partition("(")[0]
        before = before[: before.rfind("=") + 1]
    if before.endswith("await"):
        before = before[:-5].rstrip()
    if before[-1:] == ",":
        return of_tuple(before)
    if before[-1:] != "=" or before[-2:] in ("==", "!=", "<=", ">="):
        return ""
    target = before[:-1].rstrip().rpartition(";")[2].rpartition("=")[2]
    if column is not None and "," in target:
        target = target.partition(",")[0].strip(" (")  # the first of several values
    name = target.split(":")[0].strip().rpartition(".")[2]
    return name if name.isidentifier() else ""


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
