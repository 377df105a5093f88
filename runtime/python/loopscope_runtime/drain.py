"""The thread that takes the records away, and the frames it makes of them."""

import os
import sys
import time
from _thread import RLock, allocate_lock, get_ident, get_native_id, start_new_thread

from . import abandoned, codes, labels, state, watchdog, wire
from .records import BYE, CODES, HELLO, LOOP, NOW, STATS, STRINGS

now = state.now
PERIOD = 0.01  # seconds between looks at the clocks of the loops
IDLE_PERIOD = 0.04  # the same while there is no loop
FLUSH_NS = 40_000_000  # a killed program loses at most what it did since the last flush
STATS_NS = 1_000_000_000
BEAT_NS = 250_000_000  # between heartbeats while nothing happens
RECORD = 5  # what a record costs the loop, in units of what writing the smallest one takes: docs/performance.md
MANY = 50_000  # numbers of records that are sent without waiting for the next flush
LATE = 0.06  # seconds after the last flush when a loop that is about to wait flushes itself, for this thread does not get to run
GROUP = 128 * 1024  # bytes of records that make a frame
TEXTS = 5000  # strings that make a frame

let_others_run = getattr(os, "sched_yield", lambda: time.sleep(0))


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
        os.stat("/proc/self/task/%d" % thread)
    except OSError:
        return False
    return True


class Drain:
    """Owns the channel. `flush` may be called by any thread, one at a time."""

    def __init__(self, channel, hello):
        self.channel = channel
        self.lock = allocate_lock()
        self.bell = allocate_lock()  # released to make the thread stop
        self.running = allocate_lock()  # held by the thread while it runs
        self.thread = 0  # its number in the system
        self.last_flush = self.last_stats = self.last_beat = now()
        self.told = 0  # notes
        self.events = 0
        self.cpu = 0
        self.price = RECORD * write_cost()  # nanoseconds of the loop's time that a record takes, about
        self.sampled = watchdog.Watchdog()
        self.introduced = []
        self.descriptions = {}  # loop -> what its `loop` frame says
        self.searching = True
        self.found = ()  # frames of the last search, to be sent
        self.batches = []  # (stream, its pieces of records, the newest first), taken from the loops and not yet in frames
        self.paused = []  # holds one thing while the thread is to be started again
        self.gone = None  # called by the thread as it ends because the listener is no more
        self.greet(channel, hello)

    def greet(self, channel, hello):
        """Begins a stream."""
        self.channel = channel
        channel.put(wire.HEADER, keep=True)
        channel.put(wire.json_frame(HELLO, hello), keep=True)

    def start(self):
        self.bell.acquire(False)
        self.running.acquire(False)
        state.overdue = self.overdue
        start_new_thread(self.run, ())

    def pause(self):
        """Before a fork: Python 3.12+ warns when a process with threads forks, and ours is no thread of the program's."""
        if self.channel.broken or state.resume is not None:
            return
        self.bell.release()
        until = now() + 1_000_000_000
        # Not a wait in the lock: tools that forbid blocking calls inside a loop would object to it.
        while not self.running.acquire(False) and now() < until:
            let_others_run()
        while is_there(self.thread) and now() < until:  # it has still to leave, and the warning counts what the system counts
            let_others_run()
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
        while not wait(True, PERIOD if state.streams else IDLE_PERIOD):
            try:
                if state.streams:
                    with state.looking:
                        self.sampled.look(self)
                if now() - self.last_flush >= FLUSH_NS or any([len(stream.buf) > MANY for stream in state.streams]):
                    self.flush()
                    self.search()  # after, not before: what is taken from the loops is sent without delay
            except Exception as exc:
                self.failed(exc)
            if self.channel.broken:
                break
        self.running.release()
        if self.channel.broken and self.gone is not None:
            self.gone()

    def introduce(self, stream, description):
        """Announces a loop; its frame precedes its records."""
        resume = state.resume
        if resume is not None:
            resume()
        self.descriptions[stream.loop_id] = description
        self.introduced.append(wire.json_frame(LOOP, description))

    def flush(self, final=False):
        """Sends all there is. A final one waits (≤ 2 s in all) for a slow listener."""
        if not self.lock.acquire(final, 2 if final else -1):
            return
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
            self.lock.release()

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
        """For a loop that is about to wait, or has written much, when this thread did not get to run in time."""
        state.due = state.clock() + LATE
        self.flush_safely()

    def torn(self):
        """A signal handler of the program raised in the midst of a flush: what may be lost is told again."""
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
        state.due = t / 1e9 + LATE
        if final:
            self.search()
        before = len(self.batches)
        beats = self.beats(t, final)
        for stream in list(state.streams):
            pieces, size = stream.take()
            if size:
                pieces.reverse()
                self.batches.append((stream, pieces))
            elif stream.closed:
                state.streams.remove(stream)
        while self.introduced:
            put(self.introduced.pop(0), keep=True)
        texts = sorted(list(state.strings))  # those of the records that were taken, and perhaps newer ones
        rows = codes.take()
        if rows:
            put(wire.json_frame(CODES, rows), keep=True)
        for i in range(0, len(texts), TEXTS):
            for part in strings(texts[i : i + TEXTS]):
                put(wire.frame(STRINGS, part.encode()))
        busy = len(self.batches) > before
        while self.batches:
            stream, pieces = self.batches[0]
            while pieces:  # each is let go as soon as it is in a frame: all of them twice would take much memory
                self.put_records(stream, pieces)
            del self.batches[0]
        for each in self.found:
            put(each)
        self.found = ()
        if final or beats and (busy or t - self.last_beat > BEAT_NS):
            self.last_beat = t
            others = other_threads()
            put(wire.json_frame(NOW, [row + [others] for row in beats]))
        if final or t - self.last_stats > STATS_NS or len(state.notes) > self.told:
            self.last_stats, self.told = t, len(state.notes)
            put(wire.json_frame(STATS, self.stats(t)))

    def beats(self, t, final):
        """Where each loop is. A loop that flushes tells of itself alone: a look at others would wait for this thread, which may have no processor."""
        if not final and get_native_id() != self.thread:
            here = get_ident()
            return [beat(stream, t) for stream in list(state.streams) if stream.probe is not None and stream.thread_id == here]
        with state.looking:
            return [beat(stream, t) for stream in list(state.streams) if stream.probe is not None]

    def put_records(self, stream, pieces):
        """Queues a frame of the last of the pieces, which it takes from the list."""
        group = [pieces.pop()]
        size = len(group[0])
        while pieces and size < GROUP:
            group.append(pieces.pop())
            size += len(group[-1])
        data = b"".join(group) if len(group) > 1 else group[0]
        if not data:
            return
        stream.sequence += 2 if stream.gap else 1
        stream.gap = False
        records = wire.count_records(data)
        self.events += records
        self.channel.put(wire.records_frame(stream.loop_id, stream.sequence, records, stream.lost, data), stream, records)

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
            "tasksSeen": state.counts["seen"],
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
        state.looking = RLock()
        self.batches.clear()
        for stream in state.streams:
            stream.taking = allocate_lock()
            stream.take()
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
            self.bell.release()
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
        state.last_words = lambda: self.flush_safely(True)
        self.flush_safely(True)
        self.channel.put(wire.json_frame(BYE, {"t": now()}))
        self.pump(True)


def beat(stream, t):
    key, begin, ready = stream.probe()
    return [stream.loop_id, t, int(key), begin, ready]


def text_of(value):
    """What `state.text` was given, as a string: code of the program may run here."""
    if isinstance(value, str):
        return value
    try:
        return labels.resolve(*value) if type(value) is tuple else str(value)
    except Exception:
        return ""


def strings(ids):
    """Takes the strings with these ids, in order: the bodies of `strings` frames, one for each run of consecutive ids."""
    values = [state.strings.pop(i, "") for i in ids]
    if set(map(type, values)) != {str}:
        values = list(map(text_of, values))
    texts = list(map(wire.quote, values))
    parts = []
    at = 0
    while at < len(ids):
        end = len(ids)
        if ids[-1] - ids[at] != end - 1 - at:  # there is a gap
            end = at + 1
            while end < len(ids) and ids[end] == ids[end - 1] + 1:
                end += 1
        parts.append("[%d,%s]" % (ids[at], ",".join(texts[at:end])))
        at = end
    return parts


def describe_program(options, token):
    """The hello."""
    monotonic = now()
    return {
        "protocol": 1,
        "token": token,
        "runtime": "cpython" if sys.implementation.name == "cpython" else sys.implementation.name,
        "version": "%d.%d.%d" % sys.version_info[:3],
        "executable": sys.executable or "",
        "argv": list(getattr(sys, "orig_argv", [])),
        "cwd": codes.cwd,
        "pid": os.getpid(),
        "ppid": os.getppid(),
        "clock": {"monotonicNs": monotonic, "wallNs": time.time_ns()},
        "startNs": monotonic,
        "mode": options["mode"],
        "modeReason": options["reason"],
        "patched": options["patched"],
        "blockNs": options["block_ns"],
        "detail": options["detail"],
        "threadSafety": True,
    }
