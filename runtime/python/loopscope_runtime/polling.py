"""What `_run_once` asks for before its callbacks: events, where it does not wait for them, without `EpollSelector.select`'s Python; and timers."""

import heapq
import sys
import zlib

from . import guard

EPOLLIN, EPOLLOUT = 1, 4  # of Linux, the only system that has it
MIRRORED = {2480360253, 1827304174}  # checksums of the source of `EpollSelector.select`: 3.10 to 3.12; 3.13


def shortcut(loop):
    """What `EpollSelector.select` is to be as long as the shorter way is right, and what that takes, for who need not wait.

    (selector, its attributes, its class, the class's `select`, `poll` of its epoll, its table of files). A selector that is
    not the one mirrored here is no loop's.
    """
    selector = getattr(loop, "_selector", None)
    kind = getattr(sys.modules.get("selectors"), "EpollSelector", None)
    try:
        if kind is not None and type(selector) is kind and zlib.crc32(guard.source_of(kind.select).encode()) in MIRRORED:
            return selector, selector.__dict__, kind, kind.select, selector._selector.poll, selector._fd_to_key
    except (OSError, AttributeError, IndexError):
        pass
    return object(), {}, None, None, None, None


def events_processor():
    """What asyncio does with the events of a selector; with none, it does nothing."""
    base = getattr(sys.modules.get("asyncio.selector_events"), "BaseSelectorEventLoop", None)
    return getattr(base, "_process_events", None)


def translate(events, files):
    """[(key, mask), ..] as `select` gives, of [(file, epoll's mask), ..]."""
    out = []
    for file, event in events:
        key = files.get(file)
        if key:
            mask = (2 if event & ~EPOLLIN else 0) | (1 if event & ~EPOLLOUT else 0)  # EVENT_WRITE, EVENT_READ
            out.append((key, mask & key.events))
    return out


def sweep(loop):
    """Takes the cancelled timers out of a loop's, as `_run_once` does where there are many: those that are left."""
    kept = []
    for h in loop._scheduled:
        if h._cancelled:
            h._scheduled = False
        else:
            kept.append(h)
    heapq.heapify(kept)
    loop._scheduled = kept
    loop._timer_cancelled_count = 0
    return kept
