"""Reference reader of docs/trace-format.md, for the tests: plain and slow, it checks what it reads and guesses nothing."""

import json
import os
import struct
import zlib

MAGIC = b"\x89LSCP\r\n\x1a"
NAMES = (
    "STEP YIELD DONE WAKE NEW CALLBACK POLL ITER ON OBJECT HOLD GATHER FUTURE RAISED EAGER EAGER_END NAME RUN CHAIN LOST "
    "NEVER_AWAITED UNRETRIEVED UNSAFE ADOPT LINK SWALLOWED UNASKED"
).split()
WAITS = (
    "? sleep yield task tasks future lock semaphore event condition barrier queue.get queue.put queue.join io thread process other"
).split()
OBJECTS = "other lock semaphore event condition barrier queue executor process other".split()
CAUSES = "unknown timer io task thread callback unknown".split()
OUTCOMES = "returned raised cancelled suspended not-eager".split()


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


class Task:
    def __init__(self, key):
        self.key = key
        self.name = self.coroutine = None
        self.parent = None
        self.creation = []
        self.outcome = "pending"
        self.exception = None
        self.created = None
        self.steps = []
        self.suspensions = []
        self.chain = []
        self.adopted = False
        self.lost = False

    def __repr__(self):
        return "<%s %s>" % (self.name, self.coroutine)


class Place(tuple):
    """(base name of the file, line, function, user)"""

    file = property(lambda s: s[0])
    line = property(lambda s: s[1])
    function = property(lambda s: s[2])
    user = property(lambda s: s[3])


class Run:
    """A decoded trace of one program."""

    def __init__(self, data):
        self.tasks = []
        self.by_key = {}
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
        self.last_sequence = {}
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
                sample["name"] = getattr(self.by_key.get(sample["task"]), "name", None)
                self.stalls.append(sample)
            elif kind == 6:
                self.beats.append(json.loads(body))
            elif kind == 7:
                self.stats.append(json.loads(body))
            elif kind == 8:
                self.bye = json.loads(body)
            elif kind == 10:
                self.batch(body)
            elif kind == 11:
                first, *texts = json.loads(body)
                for i, text in enumerate(texts):
                    self.strings[first + i] = text

    # reading

    def batch(self, body):
        loop, sequence, count, width, lost, base = struct.unpack_from("<IIIIQq", body)
        self.ints = struct.unpack_from("<%d%s" % (count, "q" if width == 8 else "i"), body, 32)
        assert len(body) == 32 + count * width, "a batch of the wrong length"
        if sequence != self.last_sequence.get(loop, 0) + 1:
            self.gaps += 1
        self.last_sequence[loop] = sequence
        self.lost = lost
        self.width, self.base, self.at, self.loop = width, base, 0, loop
        while self.at < count:
            kind = self.int()
            assert -26 <= kind <= -1, "no such record: %d" % kind
            name = NAMES[-kind - 1]
            fields = getattr(self, "read_" + name.lower())()
            self.records.append((loop, name, fields))

    def int(self):
        value = self.ints[self.at]
        self.at += 1
        return value

    def key(self):
        return self.int() & 0xFFFFFFFF

    def time(self):
        value = self.int()
        if self.width == 8:
            return value
        return self.base + ((value - self.base + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)

    def duration(self):
        value = self.int()
        return -value * 1_000_000 if value < -1 else value

    def text(self):
        i = self.int()
        return self.strings.pop(i) if i else ""

    def code(self):
        return self.codes[self.int()] if self.ints[self.at] else self.codes.get(self.int())

    def place(self):
        row = self.code()
        offset = self.int()
        line = row[4]
        pairs = row[6]
        for i in range(0, len(pairs), 2):
            if pairs[i] <= offset:
                line = pairs[i + 1]
        return Place((os.path.basename(row[1]), line, row[2], bool(row[5])))

    def stack(self):
        return [self.place() for _ in range(self.int())]

    def own_and_stack(self):
        n = self.int()
        own = self.code()
        return own, [self.place() for _ in range(n)]

    def task(self, key):
        task = self.by_key.get(key)
        if task is None and key:
            task = self.by_key[key] = Task(key)
            self.tasks.append(task)
        return task

    def known(self, key):
        return self.by_key.get(key)

    # records

    def extend_chain(self, task):
        keep = self.int()
        new = self.stack()
        assert keep <= len(task.chain), "%r keeps %d of %d frames" % (task, keep, len(task.chain))
        task.chain = task.chain[:keep] + new
        return task.chain

    def suspend(self, task, begin, end, future):
        assert begin <= end
        task.steps.append((begin, end))
        row = {
            "from": end,
            "future": future,
            "stack": list(self.extend_chain(task)),
            "on": None,
            "ready": None,
            "cause": None,
            "by": None,
            "waker": None,
        }
        future_of = self.futures.get(future)
        if future in self.by_key and self.by_key[future].outcome == "pending":
            row["on"] = ("task", -1, None, [self.by_key[future]])
        elif future in self.gathers:
            row["on"] = ("tasks", -1, None, self.gathers[future])
        elif future_of:
            row["on"] = (future_of[0], -1, future_of[1], [])
        elif future in self.links:
            row["on"] = ("task", -1, None, [self.links[future]])
        task.suspensions.append(row)
        return row

    def read_step(self):
        task, begin, end, future = self.task(self.key()), self.time(), self.time(), self.key()
        self.suspend(task, begin, end, future)
        return task, begin, end

    def read_yield(self):
        task, begin, end = self.task(self.key()), self.time(), self.time()
        row = self.suspend(task, begin, end, 0)
        row["on"] = ("yield", -1, None, [])
        row["ready"] = end
        return task, begin, end

    def read_done(self):
        task, begin, end = self.task(self.key()), self.time(), self.time()
        task.steps.append((begin, end))
        task.outcome = OUTCOMES[self.int()]
        return task, begin, end

    def read_wake(self):
        task, t, cause, by = self.task(self.key()), self.time(), self.int(), self.known(self.key())
        waker = self.stack()
        if task.suspensions:
            row = task.suspensions[-1]
            row.update(ready=t, cause=CAUSES[cause & 15], cancelled=bool(cause & 16), by=by, waker=waker)
        return task, t, CAUSES[cause & 15], by

    def read_new(self):
        key = self.key()
        self.by_key.pop(key, None)
        self.futures.pop(key, None)
        self.gathers.pop(key, None)
        task = self.task(key)
        task.created, task.parent = self.time(), self.known(self.key())
        own, task.creation = self.own_and_stack()
        task.coroutine = own and own[2]
        task.name = self.text()
        return (task,)

    def read_callback(self):
        return (self.time(), self.time(), self.known(self.key()), [self.code()[2] for _ in range(self.int())])

    def read_poll(self):
        return (self.time(), self.duration(), self.int(), self.int())

    def read_iter(self):
        return (self.time(), self.int())

    def read_on(self):
        task, wait, thing, delay = self.task(self.key()), self.int(), self.key(), self.duration()
        others = [self.known(k) or k for k in [self.key() for _ in range(self.int())]]
        task.suspensions[-1]["on"] = (WAITS[wait], delay, self.objects.get(thing), others)
        return task, WAITS[wait]

    def read_object(self):
        key, t, kind = self.key(), self.time(), OBJECTS[self.int()]
        creation = self.stack()
        label = self.text()
        self.objects[key] = {"kind": kind, "label": label, "creation": creation, "t": t}
        return kind, label

    def read_hold(self):
        thing, t, task, change = self.key(), self.time(), self.known(self.key()), self.int()
        row = (self.objects.get(thing, {}).get("label"), task, change)
        self.holds.append(row)
        return row

    def read_gather(self):
        future = self.key()
        self.gathers[future] = [self.known(k) or k for k in [self.key() for _ in range(self.int())]]
        return (self.gathers[future],)

    def read_future(self):
        future, t, wait = self.key(), self.time(), WAITS[self.int()]
        self.futures[future] = (wait, self.text())
        return self.futures[future]

    def read_raised(self):
        task = self.task(self.key())
        where = self.stack()
        task.exception = (self.text(), self.text(), where[0] if where else None)
        return task, task.exception

    def read_eager(self):
        key = self.key()
        self.by_key.pop(key, None)
        task = self.task(key)
        task.created, task.parent = self.time(), self.known(self.key())
        own, task.creation = self.own_and_stack()
        task.coroutine = own and own[2]
        return (task,)

    def read_eager_end(self):
        placeholder, key, t, outcome, future = self.task(self.key()), self.key(), self.time(), self.int(), self.key()
        chain = self.stack()
        name = self.text()
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
            self.by_key[key] = placeholder
            placeholder.chain = chain
            if OUTCOMES[outcome] != "suspended":
                placeholder.outcome = OUTCOMES[outcome]
            else:
                placeholder.suspensions.append(
                    {"from": t, "future": future, "stack": chain, "on": None, "ready": None, "cause": None, "by": None}
                )
        return (OUTCOMES[outcome],)

    def read_name(self):
        task = self.task(self.key())
        task.name = self.text()
        return (task,)

    def read_run(self):
        row = (self.time(), self.int())
        self.runs.append((self.loop, row[1]))
        return row

    def read_chain(self):
        task, t = self.task(self.key()), self.time()
        task.chain = self.stack()
        return task, t

    def read_lost(self):
        task, t = self.task(self.key()), self.time()
        task.lost = True
        self.faults.append(("lost", task.name, self.text()))
        return (task,)

    def read_never_awaited(self):
        t, task = self.time(), self.known(self.key())
        own, where = self.own_and_stack()
        self.faults.append(("never-awaited", own[2], where[0] if where else None))
        return (own[2],)

    def read_unretrieved(self):
        key, t = self.key(), self.time()
        where = self.stack()
        task = self.known(key)
        self.faults.append(("unretrieved", task.name if task else None, self.text(), self.text()))
        return self.faults[-1]

    def read_unsafe(self):
        t, thread = self.time(), self.int()
        where = self.stack()
        self.faults.append(("unsafe", self.text(), self.text(), where))
        return self.faults[-1]

    def read_adopt(self):
        key = self.key()
        t, future, keep = self.time(), self.key(), self.int()
        task = self.task(key)
        own, task.chain = self.own_and_stack()
        task.coroutine = own and own[2]
        task.name = self.text()
        task.adopted = True
        return (task,)

    def read_link(self):
        future, key = self.key(), self.key()
        self.links[future] = self.known(key) or key
        return (future, key)

    def read_swallowed(self):
        task, t = self.task(self.key()), self.time()
        self.faults.append(("swallowed", task.name, self.stack()))
        return (task,)

    def read_unasked(self):
        task, t, state = self.task(self.key()), self.time(), self.int()
        self.faults.append(("unasked" if state else "asked", task.name))
        return (task,)

    # questions

    def find(self, coroutine):
        """The only task that runs this coroutine function."""
        found = [t for t in self.tasks if t.coroutine == coroutine]
        assert len(found) == 1, "%d tasks run %s" % (len(found), coroutine)
        return found[0]

