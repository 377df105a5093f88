"""Begins and ends recordings. A process can be recorded any number of times, one recording after the other."""

import atexit
import os
import sys
import time

from . import channel, children, codes, drain, state
from .hook import ImportHook, unhidden

PATCHED = [
    "loop.call_soon", "loop._run_once", "Handle._run",
    *("BaseEventLoop." + name for name in (
        "__init__", "call_soon_threadsafe", "close", "get_task_factory", "run_in_executor", "set_task_factory", "_set_coroutine_origin_tracking",
    )),
]  # fmt: skip


def describe_program(options, token):
    """The hello."""
    monotonic = state.now()
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


class Recording:
    """One recording: from `begin` until `end`, or until its listener goes."""

    def __init__(self, address, token, block_ns, detail, follow=True, attached=False, parent=None):
        """Raises OSError or ValueError if the address cannot be reached. attached: the program has been running for a while.

        parent: {"pid", "task"}, the task of another program that started this process, if that is known.
        """
        self.address = address
        self.follow = follow
        self.hello = {
            "mode": "fast", "reason": "", "patched": PATCHED, "block_ns": block_ns, "detail": detail, "attached": attached,
            "token": token,
        }  # fmt: skip
        self.parent = parent
        self.hook = ImportHook()
        self.loops = []  # the loops that existed already: asyncio_patch.Adoption
        self.ended = None  # called once, when the recording is over
        self.at_exit = []  # undo what sends the last words: that remains when a fault has switched tracing off

    def connect(self):
        hello = describe_program(self.hello, self.hello["token"])
        hello["attached"] = self.hello["attached"]
        hello["parent"] = self.parent
        return channel.Channel(channel.connect(self.address)), hello

    def connect_child(self):
        """In the child of a fork, which was there from its beginning."""
        self.hello["attached"] = False
        self.parent = forking[0]
        try:
            return self.connect() if self.follow else None
        except (OSError, ValueError):
            return None  # no listener any more: the child runs untraced

    def begin(self):
        codes.start()
        pump = drain.Drain(*self.connect())
        state.reset()
        codes.tell_again()
        if not state.has_gil():
            state.note("this Python runs without the GIL, where Loopscope is little tried: what it tells may be wrong")
        state.options.update(block_ns=self.hello["block_ns"], detail=self.hello["detail"])
        self.pump = pump
        pump.gone = self.over
        state.active = True
        atexit.register(pump.shutdown)
        self.at_exit.append(lambda: atexit.unregister(pump.shutdown))
        state.hooks.append(self.hook.cancel)
        watch_forks(self)
        pump.flush()
        pump.start()
        watch_exit(self)
        self.hook.when_imported("asyncio", self.asyncio_imported)
        if children.variables:
            children.watch(pump)

    def asyncio_imported(self, asyncio):
        with unhidden():
            from . import asyncio_patch, faults
        recorder_here = children.recorder_here = asyncio_patch.patch(asyncio, self.pump)
        self.hook.when_imported("warnings", lambda warnings: faults.watch_warnings(warnings, recorder_here))
        if self.hello["attached"]:
            with unhidden():
                from . import adopt
            self.loops = adopt.existing_loops(asyncio, self.pump)

    def end(self):
        """Takes everything off the program again and sends what is left. Not in the drain's own thread."""
        state.switch_off()
        self.pump.stop()
        self.over()

    def over(self):
        """Nothing will be sent any more."""
        global current
        if current is not self:
            return
        current = None
        state.switch_off()
        self.let_exit()
        self.pump.close()
        state.reset()
        if self.ended is not None:
            self.ended()

    def let_exit(self):
        while self.at_exit:
            self.at_exit.pop()()


current = None  # the Recording that is on
_forks = []
forking = [None]  # the task that forks


def begin(*args, **kwargs):
    """Begins a recording; RuntimeError if one is on already."""
    global current
    if current is not None:
        raise RuntimeError("Loopscope is recording this process already")
    recording = current = Recording(*args, **kwargs)
    try:
        recording.begin()
    except BaseException:
        current = None
        state.switch_off()
        recording.let_exit()
        raise
    return recording


def watch_exit(recording):
    """What skips exit handlers: `os._exit`, by which forked children end, and what makes another program of this one. What is recorded is sent before."""
    for name, send in {
        "_exit": lambda pump: pump.shutdown(),
        "execv": lambda pump: pump.flush_safely(True),  # it may fail
        "execve": lambda pump: pump.flush_safely(True),
    }.items():
        state.replace(os, name, sending(getattr(os, name), send), recording.at_exit)


def sending(stock, send):
    def leave(*args, **kwargs):
        if current is not None:
            try:
                send(current.pump)
            except Exception:
                pass  # a signal handler's: the process ends
        return stock(*args, **kwargs)

    leave.__name__ = leave.__qualname__ = stock.__name__
    leave.__doc__ = stock.__doc__
    return leave


def watch_forks(recording):
    """What is registered for forks cannot be taken back: it is registered once, and asks which recording is on."""
    if _forks or not hasattr(os, "register_at_fork"):
        return
    _forks.append(True)

    def before():
        if current is not None:
            forking[0] = children.starter() if current.follow else None
            if current.follow:
                current.pump.flush_safely()
            current.pump.pause()

    def in_child():
        if current is not None:
            for stream in state.streams:
                if stream.probe is not None:
                    stream.probe = without_what_forked(stream.probe)
            current.pump.forked(current.connect_child)
            if current.pump.channel.broken:
                current.over()

    os.register_at_fork(before=before, after_in_child=in_child)


def without_what_forked(probe):
    """In the child of a fork: the step that forked holds no loop there. Mostly it never ends: it ran the child, and the loop is the parent's."""
    forked = probe()[1]

    def since_the_fork():
        key, begin, ready = probe()
        return key, begin if begin != forked else 0, ready

    return since_the_fork
