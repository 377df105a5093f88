"""Tasks that start themselves, past the loop (3.12+), made in different ways."""

import asyncio
import functools


def by_call(coro, loop, _):
    return asyncio.Task(coro, loop=loop, eager_start=True)


def by_word(coro, loop, _):
    return asyncio.Task(loop=loop, eager_start=True, coro=coro)


def by_dict(coro, loop, kind):
    options = {"loop": loop, "eager_start": True}
    return kind(coro, **options)


def by_partial(coro, loop, kind):
    return functools.partial(kind, eager_start=True)(coro, loop=loop)


def by_factory(coro, loop, _):
    return asyncio.eager_task_factory(loop, coro)


def at_times(coro, loop, kind):
    """The same instruction lets the loop start every other one."""
    at_times.eager = not at_times.eager
    return kind(coro, loop=loop, eager_start=at_times.eager)


at_times.eager = True
STARTS = by_call, by_call, by_word, by_dict, by_partial, by_factory, at_times
