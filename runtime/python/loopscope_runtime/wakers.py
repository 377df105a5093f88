"""Who made a task ready: the place in the code."""

from . import codes

known = codes.known
define = codes.define
STOP = codes.STOP
USER = codes.USER

MAX_WAYS = 3  # of those that woke a task where it waits: how many are remembered


def place(frame, limit, ways):
    """The place of the innermost user frame among `limit`, else of the innermost; 0 when there is none.

    ways: how others were reached before: `limit`, the codes from `frame` on but for the last, the last, and of whose frame the place
    was: that code's place, and whether it is the first. Those are compared first; and this one is added.
    """
    try:
        for few, inner, last, base, innermost in ways:
            if few == limit:
                f = frame
                for code in inner:
                    if f.f_code is not code:
                        break
                    f = f.f_back
                else:
                    if f.f_code is last:
                        return base + (frame if innermost else f).f_lasti
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
        if base >= USER:
            if len(ways) < MAX_WAYS:
                ways.append((limit, inner, code, base, False))
            return base + f.f_lasti
        if base > 0:
            if f is frame:
                first_base = base
            first = first or base + f.f_lasti
            left -= 1
            if not left:
                break
        elif base == STOP:
            break
        inner.append(code)
        f = f.f_back
    if f is not None and first_base is not None and len(ways) < MAX_WAYS:
        ways.append((limit, inner, code, first_base, True))
    return first
