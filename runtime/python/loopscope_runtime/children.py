"""Child processes that are Python are programs of the same trace, which say what started them (`loopscope run --follow`).

They find the way through the environment. Each is given LOOPSCOPE_PARENT, `PID:KEY` of the task that starts it; a program that gives
its child an environment of its own making gets our variables added to it.
"""

import os
import sys

from . import state

PARENT = "LOOPSCOPE_PARENT"
ENVIRONMENT = 5  # the position of the environment among the arguments of `fork_exec`, since 3.10

variables = {}  # what the launcher set, for children
recorder_here = None  # () -> the recorder of this thread's loop, or None; set once asyncio is there


def remember(options):
    """Keeps the launcher's variables; the PARENT among them is this process's own."""
    variables.update((k, v) for k, v in options.items() if k != PARENT)
    os.environ.pop(PARENT, None)


def parent_of(options):
    """What `hello` says of the task that started this process, or None."""
    pid, _, key = options.get(PARENT, "").partition(":")
    return {"pid": int(pid), "task": int(key)} if pid.isdigit() and key.isdigit() else None


def starter():
    """The task that runs in this thread, as `parent_of` has it, or None."""
    rec = recorder_here() if recorder_here is not None else None
    key = rec.current() if rec is not None and rec.current is not None else 0
    return {"pid": os.getpid(), "task": int(key)} if key else None


def watch(pump):
    """Tells children that are started with `subprocess` or `multiprocessing` who starts them."""
    try:
        import _posixsubprocess
    except ImportError:  # Windows: children are followed through the environment alone
        return
    stock = _posixsubprocess.fork_exec

    def fork_exec(*args):
        entries = with_ours(args[ENVIRONMENT], pump)
        return stock(*args[:ENVIRONMENT], entries, *args[ENVIRONMENT + 1 :])

    state.replace(_posixsubprocess, "fork_exec", fork_exec)
    subprocess = sys.modules.get("subprocess")
    if getattr(subprocess, "_fork_exec", None) is stock:  # its own name for it, since 3.11
        state.replace(subprocess, "_fork_exec", fork_exec)
    for name in ("posix_spawn", "posix_spawnp"):
        if hasattr(os, name):
            state.replace(os, name, spawning(getattr(os, name), pump))


def spawning(stock, pump):
    def posix_spawn(path, argv, env, /, **kwargs):
        given = env and [os.fsencode(k) + b"=" + os.fsencode(v) for k, v in env.items()]
        entries = with_ours(given, pump)
        env = entries and dict(entry.partition(b"=")[::2] for entry in entries)
        return stock(path, argv, env, **kwargs)

    posix_spawn.__name__ = posix_spawn.__qualname__ = stock.__name__
    posix_spawn.__doc__ = stock.__doc__
    return posix_spawn


def with_ours(given, pump):
    """A child's environment (None: ours) with what it needs to follow; as it is where that fails."""
    try:
        return completed(given, pump)
    except Exception as exc:
        state.fault(exc, "a child process")
        return given


def completed(given, pump):
    """What was recorded so far is sent first: the child names its task."""
    pump.flush()
    env = dict(os.environb) if given is None else dict(entry.partition(b"=")[::2] for entry in given)
    for name, value in variables.items():
        env.setdefault(os.fsencode(name), os.fsencode(value))
    site = os.fsencode(os.path.join(os.path.dirname(os.path.dirname(__file__)), "site"))
    path = env.get(b"PYTHONPATH", b"")
    if site not in path.split(os.fsencode(os.pathsep)):
        env[b"PYTHONPATH"] = site + os.fsencode(os.pathsep) + path if path else site
    task = starter()
    if task is not None:
        env[os.fsencode(PARENT)] = b"%d:%d" % (task["pid"], task["task"])
    return [name + b"=" + value for name, value in env.items()]
