"""What of asyncio a fused loop uses that is the same for all loops."""

from . import guard, mimic, names, polling


def known(asyncio):
    """The globals of `fused.py`: CPython finds these faster than what a function takes from the one around it."""
    base_events, events, futures, tasks = asyncio.base_events, asyncio.events, asyncio.futures, asyncio.tasks
    handle_type, locked = mimic.handle_classes(events)
    return {
        "handle_type": handle_type,
        "locked_types": () if locked is None else (locked, events._ThreadSafeHandle),
        "Timer": events.TimerHandle,
        "Task": tasks.Task,
        "Future": futures.Future,
        "plain": (futures.Future, tasks.Task),  # what tasks mostly wait for
        "gathering": tasks._GatheringFuture,
        "read_name": names.read,
        "through_run": mimic.real_run(events.Handle),
        "stock_process": polling.know(asyncio),
        "run_forever": guard.known_code(base_events.BaseEventLoop.run_forever),
        "max_timeout": base_events.MAXIMUM_SELECT_TIMEOUT,
        "min_timers": base_events._MIN_SCHEDULED_TIMER_HANDLES,
        "min_cancelled": base_events._MIN_CANCELLED_TIMER_HANDLES_FRACTION,
        "warning": base_events.logger.warning,
        "format_handle": base_events._format_handle,
    }
