"""Entered by a running process that was asked to with `sys.remote_exec` (Python 3.14+): makes it dormant."""

import sys

from . import control, hook


def enter(runtime, folder):
    """Opens the control socket, and hides: `runtime` was put on sys.path for us."""
    try:
        control.listen(folder)
    finally:
        if runtime in sys.path:
            sys.path.remove(runtime)
        sys.path_importer_cache.pop(runtime, None)
        hook.hide()
