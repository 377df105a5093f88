"""NEW records: a task was made, by whom and where. And the end of a task that never waited, which needs no more than that."""

from sys import _getframe as getframe

from . import chains, codes, state
from .records import ARG, CANCELLED, DONE, KEYS, NAME, NEW, NEW_NEXT, NEW_NUMBER, NEW_SAME, RAISED_OUTCOME, RETURNED, head, key

MANY = 50  # tasks of one place whose whole creation stack is written
SITES = 8  # places remembered that make tasks of one coroutine function
NEW_HEAD = head(NEW)
NEXT_HEAD = head(NEW, 0, NEW_NEXT)
SAME_NEXT_HEAD = head(NEW, 0, NEW_SAME | NEW_NEXT)
RETURNED_HEAD, RAISED_HEAD, CANCELLED_HEAD = (head(DONE, 0, outcome) for outcome in (RETURNED, RAISED_OUTCOME, CANCELLED))

ENDINGS = ["%02d" % i for i in range(100)]
FIRST_ENDINGS = ["%d" % i for i in range(100)]

clock = state.clock
known = codes.known
define = codes.define
STOP = codes.STOP
USER = codes.USER


def coroutine_code(coro):
    """The code of what a task runs, or None; that of `Task.__init__`'s caller cannot stand in."""
    return getattr(coro, "cr_code", None) or getattr(coro, "gi_code", None) or getattr(coro, "ag_code", None)


def watch(rec, Task):
    """Gives a recorder `created`, which writes a NEW, `first`, for the end of a task's first step, and `forget`: the next NEW tells all.

    A task that has not waited yet carries nothing on a fused loop, for an attribute costs it a dictionary, and whoever calls its methods
    more than before: the handle of its first step has its key and its name as told. Elsewhere it carries its name, or the list of `chains`.
    """
    ext = rec.ext
    counts = state.counts
    frames_told = 1 if rec.light else 32
    # place in the user's code -> [how many tasks it made; how they were made, from the innermost frame to that; None: in several ways]
    places = {}
    # id(code of a coroutine) -> the sites that make tasks of it, the latest first: how many frames up from `elsewhere` the innermost is; its
    # code and offset, and those of each above it, up to the user's or those the loop calls: a library that hands something on may reach the
    # same code by other functions, even by one of the user's; the code of the loop's own frame beyond, or None beyond the user's; the fields
    # that tell of it, but for the parent; what is hot then; and what `places` has of it.
    sites = {}
    last_site, last_parent = None, -1.0  # of the task made last
    # Again, if the user's code made it, and always in one way: its depth, code and offset, and the code of the coroutine. For the next
    # one, the frames below it are not compared: the same instruction would have to call something else, for the first time in fifty or more.
    nobody = object()  # no code is that, not even of a coroutine that has none
    depth, last_code, last_offset, last_own = 1, None, 0, nobody
    # The next default name: what it begins with, what it and those after it end with, and which of these it is; how many of them were
    # not counted. Names are told as the next number by comparing with that; made of two strings, it costs a third of formatting a number.
    hundred, block, endings, at, since = 0, "Task-", (), 0, 0
    high = hash(rec) - hash(rec) % KEYS  # what keys leave out of most hashes: a subtraction is a third of a division

    def created(task, parent, name, above=2):
        """A task was made by what the frame called that is so many above this function's: its key, or what it carries if it was seen before.

        Where the same place has made many, only the frames up to the user's are told.
        """
        nonlocal at
        try:
            own = task.get_coro().cr_code
            if own is last_own and parent == last_parent:
                user = getframe(depth)
                if user.f_lasti == last_offset and user.f_code is last_code:
                    if name == block + endings[at]:
                        k = hash(task) - high
                        if 0.0 <= k < KEYS:
                            at += 1
                            ext((SAME_NEXT_HEAD - k, clock()))
                            return k
                    above = 0  # all but the name is known
        except IndexError:  # a hundred names were told
            above = 0
        except (AttributeError, ValueError):  # no coroutine of its own; the stack is not that deep
            own = coroutine_code(task.get_coro())
        return elsewhere(task, own, parent, name, above)

    def elsewhere(task, own, parent, name, above):
        """The same where another place, or another parent, made the task before. own: the code of its coroutine. above: 0: it was no other."""
        nonlocal at, depth, last_code, last_offset, last_own, last_parent, last_site
        if not above:
            return slowly(task, own, parent, name, 0, last_site)
        try:
            for site in sites[id(own)]:
                up, code, offset, way, beyond, fields, hot, place = site
                frame = getframe(up)
                if frame.f_lasti == offset and frame.f_code is code:
                    for step, there in way:
                        frame = frame.f_back
                        if frame.f_lasti != there or frame.f_code is not step:
                            break
                    else:
                        if beyond is not None and frame.f_back.f_code is not beyond:
                            continue
                        if name != block + endings[at]:
                            break
                        k = hash(task) - high
                        if not 0.0 <= k < KEYS:
                            break
                        at += 1
                        t = clock()
                        if site is last_site and parent == last_parent:
                            ext((SAME_NEXT_HEAD - k, t))
                        else:
                            if place[1]:
                                depth, last_code, last_offset, last_own = hot
                            else:
                                last_own = nobody
                            last_site, last_parent = site, parent
                            ext((NEXT_HEAD - k, t, parent) + fields)
                        return k
            else:
                site = None
        except (KeyError, AttributeError, ValueError):  # the first of its kind; the stack is not that deep
            site = None
        except IndexError:  # a hundred names were told
            pass
        return slowly(task, own, parent, name, above + 2, site)

    def slowly(task, own, parent, name, above, site):
        """The same where anything may be new. site: that of `sites` which made the task, or None."""
        nonlocal at, depth, last_code, last_offset, last_own, last_parent, last_site
        note = getattr(task, "_loopscope", None)
        if note is not None:
            return note
        t = clock()
        arg = 0
        if site is None:
            site, fields = told(own, getframe(above), above - 1)
        else:
            fields = site[5]
            if site is last_site and parent == last_parent:
                arg = NEW_SAME
        k = key(task)
        if at == len(endings) == 100:
            expect(hundred + 100)
        if endings and name == block + endings[at]:
            at += 1
            arg |= NEW_NEXT
            last = ()
        elif name[:5] == "Task-" and numbered(name):
            counts["seen"] += 1
            arg |= NEW_NUMBER
            last = (hundred + at - 1,)
        else:
            counts["seen"] += 1
            last = (state.text(name),)
        if site is not None:
            depth, last_code, last_offset, last_own = site[6]
            if not site[7][1]:
                last_own = nobody
        last_site, last_parent = site, -1.0 if site is None else parent
        ext((NEW_HEAD - arg * ARG - k, t) + (() if arg & NEW_SAME else (parent, *fields)) + last)
        return k

    def made(task, parent, above=2):
        """The same for a task that may be stepped in ways that nobody sees: it carries its name as told, or the list of `chains`."""
        name = task.get_name()
        k = created(task, parent, name, above + 1)
        if type(task) is not Task:
            chains.of(task)
        elif type(k) is float:
            task._loopscope = name
        return k

    def uncounted():
        """How many tasks of the present hundred are not in `counts`."""
        return at - since

    def count():
        nonlocal since
        counts["seen"] += at - since
        since = at

    def expect(number):
        """Says which is the next number of a default name, as far as is known."""
        nonlocal hundred, at, since, block, endings
        count()
        since = at = number % 100
        hundred = number - at
        block, endings = ("Task-%d" % (number // 100), ENDINGS) if hundred else ("Task-", FIRST_ENDINGS)

    def numbered(name):
        """Whether a name that begins with `Task-` is one of asyncio's: it ends with a number."""
        if not name[5:].isdecimal() or len(name) > 20 or "Task-%d" % int(name[5:]) != name:
            return False
        expect(int(name[5:]) + 1)
        return True

    def told(own, frame, up):
        """(site by which this is known again, or None; the fields that say of which code and where a task was made).

        own: the code of its coroutine. frame: the innermost that may have made it, so many above `elsewhere`.
        """
        out, way = [], []
        base = 0.0
        while frame is not None:  # up to the user's code
            code, offset = frame.f_code, frame.f_lasti
            try:
                base = known[id(code)]
            except KeyError:
                base = define(code)
            way.append((code, offset))
            if base > 0:
                out.append(base + offset)
                if base >= USER:
                    break
            elif base == STOP:
                break
            frame = frame.f_back
        kept = frame is not None and own is not None
        place = (0, None)
        if base >= USER:
            place = places.setdefault(out[-1], [0, way])
            if place[1] != way:
                place[1] = None
            if place[0] < MANY:
                place[0] += 1
                out += codes.stack(frame.f_back, frames_told)
                kept = False
        fields = (0 if own is None else codes.number(own), len(out), *out)
        if not kept:
            return None, fields
        hot = up + len(way) - 2, *way[-1], own
        beyond = way.pop()[0] if base == STOP and out else None
        site = (up, *way[0], way[1:], beyond, fields, hot, place)
        sites[id(own)] = (site, *sites.get(id(own), ())[: SITES - 1])
        return site, fields

    def first(task, k, begin, end, name):
        """The first step of a task ended, whatever way; and often the task with it. name: as told; None: the task was never seen."""
        if name is None:
            rec.stepped(task, begin, end)
            return
        outcome = task._state
        if outcome == "PENDING":
            if rec.light:
                rec.stopped(task, chains.of(task, name), end, task._fut_waiter)
            else:
                rec.elsewhere(task, None, end, task._fut_waiter, k, name)
            return
        if name is not task.get_name():
            ext((head(NAME, k), state.text(task.get_name())))
        if outcome == "CANCELLED":
            ext((CANCELLED_HEAD - k, end))
        elif task._exception is None:
            ext((RETURNED_HEAD - k, end))
        else:
            ext((RAISED_HEAD - k, end))
            rec.raised(task)

    def forget():
        nonlocal last_parent, endings
        count()
        last_parent, endings = -1.0, ()

    for function in (created, elsewhere, slowly, made, told, first):
        codes.mark(function.__code__, codes.SKIP)
    rec.created, rec.made, rec.first, rec.forget, rec.count = created, made, first, forget, count
    rec.stream.uncounted = uncounted
