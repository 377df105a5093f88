"""STEP records: where a task is suspended, and what it waits on. Of the chains of coroutines that were told, most have a number (`chains.Place`)."""

from . import chains, codes, names, positions, waits
from .records import ARG, KEYS, STEP, STEP_CHAIN, STEP_FUTURE, STEP_NUMBER, STEP_OBJECT, YIELD_HEAD, head, key

USER = codes.USER
SLEEP0 = chains.SLEEP0
OTHER = chains.OTHER
CoroutineType = chains.CoroutineType
START = chains.START
base_of = codes.base_of
where = positions.where
NO_COROUTINE = chains.NO_COROUTINE

STEP_HEAD = head(STEP, 0, STEP_FUTURE)
WITH_NUMBER = STEP_NUMBER * ARG
WITH_OBJECT = [(wait | STEP_OBJECT) * ARG for wait in range(32)]
MANY = 1000  # chains of a loop that have a number
LONG = 60  # frames of such a chain at most


def differs(a, depth, future):
    """What is known of where a chain is different from one like it: how far in, and the place there, or what is awaited."""
    if type(a) is CoroutineType and a.cr_await is not None:
        return depth, where(a)  # of code that the chain found by this keeps alive
    return depth, type(a), future is None


class Suspensions:
    """The part of a recorder that is told where a step ended and the task goes on later."""

    def begin_anew(self):
        """Chains are told anew, and have other numbers."""
        self.wholes = {}  # where the outermost coroutine is -> a chain that was told when it was there
        self.told = {}  # keys of tasks -> which others were told that they wait for: see `waits.same`
        self.numbers = {}  # places of a chain -> its number on the wire
        self.era = object()  # numbers of places are of this one, or do not hold

    def suspended(self, task, st, end, future):
        """A step ended at an await; future is what the task waits on (None: a bare yield)."""
        place, c, k, _, head, base, way = st
        a = c.cr_await
        if a is not None:  # the leaf lasts
            there = place.at is None or (at := where(c)) == place.at
            if not there and future is not None:
                turn = place.turns.get(at)
                if turn is not None and type(a) is turn.below and turn.era is self.era:
                    st[0] = turn
                    st[4] = head = turn.head - k
                    if way is not None:
                        st[5] = st[6] = None
                    kind = type(future)
                    if kind is self.gathering or (turn.by_user and kind is not type(task) and waits.shielded(future) is not None):
                        self.related(task, turn, future)
                    self.ext((head - WITH_NUMBER, end, hash(future), turn.number))
                    return
        elif way is None:
            there = False
        else:  # coroutines that run the same code at the same place take the place of finished ones
            c = base
            a = c.cr_await
            at, links = way
            there = a is not None and (at is None or where(c) == at)
            if there:
                try:
                    for code, at in links:
                        if (a.cr_code is not code) if at is None else (where(a) != at):
                            there = False
                            break
                        c = a
                        a = c.cr_await
                except NO_COROUTINE:  # is awaited there now
                    there = False
        if not there or not (self.yields(place, a) if future is None else type(a) is place.below and not place.bare):
            self.elsewhere(task, st, end, future)
            return
        st[1] = c
        if future is None or place.handler is not None:
            self.again(task, place, c, k, head, end, future)
            return
        kind = type(future)
        if kind is self.gathering or (place.by_user and kind is not type(task) and waits.shielded(future) is not None):
            self.related(task, place, future)
        self.ext((head, end, hash(future)))

    def yields(self, place, a):
        """Whether a yield by what the leaf of a chain awaits is one as at a place with such a chain."""
        return place.below is SLEEP0 and type(a) is CoroutineType and a.cr_code is self.sleep_code

    def again(self, task, place, c, k, head, end, future):
        """The task of key k is suspended where it was suspended before. c: the leaf. head: of its list."""
        if future is None:
            self.ext((head, end))
            return
        if place.handler is None:
            self.related(task, place, future)
            self.ext((head, end, hash(future)))
            return
        last = place.last
        if last is not None:
            waiters = last[0]()
            if waiters and waiters[-1] is future:
                self.ext((head - last[1], end, hash(future), last[2]))
                return
            if waiters is not None:  # tasks wait on different objects here
                self.ext((head - last[1], end, hash(future), hash(waits.first(c)) % KEYS))
                return
        handler, index = place.handler
        leaf = index == place.natives - 1
        found = waits.asked(handler, c if leaf else chains.inner(task, index))
        if leaf and found[1] is not None and not found[3]:
            waiters = waits.waiting_list(*found[:2], future)
            place.last = waiters and (waiters, WITH_OBJECT[found[0]], key(found[1]))
        arg, values = waits.fields(found, self.told, k)
        self.ext((head - arg * ARG, end, key(future), *values))

    def related(self, task, place, future):
        """Tells what a future stands for, where others must know."""
        kind = type(future)
        if kind is self.gathering or (place.by_user and kind is not type(task) and waits.shielded(future) is not None):
            if waits.relate(self, future, self.gathering):
                place.awaits = None

    def elsewhere(self, task, st, end, future, k=0.0, name=None):
        """A step ended where the task was not suspended before. Where its chain is one that was told, that has a number.

        st: None for a task of which k is the key and name the name as told: it carries nothing yet, or that name.
        """
        root = c = task.get_coro()
        if st is None and (type(c) is not CoroutineType or (names.given and name is not names.of(task)) or type(getattr(task, "_loopscope", None)) is list):
            st = chains.of(task, name)
        before = START
        if st is not None:
            before, leaf, k, name, head, base, way = st
            if before is START and names.given and name is not names.of(task):
                self.renamed(task, st)
                name = st[3]
        table = place = None
        a = c.cr_await if type(c) is CoroutineType else None
        if a is not None:
            table = self.wholes
            there = where(c)
            place = table.get(there)
            depth = 1
            while place is not None:
                try:
                    for code, at in place.links[depth:]:
                        if (a.cr_code is not code) if at is None else (where(a) != at):
                            break
                        depth += 1
                        c = a
                        a = c.cr_await
                    else:
                        # What is awaited may have yielded before, and now hands on a future.
                        if self.yields(place, a) if future is None else type(a) is place.below and not place.bare:
                            break
                except NO_COROUTINE:  # is awaited there now
                    pass
                table = place.others
                there = differs(a, depth, future)
                place = table.get(there)
        if place is not None:
            if place is not before:
                head = place.head - k
            if st is None:
                st = [place, c, k, name, head, None, None]
                try:
                    task._loopscope = st
                except AttributeError:  # as in `chains.of`
                    pass
            elif place is before:  # it was entered anew
                if way is place.way and (way is None or base.cr_await is None):
                    place.shorten()
                st[1], st[5], st[6] = c, chains.inner(task, place.kept - 1), place.way
                self.again(task, place, c, k, head, end, future)
                return
            else:
                if before.number and leaf is c and place.handler is None and not place.bare:
                    before.turns[where(c)] = place
                st[:] = place, c, k, name, head, None, None
            if future is None:
                self.ext((head - WITH_NUMBER, end, place.number))
                return
            kind = type(future)
            if kind is self.gathering or place.by_user:
                self.related(task, place, future)
            handler = place.handler
            if handler is None:
                self.ext((head - WITH_NUMBER, end, hash(future), place.number))
            else:
                handler, index = handler
                arg, values = waits.fields(waits.asked(handler, c if index == place.natives - 1 else chains.inner(task, index)), self.told, k)
                self.ext((head - (arg | STEP_NUMBER) * ARG, end, key(future), place.number, *values))
            return
        if st is None:
            st = chains.of(task, name)
        frames, chain, coroutines, below, ways = chains.walk(root, future, self.sleep_code)
        place = chains.Place(frames, len(coroutines), below, ways)
        self.prepare(place, future, coroutines)
        head = place.head - k
        st[:] = place, chains.Foreign if below is OTHER else coroutines[-1], k, name, head, None, None
        if table is not None and below is not OTHER and len(frames) <= LONG:
            chain = tuple(chain)
            number = self.numbers.get(chain)
            if number is None:
                if len(self.numbers) == MANY:
                    self.begin_anew()
                number = self.numbers[chain] = len(self.numbers) + 1
                part, arg = (0, len(chain), *chain, number), STEP_CHAIN | STEP_NUMBER
            else:
                part, arg = (number,), STEP_NUMBER
            place.number, place.era = number, self.era
            table[there] = place
        else:
            same = 0
            for old, new in zip(before.frames, frames):
                if old is not new and (old[0] is not new[0] or old[1] != new[1]):
                    break
                same += 1
            part, arg = (same, len(chain) - same, *chain[same:]), STEP_CHAIN
        if future is None:
            self.ext((head - arg * ARG, end, *part))
            return
        self.related(task, place, future)
        if place.handler is None:
            self.ext((head - arg * ARG, end, key(future), *part))
            return
        more, values = waits.fields(waits.ask(place.handler, coroutines), self.told, k)
        self.ext((head - (arg | more) * ARG, end, key(future), *part, *values))

    def prepare(self, place, future, coroutines):
        """Notes on a place what later suspensions there can do without."""
        below = place.below
        if future is None:
            place.bare = True
            place.head = YIELD_HEAD
            if below is SLEEP0:
                place.awaits = below
            return
        place.head = STEP_HEAD
        if below is not OTHER:
            place.awaits = below
        judged = waits.judge(coroutines) if coroutines else None
        if judged is None:
            place.by_user = below is not OTHER and base_of(coroutines[-1].cr_code) >= USER
        elif type(judged[0]) is int:
            place.head -= judged[0] * ARG
        else:
            place.awaits = None
            place.handler = judged
