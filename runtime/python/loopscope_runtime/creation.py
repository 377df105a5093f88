"""NEW records: a task was made, by whom and where. And the end of a task that never waited, which needs no more than that."""

from sys import _getframe as getframe
from types import CoroutineType

from . import chains, codes, state
from .records import CANCELLED, DONE, KEYS, NAME, NEW, NEW_NEXT, NEW_NUMBER, NEW_SAME, RAISED_OUTCOME, RETURNED, head, key

MANY = 50  # tasks of one place whose whole creation stack is written
NEW_HEAD = head(NEW)
SAME_NEXT_HEAD = head(NEW, 0, NEW_SAME | NEW_NEXT)
ARG = 32 * KEYS  # what one more in `arg` takes from a head
RETURNED_HEAD, RAISED_HEAD, CANCELLED_HEAD = (head(DONE, 0, outcome) for outcome in (RETURNED, RAISED_OUTCOME, CANCELLED))

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

    `_loopscope` of a task that has not waited yet is its name: a list for each of 100,000 tasks is what the garbage collector would
    look at most. (Of a task of another class, it is the list of `chains`: such a task may be stepped in other ways.)
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
    number, expected = 0, None  # its number, if it has a default name; that of the next
    high = hash(rec) - hash(rec) % KEYS  # what keys leave out of most hashes: a subtraction is a third of a division

    def created(task, parent, above=2):
        """A task was made by what the frame called that is so many above this function's: its key.

        Where the same place has made many, only the frames up to the user's are told.
        """
        nonlocal number, expected
        name = task.get_name()
        coro = task.get_coro()
        if type(task) is Task:
            task._loopscope = name
        else:
            chains.of(task)
        k = hash(task) - high
        if not 0.0 <= k < KEYS:
            k = key(task)
        counts["seen"] += 1
        own = coro.cr_code if type(coro) is CoroutineType else coroutine_code(coro)
        arg = 0
        if last_own is own and last_parent == parent:
            try:
                user = getframe(depth)
                if user.f_code is last_code and user.f_lasti == last_offset:
                    if name == expected:
                        number += 1
                        expected = f"Task-{number + 1}"
                        ext((SAME_NEXT_HEAD - k, clock()))
                        return k
                    arg = NEW_SAME
            except ValueError:  # the stack is not that deep
                pass
        t = clock()
        fields = () if arg else told(own, parent, getframe(above), above)
        arg = arg if fields else NEW_SAME
        if name == expected:
            number += 1
            expected = f"Task-{number + 1}"
            ext((NEW_HEAD - (arg | NEW_NEXT) * ARG - k, t, *fields))
        elif numbered(name):
            ext((NEW_HEAD - (arg | NEW_NUMBER) * ARG - k, t, *fields, number))
        else:
            ext((NEW_HEAD - arg * ARG - k, t, *fields, state.text(name)))
        return k

    def numbered(name):
        """Whether a name is one of asyncio's: `Task-` and a number."""
        nonlocal number, expected
        if name[:5] != "Task-" or not name[5:].isdecimal() or len(name) > 20 or "Task-%d" % int(name[5:]) != name:
            return False
        number = int(name[5:])
        expected = f"Task-{number + 1}"
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

    def first(task, k, begin, end):
        """The first step of a task ended, whatever way; and often the task with it."""
        name = getattr(task, "_loopscope", None)
        if type(name) is not str:
            rec.stepped(task, begin, end)
            return
        outcome = task._state
        if outcome == "PENDING":
            rec.stopped(task, chains.of(task), end, task._fut_waiter)
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
        nonlocal last_parent, library_frames, library_way, expected
        last_parent, library_frames, library_way, expected = -1.0, None, None, None

    for function in (created, told, first):
        codes.mark(function.__code__, codes.SKIP)
    rec.created, rec.first, rec.forget = created, first, forget
