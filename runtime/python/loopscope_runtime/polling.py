"""A shorter way to ask for events, where a loop does not wait for them: `EpollSelector.select` without its Python."""

import sys
import zlib

from . import guard

EPOLLIN, EPOLLOUT = 1, 4  # of Linux, the only system that has it
MIRRORED = {2480360253, 1827304174}  # checksums of the source of `EpollSelector.select`: 3.10 to 3.12; 3.13


def shortcut(loop):
    """(the bound `select` of a loop's selector, `poll` of its epoll, its table of files), for who need not wait.

    The first compares equal to what `selector.select` is later, unless somebody has put something else there. Thrice None where the selector is
    not the one mirrored here.
    """
    selector = getattr(loop, "_selector", None)
    kind = getattr(sys.modules.get("selectors"), "EpollSelector", None)
    if kind is None or type(selector) is not kind:
        return None, None, None
    try:
        if zlib.crc32(guard.source_of(kind.select).encode()) not in MIRRORED:
            return None, None, None
        return selector.select, selector._selector.poll, selector._fd_to_key
    except (OSError, AttributeError, IndexError):
        return None, None, None


def translate(events, files):
    """[(key, mask), ..] as `select` gives, of [(file, epoll's mask), ..]."""
    out = []
    for file, event in events:
        key = files.get(file)
        if key:
            mask = (2 if event & ~EPOLLIN else 0) | (1 if event & ~EPOLLOUT else 0)  # EVENT_WRITE, EVENT_READ
            out.append((key, mask & key.events))
    return out
