"""Who made a task ready: the place in the code."""

from . import codes

known = codes.known
define = codes.define
STOP = codes.STOP
USER = codes.USER

MAX_WAYS = 3  # of those that woke a task where it waits: how many are remembered


def place(frame, limit, ways, code=None):
    """The place of the innermost user frame among `limit`, else of the innermost; 0 when there is none. code: the frame's, if known.

    ways: how others were reached before: `limit`, the code of `frame`; those beyond, but for the last, and the last (None: there is none);
    whether the place is in the first, that code's place, and where the place was. Those are compared first; and this one is added.
    """
    if code is None:
        code = frame.f_code
    try:
        for few, own, between, last, innermost, base, offset, there in ways:
            if own is code and few == limit:
                f = frame
                if last is not None:
                    f = f.f_back
                    if between:
                        for inner in between:
                            if f.f_code is not inner:
                                break
                            f = f.f_back
                        else:
                            inner = None
                        if inner is not None:
                            continue
                    if f.f_code is not last:
                        continue
                    if innermost:
                        f = frame
                at = f.f_lasti
                return there if at == offset else base + at
    except AttributeError:  # the stack is not that deep
        pass
    first, first_base = 0, None
    inner = []
    left = limit
    f = frame
    while f is not None:
        code = f.f_code
        try:
            base = known[id(code)]
        except KeyError:
            base = define(code)
        inner.append(code)
        if base >= USER:
            return remember(ways, limit, inner, False, base, f.f_lasti)
        if base > 0:
            if f is frame:
                first_base = base
            first = first or base + f.f_lasti
            left -= 1
            if not left:
                break
        elif base == STOP:
            break
        f = f.f_back
    if f is not None and first_base is not None:
        remember(ways, limit, inner, True, first_base, frame.f_lasti)
    return first


def remember(ways, limit, inner, innermost, base, offset):
    """Adds how a place was reached to `ways`, and returns it."""
    if len(ways) < MAX_WAYS:
        own, *between = inner
        last = between.pop() if between else None
        ways.append((limit, own, tuple(between), last, innermost, base, offset, base + offset))
    return base + offset
