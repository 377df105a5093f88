"""Samples the stack of a thread whose loop has been held by one step for longer than the threshold."""

import sys

from . import codes, state, wire
from .records import CODES, STALL

# What subinterpreters are made with. While one is being made or runs, `sys._current_frames()` crashes: it looks into that one, too.
INTERPRETERS = {"_interpqueues", "_interpchannels", "concurrent.interpreters", "_xxsubinterpreters"}
if sys.version_info < (3, 14):  # since then `concurrent.futures` always imports it
    INTERPRETERS.add("_interpreters")
MAX_SAMPLES = 20  # of one step, ever further apart
MAX_DEPTH = 500  # frames looked at
# Frames told of a deep stack: where it is, and how it came there. Imports within imports take six frames each, and
# what the user can change is the outermost of them.
INNERMOST = 32
OUTERMOST = 32


class Watchdog:
    """Asked by the drain thread, at the times it says itself."""

    def __init__(self):
        self.open = {}  # stream -> [begin, samples, next]

    def look(self, drain):
        """Takes the samples that are due and queues their frames; says when the next may be (ns)."""
        t = state.now()
        block = state.options["block_ns"]
        soonest = t + block  # a step that begins now is not late before
        frames = None
        for stream in list(state.streams):
            if stream.probe is None:
                continue
            key, begin, _ = stream.probe()
            if not begin:
                continue
            if t - begin < block:
                soonest = min(soonest, begin + block)
                continue
            seen = self.open.get(stream)
            if seen is None or seen[0] != begin:
                seen = self.open[stream] = [begin, 0, t]
            if seen[1] >= MAX_SAMPLES:
                continue
            if t < seen[2]:
                soonest = min(soonest, seen[2])
                continue
            seen[1] += 1
            seen[2] = t + min(1_000_000_000, 10_000_000 << (seen[1] // 3))
            soonest = min(soonest, seen[2])
            if frames is None and any([name in sys.modules for name in INTERPRETERS]):
                state.note("the stacks of steps that take long are not looked at: the program uses subinterpreters")
                return soonest
            frames = frames or sys._current_frames()
            stack = stack_of(frames.get(stream.thread_id))
            key_now, begin_now, _ = stream.probe()
            if begin_now != begin:
                continue
            sample = {"loop": stream.loop_id, "task": int(key), "begin": begin, "t": t, "stack": stack}
            self.send(drain, sample)
        frames = None
        return soonest

    def send(self, drain, sample):
        drain.flush()  # the task may be new: what tells of it goes before
        if drain.lock.acquire(False):
            try:
                rows = codes.take()
                if rows:
                    drain.channel.put(wire.json_frame(CODES, rows), keep=True)
                drain.channel.put(wire.json_frame(STALL, sample))
                drain.channel.pump()
            finally:
                drain.lock.release()


def stack_of(frame):
    """[code, line] of a frame and those that called it, up to the runtime's own; the middle of a deep stack left out."""
    stack = []
    while frame is not None and len(stack) < MAX_DEPTH:
        n = codes.number(frame.f_code)
        if n == 0:
            break
        if n > 0:
            stack.append([n, frame.f_lineno or 0])
        frame = frame.f_back
    if len(stack) > INNERMOST + OUTERMOST:
        del stack[INNERMOST:-OUTERMOST]
    return stack
