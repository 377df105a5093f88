"""Who cancels a task that does not wait: `cancel()` then schedules nothing, and only the task's next step shows that it was called.

That is a task which is ready, runs, or has not begun. (Of one that waits, its future schedules the wake-up, and `call_soon` sees who.)
`Task.cancel` is C. Its place in the class is therefore taken by a descriptor (`standin.py`).

Not each look-up is a call. It is one, for certain, where the instruction is the one of `task.cancel(..)`, for what it loads is then no
object of the program's that could be kept. Other look-ups, such as that of `call_soon(task.cancel)`, say nothing.
"""

import sys
from _thread import get_ident

from . import codes, loops, standin, state
from .records import CANCEL, TASK, head, key

getframe = sys._getframe
VERSION = sys.version_info[:2]
DEEPEST = 500  # how far tasks that await tasks are followed

methods = {}  # opcode -> the bits of its argument that say "to be called"; None: it always is
with_keyword = plain = gathering = current_task = None  # set by `start`


def start(asyncio):
    """Called when asyncio is there."""
    global with_keyword, plain, gathering, current_task
    Task = asyncio.tasks.Task
    plain, gathering, current_task = (asyncio.futures.Future, Task), asyncio.tasks._GatheringFuture, asyncio.tasks.current_task
    from opcode import opmap  # which is there already: asyncio has imported `inspect`

    if VERSION < (3, 12):
        methods[opmap["LOAD_METHOD"]] = None
    else:
        methods.update({opmap["LOAD_ATTR"]: 1, opmap["LOAD_SUPER_ATTR"]: 1})
    if VERSION < (3, 11):
        with_keyword = bytes((opmap["LOAD_ATTR"], opmap["LOAD_CONST"], opmap["CALL_FUNCTION_KW"], 1))
    standin.put(Task, "cancel", asked)


def asked(task):
    """Somebody asks a task for its `cancel`; None: asks the class."""
    if task is None:
        return
    try:
        frame = getframe(1).f_back
        for _ in range(DEEPEST):
            waiter = task._fut_waiter
            if type(waiter) is not plain[1] or waiter.done():
                break
            task = waiter  # what it awaits is cancelled in its place
        if not task.done() and refuses(waiter) and frame is not None and calls(frame):
            cancelled(task, frame)
    except RecursionError:
        raise  # it is the program that is so deep: see `standin.py`
    except Exception as exc:
        state.fault(exc, "Task.cancel")


def refuses(future):
    """Whether what a task waits on will not be cancelled, so that the task itself is to raise, in its next step."""
    if future is None:
        return True
    if type(future) is gathering:
        return future.done() or all(refuses(child) for child in future._children)
    return type(future) in plain and future.done()


def calls(frame):
    """Whether a frame is at an instruction that loads a method in order to call it."""
    code, at = frame.f_code.co_code, frame.f_lasti
    opcode, argument = code[at], code[at + 1]
    if opcode in methods:
        bits = methods[opcode]
        return bits is None or argument & bits != 0
    # 3.10 has no such instruction for `cancel(msg=x)`: there, a call with one argument, which has a name, is what follows the look-up and x.
    return code[at : at + 1] + code[at + 4 : at + 5] + code[at + 6 : at + 8] == with_keyword


def cancelled(task, frame):
    """Records that `cancel()` is called of a task that does not wait."""
    loop = task._loop
    rec = loops.of(loop)
    if rec is None or rec.origin is None or loops.here.get(get_ident()) is not rec and loop.is_running():  # in another thread
        return
    origin = rec.origin()
    cause, by = (TASK, origin) if origin > 0 else (-origin, 0.0)
    frames = codes.stack(frame, 0 if by else 2)
    # One that is started eagerly has no other name yet.
    k = rec.current() if current_task(loop) is task else key(task)
    rec.ext((head(CANCEL, k, int(cause)), state.clock(), by, len(frames), *frames))
