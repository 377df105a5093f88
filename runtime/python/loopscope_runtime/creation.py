"""NEW records: a task was made, by whom and where. And the end of a task that never waited, which needs no more than that."""

from gc import get_referents
from sys import _getframe as getframe

from . import chains, codes, names, state
from .records import ARG, CANCELLED, DONE, KEYS, LIGHT_HEAD, NAME, NEW, NEW_NEXT, NEW_NUMBER, NEW_SAME, RAISED_OUTCOME, RETURNED, YIELD_HEAD, head, key

MANY = 50  # tasks of one place whose whole creation stack is written
SITES = 8  # places remembered that make tasks of one coroutine function
NEW_HEAD = head(NEW)
NEXT_HEAD = head(NEW, 0, NEW_NEXT)
SAME_NEXT_HEAD = head(NEW, 0, NEW_SAME | NEW_NEXT)
RETURNED_HEAD, RAISED_HEAD, CANCELLED_HEAD = (head(DONE, 0, outcome) for outcome in (RETURNED, RAISED_OUTCOME, CANCELLED))

ENDINGS = ["%02d" % i for i in range(100)]
FIRST_ENDINGS = ["%d" % i for i in range(100)]
NUMBERS = list(range(100))

clock = state.clock
known = codes.known
define = codes.define
STOP = codes.STOP
USER = codes.USER


def coroutine_code(coro):
    """The code of what a task runs, or None; that of `Task.__init__`'s caller cannot stand in."""
    if type(coro) in (chains.AsyncThrow, chains.AsyncSend):  # `aclose()` of one that nobody refers to any more, as a loop calls it
        coro = next((each for each in get_referents(coro) if type(each) is chains.AsyncGeneratorType), coro)
    return getattr(coro, "cr_code", None) or getattr(coro, "gi_code", None) or getattr(coro, "ag_code", None)


def along(frame, way):
    """Whether the frames above one are these: (code, offset) of each, from the nearest on; an offset is None where any will do."""
    for code, offset in way:
        frame = frame.f_back
        if frame.f_code is not code or (offset is not None and frame.f_lasti != offset):
            return False
    return True


def numbered(name):
    """The number of a default name, or None of another."""
    if name[:5] != "Task-" or not name[5:].isdecimal() or len(name) > 20:
        return None
    number = int(name[5:])
    return number if "Task-%d" % number == name else None


def watch(rec, Task):
    """Gives a recorder `created`, which writes a NEW, `first`, for the end of a task's first step, and `forget`: the next NEW tells all.

    A task that has not waited yet carries nothing on a fused loop, for an attribute costs it a dictionary, and whoever calls its methods
    more than before: the handle of its first step has its key and its name as told. Elsewhere it carries its name, or the list of `chains`.
    """
    if Task is not names.Task:
        names.start(Task)
    ext = rec.ext
    stream = rec.stream
    light = rec.light
    frames_told = 1 if light else 32
    # place in the user's code -> [how many tasks it made; how they were made, from the innermost frame to that; None: in several ways]
    places = {}
    # id(code of a coroutine) -> the sites that make tasks of it, the latest first. A site: how many frames up from `created` the innermost
    # is; its code and offset; those of each above it, up to the user's, or those the loop calls and the loop's own, of which the offset is
    # None: a library that hands something on may reach the same code by other functions, even by one of the user's; the NEW that tells of
    # it, but for its first numbers; what `places` has of it; and how many up the user's frame is.
    sites = {}
    # Of the site that made a task last: the code of the coroutine; how many frames up the one is that is compared, its code and offset, and
    # what is compared beyond: frames, or just the code of the loop's, or None. If the user's code made it, and always in one way, that is the
    # user's frame and nothing else: for the next one, the frames below it are not compared, for the same instruction would have to call
    # something else, for the first time in fifty or more.
    nobody = object()  # no code is that, not even of a coroutine that has none
    last_own, depth, last_code, last_offset, rest = nobody, 1, None, 0, None
    last_site, last_note, last_parent = None, None, -1.0  # parent: of the last NEW, if it was by that site
    same, returned = [0.0, 0.0], [0.0, 0.0]  # a NEW as the one before, and a DONE: writing them from here makes no tuple
    # The next default name: what it begins with, what it and those after it end with, and which of these it is; how many of them were
    # not counted. Names are told as the next number by comparing with that; made of two strings, it costs a third of formatting a number,
    # and where they are kept as numbers (`names.py`), of two numbers.
    hundred, block, endings, at, since = 0, "Task-", (), 0, 0

    def created(task, parent, name, above=2, own=None):
        """A task was made by what the frame called that is so many above this function's: its key, or what it carries if it was seen before.

        Where the same place has made many, only the frames up to the user's are told. own: the code of its coroutine, if that is at hand.
        """
        nonlocal at, last_parent
        try:
            if own is None:
                own = task.get_coro().cr_code
            if own is last_own:
                k = hash(task) % KEYS
                t = clock()
                frame = getframe(depth)  # after this call no signal handler runs, which could make a task, too
                if (
                    own is last_own
                    and frame.f_lasti == last_offset
                    and frame.f_code is last_code
                    and (rest is None or (along(frame, rest) if type(rest) is tuple else frame.f_back.f_code is rest))
                ):
                    if name == block + endings[at]:
                        at += 1
                        if parent == last_parent:
                            same[0] = SAME_NEXT_HEAD - k
                            same[1] = t
                            ext(same)
                        else:
                            last_note[0] = NEXT_HEAD - k
                            last_note[1] = t
                            last_note[2] = last_parent = parent
                            ext(last_note)
                        return k
                    above = 0  # all but the name is known
        except IndexError:  # a hundred names were told
            above = 0
        except (AttributeError, ValueError):  # no coroutine of its own; the stack is not that deep
            own = coroutine_code(task.get_coro())
        return elsewhere(task, own, parent, name, above)

    def elsewhere(task, own, parent, name, above):
        """The same where another site made the task before. own: the code of its coroutine. above: 0: it was no other, but the name is."""
        nonlocal at, last_parent
        if not above:
            return slowly(task, own, parent, name, 0, last_site)
        try:
            for site in sites[id(own)]:
                up, code, offset, beyond, note, _, _ = site
                frame = getframe(up + 1)
                if frame.f_lasti == offset and frame.f_code is code and along(frame, beyond):
                    if name != block + endings[at]:
                        break
                    k = hash(task) % KEYS
                    t = clock()
                    by_site(site, own)
                    at += 1
                    last_parent = parent
                    note[:3] = NEXT_HEAD - k, t, parent
                    ext(note)
                    return k
            else:
                site = None
        except (KeyError, AttributeError, ValueError):  # the first of its kind; the stack is not that deep
            site = None
        except IndexError:  # a hundred names were told
            pass
        return slowly(task, own, parent, name, above + 2, site)

    def by_site(site, own):
        """Notes which site made the last task, and what is compared the next time."""
        nonlocal depth, last_code, last_offset, last_own, rest, last_site, last_note
        last_site, last_own = site, own
        depth, last_code, last_offset, rest, last_note, place, up = site
        if place[1]:
            depth, (last_code, last_offset), rest = up, place[1][-1], None
        elif len(rest) < 2:
            rest = rest[0][0] if rest and rest[0][1] is None else rest or None

    def slowly(task, own, parent, name, above, site):
        """The same where anything may be new. site: that of `sites` which made the task, or None."""
        nonlocal at, last_own, last_parent
        note = getattr(task, "_loopscope", None)
        if note is not None:
            return note
        t = clock()
        arg = 0
        if site is None:
            site, fields = told(own, getframe(above), above - 2)
        else:
            fields = site[4][3:]
            if site is last_site and parent == last_parent:
                arg = NEW_SAME
        k = key(task)
        kept = type(name) is int
        number = name if kept else numbered(name)
        if endings and (at == 100 or (kept is not (endings is NUMBERS) and number is not None)):
            expect(hundred + at, kept)
        if number is None:
            stream.seen += 1
            last = (state.text(name),)
        elif endings and number == hundred + at:
            at += 1
            arg |= NEW_NEXT
            last = ()
        else:
            stream.seen += 1
            expect(number + 1, kept)
            arg |= NEW_NUMBER
            last = (number,)
        if site is None:
            last_own, last_parent = nobody, -1.0
        else:
            by_site(site, own)
            last_parent = parent
        ext((NEW_HEAD - arg * ARG - k, t) + (() if arg & NEW_SAME else (parent, *fields)) + last)
        return k

    def made(task, parent, above=2):
        """The same for a task that may be stepped in ways that nobody sees: it carries its name as told, or the list of `chains`."""
        name = names.of(task)
        k = created(task, parent, name, above + 1)
        if type(task) is not Task:
            chains.of(task)
        elif type(k) is float:
            task._loopscope = name
        return k

    def uncounted():
        """How many tasks of the present hundred are not in `stream.seen`."""
        return at - since

    def count():
        nonlocal since
        stream.seen += at - since
        since = at

    def expect(number, kept):
        """Says which is the next number of a default name, as far as is known. kept: whether such names are numbers here."""
        nonlocal hundred, at, since, block, endings
        count()
        since = at = number % 100
        hundred = number - at
        if kept:
            block, endings = hundred, NUMBERS
        else:
            block, endings = ("Task-%d" % (number // 100), ENDINGS) if hundred else ("Task-", FIRST_ENDINGS)

    def told(own, frame, up):
        """(site by which this is known again, or None; the fields that say of which code and where a task was made).

        own: the code of its coroutine. frame: the innermost that may have made it, so many above `created`.
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
        user = up + len(way) - 1
        if base == STOP and out:
            way[-1] = way[-1][0], None
        site = (up, *way[0], tuple(way[1:]), [0.0, 0.0, 0.0, *fields], place, user)
        sites[id(own)] = (site, *sites.get(id(own), ())[: SITES - 1])
        return site, fields

    def first(task, k, begin, end, name):
        """The first step of a task ended, whatever way; and often the task with it. name: as told, and kept; None: the task was never seen."""
        if name is None:
            rec.stepped(task, begin, end)
            return
        outcome = task._state
        if outcome == "PENDING":
            if light:
                st = chains.of(task, name)
                if names.given and st[3] is not names.of(task):
                    rec.renamed(task, st)
                ext(((YIELD_HEAD if task._fut_waiter is None else LIGHT_HEAD) - k, end))
            else:
                rec.elsewhere(task, None, end, task._fut_waiter, k, name)
            return
        if names.given and name is not names.of(task) and names.changed(task, name):
            ext((head(NAME, k), state.text(names.said(task))))
        if outcome == "CANCELLED":
            ext((CANCELLED_HEAD - k, end))
        elif task._exception is None:
            returned[0] = RETURNED_HEAD - k
            returned[1] = end
            ext(returned)
        else:
            ext((RAISED_HEAD - k, end))
            rec.raised(task)

    def forget():
        nonlocal last_parent, endings
        count()
        last_parent, endings = -1.0, ()

    for function in (created, elsewhere, by_site, slowly, made, told, first):
        codes.mark(function.__code__, codes.SKIP)
    rec.created, rec.made, rec.first, rec.forget, rec.count = created, made, first, forget, count
    stream.uncounted = uncounted
