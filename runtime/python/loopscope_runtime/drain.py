"""The thread that takes the records away, and the frames it makes of them."""

import os
import sys
import time
from _thread import RLock, allocate_lock, get_ident, get_native_id, start_new_thread

from . import abandoned, codes, garbage, state, texts, watchdog, wire
from .records import BYE, CODES, HELLO, LOOP, NOW, STATS, STRINGS

now = state.now
FLUSH_NS = 40_000_000  # after the last flush the next is due: a killed program loses at most what it did since
LATE_NS = 60_000_000  # after the last flush who should not have to flush does: one thread, or the other, is busy
LEAST_NS = 5_000_000  # between looks of the thread
STATS_NS = 1_000_000_000
BEAT_NS = 250_000_000  # between heartbeats while nothing happens
BUSY_BEAT_NS = 100_000_000  # and while something does
RECORD = 5  # what a record costs the loop, in units of what writing the smallest one takes: docs/performance.md
MANY = 50_000  # numbers of records that are sent without waiting for the next flush
FEW_CODES = 20  # new code objects that a loop stops to describe: it leaves more of them to the thread
GROUP = 128 * 1024  # bytes of records that make a frame

let_others_run = getattr(os, "sched_yield", lambda: time.sleep(0))
stat = os.stat  # tools that look for blocking calls replace it, and would object to ours


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


def is_there(thread):
    """Whether the system still has a thread of this process; False where it does not say."""
    try:
        stat("/proc/self/task/%d" % thread)
    except OSError:
        return False
    return True


class Drain:
    """Owns the channel. `flush` may be called by any thread, one at a time.

    A loop that runs flushes itself, between two iterations: it has the GIL, and the records in the processor's cache; to hand both
    over to a thread costs several times as much. The thread flushes for loops that wait or are held, and looks after them.
    """

    def __init__(self, channel, hello):
        self.channel = channel
        self.lock = allocate_lock()
        self.bell = allocate_lock()  # released to wake the thread
        self.stopping = False
        self.resting = False  # the thread sleeps long, as there is no loop
        self.running = allocate_lock()  # held by the thread while it runs
        self.thread = 0  # its number in the system
        self.last_flush = self.last_stats = self.last_beat = now()
        self.wanted = False  # the thread is to flush now
        self.flushing = 0  # the thread that flushes
        self.unsaid = False  # there is more to send once it is done
        self.telling = False  # it has taken what records name, and not yet put it on its way
        self.told = 0  # notes
        self.events = 0
        self.cpu = 0
        self.price = RECORD * write_cost()  # nanoseconds of the loop's time that a record takes, about
        self.sampled = watchdog.Watchdog()
        self.introduced = []
        self.descriptions = {}  # loop -> what its `loop` frame says
        self.searching = True
        self.found = ()  # frames of the last search, to be sent
        self.next_turn = 0  # when the thread means to look next
        self.batches = []  # (stream, its pieces of records), taken from the loops and not yet in frames
        self.paused = []  # holds one thing while the thread is to be started again
        self.gone = None  # called by the thread as it ends because the listener is no more
        self.greet(channel, hello)

    def greet(self, channel, hello):
        """Begins a stream."""
        self.channel = channel
        self.patience = FLUSH_NS, LATE_NS  # of loops, of the thread
        if not channel.at_once:  # no loop should have to wait for the disk
            self.patience = LATE_NS, FLUSH_NS
        channel.put(wire.HEADER, keep=True)
        channel.put(wire.json_frame(HELLO, hello), keep=True)

    def start(self):
        self.bell.acquire(False)
        self.stopping = False
        self.running.acquire(False)
        garbage.start()
        state.overdue = self.overdue
        start_new_thread(self.run, ())

    def pause(self):
        """Before a fork: Python 3.12+ warns when a process with threads forks, and ours is no thread of the program's."""
        if self.channel.broken or state.resume is not None:
            return
        self.stopping = True
        self.ring()
        until = now() + 1_000_000_000
        # Not a wait in the lock: tools that forbid blocking calls inside a loop would object to it.
        while not self.running.acquire(False) and now() < until:
            let_others_run()
        try:
            while is_there(self.thread) and now() < until:  # it has still to leave, and the warning counts what the system counts
                let_others_run()
        finally:  # a signal handler of the program may raise
            self.paused.append(True)
            state.resume = self.resume
            for stream in state.streams:
                stream.resync = True  # the next iteration of a loop calls `resume`

    def resume(self):
        state.resume = None
        try:
            self.paused.pop()
        except IndexError:  # another thread's loop was faster
            return
        self.start()

    def run(self):
        self.thread = get_native_id()
        wait = self.bell.acquire
        pause = 0.0
        while True:
            wait(True, pause)
            if self.stopping:
                break
            try:
                pause = self.turn()
            except Exception as exc:
                self.failed(exc)
            if self.channel.broken:
                break
        self.running.release()
        if self.channel.broken and self.gone is not None:
            self.gone()

    def ring(self):
        try:
            self.bell.release()
        except RuntimeError:  # it has been rung
            pass

    def turn(self):
        """Does what the thread is to do now; says for how many seconds there will be nothing."""
        self.resting = not state.streams
        collected = garbage.look(now(), self.next_turn)
        if collected is not None:
            self.found = [*self.found, collected]
        with state.looking:
            look_at = self.sampled.look(self)
        t = now()
        if self.is_due(t):
            self.flush()
        self.search()  # after, not before: what is taken from the loops is sent without delay
        t = now()
        flush_at = self.last_flush + self.patience[1]
        if flush_at <= t:  # there was nothing to send
            flush_at = t + self.patience[1]
        if self.resting:
            look_at = flush_at = t + BEAT_NS
        self.next_turn = max(t + LEAST_NS, min(look_at, flush_at))
        return (self.next_turn - t) / 1e9

    def is_due(self, t):
        """Whether there is something to send, and it is time to."""
        if t - self.last_flush < FLUSH_NS:
            return self.wanted or any([len(stream.buf) > MANY for stream in state.streams])
        if t - self.last_beat > BEAT_NS or t - self.last_stats > STATS_NS or len(state.notes) > self.told:
            return True
        return bool(self.channel.queue or self.introduced or self.found or any([stream.buf or stream.packed for stream in state.streams]))

    def introduce(self, stream, description):
        """Announces a loop; its frame precedes its records."""
        resume = state.resume
        if resume is not None:
            resume()
        self.descriptions[stream.loop_id] = description
        self.introduced.append(wire.json_frame(LOOP, description))
        if self.resting:
            self.ring()

    def flush(self, final=False):
        """Sends all there is. A final one waits (≤ 2 s in all) for a slow listener."""
        lock = self.lock
        if not lock.acquire(False):
            if not final:
                return
            if self.flushing == get_ident():  # a signal handler that ends the program came in the midst of it
                self.torn()
            elif not lock.acquire(True, 2):
                return
        self.flushing = get_ident()
        whole = False
        try:
            began = time.thread_time_ns()
            self.collect(final)
            self.pump(final)
            self.cpu += time.thread_time_ns() - began
            whole = True
        finally:
            if not whole:
                self.torn()
            self.flushing = 0
            if lock.locked():
                lock.release()

    def flush_safely(self, final=False):
        """For a thread of the program: nothing of ours is raised."""
        try:
            self.flush(final)
        except Exception as exc:
            if not state.ours(exc):
                raise
            self.failed(exc)

    def failed(self, exc):
        """The recording breaks off, which its last words say."""
        state.note("the drain failed: %s: %s" % (type(exc).__name__, exc))
        state.switch_off()
        self.close(wire.json_frame(STATS, self.stats(now())))

    def close(self, *last):
        """Sends these frames and closes the channel, once no other thread is in the midst of a flush."""
        mine = self.lock.acquire(True, 1)
        for each in last:
            self.channel.put(each)
        self.channel.pump()
        self.channel.close()
        if mine:
            self.lock.release()

    def overdue(self):
        """For a loop that is about to wait or has written much: the flush is due."""
        t = now()
        if t - self.last_flush > LATE_NS or texts.are_at_hand() and len(codes.fresh) <= FEW_CODES:
            state.due = (t + LATE_NS) / 1e9  # should another thread flush already
            self.flush_safely()
        else:
            state.due = (self.last_flush + LATE_NS) / 1e9
            self.wanted = True
            self.ring()

    def torn(self):
        """A signal handler of the program raised in the midst of a flush. Records are where they were, or on their way; what they name may be lost and is told again."""
        if self.telling:
            self.telling = False
            for stream in state.streams:
                stream.gap = stream.resync = True
            codes.tell_again()
            self.introduced[:] = self.loops_again()
        self.channel.recount()

    def loops_again(self):
        live = [stream.loop_id for stream in state.streams]
        return [wire.json_frame(LOOP, d) for i, d in self.descriptions.items() if i in live]

    def collect(self, final):
        put = self.channel.put
        t = now()
        self.last_flush = t
        state.due = (t + self.patience[0]) / 1e9
        self.wanted = False
        if final:
            self.search()
        before = len(self.batches)
        beats = self.beats(t, final)
        for stream in list(state.streams):
            there = len(self.batches)
            stream.take(self.batches)
            if stream.closed and len(self.batches) == there:
                state.streams.remove(stream)
                state.counts["seen"] += stream.uncounted()
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

    def search(self):
        """Looks for what `abandoned` finds. Its failure costs its findings and nothing else."""
        if not self.searching:
            return
        began = time.thread_time_ns()
        try:
            with state.looking:
                self.found = [*self.found, *abandoned.look(now())]
        except RuntimeError:  # the program changed a set or a dictionary in the midst of it: next time
            pass
        except Exception as exc:
            self.searching = False
            state.note("the search for lost tasks was switched off: %s: %s" % (type(exc).__name__, exc))
        self.cpu += time.thread_time_ns() - began

    def stats(self, t):
        return {
            "t": t,
            "events": self.events,
            "overheadNs": int(self.events * self.price),
            "drainNs": self.cpu,
            "dropped": state.counts["lost"],
            "tasksSeen": state.counts["seen"] + sum([stream.uncounted() for stream in state.streams]),
            "tasksMissed": state.counts["missed"],
            "notes": list(state.notes),
        }

    def pump(self, final):
        done = self.channel.pump()
        if self.channel.broken and state.active:
            state.switch_off()  # the listener is gone
        deadline = now() + 2_000_000_000
        while final and not done and now() < deadline:
            time.sleep(0.002)
            done = self.channel.pump()

    def forked(self, reconnect):
        """In the child of a fork, where the thread is no more: reconnect() gives it a channel of its own and a hello, or None."""
        state.resume = None
        self.paused.clear()
        self.channel.close()
        self.lock, self.bell, self.running = allocate_lock(), allocate_lock(), allocate_lock()
        self.flushing = 0
        state.looking = RLock()
        self.batches.clear()
        for stream in state.streams:
            stream.taking = allocate_lock()
            stream.take([])
            stream.sequence = stream.lost = 0
            stream.resync = True
        state.strings.clear()
        again = reconnect()
        if again is None:
            state.switch_off()
            return
        self.greet(*again)
        codes.tell_again()
        self.introduced[:] = self.loops_again()
        self.start()

    def end_thread(self):
        if state.resume is None:
            self.stopping = True
            self.ring()
            self.running.acquire(True, 1)

    def stop(self):
        """Sends what is left and ends the thread; the program goes on."""
        if self.channel.broken:
            return
        self.end_thread()
        self.flush_safely(True)

    def shutdown(self):
        """At interpreter exit, after the program's own exit handlers: the last flush. Later records are sent at once."""
        if self.channel.broken:
            return
        self.end_thread()
        state.last_words = self.speak
        self.speak()
        self.channel.put(wire.json_frame(BYE, {"t": now()}))
        self.pump(True)

    def speak(self):
        """Sends what the end of the interpreter brings to light. In the midst of that the garbage collector may come by, and find more of it."""
        self.unsaid = True
        while self.unsaid and self.flushing != get_ident():
            self.unsaid = False
            self.flush_safely(True)


def beat(stream, t):
    key, begin, ready = stream.probe()
    return [stream.loop_id, t, int(key), begin, ready]
