"""Reference reader of docs/trace-format.md, for the tests: plain and slow, it checks what it reads and guesses nothing."""

import json
import os
import struct
import zlib

from .shown import Place, Task

MAGIC = b"\x89LSCP\r\n\x1a"
NAMES = (
    "- STEP CLOCK DONE WAKE NEW CALLBACK POLL ITER - OBJECT HOLD GATHER FUTURE RAISED EAGER EAGER_END NAME RUN CHAIN LOST "
    "NEVER_AWAITED UNRETRIEVED UNSAFE ADOPT LINK SWALLOWED UNASKED AT_ONCE CANCEL ON"
).split()
WAITS = (
    "? sleep yield task tasks future lock semaphore event condition barrier queue.get queue.put queue.join io thread process other"
).split()
OBJECTS = "other lock semaphore event condition barrier queue executor process other".split()
CAUSES = "unknown timer io task thread callback unknown".split()
OUTCOMES = "returned raised cancelled suspended not-eager yielded".split()


def frames(data):
    """(type, program, body) of every whole frame; the number of bytes left over."""
    if data[:8] != MAGIC:
        raise ValueError("not a Loopscope trace")
    at = 16
    out = []
    while at + 8 <= len(data):
        length, kind, flags, program = struct.unpack_from("<IBBH", data, at)
        if at + 8 + length > len(data):
            break
        body = data[at + 8 : at + 8 + length]
        out.append((kind, program, zlib.decompress(body) if flags & 1 else body))
        at += 8 + length
    return out, len(data) - at


class Run:
    """A decoded trace of one program."""

    def __init__(self, data):
        self.tasks = []
        self.by_key = {}
        self.displaced = {}  # (loop, key) -> the task of that loop, where a task of another loop has the key by now
        self.objects = {}
        self.codes = {}
        self.strings = {}
        self.loops = {}
        self.stalls = []
        self.beats = []
        self.stats = []
        self.futures = {}
        self.gathers = {}
        self.links = {}
        self.records = []  # (loop, kind name, fields)
        self.holds = []
        self.faults = []
        self.runs = []
        self.hello = self.bye = None
        self.loop = 0  # the one that is told of
        self.last_sequence = {}
        self.clocks = {}  # loop -> where its next step begins
        self.last_new = {}  # loop -> parent, coroutine and stack of the task made last
        self.numbers_of_tasks = {}  # loop -> the number in the last name that was one
        self.early = {}  # loop -> wakes by the step that has not ended yet
        self.chains = {}  # loop -> the chains that have a number
        self.gaps = 0
        found, self.left_over = frames(data)
        for kind, _, body in found:
            if kind == 1:
                self.hello = json.loads(body)
            elif kind == 2:
                for row in json.loads(body):
                    self.codes[row[0]] = row
            elif kind == 4:
                loop = json.loads(body)
                self.loops[loop["loop"]] = loop
            elif kind == 5:
                sample = json.loads(body)
                sample["stack"] = [(self.codes[c][2], line, bool(self.codes[c][5])) for c, line in sample["stack"]]
                self.loop = sample["loop"]
                sample["name"] = getattr(self.known(sample["task"]), "name", None)
                self.stalls.append(sample)
            elif kind == 6:
                self.beats.append(json.loads(body))
            elif kind == 7:
                self.stats.append(json.loads(body))
            elif kind == 8:
                self.bye = json.loads(body)
            elif kind == 3:
                self.batch(body)
            elif kind == 10:
                first, *texts = json.loads(body)
                for i, text in enumerate(texts):
                    self.strings[first + i] = text

    # reading

    def batch(self, body):
        loop, sequence, count, events, lost = struct.unpack_from("<IIIIQ", body)
        self.numbers = struct.unpack_from("<%dd" % count, body, 24)
        assert len(body) == 24 + count * 8, "a batch of the wrong length"
        if sequence != self.last_sequence.get(loop, 0) + 1:
            self.gaps += 1
            self.clocks.pop(loop, None)
            self.last_new.pop(loop, None)
            self.numbers_of_tasks.pop(loop, None)
            self.early.pop(loop, None)
            self.chains.pop(loop, None)
        self.last_sequence[loop] = sequence
        self.lost = lost
        self.at, self.loop = 0, loop
        while self.at < count:
            first = self.number()
            assert first < 0, "%r does not begin a record" % first
            op, self.subject = divmod(int(-first), 1 << 32)
            self.arg = op >> 5
            name = NAMES[op & 31]
            fields = getattr(self, "read_" + name.lower())()
            self.records.append((loop, name, fields))
            events -= 1
        assert events == 0, "the batch has another number of records than it says"

    def number(self):
        value = self.numbers[self.at]
        self.at += 1
        return value

    def int(self):
        value = self.number()
        assert value >= 0 and value == int(value), value
        return int(value)

    def key(self):
        return self.int() & 0xFFFFFFFF

    def time(self):
        value = self.number()
        assert 0 <= value < 1e9, value
        return value

    def text(self):
        i = self.int()
        return self.strings.pop(i, *[""] * bool(self.gaps)) if i else ""

    def code(self):
        return self.codes.get(self.int())

    def place(self):
        number, offset = divmod(self.int(), 1 << 24)
        row = self.codes[number]
        line = row[4]
        pairs = row[6]
        for i in range(0, len(pairs), 2):
            if pairs[i] <= offset:
                line = pairs[i + 1]
        return Place((os.path.basename(row[1]), line, row[2], bool(row[5])))

    def stack(self):
        return [self.place() for _ in range(self.int())]

    def own_and_stack(self):
        return self.code(), self.stack()

    def task(self, key):
        return self.known(key) or (self.introduce(key) if key else None)

    def known(self, key):
        """A task by its key, in the records of this loop."""
        return self.displaced.get((self.loop, key)) or self.by_key.get(key)

    def introduce(self, key):
        """A new task of this loop."""
        task = Task(key, self.loop)
        self.tasks.append(task)
        self.claim(key, task)
        return task

    def claim(self, key, task):
        """From now on the key is this task's, but for the loop of an older one, whose end may still be to be read."""
        old = self.by_key.get(key)
        if old is not None and old.loop != task.loop:
            self.displaced[old.loop, key] = old
        self.displaced.pop((task.loop, key), None)
        self.by_key[key] = task

    # records

    def step_of(self, task, end):
        """A step of a task ends: its begin. Wakes that were written during it are by it."""
        if task.at_once:  # inside of its creator's
            task.at_once = False
            return task.created
        begin = self.clocks.get(self.loop, end)
        assert begin <= end, (begin, end)
        self.clocks[self.loop] = end
        for wake in self.early.pop(self.loop, ()):
            self.wake(wake[0], end if wake[1] is None else wake[1], wake[2], task, wake[3])
        task.steps.append((begin, end))
        return begin

    def read_clock(self):
        self.clocks[self.loop] = self.time()
        return (self.clocks[self.loop],)

    def read_step(self):
        task, end, arg = self.task(self.subject), self.time(), self.arg
        begin = self.step_of(task, end)
        future = self.key() if arg & 32 else 0
        wait = arg & 31
        if arg & 64:
            keep = self.int()
            new = self.stack()
            assert keep <= len(task.chain) or self.gaps, "%r keeps %d of %d frames" % (task, keep, len(task.chain))
            task.chain = task.chain[:keep] + new
        if arg & 1024:
            number, chains = self.int(), self.chains.setdefault(self.loop, {})
            if arg & 64:
                chains[number] = task.chain
            assert number in chains or self.gaps, "no chain of the number %d was told" % number
            task.chain = chains.get(number, [])
        row = {"from": end, "future": future, "stack": task.chain, "on": None, "ready": None, "cause": None, "by": None, "waker": None}
        row["on"] = self.waits_on(task) if wait else self.stands_for(future)
        if wait == 2:
            row["ready"] = end
        if task.woken and task.woken["ready"] >= begin:
            row.update(task.woken, ready=end)
        task.woken = None
        task.suspensions.append(row)
        return task, begin, end

    def stands_for(self, future):
        """What a future says that is waited on, as the function below; None: nothing is known of it."""
        if self.known(future) and self.known(future).outcome == "pending":
            return ("task", -1, None, [self.known(future)])
        if future in self.gathers:
            return ("tasks", -1, None, self.gathers[future])
        if future in self.futures:
            return (self.futures[future][0], -1, self.futures[future][1], [])
        if future in self.links:
            return ("task", -1, None, [self.links[future]])
        return None

    def waits_on(self, task):
        """wait, delay, object, tasks or futures: as `arg` says."""
        arg = self.arg
        thing = self.key() if arg & 128 else 0
        delay = self.number() if arg & 256 else -1
        others = [self.known(k) or k for k in [self.key() for _ in range(self.int())]] if arg & 512 else []
        if others:
            task.others.append(others)
        elif arg & 512:
            others = [other for other in task.others[-1] if getattr(other, "outcome", "pending") == "pending"]
        return (WAITS[arg & 31], delay, self.objects.get(thing), others)

    def read_done(self):
        task, end = self.task(self.subject), self.time()
        begin = self.step_of(task, end)
        task.outcome = OUTCOMES[self.arg]
        return task, begin, end

    def read_wake(self):
        task, arg = self.task(self.subject), self.arg
        t = self.time() if arg & 64 else None
        by = self.known(self.key()) if arg & 32 else None
        waker = self.stack() if arg & 128 else [self.place()] if arg & 256 else []
        if arg & 15 == 3 and not arg & 32:
            self.early.setdefault(self.loop, []).append((task, t, arg, waker))
        else:
            self.wake(task, t, arg, by, waker)
        return task, t, CAUSES[arg & 15], by

    def wake(self, task, t, arg, by, waker):
        wake = {"ready": t, "cause": CAUSES[arg & 15], "cancelled": bool(arg & 16), "by": by, "waker": waker}
        if task.suspensions and task.suspensions[-1]["ready"] is None:
            task.suspensions[-1].update(wake)
        else:  # by the step that suspends it
            task.woken = wake

    def read_cancel(self):
        """`cancel()` was called of a task that does not wait."""
        task, t, by, frames = self.task(self.subject), self.time(), self.known(self.key()), self.stack()
        task.asked_to_end.append((t, CAUSES[self.arg], by, frames))
        return task, t, CAUSES[self.arg], by

    def read_new(self):
        self.futures.pop(self.subject, None)
        self.gathers.pop(self.subject, None)
        task = self.introduce(self.subject)
        task.created = self.time()
        if not self.arg & 1:
            self.last_new[self.loop] = (self.known(self.key()), *self.own_and_stack())
        lost = (None, None, []) if self.gaps else None
        task.parent, own, task.creation = self.last_new.get(self.loop, lost)
        task.coroutine = own and own[2]
        if self.arg & 6:
            number = self.numbers_of_tasks.get(self.loop)
            number = self.int() if self.arg & 2 else number and number + 1
            assert number or self.gaps, "a name after one that is not known"
            self.numbers_of_tasks[self.loop] = number
            task.name = number and "Task-%d" % number
        else:
            task.name = self.text()
        return (task,)

    def read_at_once(self):
        task = self.task(self.subject)
        task.at_once = True
        return (task,)

    def read_callback(self):
        begin, end = self.time(), self.time()
        self.clocks[self.loop] = end
        return (begin, end, self.known(self.subject))

    def read_poll(self):
        t, timeout, timers = self.time(), self.number(), self.int()
        return (t, None if self.arg & 1 else timeout, timers, None if self.arg & 2 else self.subject)

    def read_iter(self):
        self.clocks[self.loop] = self.time()
        self.early.pop(self.loop, None)
        return (self.clocks[self.loop], self.subject)

    def read_object(self):
        key, t, kind = self.subject, self.time(), OBJECTS[self.arg]
        creation = self.stack()
        label = self.text()
        self.objects[key] = {"kind": kind, "label": label, "creation": creation, "t": t}
        return kind, label

    def read_hold(self):
        thing, t, task, change = self.subject, self.time(), self.known(self.key()), 1 if self.arg else -1
        row = (self.objects.get(thing, {}).get("label"), task, change)
        self.holds.append(row)
        return row

    def read_gather(self):
        future = self.subject
        self.gathers[future] = [self.known(k) or k for k in [self.key() for _ in range(self.int())]]
        return (self.gathers[future],)

    def read_future(self):
        future, t, wait = self.subject, self.time(), WAITS[self.arg & 31]
        pool = (self.key(), self.int(), bool(self.arg & 64)) if self.arg & 32 else None
        told = (wait, self.text())
        if self.arg & 31:
            self.futures[future] = told
        else:
            self.futures.pop(future, None)
        return (*told, pool)

    def read_raised(self):
        task = self.task(self.subject)
        where = self.stack()
        task.exception = (self.text(), self.text(), where[0] if where else None)
        return task, task.exception

    def read_eager(self):
        task = self.introduce(self.subject)
        task.created, task.parent = self.time(), self.known(self.key())
        own, task.creation = self.own_and_stack()
        task.coroutine = own and own[2]
        return (task,)

    def read_eager_end(self):
        placeholder, outcome, key, t, future = self.task(self.subject), self.arg, self.key(), self.time(), self.key()
        chain = self.stack()
        name = self.text()
        if self.displaced.pop((self.loop, placeholder.key), None) is None:  # else a task of another loop has the key by now
            del self.by_key[placeholder.key]
        if OUTCOMES[outcome] == "not-eager":
            self.tasks.remove(placeholder)
            real = self.known(key)
            if real is not None:
                real.parent = placeholder.parent
                for other in self.tasks:
                    if other.parent is placeholder:
                        other.parent = real
        else:
            placeholder.key = key
            placeholder.name = name
            self.claim(key, placeholder)
            placeholder.chain = chain
            if OUTCOMES[outcome] not in ("suspended", "yielded"):
                placeholder.outcome = OUTCOMES[outcome]
            else:
                on, ready = (("yield", -1, None, []), t) if OUTCOMES[outcome] == "yielded" else (self.stands_for(future), None)
                placeholder.suspensions.append({"from": t, "future": future, "stack": chain, "on": on, "ready": ready, "cause": None, "by": None})
        return (OUTCOMES[outcome],)

    def read_on(self):
        task = self.task(self.subject)
        on = self.waits_on(task)
        assert task.suspensions or self.gaps, "%r is not suspended" % task
        if task.suspensions:
            task.suspensions[-1]["on"] = on
        return (task,)

    def read_name(self):
        task = self.task(self.subject)
        task.name = self.text()
        return (task,)

    def read_run(self):
        row = (self.time(), (0, 1, -1)[self.arg])
        self.runs.append((self.loop, row[1]))
        return row

    def read_chain(self):
        task, t = self.task(self.subject), self.time()
        task.chain = self.stack()
        return task, t

    def read_lost(self):
        task, t = self.task(self.subject), self.time()
        task.lost = True
        self.faults.append(("lost", task.name, self.text()))
        return (task,)

    def read_never_awaited(self):
        t, task = self.time(), self.known(self.subject)
        own, where = self.own_and_stack()
        self.faults.append(("never-awaited", own[2], where[0] if where else None))
        return (own[2],)

    def read_unretrieved(self):
        key, t = self.subject, self.time()
        where = self.stack()
        task = self.known(key)
        self.faults.append(("unretrieved", task.name if task else None, self.text(), self.text()))
        return self.faults[-1]

    def read_unsafe(self):
        t = self.time()
        where = self.stack()
        self.faults.append(("unsafe", self.text(), self.text(), where))
        return self.faults[-1]

    def read_adopt(self):
        t, future = self.time(), self.key()
        task = self.task(self.subject)
        if task.loop != self.loop or task.outcome != "pending":  # it has the key of one that has ended
            task = self.introduce(self.subject)
        own, task.chain = self.own_and_stack()
        task.at_once = False
        on = self.waits_on(task)
        task.coroutine = own and own[2]
        task.name = self.text()
        task.adopted = True
        if self.arg & 31:
            task.suspensions.append({"from": t, "future": future, "stack": task.chain, "on": on, "ready": None, "cause": None, "by": None})
        return (task,)

    def read_link(self):
        future, key = self.subject, self.key()
        self.links[future] = self.known(key) or key
        return (future, key)

    def read_swallowed(self):
        task, t = self.task(self.subject), self.time()
        self.faults.append(("swallowed", task.name, self.stack()))
        return (task,)

    def read_unasked(self):
        task, t, state = self.task(self.subject), self.time(), self.arg
        self.faults.append(("unasked" if state else "asked", task.name))
        return (task,)

    # questions

    def find(self, coroutine):
        """The only task that runs this coroutine function."""
        found = [t for t in self.tasks if t.coroutine == coroutine]
        assert len(found) == 1, "%d tasks run %s" % (len(found), coroutine)
        return found[0]

