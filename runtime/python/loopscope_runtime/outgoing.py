"""What a flush sends: frames of the records that the loops wrote, and of what is to be said besides."""

import sys
from _thread import get_native_id

from . import codes, state, texts, wire
from .records import CODES, HELLO, LOOP, NOW, STATS, STRINGS

now = state.now
STATS_NS = 1_000_000_000
BEAT_NS = 250_000_000  # between heartbeats while nothing happens
BUSY_BEAT_NS = 100_000_000  # and while something does
RECORD = 5  # what a record costs the loop, in units of what writing the smallest one takes: docs/performance.md
GROUP = 128 * 1024  # bytes of records that make a frame


def write_cost():
    """What it takes here to write the smallest record, in nanoseconds: the least of a few tries."""
    best = 1e9
    for _ in range(5):
        add = [].extend
        began = now()
        for _ in range(100):
            add((-1.0, state.clock()))
        best = min(best, (now() - began) / 100)
    return best


def other_threads():
    """How many threads could wake a loop unseen: not the loops' own, nor an executor's, whose work is known."""
    threading = sys.modules.get("threading")
    if threading is None:
        return 0
    loops = {stream.thread_id for stream in list(state.streams)}
    named = ("asyncio_", "ThreadPoolExecutor-")
    alive = list(threading._active.values())  # not enumerate(): it takes a lock that the program may hold
    return sum(each.ident not in loops and not each.name.startswith(named) for each in alive)


class Outgoing:
    """The part of the drain that knows what there is to send."""

    def __init__(self):
        self.channel = None
        self.thread = 0  # the drain's own, its number in the system
        self.last_stats = self.last_beat = now()
        self.telling = False  # it has taken what records name, and not yet put it on its way
        self.told = 0  # notes
        self.events = 0
        self.cpu = 0
        self.price = RECORD * write_cost()  # nanoseconds of the loop's time that a record takes, about
        self.introduced = []
        self.descriptions = {}  # loop -> what its `loop` frame says
        self.found = ()  # frames of the last search, to be sent
        self.batches = []  # (stream, its pieces of records), taken from the loops and not yet in frames

    def begin(self, channel, hello):
        """Begins a stream."""
        self.channel = channel
        channel.put(wire.HEADER, keep=True)
        channel.put(wire.json_frame(HELLO, hello), keep=True)

    def loops_again(self):
        live = [stream.loop_id for stream in state.streams]
        return [wire.json_frame(LOOP, d) for i, d in self.descriptions.items() if i in live]

    def collect(self, final):
        """Takes the records from the loops, and queues all there is to send. final: whatever is said now and then is said now."""
        put = self.channel.put
        t = now()
        before = len(self.batches)
        beats = self.beats(t, final)
        for stream in list(state.streams):
            there = len(self.batches)
            stream.take(self.batches)
            if stream.closed and len(self.batches) == there:
                state.streams.remove(stream)
                self.descriptions.pop(stream.loop_id, None)
                state.counts["seen"] += stream.seen + stream.uncounted()
        self.telling = bool(self.introduced or codes.fresh or state.strings)
        while self.introduced:
            put(self.introduced.pop(0), keep=True)
        rows = codes.take()
        if rows:
            put(wire.json_frame(CODES, rows), keep=True)
        for body in texts.bodies():  # those of the records that were taken, and perhaps newer ones
            put(wire.frame(STRINGS, body))
        self.telling = False
        busy = len(self.batches) > before
        while self.batches:
            stream, pieces = self.batches[0]
            while pieces:
                self.put_records(stream, pieces)
            del self.batches[0]
        for each in self.found:
            put(each)
        self.found = ()
        if final or beats and t - self.last_beat > (BUSY_BEAT_NS if busy else BEAT_NS):
            self.last_beat = t
            others = other_threads()
            put(wire.json_frame(NOW, [row + [others] for row in beats]))
        if final or t - self.last_stats > STATS_NS or len(state.notes) > self.told:
            self.last_stats, self.told = t, len(state.notes)
            put(wire.json_frame(STATS, self.stats(t)))

    def beats(self, t, final):
        """Where each loop is; none while a look at them would make a loop wait for the thread, which may have no processor."""
        if not state.looking.acquire(final or get_native_id() == self.thread):
            return []
        try:
            return [beat(stream, t) for stream in list(state.streams) if stream.probe is not None]
        finally:
            state.looking.release()

    def put_records(self, stream, pieces):
        """Queues a frame of the first of the pieces, which are taken from the list."""
        group = []
        size = records = 0
        for piece, count in pieces:
            group.append(piece)
            size += len(piece)
            records += count
            if size >= GROUP:
                break
        n = len(group)
        sequence = stream.sequence + (2 if stream.gap else 1)
        frame = wire.records_frame(stream.loop_id, sequence, records, stream.lost, group)
        self.channel.put_records(frame, size + len(frame[0]), stream, records, sequence, pieces, n)
        self.events += records

    def stats(self, t):
        if state.asyncio is not None and sys.modules.get("asyncio", state.asyncio) is not state.asyncio:
            state.note("the program imported asyncio a second time: what runs on that copy is not recorded")
        return {
            "t": t,
            "events": self.events,
            "overheadNs": int(self.events * self.price),
            "drainNs": self.cpu,
            "dropped": state.counts["lost"],
            "tasksSeen": state.counts["seen"] + sum([stream.seen + stream.uncounted() for stream in state.streams]),
            "tasksMissed": state.counts["missed"],
            "notes": list(state.notes),
        }


def beat(stream, t):
    key, begin, ready = stream.probe()
    return [stream.loop_id, t, int(key), begin, ready]
