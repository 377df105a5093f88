"""The numbers of the wire: see docs/trace-format.md, whose names these are."""

STEP, CLOCK, DONE, WAKE, NEW, CALLBACK, POLL, ITER = 1, 2, 3, 4, 5, 6, 7, 8
OBJECT, HOLD, GATHER, FUTURE, RAISED, EAGER, EAGER_END, NAME, RUN = 10, 11, 12, 13, 14, 15, 16, 17, 18
CHAIN, LOST, NEVER_AWAITED, UNRETRIEVED, UNSAFE, ADOPT, LINK, SWALLOWED = 19, 20, 21, 22, 23, 24, 25, 26
UNASKED, AT_ONCE, CANCEL, ON = 27, 28, 29, 30

HELLO, CODES, RECORDS, LOOP, STALL, NOW, STATS, BYE, STRINGS, STUCK, GARBAGE = 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12

RETURNED, RAISED_OUTCOME, CANCELLED, SUSPENDED, NOT_EAGER, YIELDED = 0, 1, 2, 3, 4, 5

TIMER, IO, TASK, THREAD, CALLED_BACK, UNKNOWN, WAS_CANCELLED = 1, 2, 3, 4, 5, 6, 16

W_SLEEP, W_YIELD, W_TASK, W_TASKS, W_FUTURE, W_LOCK, W_SEMAPHORE, W_EVENT, W_CONDITION, W_BARRIER = range(1, 11)
W_GET, W_PUT, W_JOIN, W_IO, W_THREAD, W_PROCESS, W_OTHER = range(11, 18)

O_LOCK, O_SEMAPHORE, O_EVENT, O_CONDITION, O_BARRIER, O_QUEUE, O_EXECUTOR, O_PROCESS, O_OTHER = range(1, 10)

# `arg` of STEP and of FUTURE, beside the wait; of WAKE, beside the cause; of NEW; of POLL; of RUN
STEP_FUTURE, STEP_CHAIN, STEP_OBJECT, STEP_DELAY, STEP_KEYS, STEP_NUMBER = 32, 64, 128, 256, 512, 1024
FUTURE_POOL, FUTURE_DEFAULT = 32, 64
WAKE_BY, WAKE_TIME, WAKE_FRAMES, WAKE_PLACE = 32, 64, 128, 256
NEW_SAME, NEW_NUMBER, NEW_NEXT = 1, 2, 4
FOR_EVER, NOT_KNOWN = 1, 2
STOPPED, STARTED, CLOSED = 0, 1, 2

KEYS = 4294967296.0  # keys are less than this
ARG = 32 * KEYS  # what one more in `arg` takes from a head


def key(thing):
    """The key of a task, a future or an object: its hash, cut to 32 bits."""
    return hash(thing) % KEYS


def head(kind, subject=0.0, arg=0):
    """The first number of a record."""
    return -((arg << 5 | kind) * KEYS + subject)


# The first numbers of records that the fused loop writes, but for the key.
ITER_HEAD = head(ITER)
AT_ONCE_HEAD = head(AT_ONCE)
LIGHT_HEAD = head(STEP)  # a STEP of light detail
YIELD_HEAD = head(STEP, 0, W_YIELD)  # and one that ended with a yield, of any
CALLBACK_HEAD = head(CALLBACK)
# Wakes by the running task: from its code, from somewhere in its step, and by its end. By a callback of a task, and by no task at all.
WAKE_HERE = head(WAKE, 0, TASK | WAKE_TIME | WAKE_PLACE)
WAKE_BY_STEP = head(WAKE, 0, TASK | WAKE_TIME)
WAKE_AT_END = head(WAKE, 0, TASK)
WAKE_BY_CALLBACK = head(WAKE, 0, TASK | WAKE_TIME | WAKE_BY)
WAKE_BY_NONE = head(WAKE, 0, WAKE_TIME)
WAKES_THERE = {why: head(WAKE, 0, why | WAKE_TIME | WAKE_PLACE) for why in range(UNKNOWN + 1)}  # the same, from code, by what causes it
CANCELLED_WAIT = WAS_CANCELLED * ARG  # what such a wake takes from its first number
