"""What nobody looked at: tasks destroyed while pending, exceptions never retrieved, coroutines never awaited."""

import sys

from . import codes, creation, loops, mimic, recorder, state
from .records import LOST, NEVER_AWAITED, UNRETRIEVED, head, key


def watch_class(loop_class):
    """Reads what asyncio reports to a loop's exception handler; the report goes on as before."""
    stock = loop_class.call_exception_handler

    def call_exception_handler(self, context):
        try:
            rec = loops.of(self)
            if rec is not None:
                reported(rec, context)
                state.report_now()
        except Exception as exc:
            state.fault(exc, "call_exception_handler")
        stock(self, context)

    codes.mark(call_exception_handler.__code__, codes.SKIP)
    call_exception_handler.__doc__ = stock.__doc__
    state.replace(loop_class, "call_exception_handler", call_exception_handler)


def reported(rec, context):
    message = context.get("message") or ""
    if message.startswith("Task was destroyed") and "task" in context:
        rec.ext((head(LOST, key(context["task"])), state.clock(), state.text(message[:1000])))
        return
    future = context.get("future") or context.get("task")
    exc = context.get("exception")
    if future is not None and exc is not None and "never retrieved" in message:
        where = recorder.raise_place(exc)
        texts = [state.text(type(exc).__qualname__), state.text(recorder.text_of(exc))]
        # A plain future has no number, and may have the key of a task that was freed before.
        task = key(future) if hasattr(future, "get_coro") else 0
        rec.ext((head(UNRETRIEVED, task), state.clock(), len(where), *where, *texts))


def watch_warnings(warnings, recorder_here):
    """Wraps what the interpreter calls for a coroutine that is dropped without having been awaited."""
    stock = warnings._warn_unawaited_coroutine

    def _warn_unawaited_coroutine(coro):
        try:
            if state.active:
                never_awaited(coro)
            state.report_now()
        except Exception as exc:
            state.fault(exc, "never-awaited")
        try:
            return mimic.seen_from(sys._getframe().f_back, stock)(coro)
        except Warning as exc:  # it begins where the stock function is
            while exc.__traceback__.tb_next is not None and exc.__traceback__.tb_frame.f_code is not stock.__code__:
                exc.__traceback__ = exc.__traceback__.tb_next
            if sys.version_info < (3, 11):  # where `raise` alone would put back the whole
                raise exc
            raise

    def never_awaited(coro):
        rec = recorder_here()
        stream = rec.stream if rec is not None else state.common()
        frames = codes.stack(sys._getframe(1).f_back, 0)  # there may be none: the garbage collector comes by also when no code runs
        task = rec.current() if rec is not None else 0
        own = creation.coroutine_code(coro)
        number = 0 if own is None else codes.number(own)
        stream.ext((head(NEVER_AWAITED, task), state.clock(), number, len(frames), *frames))

    traced = mimic.unseen(_warn_unawaited_coroutine)
    codes.mark(traced.__code__, codes.SKIP)
    state.replace(warnings, "_warn_unawaited_coroutine", traced)
