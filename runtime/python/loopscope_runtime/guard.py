"""Is this asyncio the one that `fused.py` mirrors? Its replaced functions are compared by a checksum of their source."""

import zlib

MIRRORED = {
    "call_soon": {2496351038},
    "_call_soon": {4056955308},
    "call_soon_threadsafe": {2755474116, 2759174258},  # 3.10 to 3.13; 3.14 and 3.15
    "_run_once": {1399823685, 805878720, 1120586120},  # 3.10 to 3.12; 3.13 and 3.14; 3.15
    "run_forever": {2814641073, 2354306586, 868198452},  # 3.10 to 3.12; 3.13; 3.14
    "is_running": {1193703782},  # 3.12 to 3.15
    "create_task": {858271652},  # 3.14 and 3.15
    "__init__": {1976223744},
    "_process_events": {885490536},
    "_add_callback": {2373969312},
    "_run": {2333649449, 3921659850},
}


def source_of(function):
    """The text of a function, as it stands in its file."""
    code = function.__code__
    with open(code.co_filename, "rb") as file:
        lines = file.read().decode("utf-8", "replace").split("\n")
    first = code.co_firstlineno - 1
    indent = len(lines[first]) - len(lines[first].lstrip())
    last = first + 1
    while last < len(lines) and (not lines[last].strip() or len(lines[last]) - len(lines[last].lstrip()) > indent
                                 or lines[last].lstrip()[:1] == ")"):
        last += 1
    return "\n".join(lines[first:last]).rstrip()


def mismatch(base_events, events):
    """The name of the first function that is not the one mirrored, or None."""
    loop, handle = base_events.BaseEventLoop, events.Handle
    for owner, names in ((loop, ("call_soon", "_call_soon", "call_soon_threadsafe", "_run_once")), (handle, ("__init__", "_run"))):
        for name in names:
            try:
                same = is_mirrored(owner.__dict__[name])
            except (KeyError, AttributeError):
                return name
            if not same:
                return name
    return None


_judged = {}  # code -> whether it is that of a function that is known


def is_mirrored(function):
    """Whether a function is one that is known."""
    try:
        code = function.__code__
        if code not in _judged:
            _judged[code] = zlib.crc32(source_of(function).encode()) in MIRRORED.get(function.__name__, ())
        return _judged[code]
    except (OSError, AttributeError, IndexError):
        return False


def known_code(function):
    """The code of a function that is known, or None."""
    return function.__code__ if is_mirrored(function) else None
