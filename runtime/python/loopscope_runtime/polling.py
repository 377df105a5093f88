"""What `_run_once` asks for before its callbacks: events, where it does not wait for them, without `EpollSelector.select`'s Python; and timers."""

import heapq
import sys
import zlib
from types import MethodType

from . import guard

stock_process = stock_add = None  # how asyncio hands on events, and what is to run; the second is None if these are not the ones mirrored here
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


def know(asyncio):
    """What asyncio does with the events of a selector; with none, it does nothing."""
    global stock_process, stock_add
    base = getattr(sys.modules.get("asyncio.selector_events"), "BaseSelectorEventLoop", None)
    stock_process, stock_add = getattr(base, "_process_events", None), asyncio.base_events.BaseEventLoop._add_callback
    if not (guard.is_mirrored(stock_process) and guard.is_mirrored(stock_add)):
        stock_add = None
    return stock_process


def arrived(events, files, loop, fields):
    """Makes ready what events call, as `_process_events` does, for that and what it calls are half of what an event costs; what is left for that.

    events: as of epoll. fields: the attributes of the loop, or None where nobody may look at them.
    """
    kind = type(loop)
    if kind._process_events is not stock_process or kind._add_callback is not stock_add:
        return translate(events, files)
    if fields is None:
        if loop._process_events != MethodType(stock_process, loop) or loop._add_callback != MethodType(stock_add, loop):
            return translate(events, files)
    elif "_process_events" in fields or "_add_callback" in fields:
        return translate(events, files)
    for file, event in events:
        if event == EPOLLIN:  # which is told only of who asked for it
            key = files.get(file)
            if key is not None:
                reader = key[3][0]  # of its `data`
                if reader is not None and not reader._cancelled:
                    loop._ready.append(reader)
                    continue
        loop._process_events(translate(((file, event),), files))


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


def drop_cancelled(loop, scheduled):
    """Takes those out that come first, as it does otherwise."""
    while scheduled and scheduled[0]._cancelled:
        loop._timer_cancelled_count -= 1
        heapq.heappop(scheduled)._scheduled = False


def push_due(scheduled, end, push):
    """Makes the timers ready that are due before `end`."""
    while scheduled and scheduled[0]._when < end:
        h = heapq.heappop(scheduled)
        h._scheduled = False
        push(h)
