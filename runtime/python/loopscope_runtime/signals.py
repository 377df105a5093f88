"""The system gives a signal to any thread that does not block it: a program that blocks one in its own threads, to wait for it, would be killed by way of ours."""

import _signal

OF_A_FAULT = {getattr(_signal, name, 0) for name in ("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL")}  # which come to the thread whose they are


def leave_to_the_program():
    """The thread that calls this gets none."""
    if hasattr(_signal, "pthread_sigmask"):  # not on Windows
        _signal.pthread_sigmask(_signal.SIG_BLOCK, _signal.valid_signals() - OF_A_FAULT)
