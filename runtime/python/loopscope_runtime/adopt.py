"""Puts the recorder on loops that were there before the recording began, and describes the tasks they have."""

import gc
import sys
from _thread import allocate_lock

from . import asyncio_patch, loops, mimic, missed, names, recorder, state, uvloop_patch
from .records import key

SLICE = 300  # tasks described before the loop gets its turn
HELD = 0.5  # seconds a loop may take to answer before it counts as held by what it runs


class Adoption:
    """One loop that already exists. A loop that runs is met in its own thread, between two callbacks."""

    def __init__(self, loop, asyncio, drain):
        self.loop = loop
        self.asyncio = asyncio
        self.here = allocate_lock()  # released once every task has been described
        self.here.acquire()
        self.tasks = 0
        self.rest = self.awaiting = []
        self.began = state.now()
        if isinstance(loop, asyncio.base_events.BaseEventLoop):
            self.stream = asyncio_patch.session.new_loop(loop, self.meet)
        else:
            self.stream = uvloop_patch.new_loop(loop, asyncio, drain, self.meet)

    def meet(self, act):
        self.act = act
        self.session = asyncio_patch.session
        if not self.loop.is_running():
            if isinstance(self.loop, self.asyncio.BaseEventLoop) and not getattr(self.loop, "_internal_fds", 0):
                self.told()  # another thread is in the midst of making it
                asyncio_patch.when_used(self.loop, self.begin)
            else:
                self.begin()
            return
        try:
            self.loop.call_soon_threadsafe(self.begin)
        except RuntimeError:  # it was closed just now
            self.told()

    def told(self):
        if self.here.locked():
            self.here.release()

    def begin(self):
        """In the loop's thread, or in the recorder's while the loop does not run."""
        if not state.active or self.session is not asyncio_patch.session:
            return  # the recording has ended meanwhile
        state.counts["seen"] -= self.tasks  # it was observed from outside, and is described again
        self.tasks = 0
        try:
            self.act()
            rec = loops.of(self.loop)
            if rec is None:
                self.told()  # the recording has ended meanwhile
                return
            rec.adopting = True
            self.take_over(rec)
            self.rest = tasks_of(self.asyncio, self.loop)
            self.awaiting = []
            self.next_slice(rec)
        except Exception as exc:
            state.fault(exc, "a loop that was there before")
            self.told()

    def take_over(self, rec):
        """Sees to it that steps which were scheduled before are seen: on a fused loop, by the handles they are in."""
        loop = self.loop
        if rec.fallback is None or not rec.fallback.fused:
            return

        def first_run():
            rec.first_run = None
            try:
                replace_handles(loop, rec, self.asyncio.events)
                if not self.rest:  # all are described, but for those that another thread was in the midst of making
                    for task in missed.unseen(rec, loop, tasks_of(self.asyncio, loop)):
                        missed.found(rec, task)
                        state.counts["seen"] += 1
                    rec.adopting = False
            except Exception as exc:
                state.fault(exc, "a loop that was there before")

        if self.asyncio._get_running_loop() is loop:
            replace_handles(loop, rec, self.asyncio.events)
        else:
            rec.first_run = first_run

    def next_slice(self, rec):
        """Describes the next tasks; those that wait for other tasks once more at the end, when the others are known."""
        if self.session is not asyncio_patch.session or not state.active:
            return
        for task in self.rest[:SLICE]:
            self.describe(rec, task)
        del self.rest[:SLICE]
        if not self.rest and self.awaiting:
            self.rest, self.awaiting = self.awaiting, None
        if not self.rest:
            rec.adopting = rec.first_run is not None
            self.told()
        elif self.asyncio._get_running_loop() is self.loop:
            self.loop.call_soon(self.next_slice, rec)
        elif self.loop.is_running():  # another thread has begun to run it just now
            self.loop.call_soon_threadsafe(self.next_slice, rec)
        else:
            self.next_slice(rec)

    def describe(self, rec, task, t=None):
        if task.done():
            return
        again = rec.adopt(task, None if t is None else t / 1e9)
        if self.awaiting is None:
            return
        self.tasks += 1
        state.counts["seen"] += 1
        if again:
            self.awaiting.append(task)

    def settle(self):
        """Waits until the loop has been described; one that is held by what it runs is described from outside."""
        told = -1
        while told < self.tasks:
            told = self.tasks
            if self.here.acquire(True, HELD) or not state.active:
                return False
        self.observe()
        return True

    def observe(self):
        """The loop does not come round: tells what can be seen from another thread. It is met as soon as it does come."""
        loop, stream = self.loop, self.stream
        rec = recorder.Recorder(stream, self.asyncio)
        stream.thread_id = getattr(loop, "_thread_id", None) or stream.thread_id or main_thread()
        begin = self.began  # the step that holds it began before this
        self.rest, self.awaiting = tasks_of(self.asyncio, loop), []
        for task in self.rest:
            self.describe(rec, task, begin - 1)
        self.rest, self.awaiting = self.awaiting, None
        for task in self.rest:
            self.describe(rec, task, begin - 1)
        running = self.asyncio.current_task(loop)
        subject = 0.0 if running is None else key(running)

        def probe():
            return subject, begin, len(loops.ready(loop))

        if stream.probe is None:  # else the loop came after all
            stream.probe = probe


def replace_handles(loop, rec, events):
    """In the loop's thread: other threads only add to what is ready."""
    ready, kind = loop._ready, mimic.handle_classes(events)[0]
    for i in range(len(ready)):
        handle = ready[i]
        if type(handle) is not events.Handle or handle._cancelled:
            continue
        task = rec.step_of(handle._callback)[0]
        if task is None:
            continue
        ready[i] = mimic.stepping(kind, handle, task)


def tasks_of(asyncio, loop):
    """The tasks of a loop, in the order in which they were probably made."""
    named = [(names.said(task), task) for task in asyncio.all_tasks(loop)]
    return [task for name, task in sorted(named, key=lambda each: (len(each[0]), each[0]))]


def main_thread():
    threading = sys.modules.get("threading")
    return threading.main_thread().ident if threading else 0


def existing_loops(asyncio, drain):
    """An Adoption for every open loop of this process. There is no list of them: they are looked for among all objects."""
    kinds = set(asyncio_patch.subclasses(asyncio.AbstractEventLoop))
    base = asyncio.base_events.BaseEventLoop
    ours = (base, *(cls for cls in kinds if uvloop_patch.is_compiled(cls, base)))
    kinds = {cls for cls in kinds if issubclass(cls, ours)}
    found = [each for each in gc.get_objects() if type(each) in kinds]
    adoptions = []
    for loop in found:
        try:
            if not loop.is_closed() and loop not in asyncio_patch.traced and asyncio_patch.session.meets(loop):
                adoptions.append(Adoption(loop, asyncio, drain))
        except AttributeError:
            pass  # its __init__ has not come that far
    return adoptions
