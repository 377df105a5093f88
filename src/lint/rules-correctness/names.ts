/** Qualified names that several rules share. */

/** Calls that schedule a coroutine as a task which the loop holds only weakly. */
export const MAKES_TASK = new Set([
  "asyncio.create_task",
  "asyncio.ensure_future",
  "asyncio.AbstractEventLoop.create_task",
]);

export const TASK_GROUPS = new Set(["asyncio.TaskGroup", "anyio.create_task_group", "trio.open_nursery"]);

export const TIMEOUTS = new Set([
  "asyncio.timeout",
  "asyncio.timeout_at",
  "async_timeout.timeout",
  "async_timeout.timeout_at",
  "anyio.fail_after",
  "anyio.move_on_after",
  "trio.fail_after",
  "trio.fail_at",
  "trio.move_on_after",
  "trio.move_on_at",
]);

export const SLEEPS = new Set(["asyncio.sleep", "anyio.sleep", "trio.sleep"]);

export const CANCELLED = new Set([
  "asyncio.CancelledError",
  "asyncio.exceptions.CancelledError",
  "concurrent.futures.CancelledError",
  "trio.Cancelled",
]);
