"""Puts the recorder into asyncio: every new loop gets its stream and the way of recording that fits it."""

import threading
from _thread import RLock, get_ident
from itertools import count
from weakref import WeakSet, ref

from . import cancels, chains, codes, eager, fallback, foreign, fused, guard, loops, methods, names, objects, recorder, starts, state, threadsafe, unrecorded, uvloop_patch, waits
from .faults import watch_class
from .records import RUN, head

REPLACED = ("call_soon", "_call_soon", "call_soon_threadsafe", "_run_once")
OWN_ATTRIBUTES = REPLACED + (
    "_loopscope",
    "_process_events",
    "call_at",
    "call_later",
    "create_task",
    "run_forever",
    *methods.OF_STOCK_LOOPS,
)
traced = WeakSet()  # the loops that carry something of ours
session = None  # the Session of the recording that is on


class Session:
    """What a recording needs to know to put itself on a loop."""

    def __init__(self, asyncio, drain):
        self.asyncio = asyncio
        self.drain = drain
        self.base = asyncio.base_events.BaseEventLoop
        self.mismatch = guard.mismatch(asyncio.base_events, asyncio.events)
        self.known = WeakSet()
        self.lock = RLock()

    def meets(self, loop):
        """Whether a loop is met for the first time: one that is made while the recording begins is also found among all objects."""
        with self.lock:
            if loop in self.known:
                return False
            self.known.add(loop)
            return True

    def new_loop(self, loop, meet):
        """Announces a loop; meet(act) is to call act when, and in the thread in which, the recorder can be put on it."""
        stream = new_stream()
        reason = self.why_not_fast(type(loop))
        self.drain.introduce(stream, describe(loop, stream, "fallback" if reason else "fast", reason))

        def act():
            since = self.why_not_fast(type(loop))
            if since and not reason:  # its class was changed before its first use
                self.drain.introduce(stream, describe(loop, stream, "fallback", since))
            self.trace(loop, stream, not since)

        meet(act)
        return stream

    def why_not_fast(self, kind):
        if self.mismatch is not None:
            return "asyncio's %s is not one this build knows" % self.mismatch
        changed = [n for n in REPLACED if getattr(kind, n, None) is not getattr(self.base, n)]
        return "%s has its own %s" % (kind.__qualname__, changed[0]) if changed else ""

    def trace(self, loop, stream, fast):
        if fast:
            rec = fused.install(loop, stream, self.asyncio)
        else:
            rec = recorder.Recorder(stream, self.asyncio)
            fallback.install(loop, rec, self.asyncio)
        equip(loop, stream, rec)
        watch_run(loop, rec)
        if not state.active or session is not self:  # the recording has ended meanwhile, in another thread
            take_off(loop)


def patch(asyncio, drain):
    """Called when asyncio is there: right after the program imported it, or when a recording begins later."""
    global session
    session = own = Session(asyncio, drain)
    state.asyncio = asyncio
    base = asyncio.base_events.BaseEventLoop
    stock_init = base.__init__
    get_running_loop = asyncio.events._get_running_loop

    def recorder_here():
        loop = get_running_loop()
        return None if loop is None else loops.of(loop)

    def __init__(self, *args, **kwargs):
        stock_init(self, *args, **kwargs)
        if not state.active or session is not own:
            return
        try:
            if own.meets(self):
                own.new_loop(self, lambda act: when_used(self, act))
        except Exception as exc:
            state.fault(exc, "a new loop")

    state.hooks.append(take_off_all)
    fallback.patch_handles(asyncio, own.mismatch is None)
    watch_subclasses(asyncio, drain)
    watch_class(base)
    waits.start(asyncio)
    chains.save_room(asyncio.Task)
    names.start(asyncio.tasks.Task)
    foreign.start(asyncio)
    cancels.start(asyncio)
    if state.options["detail"] != "light":  # which does not tell what waits on them
        objects.start(asyncio, recorder_here)
    methods.replace(base)
    starts.watch(base)
    if own.mismatch is None:
        threadsafe.replace(asyncio)
    state.replace(base, "__init__", __init__)
    return recorder_here


def watch_subclasses(asyncio, drain):
    """Loops that are no BaseEventLoop, uvloop's above all, are met when their class is made."""
    abstract = asyncio.events.AbstractEventLoop
    base = asyncio.base_events.BaseEventLoop

    def __init_subclass__(cls, **kwargs):
        super(abstract, cls).__init_subclass__(**kwargs)
        if uvloop_patch.is_compiled(cls, base):
            try:
                uvloop_patch.patch(cls, asyncio, drain)
            except Exception as exc:
                state.fault(exc, "a compiled loop")
        else:
            unrecorded.watch(cls, base)

    state.replace(abstract, "__init_subclass__", classmethod(__init_subclass__))
    for cls in subclasses(abstract):
        if uvloop_patch.is_compiled(cls, base):
            uvloop_patch.patch(cls, asyncio, drain)
        else:
            unrecorded.watch(cls, base)


def subclasses(cls):
    """Every class below cls that there is by now."""
    found = []
    for each in cls.__subclasses__():
        found.append(each)
        found += subclasses(each)
    return found


def equip(loop, stream, rec, makers=methods.OF_STOCK_LOOPS):
    """What is the same for every kind of loop."""
    stream.loop = ref(loop)
    traced.add(loop)
    rec.replaced = methods.put_on(loop, makers)
    eager.watch_factory(loop, rec, methods.stock_of(loop, "get_task_factory"), methods.stock_of(loop, "set_task_factory"))


def take_off_all():
    """Takes everything off the loops again, and off their tasks."""
    for loop in list(traced):
        take_off(loop)
    traced.clear()
    loops.here.clear()
    loops.around.clear()


def take_off(loop):
    rec = loops.of(loop)
    loops.take_off(loop, OWN_ATTRIBUTES)
    loops.forget(rec)
    if rec is None or loop.is_closed():
        return
    if rec.restore_factory is not None:
        rec.restore_factory()
    for task in rec.all_tasks(loop):
        try:
            del task._loopscope
        except AttributeError:
            pass


def when_used(loop, act):
    """Calls act at the loop's first use: its selector is set only after BaseEventLoop.__init__."""
    own = session

    def first():
        loops.take_off(loop, names)
        try:
            if state.active and session is own:
                act()
        except Exception as exc:
            state.fault(exc, "a new loop")

    def call_soon(callback, *args, context=None):
        first()
        return fused.one_frame_less(loops.get(loop, "call_soon")(callback, *args, context=context))

    def _run_once():
        first()
        return loops.get(loop, "_run_once")()

    for function in (call_soon, _run_once):
        codes.mark(function.__code__, codes.SKIP)
    _run_once._loopscope = loops.Unused(first)
    loop.call_soon, loop._run_once = call_soon, _run_once
    names = ["call_soon", "_run_once", *methods.put_on(loop, methods.OF_STOCK_LOOPS)]


def watch_run(loop, rec):
    """A loop that is met while it runs."""
    if loop.is_running():
        rec.running = True
        rec.stream.thread_id = loop._thread_id
        loops.here[loop._thread_id] = rec
        rec.ext((head(RUN, 0, 1), state.clock()))


def new_stream():
    stream = state.Stream(next(_ids))
    state.streams.append(stream)
    return stream


_ids = count(1)


def describe(loop, stream, mode, reason):
    kind = type(loop)
    thread_id = getattr(loop, "_thread_id", None) or get_ident()
    thread = threading._active.get(thread_id)  # `current_thread` might make an object, which `enumerate` would list
    return {
        "loop": stream.loop_id,
        "kind": "%s.%s" % (kind.__module__.partition(".")[0], kind.__qualname__),
        "thread": thread.name if thread else "thread %d" % thread_id,
        "threadId": thread_id,
        "t": state.now(),
        "mode": mode,
        "modeReason": reason,
        "debug": loop.get_debug(),
    }
