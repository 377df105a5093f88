"""What the modules of the recorder share: the streams, the strings on their way, the notes, and the switch."""

import sys
from _thread import RLock, allocate_lock
from itertools import count, islice
from math import inf
from time import monotonic as clock  # seconds, in records
from time import monotonic_ns as now  # the same in nanoseconds, in JSON frames

from . import wire

MAX_PACKED = 4 * 1024 * 1024  # bytes of records of a loop that wait for the drain thread: more are dropped, the oldest first
MAX_STRINGS = 30_000  # strings that wait for it, at some 160 bytes: the same

streams = []  # every Stream that may still get records
failed = []  # [weak reference, when, told] of tasks that ended with an exception
strings = {}  # id -> text, or a tuple that the drain turns into text
next_string = count(1).__next__
notes = []  # sentences for `stats`: what could not be traced, and why
counts = {"seen": 0, "missed": 0, "lost": 0}
options = {"detail": "full", "block_ns": 50_000_000}
active = False  # recording
asyncio = None  # the module, once it is there: the program may take it out of `sys.modules`, as the end of the interpreter does
hooks = []  # undo what was patched; called when tracing is switched off
resume = None  # starts the drain thread again after a fork
last_words = None  # flushes; set once the drain thread has stopped
due = inf  # seconds, of `clock`: a loop that is between two iterations then flushes
overdue = None  # what it calls for that
looking = RLock()  # held by the drain thread while it holds loops or what belongs to them
PIECE = 2000  # numbers of records that a loop packs together
LOOKS = 5  # seconds that a look at a loop takes at most: milliseconds, where the processor is not busy with much else


class Stream:
    """The records of one loop. `buf` holds their numbers (floats, and ints below 2**53); each record is added by one atomic call."""

    def __init__(self, loop_id):
        self.loop_id = loop_id
        self.buf = []
        self.ext = self.buf.extend
        self.packed = []  # (bytes, how many records) of records that are packed already, older than `buf`
        self.size = 0  # of these, in bytes
        self.taking = allocate_lock()  # held by who takes records away
        self.cut = False  # records are being moved; where they are not, a signal handler has raised just then
        self.gap = False  # records were taken away unsent: the next batch skips a number
        self.sequence = 0
        self.lost = 0
        self.resync = False  # records were lost: the loop must describe its tasks again
        self.probe = None  # () -> (task key, step begin in ns or 0, ready length)
        self.loop = None  # weak reference to the loop
        self.resting = False  # the loop has stopped: whoever has it may drop it, so that nobody else may hold it, be it for a moment
        self.thread_id = 0
        self.sampled = (0, 0)
        self.seen = 0  # tasks; written by the loop's thread alone: without the GIL, two that add to one number lose some
        self.uncounted = int  # () -> how many tasks were seen that are not in `seen`
        self.closed = False

    def pack(self):
        """Makes bytes of the records. Called by the loop every few thousand numbers: they are still in the processor's cache."""
        if not self.taking.acquire(False):
            return
        late = 0
        try:
            self.pack_all()
            if self.size > MAX_PACKED:  # nobody gets to flush
                piece, late = self.packed.pop(0)
                self.size -= len(piece)
        finally:
            self.taking.release()
        if late:
            self.dropped(late)
            self.gap = self.resync = True
        if len(strings) > MAX_STRINGS:
            for i in list(islice(strings, len(strings) - MAX_STRINGS)):
                strings.pop(i, None)
            self.resync = True
        if clock() > due:
            overdue()

    def pack_all(self):
        """Moves all that is in `buf` to `packed`; `taking` is held."""
        values = self.buf[:]
        if not values:
            return
        piece = wire.records_body(values)
        known = piece, wire.count_records(piece)  # counted here for the same reason
        n, size, add = len(values), self.size + len(piece), self.packed.append
        if self.cut:
            self.cut = False
            self.gap = self.resync = True
        # No call but the last: since 3.11 no signal handler runs before the records are where they belong.
        self.cut = True
        self.size = size
        del self.buf[:n]
        add(known)
        self.cut = False

    def take(self, batches):
        """Adds (this, its records, as (bytes, how many records) in pieces) to a list, if there are records."""
        if not self.taking.acquire(True, 1):  # a signal handler's exception left it locked
            self.taking = allocate_lock()
            self.taking.acquire()
        try:
            self.pack_all()
            if self.packed:
                batches.append((self, self.packed))  # should a signal handler raise now, this list is met twice: what is sent is taken from it
                self.packed = []
                self.size = 0
        finally:
            self.taking.release()

    def dropped(self, records):
        self.lost += records
        counts["lost"] += records


    def rest(self):
        """The loop stops: once this returns, the drain thread does not look at it any more."""
        done = looking.acquire(True, LOOKS)
        self.resting = True
        if done:
            looking.release()


_common = []


def common():
    """The stream of what belongs to no loop."""
    if not _common:
        _common.append(Stream(0))
        streams.append(_common[0])
    return _common[0]


def has_gil():
    """Whether this interpreter has the GIL, which builds without it may turn on."""
    return getattr(sys, "_is_gil_enabled", lambda: True)()


def note(text):
    """Adds a sentence to what `stats` says, once."""
    if text not in notes and len(notes) < 50:
        notes.append(text)


def text(value):
    """Puts a string on its way; its id. Not for the hot path: strings are sent once each."""
    if not value:
        return 0
    i = next_string()
    strings[i] = value
    return i


def ours(exc):
    """Whether an exception was raised by the recorder's own code, or by what it called, and not by what ran in the midst of it."""
    called = []  # the codes below our innermost frame
    tb = exc.__traceback__
    while tb is not None:
        code = tb.tb_frame.f_code
        called = [] if code.co_filename.startswith(_folder) else [*called, code]
        tb = tb.tb_next
    return not called or not may_interrupt(called)


def may_interrupt(codes):
    """Whether one of these may have run between any two instructions: a signal handler, or what a debugger or profiler has called."""
    if sys.gettrace() is not None or sys.getprofile() is not None:
        return True
    monitoring = getattr(sys, "monitoring", None)
    if monitoring is not None and any(monitoring.get_tool(each) for each in range(6)):  # none of which is ours: see `starts.py`
        return True
    signal = sys.modules.get("signal")
    for each in signal.valid_signals() if signal else ():
        handler = signal.getsignal(each)
        function = getattr(handler, "func", handler)  # asyncio.run's is a functools.partial of a method
        function = getattr(function, "__func__", function)
        if not callable(function) or type(function) is BUILTIN:  # which has no frame
            continue
        if getattr(function, "__code__", codes[0]) in codes:  # of a callable object it is not known what it runs
            return True
    return False


BUILTIN = type(len)
_folder = __file__.rpartition("/")[0] or __file__.rpartition("\\")[0]


def fault(exc, where):
    """The recorder failed, or an object of the program's would not be asked: the program goes on untraced. What came from elsewhere is raised again."""
    if not ours(exc):
        raise exc
    note("tracing was switched off: %s failed: %s: %s" % (where, type(exc).__name__, exc))
    switch_off()


def switch_off():
    """Takes the recorder off the loops; loops made later are left alone."""
    global active
    active = False
    while hooks:
        hooks.pop()()


def replace(owner, name, new, undo=hooks):
    """Sets an attribute, until tracing is switched off (or what this adds to `undo` is called); what somebody else has put there since stays."""
    fields = owner.__dict__
    own = name in fields
    old = fields.get(name)
    setattr(owner, name, new)
    now_there = owner.__dict__.get(name)

    def restore():
        if owner.__dict__.get(name) is not now_there:
            return
        if own:
            setattr(owner, name, old)
        else:
            delattr(owner, name)

    undo.append(restore)


def reset():
    """Forgets what belongs to one recording."""
    global resume, last_words, due, overdue
    for shared in (streams, strings, notes, failed, _common):
        shared.clear()
    counts.update(seen=0, missed=0, lost=0)
    resume = last_words = overdue = None
    due = inf


def report_now():
    """Sends a record at once when the drain thread is no more: the interpreter is shutting down."""
    if last_words is not None:
        last_words()
