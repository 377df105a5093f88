"""Records what asyncio does in this process, for Loopscope. Standard library only.

A program started by Loopscope has this begun by `site/sitecustomize.py`; any other calls `start()` itself.
"""

import atexit
import os
import sys

from . import channel, codes, drain, state
from .hook import ImportHook, unhidden

__all__ = ["start"]

PATCHED = ["BaseEventLoop.__init__", "loop.call_soon", "loop.call_soon_threadsafe", "loop._run_once", "Handle._run"]


def start(channel_address=None, *, file=None, token=None, block_ms=50, detail="full"):
    """Begins recording, to `file` or to a listener's address (unix:PATH, tcp:HOST:PORT). Call it once, as early as possible.

    Raises RuntimeError if recording has begun already, OSError if the file or listener cannot be reached.
    """
    if state.active:
        raise RuntimeError("Loopscope is recording this process already")
    address = "file:" + str(file) if file is not None else channel_address
    if address is None:
        raise ValueError("start() needs file=PATH or the address of a listener")
    _begin(address, token, int(block_ms * 1e6), detail)


def launched(options):
    """Called by the bootstrap with the LOOPSCOPE_* variables; never raises for what the launcher got wrong."""
    address = options.get("LOOPSCOPE_CHANNEL")
    if not address or sys.version_info < (3, 10):
        return
    block_ms = options.get("LOOPSCOPE_BLOCK_MS") or "50"
    try:
        _begin(
            address,
            options.get("LOOPSCOPE_TOKEN"),
            int(float(block_ms) * 1e6),
            options.get("LOOPSCOPE_DETAIL") or "full",
            bool(options.get("LOOPSCOPE_FOLLOW")),
        )
    except (OSError, ValueError):
        pass  # no listener: the program runs untraced, and the launcher says so, for no hello came


def _begin(address, token, block_ns, detail, follow=True):
    state.options.update(block_ns=block_ns, detail=detail)
    codes.start()

    def connect():
        about = {"mode": "fast", "reason": "", "patched": PATCHED, "block_ns": block_ns, "detail": detail}
        return channel.Channel(channel.connect(address)), drain.describe_program(about, token)

    def connect_child():
        try:
            return connect() if follow else None
        except (OSError, ValueError):
            return None  # no listener any more: the child runs untraced

    pump = drain.Drain(*connect())
    state.active = True
    atexit.register(pump.shutdown)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=pump.pause, after_in_child=lambda: pump.forked(connect_child))
    pump.flush()
    pump.start()
    hook = ImportHook()

    def asyncio_imported(asyncio):
        with unhidden():
            from . import asyncio_patch, faults
        recorder_here = asyncio_patch.patch(asyncio, pump)
        hook.when_imported("warnings", lambda warnings: faults.watch_warnings(warnings, recorder_here))

    hook.when_imported("asyncio", asyncio_imported)
