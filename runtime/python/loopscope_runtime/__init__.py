"""Records what asyncio does in this process, for Loopscope. Standard library only.

A program started by Loopscope has this begun by `site/sitecustomize.py`; any other calls `start()` itself.
"""

import sys

from . import hook

__all__ = ["start"]


def start(channel_address=None, *, file=None, token=None, block_ms=50, detail="full"):
    """Begins recording, to `file` or to a listener's address (unix:PATH, tcp:HOST:PORT), as early as possible or while loops run.

    With neither, nothing is recorded yet: `loopscope attach` can begin and end it at any time. That may be asked for twice.
    Raises RuntimeError if this process is being recorded already, OSError if the file or listener cannot be reached.
    """
    launched_by = getattr(sys.__spec__, "loader_state", None)
    if isinstance(launched_by, dict) and hook.__package__ in launched_by and launched_by is not hook.hidden:
        return launched_by[hook.__package__].start(channel_address, file=file, token=token, block_ms=block_ms, detail=detail)
    with hook.unhidden():
        from . import control, tracing
    address = "file:" + str(file) if file is not None else channel_address
    if address is None:
        control.listen()
    else:
        tracing.begin(address, token, int(block_ms * 1e6), detail, attached="asyncio" in sys.modules)


def launched(options):
    """Called by the bootstrap with the LOOPSCOPE_* variables; never raises for what the launcher got wrong."""
    if sys.version_info < (3, 10):
        return
    address = options.get("LOOPSCOPE_CHANNEL")
    detail = options.get("LOOPSCOPE_DETAIL") or "full"
    try:
        if detail == "dormant":
            from . import control

            control.listen(options.get("LOOPSCOPE_CONTROL"))
        elif address:
            from . import children, tracing

            follow = bool(options.get("LOOPSCOPE_FOLLOW"))
            if follow:
                children.remember(options)
            block_ns = int(float(options.get("LOOPSCOPE_BLOCK_MS") or "50") * 1e6)
            tracing.begin(address, options.get("LOOPSCOPE_TOKEN"), block_ns, detail, follow, parent=children.parent_of(options))
    except (OSError, ValueError):
        pass  # no listener, or no folder: the program runs untraced, and the launcher says so, for no hello came
