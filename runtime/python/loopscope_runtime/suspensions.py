"""STEP records: where a task is suspended, and what it waits on. Of the chains of coroutines that were told, most have a number (`Whole`)."""

from . import chains, codes, names, positions, waits
from .records import ARG, STEP, STEP_CHAIN, STEP_FUTURE, STEP_NUMBER, STEP_OBJECT, YIELD_HEAD, head, key

USER = codes.USER
SLEEP0 = chains.SLEEP0
OTHER = chains.OTHER
CoroutineType = chains.CoroutineType
unchanged = chains.unchanged
places = chains.places
links = chains.links
base_of = codes.base_of
where = positions.where
NO_COROUTINE = chains.NO_COROUTINE

STEP_HEAD = head(STEP, 0, STEP_FUTURE)
WITH_NUMBER = STEP_NUMBER * ARG
WITH_OBJECT = [(wait | STEP_OBJECT) * ARG for wait in range(32)]
MANY = 1000  # chains of a loop that have a number
LONG = 60  # frames of such a chain at most


class Whole:
    """A chain that was told whole, and has a number, as one that others may be like: below the innermost coroutine that lasts.

    kept: how many coroutines last. inner: `links` of the others. bare: whether it was a yield. number: by which the records of the loop
    name it. head: that of a task's list, but for the key. others: chains that begin like it, by where they are different (`differs`).
    """

    __slots__ = "kept", "frames", "inner", "below", "bare", "head", "number", "offset", "awaits", "handler", "by_user", "ways", "others"

    def __init__(self, st, kept, future, number):
        self.kept, self.frames, self.inner = kept, st[6], links(st[6][kept : st[11]])
        self.below, self.bare, self.head, self.number = st[9], future is None, st[0] + st[5], number
        self.offset, self.awaits, self.handler, self.by_user, self.ways = st[1], st[3], st[8], st[10], st[13]
        self.others = {}


def alike(frames, others, count):
    """Whether two chains have the same first frames."""
    for i in range(count):
        one, other = frames[i], others[i]
        if one is not other and (one[0] is not other[0] or one[1] != other[1]):
            return False
    return True


def differs(a, depth, future):
    """What is known of where a chain is different from one like it: how far in, and the place there, or what is awaited."""
    if type(a) is CoroutineType and a.cr_await is not None:
        return depth, where(a)  # of code that the chain found by this keeps alive
    return depth, type(a), future is None


class Suspensions:
    """The part of a recorder that is told where a step ended and the task goes on later."""

    def begin_anew(self):
        """Chains are told anew, and have other numbers."""
        self.wholes = {}  # where the innermost coroutine that lasts is -> `Whole`: a chain told when it was there
        self.told = {}  # keys of tasks -> which others were told that they wait for: see `waits.same`
        self.numbers = {}  # places of a chain -> its number on the wire
        self.era = object()  # what is noted on tasks is of this one, or does not hold

    def suspended(self, task, st, end, future):
        """A step ended at an await; future is what the task waits on (None: a bare yield)."""
        anew = st[12]
        if type(anew) is dict:
            c = st[2]
            turn = None if future is None else anew.get(where(c))
            if turn is not None and type(c.cr_await) is turn[3] and turn[14] is self.era:
                kind = type(future)
                if kind is type(task) or kind is not self.gathering and (not turn[10] or waits.shielded(future) is None):
                    task._loopscope = turn
                    record = turn[15]
                    record[1] = end
                    record[2] = hash(future)
                    self.ext(record)
                    return
            st = task._loopscope = [*st[:7], [c], *st[8:14]]  # what follows may change it, and another turn is to find it as it was
        elif anew is not None and future is not None:
            c, offset, links, awaits, waiters, arg, thing = anew
            f = c.cr_frame
            if f is None:
                st[12] = None
            elif f.f_lasti == offset:
                try:
                    for code, at in links:
                        c = c.cr_await
                        if (c.cr_code is not code) if at is None else (where(c) != at):
                            break
                    else:
                        if type(c.cr_await) is awaits:
                            if waiters is not None:
                                waiters = waiters()
                                if waiters and waiters[-1] is future:
                                    self.ext((st[0] - arg, end, hash(future), thing))
                                    return
                            else:
                                kind = type(future)
                                if kind is type(task) or kind is not self.gathering and (not st[10] or waits.shielded(future) is None):
                                    st[2] = c
                                    self.ext((st[0], end, hash(future)))
                                    return
                except NO_COROUTINE:  # is awaited there now
                    pass
        f = st[2].cr_frame
        if f is not None and f.f_lasti != st[1] and st[0] is not None:
            self.elsewhere(task, st, end, future)
        else:
            self.looked_at(task, st, end, future)

    def looked_at(self, task, st, end, future):
        """The same where more than the end of the chain may have changed."""
        kept = unchanged(st, future, self.sleep_code) if st[0] is not None else -1
        if kept < 0:
            self.elsewhere(task, st, end, future)
            return
        if future is None:
            self.ext((st[0], end))
            return
        self.related(task, st, future)
        handler = st[8]
        if handler is None:
            if kept > 0:
                st[12] = chains.anew(st, kept)
            self.ext((st[0], end, key(future)))
            return
        found = waits.ask(handler, st[7])
        wait, thing, delay, others = found
        if thing is not None and not others:
            waiters = waits.waiting_list(wait, thing, future) if kept > 0 else None
            if waiters is not None:
                st[12] = chains.anew(st, kept, waiters, WITH_OBJECT[wait], key(thing))
            self.ext((st[0] - WITH_OBJECT[wait], end, key(future), key(thing)))
            return
        arg, values = waits.fields(found, self.told, st[5])
        self.ext((st[0] - arg * ARG, end, key(future), *values))

    def related(self, task, st, future):
        """Tells what a future stands for, where others must know."""
        kind = type(future)
        if kind is self.gathering or (st[10] and kind is not type(task) and waits.shielded(future) is not None):
            if waits.relate(self, future, self.gathering):
                st[3] = None

    def elsewhere(self, task, st, end, future, k=0.0, name=None):
        """A step ended where the task was not suspended before. Where its chain is like one that was told, that has a number.

        Compared are all coroutines below the innermost one that lasts, as in `unchanged`. st: None for a task of which k is the key and
        name the name as told: it carries nothing yet, or that name.
        """
        if st is None:
            c = task.get_coro()
            if type(c) is not CoroutineType or (names.given and name is not names.of(task)) or type(getattr(task, "_loopscope", None)) is list:
                st = chains.of(task, name)
        if st is None:
            frames = ()
            anew = None
            a = c.cr_await
            coroutines = [c]
            kept = 1
        else:
            k = st[5]
            name = st[4]
            frames = st[6]
            anew = st[12]
            if st[0] is None:
                if names.given and name is not names.of(task):
                    self.renamed(task, st)
                    name = st[4]
                st[7] = [st[2]]
            coroutines = st[7]
            kept, c, a = chains.lasting(coroutines)
        table = last = None
        if a is not None:
            there = where(c)
            table = self.wholes
            whole = table.get(there)
            if whole is not None:
                if whole.kept != kept or (kept > 1 and whole.frames is not frames and not alike(whole.frames, frames, kept - 1)):
                    whole = None
            while whole is not None:
                inner = whole.inner
                try:
                    for code, at in inner if last is None else inner[len(coroutines) - kept :]:
                        if (a.cr_code is not code) if at is None else (where(a) != at):
                            break
                        coroutines.append(a)
                        a = a.cr_await
                    else:
                        below = whole.below
                        if type(a) is below:
                            if (future is None) is whole.bare:
                                break
                        elif below is SLEEP0 and future is None and type(a) is CoroutineType and a.cr_code is self.sleep_code:
                            break
                except NO_COROUTINE:  # is awaited there now
                    pass
                last = whole
                table = whole.others
                there = differs(a, len(coroutines) - kept, future)
                whole = table.get(there)
            if whole is not None:
                head = whole.head - k
                handler = whole.handler
                by_user = whole.by_user
                told = whole.frames
                count = len(coroutines)
                c = coroutines[-1]
                now = [head, whole.offset, c, whole.awaits, name, k, told, coroutines, handler, whole.below, by_user, count, None, whole.ways]
                if st is None:
                    st = now
                    try:
                        task._loopscope = now
                    except AttributeError:  # as in `chains.of`
                        pass
                else:
                    st[:] = now
                if future is None:
                    self.ext((head - WITH_NUMBER, end, whole.number))
                    return
                kind = type(future)
                if kind is self.gathering or by_user:
                    self.related(task, st, future)
                if handler is None:
                    self.ext((head - WITH_NUMBER, end, hash(future), whole.number))
                    if frames and len(coroutines) == 1 and st[3] is not None:
                        st[12] = self.turn(st, anew, whole)
                else:
                    arg, values = waits.fields(waits.ask(handler, coroutines), self.told, k)
                    self.ext((head - (arg | STEP_NUMBER) * ARG, end, key(future), whole.number, *values))
                return
        if st is None:
            st = chains.of(task, name)
        st[7] = coroutines
        deeper = len(coroutines) > kept
        if deeper:
            st[6] = last.frames[: len(coroutines)]
        keep, chain, coroutines = chains.walk(st, future, self.sleep_code)
        if deeper:
            keep = kept - 1
            chain = places(st[6][keep:])
        self.prepare(st, future, coroutines)
        part, arg = (keep, len(chain), *chain), STEP_CHAIN
        if table is not None and st[9] is not OTHER and kept <= st[11] and len(st[6]) <= LONG:
            chain = tuple(places(st[6]))
            number = self.numbers.get(chain)
            if number is None:
                if len(self.numbers) == MANY:
                    self.begin_anew()
                number = self.numbers[chain] = len(self.numbers) + 1
                part, arg = (0, len(chain), *chain, number), STEP_CHAIN | STEP_NUMBER
            else:
                part, arg = (number,), STEP_NUMBER
            table[there] = Whole(st, kept, future, number)
        if future is None:
            self.ext((st[0] - arg * ARG, end, *part))
            return
        self.related(task, st, future)
        handler = st[8]
        if handler is None:
            self.ext((st[0] - arg * ARG, end, key(future), *part))
            return
        more, values = waits.fields(waits.ask(handler, coroutines), self.told, st[5])
        self.ext((st[0] - (arg | more) * ARG, end, key(future), *part, *values))

    def turn(self, st, anew, whole):
        """What tells `suspended` that a task's own coroutine waits here again, or where else it was since it last awaited another coroutine.

        In place of `chains.anew`: by `where` that is, the list that the task carries while it waits there, with since when that holds and the record.
        It is the leaf then.
        """
        if type(anew) is not dict:
            anew = {}
        anew[where(st[2])] = [*st[:7], [st[2]], *st[8:12], anew, st[13], self.era, [st[0] - WITH_NUMBER, 0.0, 0.0, whole.number]]
        return anew

    def prepare(self, st, future, coroutines):
        """Notes on a task what the next suspension at the same place can do without."""
        st[8] = None
        below = st[9]
        if future is None:
            st[0] = YIELD_HEAD - st[5]
            st[3] = below if below is SLEEP0 else None
            st[10] = False
            return
        st[0] = STEP_HEAD - st[5]
        st[3] = below if below is not OTHER else None
        judged = waits.judge(coroutines) if coroutines else None
        if judged is None:
            st[10] = below is not OTHER and base_of(coroutines[-1].cr_code) >= USER
            return
        st[10] = False
        if type(judged[0]) is int:
            st[0] -= judged[0] * ARG
        else:
            st[3] = None
            st[8] = judged
