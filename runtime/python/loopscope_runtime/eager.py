"""Task factories: the user's own is chained, with every keyword, and a task it starts at once (3.12+) is recorded whole."""

import sys
from weakref import ref

from . import chains, codes, creation, foreign, guard, loops, mimic, missed, names, recorder, state, waits
from .records import CALLED_BACK, EAGER, EAGER_END, NAME, NOT_EAGER, ON, RAISED_OUTCOME, SUSPENDED, TASK, WAKE, WAKE_BY, WAKE_TIME, WAS_CANCELLED, YIELDED, head, key


sees = None  # (coroutine) -> whether it is seen to begin, if a task that starts at once is made of it; by `starts.py`


class Making:
    """What stands for a task in its first step, that runs as the task is made."""

    __slots__ = ()

    def leaves(self, rec, task, future):
        """As the function below."""
        raise NotImplementedError

    def schedules(self, handle):
        """A callback that is no task's step was scheduled in that step: what its handle is to have for whose doing it is."""
        raise NotImplementedError


class Placeholder(Making):
    """Names the running task until the factory returns it. What runs later because of it asks for its number then, which is the task's key."""

    def __init__(self):
        self.number = id(self) >> 4
        self.given = None  # the name that the task will get
        self.told = False  # its first step has ended, and was told of
        self.making = None  # the coroutine of the one around
        self.handles = []  # of callbacks that were scheduled, which name it

    def __hash__(self):
        return self.number

    def schedules(self, handle):
        self.handles.append(handle)
        return self.origin()

    def origin(self):
        """As in `Fallback.origins`."""
        return float(self.number) or -CALLED_BACK

    def leaves(self, rec, task, future):
        if self.told or not foreign.started(task.get_coro()):
            return None
        rec.stream.seen += 1
        t, st = suspends(rec, self, task, future, YIELDED if future is None else SUSPENDED)
        self.told, self.number = True, int(st[2])
        rec.swap(self)  # what comes of this is the task's doing
        wakes_itself(rec, st[2], t, future)
        return st


def watch_factory(loop, rec, stock_get, stock_set):
    """Chains the factory that a loop has already. stock_get(loop), stock_set(loop, factory): the methods of its class."""
    rec.factory = stock_get(loop)
    if rec.factory is not None:
        stock_set(loop, chained(rec, rec.factory))
    rec.restore_factory = lambda: rec.factory and stock_set(loop, rec.factory)
    if sys.version_info >= (3, 14) and not isinstance(loop, state.asyncio.base_events.BaseEventLoop):
        watch_compiled_start(loop, rec)


def setting(stock, of):
    """What `set_task_factory` is replaced by. stock: the original; of(loop): the recorder of a loop, or None."""
    used = loops.used

    def set_task_factory(self, factory):
        used(self)
        stock(self, factory)
        rec = of(self)
        if rec is not None:
            rec.factory = factory
            if factory is not None:
                stock(self, chained(rec, factory))  # uvloop keeps it where nobody else can put it

    return set_task_factory


def getting(stock, of):
    """The same of `get_task_factory`, which gives back the user's."""

    def get_task_factory(self):
        rec = of(self)
        return stock(self) if rec is None else rec.factory

    return get_task_factory


def chained(rec, factory):
    """A task factory that calls the user's, and tells what it does."""

    def traced_factory(lp, coro, **kwargs):
        return create(rec, factory, lp, coro, kwargs)

    codes.mark(traced_factory.__code__, codes.SKIP)
    return traced_factory


def create(rec, factory, lp, coro, kwargs):
    """Calls the user's factory between an EAGER and an EAGER_END."""
    try:
        opened = begin(rec, coro, kwargs, sys._getframe(2))
    except Exception as exc:
        state.fault(exc, "a task factory")
        return factory(lp, coro, **kwargs)
    task = None
    try:
        task = factory(lp, coro, **kwargs)
    finally:
        try:
            finish(rec, task, *opened)
        except Exception as exc:
            state.fault(exc, "a task factory")
    return task


def begin(rec, coro, kwargs, caller):
    placeholder = Placeholder()
    frames = codes.stack(caller, 32)
    given = None
    while "name" not in kwargs and given is None and caller is not None and caller.f_code.co_name == "create_task":
        given = caller.f_locals.get("name")  # these name the task only after we returned
        caller = caller.f_back
    placeholder.given = given
    placeholder.making, rec.making = rec.making, coro
    begins(rec, placeholder, state.clock(), coro, rec.current(), frames)
    return placeholder, rec.swap(placeholder)


def is_making(rec):
    """Whether a task factory is at work, and the coroutine that it was given has not begun: what it starts is told of already."""
    coro = rec.making
    return type(coro) is chains.CoroutineType and not foreign.started(coro)


def begins(rec, placeholder, t, coro, parent, frames):
    """Writes an EAGER."""
    code = creation.coroutine_code(coro)
    rec.ext((head(EAGER, key(placeholder)), t, parent, 0 if code is None else codes.number(code), len(frames), *frames))


def leaves(rec, running, task, future=None):
    """The list of a task that is started eagerly and leaves its first step in a way that has the next one scheduled by now; else None.

    The end of that step is written then, and its wake. running: what the recorder takes for the running task. future: what it waits on, which
    is done; None: it yields.
    """
    return running.leaves(rec, task, future) if isinstance(running, Making) else None


def wakes_itself(rec, k, t, future):
    """Writes that the task of key k, which left its first step at t, is ready by its own doing. future: as in `leaves`; after a yield that goes without saying."""
    if future is not None:
        rec.ext((head(WAKE, k, TASK | WAKE_TIME | WAKE_BY | (WAS_CANCELLED if future.cancelled() else 0)), t, k))


def suspends(rec, placeholder, task, future, outcome):
    """Writes the EAGER_END of a task that goes on later: when, and its list; and what it waits on, where its chain does not say."""
    frames, coroutines = [], []
    chains.frames_below(task.get_coro(), frames, coroutines)
    chain = chains.places(frames)
    st = chains.of(task)
    t = state.clock()
    found = None if rec.light else rec.waits_on(task, future, frames, coroutines)
    name = state.text(names.said(task) if placeholder.given is None else str(placeholder.given))
    rec.ext((head(EAGER_END, key(placeholder), outcome), st[2], t, 0 if future is None else key(future), len(chain), *chain, name))
    if found is not None:
        arg, values = waits.fields(found, rec.told, st[2])
        if values:
            rec.ext((head(ON, st[2], arg), *values))
    return t, st


def tell_names(rec):
    """On a compiled loop: `create_task` names a task when its factory has returned it, which may have ended by then."""
    for task_of, told in rec.unnamed:
        task = task_of()
        if task is not None and names.changed(task, told):
            rec.ext((head(NAME, key(task)), state.text(names.said(task))))
    rec.unnamed.clear()


def finish(rec, task, placeholder, previous):
    rec.swap(previous)
    rec.making = placeholder.making
    if not placeholder.told:
        ends(rec, task, placeholder)
        placeholder.number = 0 if task is None else int(key(task))
    for handle in placeholder.handles:
        handle._by = placeholder.origin()


def ends(rec, task, placeholder):
    """Writes the EAGER_END of a task that did not yield."""
    if task is None or not foreign.can_tell(task) or getattr(task, "_loopscope", None) is not None:
        k = 0
        if task is not None and foreign.can_tell(task):
            k = key(task)
        elif task is not None:
            missed.found(rec, task)
        rec.ext((head(EAGER_END, key(placeholder), NOT_EAGER), k, state.clock(), 0, 0, 0))
        return
    rec.stream.seen += 1
    if not task.done():
        suspends(rec, placeholder, task, foreign.waiter_of(task), SUSPENDED)
        return
    outcome = recorder.outcome_of(task)
    name = names.said(task) if placeholder.given is None else str(placeholder.given)
    if rec.unnamed is not None:
        rec.unnamed.append((ref(task), name))
    rec.ext((head(EAGER_END, key(placeholder), outcome), key(task), state.clock(), 0, 0, state.text(name)))
    if outcome == RAISED_OUTCOME:
        rec.raised(task)


for function in (create, begin, finish):
    codes.mark(function.__code__, codes.SKIP)


def watch_eager_start(base):
    """Since 3.14 `create_task` may start a task without a factory: the stock one is replaced by its mirror, which tells of that.

    Where `starts.py` sees the task begin, it needs an instruction for itself, which makes no others.
    """
    tasks = state.asyncio.tasks
    stock = base.__dict__["create_task"]
    if not guard.is_mirrored(stock):
        return

    def create_task(self, coro, **kwargs):
        if self._closed:
            self._check_closed()  # stock: self._check_closed()
        if self._task_factory is not None:
            return self._task_factory(self, coro, **kwargs)  # stock: return self._task_factory(self, coro, **kwargs)
        rec = opened = task = None
        if kwargs.get("eager_start"):
            try:
                rec = loops.of(self)
                opened = rec and not sees(coro) and begin(rec, coro, kwargs, sys._getframe())
            except Exception as exc:
                state.fault(exc, "create_task")
        if opened is False:
            task = tasks.Task(coro, loop=self, **kwargs)  # stock: task = tasks.Task(coro, loop=self, **kwargs)
        else:
            try:
                task = tasks.Task(coro, loop=self, **kwargs)  # stock: task = tasks.Task(coro, loop=self, **kwargs)
            finally:
                if opened is not None:
                    try:
                        finish(rec, task, *opened)
                    except Exception as exc:
                        state.fault(exc, "create_task")
        if task._source_traceback:
            del task._source_traceback[-1]
        try:
            return task
        finally:  # as asyncio does: the frame must not keep the task
            del task

    state.replace(base, "create_task", mimic.disguise(create_task, stock))


def watch_compiled_start(loop, rec):
    """The same for a loop that is compiled, as uvloop is."""
    stock = loop.create_task

    def make(_, coro, **kwargs):
        return stock(coro, **kwargs)

    def create_task(coro, **kwargs):
        if rec.factory is not None or not kwargs.get("eager_start"):
            task, ours = stock(coro, **kwargs), 1
        else:
            task, ours = create(rec, make, loop, coro, kwargs), 3
        if rec.factory is None and getattr(task, "_source_traceback", None):
            del task._source_traceback[-ours:]
        try:
            return task
        finally:  # the frame must not keep the task
            del task

    for function in (make, create_task):
        codes.mark(function.__code__, codes.SKIP)
    loop.create_task = create_task
