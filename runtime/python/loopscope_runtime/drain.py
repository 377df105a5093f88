"""When records are taken away and sent, and the thread that sees to it."""

import os
import sys
import time
from _thread import RLock, allocate_lock, get_ident, get_native_id, start_new_thread

from . import abandoned, codes, garbage, signals, state, texts, watchdog, wire
from .outgoing import BEAT_NS, STATS_NS, Outgoing
from .records import BYE, LOOP, STATS

now = state.now
FLUSH_NS = 60_000_000  # after the last flush the next is due: a killed program loses at most what it did since
LATE_NS = 80_000_000  # after the last flush who should not have to flush does: one thread, or the other, is busy
LEAST_NS = 5_000_000  # between looks of the thread
MANY = 50_000  # numbers of records that are sent without waiting for the next flush
FEW_CODES = 20  # new code objects that a loop stops to describe: it leaves more of them to the thread

let_others_run = getattr(os, "sched_yield", lambda: time.sleep(0))
stat = os.stat  # tools that look for blocking calls replace it, and would object to ours


def is_there(thread):
    """Whether the system still has a thread of this process; False where it does not say."""
    try:
        stat("/proc/self/task/%d" % thread)
    except OSError:
        return False
    return True


class Drain(Outgoing):
    """Owns the channel. `flush` may be called by any thread, one at a time.

    A loop that runs flushes itself, between two iterations: it has the GIL, and the records in the processor's cache; to hand both
    over to a thread costs several times as much. The thread flushes for loops that wait or are held, and looks after them.
    """

    def __init__(self, channel, hello):
        super().__init__()
        self.lock = allocate_lock()
        self.bell = allocate_lock()  # released to wake the thread
        self.stopping = False
        self.resting = False  # the thread sleeps long, as there is no loop
        self.running = allocate_lock()  # held by the thread while it runs
        self.last_flush = now()
        self.wanted = False  # the thread is to flush now
        self.flushing = 0  # the thread that flushes
        self.unsaid = False  # there is more to send once it is done
        self.sampled = watchdog.Watchdog()
        self.searching = True
        self.next_turn = 0  # when the thread means to look next
        self.paused = []  # holds one thing while the thread is to be started again
        self.gone = None  # called by the thread as it ends because the listener is no more
        self.greet(channel, hello)

    def greet(self, channel, hello):
        """Begins a stream."""
        self.begin(channel, hello)
        self.patience = FLUSH_NS, LATE_NS  # of loops, of the thread
        if not channel.at_once:  # no loop should have to wait for the disk
            self.patience = LATE_NS, FLUSH_NS

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
        signals.leave_to_the_program()
        self.thread = get_native_id()
        wait = self.bell.acquire
        gettrace, getprofile, builtin = sys.gettrace, sys.getprofile, state.BUILTIN
        pause = 0.0
        while True:
            garbage.allow()
            wait(True, pause)
            # `threading.settrace_all_threads` means the program's threads, but reaches ours. A debugger, which leaves our frames alone,
            # replaces `sys.settrace`, and warns of whoever calls that.
            if gettrace() is not None and type(sys.settrace) is builtin:
                sys.settrace(None)
            if getprofile() is not None and type(sys.setprofile) is builtin:
                sys.setprofile(None)
            garbage.hold_off()
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
        garbage.allow()

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
            self.last_flush = t = now()
            state.due = (t + self.patience[0]) / 1e9
            self.wanted = False
            if final:
                self.search()
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
        garbage.allow()
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
            garbage.allow()

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
        self.channel.put(wire.json_frame(BYE, {"t": now(), "whole": state.active}))
        self.pump(True)

    def speak(self):
        """Sends what the end of the interpreter brings to light. In the midst of that the garbage collector may come by, and find more of it."""
        self.unsaid = True
        while self.unsaid and self.flushing != get_ident():
            self.unsaid = False
            self.flush_safely(True)
