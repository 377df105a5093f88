"""Names of tasks, as CPython keeps them: since 3.12 a default one is a number until somebody asks for it, when it is made a text, for good.

To ask for each task cost as much as all else that is written of one that never waits. So it is read by a member descriptor (`members.py`), and
the name that was told of a task may be such a number. Nor is it asked for again while nobody has named a task that was there.
"""

import sys

from . import foreign, members, standin

Task = None  # asyncio's
read = None  # the name of a task of asyncio's that is in C, as it is kept
given = False  # whether names may not be the ones that were told: a task was asked for `set_name`, or is of a class that may do as it likes


def start(kind):
    """Called with asyncio's class of tasks, at the beginning of each recording and where a program has put another in its place."""
    global Task, read, given
    if Task is not kind:
        Task = kind
        read = find(Task) or Task.get_name
    given = not standin.put(Task, "set_name", names)


def names(task):
    """A task, or the class, is asked for its `set_name`."""
    global given
    given = True


def find(Task):
    """What reads a name as it is kept; None where it is kept as it is asked for, or is not found."""
    if not (3, 12) <= sys.version_info < (3, 16) or Task.__module__ != "_asyncio" or not members.known_build():
        return None
    try:
        sample = Task.__new__(Task)  # without a loop, which nobody will miss
        name = "a name that nothing else has"
        sample.set_name(name)
        for at, number in members.numbers(Task):
            if number(sample) == id(name):
                found = members.reader(Task, members.OBJECT, at)
                sample.set_name("another")
                return found if found(sample) == "another" else None
    except Exception:  # no _ctypes, or one that may not do this: names are asked for
        pass
    return None


def of(task):
    """The name of a task, as it is kept; of one whose class has a `get_name` of its own, what that says."""
    global given
    if type(task) is Task:
        return read(task)
    given = True
    try:
        name = task.get_name()
    except Exception:  # what it needs may not be there until the constructor has returned
        name = None
    if type(name) is str:
        return name
    kind = next((each for each in foreign.own if isinstance(task, each)), None)
    return type(task).__name__ if kind is None else kind.get_name(task)


def text(name):
    """A name as it was asked for."""
    return name if type(name) is str else "Task-%d" % name


def said(task):
    """The name of a task as a text."""
    return text(of(task))


def changed(task, told):
    """Whether a task has another name than was told (None: none was), though what is kept is another thing now."""
    return told is None or said(task) != text(told)
