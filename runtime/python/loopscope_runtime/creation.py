"""NEW records: a task was made, by whom and where. And the end of a task that never waited, which needs no more than that."""

from sys import _getframe as getframe

from . import chains, codes, state
from .records import CANCELLED, DONE, KEYS, NAME, NEW, NEW_NEXT, NEW_NUMBER, NEW_SAME, RAISED_OUTCOME, RETURNED, head, key

MANY = 50  # tasks of one place whose whole creation stack is written
NEW_HEAD = head(NEW)
SAME_NEXT_HEAD = head(NEW, 0, NEW_SAME | NEW_NEXT)
ARG = 32 * KEYS  # what one more in `arg` takes from a head
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
    places = {}  # how many tasks each place made
    # The task made last: depth, code and offset of the user's frame; the coroutine's code; the parent.
    depth, last_code, last_offset, last_own, last_parent = 1, None, 0, None, -1.0
    # Instead, where no code of the user has a part in it: its frames; if it was the second in a row with these, how they were reached,
    # the coroutine's code and the parent.
    library_frames, library_way, library_own, library_parent = None, None, None, 0.0
    # The next default name: what it begins with, what it and those after it end with, and which of these it is; how many of them were
    # not counted. Names are told as the next number by comparing with that; made of two strings, it costs a third of formatting a number.
    hundred, block, endings, at, since = 0, "Task-", (), 0, 0
    high = hash(rec) - hash(rec) % KEYS  # what keys leave out of most hashes: a subtraction is a third of a division

    def created(task, parent, name, above=2):
        """A task was made by what the frame called that is so many above this function's: its key, or what it carries if it was seen before.

        Where the same place has made many, only the frames up to the user's are told.
        """
        nonlocal at
        arg = 0
        try:
            if task.get_coro().cr_code is last_own and parent == last_parent:
                user = getframe(depth)
                if user.f_lasti == last_offset and user.f_code is last_code:
                    arg = NEW_SAME
                    if name == block + endings[at]:
                        k = hash(task) - high
                        if 0.0 <= k < KEYS:
                            at += 1
                            ext((SAME_NEXT_HEAD - k, clock()))
                            return k
        except (AttributeError, IndexError, ValueError):  # no coroutine of its own; a hundred names were told; the stack is not that deep
            pass
        return slowly(task, parent, name, above + 1, arg)

    def slowly(task, parent, name, above, arg):
        """The same, where something is not as for the task before. arg: NEW_SAME if who made it is."""
        nonlocal at, since
        note = getattr(task, "_loopscope", None)
        if note is not None:
            return note
        t = clock()
        fields = ()
        if not arg:
            own = coroutine_code(task.get_coro())
            fields = told(own, parent, getframe(above), above - 1)
            arg = 0 if fields else NEW_SAME
        count()
        counts["seen"] += 1
        k = key(task)
        if at == len(endings) == 100:
            expect(hundred + 100)
        if endings and name == block + endings[at]:
            at += 1
            ext((NEW_HEAD - (arg | NEW_NEXT) * ARG - k, t, *fields))
        elif numbered(name):
            ext((NEW_HEAD - (arg | NEW_NUMBER) * ARG - k, t, *fields, hundred + at - 1))
        else:
            ext((NEW_HEAD - arg * ARG - k, t, *fields, state.text(name)))
        since = at
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
        nonlocal hundred, at, block, endings
        at = number % 100
        hundred = number - at
        block, endings = ("Task-%d" % (number // 100), ENDINGS) if hundred else ("Task-", FIRST_ENDINGS)

    def numbered(name):
        """Whether a name is one of asyncio's: `Task-` and a number."""
        if name[:5] != "Task-" or not name[5:].isdecimal() or len(name) > 20 or "Task-%d" % int(name[5:]) != name:
            return False
        expect(int(name[5:]) + 1)
        return True

    def told(own, parent, frame, above):
        """The fields that say by whom, of which code and where; none where that is as for the task before."""
        nonlocal depth, last_code, last_offset, last_own, last_parent, library_frames, library_way, library_own, library_parent
        innermost = frame
        if library_way is not None:
            if codes.leads(library_way, frame):
                if library_own is own and library_parent == parent:
                    return ()
                library_own, library_parent = own, parent
                return parent, 0 if own is None else codes.number(own), len(library_frames), *library_frames
            library_frames = library_way = None
        depth = above - 1
        out = []
        base = 0.0
        while frame is not None:  # up to the user's code
            depth += 1
            code = frame.f_code
            try:
                base = known[id(code)]
            except KeyError:
                base = define(code)
            if base > 0:
                out.append(base + frame.f_lasti)
                if base >= USER:
                    break
            elif base == STOP:
                break
            frame = frame.f_back
        last_parent = -1.0
        if base >= USER:
            made = places.get(out[-1], 0)
            if made < MANY:
                places[out[-1]] = made + 1
                out += codes.stack(frame.f_back, frames_told)
            else:
                last_code, last_offset, last_own, last_parent = frame.f_code, frame.f_lasti, own, parent
        elif out == library_frames:
            library_way, library_own, library_parent = codes.way(innermost), own, parent
        else:
            library_frames = out
        return parent, 0 if own is None else codes.number(own), len(out), *out

    def first(task, k, begin, end, name):
        """The first step of a task ended, whatever way; and often the task with it. name: as told; None: the task was never seen."""
        if name is None:
            rec.stepped(task, begin, end)
            return
        outcome = task._state
        if outcome == "PENDING":
            rec.stopped(task, chains.of(task, name), end, task._fut_waiter)
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
        nonlocal last_parent, library_frames, library_way, endings
        count()
        last_parent, library_frames, library_way, endings = -1.0, None, None, ()

    for function in (created, slowly, made, told, first):
        codes.mark(function.__code__, codes.SKIP)
    rec.created, rec.made, rec.first, rec.forget, rec.count = created, made, first, forget, count
    rec.stream.uncounted = uncounted
