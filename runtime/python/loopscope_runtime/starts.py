"""Tasks that `asyncio.Task(..., eager_start=True)` starts by itself (3.12+), past the loop, as aiohttp does for each request.

`sys.monitoring` tells of them, and of little else: an instruction that was seen making one has CALL events, and a coroutine function that
was started so PY_START. With that the first step begins: asyncio says then which task runs. With the C_RETURN or C_RAISE that belongs to the
CALL it is over.

An instruction is seen the first time as the constructor asks the loop whether it runs. The CALL is over by then, and its C_RETURN will not
come: the coroutine is that of the youngest task there is, and the next instruction of the frame says that the step is over.
"""

import gc
import sys
from _thread import get_ident
from types import FunctionType, MethodType

from . import chains, codes, eager, foreign, guard, loops, methods, names, state
from .records import key

TOOLS = (4, 3)  # ids that belong to no kind of tool
CACHE = 0  # where an instruction says it is, on 3.12, that calls a function in Python
NONE = ()

monitoring = getattr(sys, "monitoring", None)
DISABLE = monitoring and monitoring.DISABLE
stock_use, stock_get = (monitoring.use_tool_id, monitoring.get_tool) if monitoring else (None, None)
CoroutineType = chains.CoroutineType
clock = state.clock
here = loops.here
getframe = sys._getframe
current_task = Task = None  # asyncio's
tool = None  # our id, once there was something to listen to
no_tool = False  # all were taken
sites = {}  # id(code) -> offsets of the instructions that make such tasks
asking = {}  # id(code) -> offsets of those that just ask whether the loop runs
events = {}  # id(code) -> (code, the events it has): which also keeps those alive that are named by their id
starters = set()  # id(code) of the coroutine functions that have PY_START
lately = None  # the one that such a task was last made of
leaving = []  # (frame, recorder, offset): where the next instruction tells the end of a first step


class Start(eager.Making):
    """A task in the midst of its first step. It has the key of its task.

    task: None once the end of the step was told. name: as told. parent: the key of the task that makes it. before: what stands for that, or
    None. nested: that, if it is such a task. outer: the Start in whose step it is made, or None.
    """

    __slots__ = "rec", "coro", "task", "name", "key", "parent", "before", "nested", "outer"
    frame = None  # of its maker, where nobody knew that this makes such tasks

    def __hash__(self):
        return int(self.key)

    def schedules(self, handle):
        return self.key

    def leaves(self, rec, task, future):
        """As `eager.leaves`."""
        if task is not self.task:
            return None
        self.task = None
        t = clock()
        if rec.light:
            k, name = self.key, self.name
            st = task._loopscope = [chains.START, self.coro, k, name, None, None, None]
            rec.stopped(task, st, t, future)
        else:
            rec.elsewhere(task, None, t, future, self.key, self.name)
            st = task._loopscope
        if future is not None:
            eager.wakes_itself(rec, self.key, t, future)
        return st


class Unforeseen(Start):
    __slots__ = ("frame",)


class AtHand:
    """What threads take from each other, and look closer then: to ask which thread this is takes longer than all else that is done with it.

    armed: the coroutine of the task that is being made, until its constructor steps it. latest: the Start of the task made last, while it lasts.
    """

    __slots__ = "armed", "latest"

    def __init__(self):
        self.armed = self.latest = None


at_hand = AtHand()


def watch(kind):
    """Listens to the loops of a class being asked whether they run."""
    global current_task, Task
    if monitoring is None:
        return
    tasks = state.asyncio.tasks
    current_task, Task = tasks.current_task, tasks.Task
    stock = kind.is_running

    if guard.is_mirrored(stock):

        def is_running(self):
            if self._thread_id is None:
                return False
            if at_hand.armed is None or len(here) > 1:
                heard(getframe(1))
            return True

    else:

        def is_running(self):
            runs = stock(self)
            if runs and (at_hand.armed is None or len(here) > 1):
                heard(getframe(1))
            return runs

    state.replace(kind, "is_running", methods.alike(is_running, stock))
    if take_off not in state.hooks:
        state.hooks.append(take_off)


def heard(frame):
    """A frame asks whether the loop of this thread runs, or what it calls, in C: the constructor of a task of which no CALL told, perhaps."""
    try:
        rec = here.get(get_ident())
        if rec is not None and rec.armed is None and frame.f_lasti not in asking.get(id(frame.f_code), NONE) and not no_tool and not eager.is_making(rec):
            first_seen(rec, frame, frame.f_code, frame.f_lasti)
    except Exception as exc:
        state.fault(exc, "is_running")


def first_seen(rec, frame, code, offset):
    """The same where nothing is known of that instruction, or that it hands on the coroutine in a way that its CALL does not show."""
    events.setdefault(id(code), (code, 0))
    coros = () if asks_itself(code, offset) else about_to_begin()
    known = offset in sites.get(id(code), NONE)
    if not coros and not known:
        asking.setdefault(id(code), set()).add(offset)
    coros = [coro for coro in coros if type(coro) is CoroutineType]  # others begin without a PY_START
    if not coros or not has_tool():
        return
    rec.armed, rec.maker = coros, frame
    for coro in coros:
        starts(coro.cr_code)
    if not known:
        sites.setdefault(id(code), set()).add(offset)
        leaving.append((frame, rec, offset))
        listen(code, 0, monitoring.events.CALL)  # off and on: the instruction may have been disabled as one that makes no tasks
        listen(code, monitoring.events.CALL | monitoring.events.INSTRUCTION)


def asks_itself(code, offset):
    """Whether an instruction calls something without arguments, as a task's constructor never is."""
    opcode, arg = code.co_code[offset : offset + 2]
    return opcode == CACHE or opcode == sys.modules["opcode"].opmap["CALL"] and arg == 0


def about_to_begin():
    """The coroutine of the task that is being made; or of all that have not begun, if that cannot be told from them."""
    young = gc.get_objects(generation=0) if state.has_gil() else NONE  # there are no generations without it, nor is the youngest the last
    for each in reversed(young):
        if isinstance(each, foreign.own):
            return unbegun([each])
    return unbegun([each for each in gc.get_objects() if isinstance(each, foreign.own)])


def unbegun(tasks):
    coros = [task.get_coro() for task in tasks if not task.done()]  # CPython 3.12.1 crashes when it is asked for one that ended as it was made
    return [coro for coro in coros if coro is not None and not foreign.started(coro)]


def sees(coro):
    """Whether a coroutine is seen to begin, if a task that starts at once is made of it."""
    return type(coro) is CoroutineType and has_tool()


eager.sees = sees


def has_tool():
    """Sees to it that there is an id by which events can be asked for; whether there is."""
    if tool is None and not no_tool:
        take_tool(TOOLS)
        if tool is not None and monitoring.use_tool_id is not use_tool_id:
            state.replace(monitoring, "use_tool_id", use_tool_id)
            state.replace(monitoring, "get_tool", get_tool)
    return tool is not None


def take_tool(ids):
    """Takes the first of these ids that is free."""
    global tool, no_tool
    for each in ids:
        if stock_get(each) is None:
            stock_use(each, "loopscope")
            tool = each
            on = monitoring.events
            for event, function in ((on.CALL, called), (on.C_RETURN, returned), (on.C_RAISE, returned), (on.PY_START, began), (on.INSTRUCTION, left)):
                monitoring.register_callback(tool, event, function)
            return
    no_tool = True
    state.note("tasks that asyncio.Task starts at once are seen late: other tools have the ids %d and %d of sys.monitoring" % TOOLS)


def leave_tool():
    """Gives our id back."""
    global tool
    if tool is None:
        return
    for code, _ in events.values():
        monitoring.set_local_events(tool, code, 0)  # which go with the id since 3.14 only
    monitoring.free_tool_id(tool)
    tool = None


def use_tool_id(tool_id, name, /):
    """In place of the one of `sys.monitoring`: a tool of the program's gets the id it asks for, and we take the other."""
    if tool is not None and tool_id == tool:
        try:
            leave_tool()
            take_tool([each for each in TOOLS if each != tool_id])
            for code, wanted in events.values():
                if tool is not None:
                    monitoring.set_local_events(tool, code, wanted)
        except Exception as exc:
            state.fault(exc, "use_tool_id")
    return stock_use(tool_id, name)


def get_tool(tool_id, /):
    """Likewise: our id is free."""
    return None if tool is not None and tool_id == tool else stock_get(tool_id)


def take_off():
    """The recording ends."""
    global no_tool, lately
    leave_tool()
    no_tool = False
    lately = at_hand.armed = at_hand.latest = None
    for noted in (sites, asking, events, starters, leaving):
        noted.clear()


def listen(code, more, less=0):
    """Changes the events of a code."""
    before = events[id(code)][1] if id(code) in events else 0
    wanted = before & ~less | more
    events[id(code)] = code, wanted
    if wanted != before:
        monitoring.set_local_events(tool, code, wanted)


def starts(code):
    """Listens to the beginning of coroutines."""
    global lately
    if id(code) not in starters:
        listen(code, monitoring.events.PY_START)
        starters.add(id(code))
    lately = code


def called(code, offset, function, first):
    """CALL: an instruction of a code that has made such a task calls something. first: what it is handed."""
    try:
        if type(first) is not CoroutineType:  # it is looked for, if one is handed on
            return None if offset in sites[id(code)] else DISABLE
        if function is not Task or first.cr_code is not lately:
            if offset not in sites[id(code)]:
                return DISABLE
            if function is not Task and not hands_on(function):
                return None
            starts(first.cr_code)
        at_hand.armed = first
        if len(here) > 1:
            rec = here.get(get_ident())
            if rec is not None:
                rec.armed = first
    except Exception as exc:
        state.fault(exc, "the making of a task")


def hands_on(function):
    """Whether what is called is in C, and may make tasks: a subclass, a functools.partial, Task's own `__init__`. Its end will be told of, too."""
    return not isinstance(function, (FunctionType, MethodType))


def began(code, offset):
    """PY_START: a coroutine begins, of a function of which such tasks were made."""
    try:
        rec = here.get(get_ident())
        if rec is None:
            return
        try:
            task = current_task()
        except RuntimeError:  # no loop runs here: somebody drives the coroutine by hand
            return
        if task is None:
            return
        coro = task.get_coro()
        if coro is not at_hand.armed and not begins(rec, task, coro, getframe(1)):
            return
        at_hand.armed = rec.armed = None
        if rec.making is not None and (rec.making is coro or eager.is_making(rec)):
            return  # a task factory's
        if rec.maker is None:
            start = Start()
        else:
            start = Unforeseen()
            start.frame, rec.maker = rec.maker, None
        start.rec = rec
        start.coro = coro
        start.task = task
        start.outer = None if rec.opened is None else innermost(rec)
        rec.enter(start, task, code)
        rec.opened = at_hand.latest = start
    except Exception as exc:
        state.fault(exc, "the first step of a task")


def begins(rec, task, coro, frame):
    """Whether a task begins that nobody knows, though no CALL told of it, or another thread's did since. frame: of what begins."""
    return coro.cr_frame is frame and rec.current() != key(task)


def innermost(rec):
    """The Start in whose first step this is. Those are forgotten that were broken off, by an exception in the callback of another tool."""
    start = rec.opened
    while start is not None and not start.coro.cr_running:
        start = start.outer
    return start


def returned(code, offset, function, first):
    """C_RETURN, C_RAISE: what such an instruction called has ended."""
    try:
        start = at_hand.latest
        if start is not None and start.coro is first:  # as nearly always
            ended(start)
            return
        rec = here.get(get_ident())
        at_hand.armed = None  # it began nothing; or it was handed the coroutine in another way
        if rec is not None:
            rec.armed = rec.maker = None
            start = rec.opened
            while start is not None:
                if start.coro is first or start.frame is getframe(1):
                    ended(start)
                    return
                start = start.outer
    except Exception as exc:
        state.fault(exc, "the end of a task's first step")


def ended(start):
    """The constructor of a task has ended, and the task's first step with it."""
    rec = start.rec
    rec.opened = at_hand.latest = start.outer
    rec.leave(start)
    if start.task is not None:
        rec.first(start.task, start.key, 0.0, clock(), start.name)


def left(code, offset):
    """INSTRUCTION: a frame goes on, perhaps after the first task that was seen being made there."""
    try:
        rec, frame = here.get(get_ident()), getframe(1)
        start = rec and rec.opened
        while start is not None and start.frame is not frame:
            start = start.outer
        if start is not None:
            ended(start)
        stay = []
        for each in leaving:
            if each[0] is frame:
                if start is None:  # it made none
                    sites[id(code)].discard(each[2])
                    each[1].armed = each[1].maker = None
            elif each[1] is not rec or is_below(each[0], frame):
                stay.append(each)
        leaving[:] = stay
        if not any(each[0].f_code is code for each in stay):
            listen(code, 0, monitoring.events.INSTRUCTION)
    except Exception as exc:
        state.fault(exc, "the end of a task's first step")


def is_below(outer, frame):
    """Whether a frame is called by another, or is that itself; else the other is no more."""
    while frame is not None and frame is not outer:
        frame = frame.f_back
    return frame is not None


for function in (called, began, begins, returned, left):
    codes.mark(function.__code__, codes.SKIP)
