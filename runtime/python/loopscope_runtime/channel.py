"""The way to the listener: a bounded queue of frames, sent without ever waiting; the oldest records go first when it is full."""

import os
from collections import deque
from types import MethodType

import _socket

LIMIT = 4 * 1024 * 1024  # bytes of frames kept for a slow listener
AT_ONCE = 256 * 1024  # bytes that are sent together, and in how many pieces: a system takes 1024
PIECES = 500


class FileTarget:
    """Appends to a file: what `start(file=...)` and `file:/path` use."""

    def __init__(self, path):
        self.close_fd = os.close
        self.fd = out_of_the_way(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o600))
        self.send = MethodType(os.write, self.fd)  # as a socket's: no Python code of ours runs in it
        if hasattr(os, "writev"):
            self.sendmsg = MethodType(os.writev, self.fd)

    def fileno(self):
        return self.fd

    def detach(self):
        """Leaves the descriptor to whoever has it now."""
        fd, self.fd = self.fd, -1
        return fd

    def close(self):
        fd = self.detach()
        if fd >= 0:  # closed twice, it could be somebody else's by then
            self.close_fd(fd)


def identity(target):
    """What a descriptor is of: a daemon closes all it has, and then uses the numbers again. None where that is not known, as of sockets on Windows."""
    try:
        about = fstat(target.fileno())
    except OSError:
        return None
    return about.st_dev, about.st_ino


def out_of_the_way(fd):
    """The same with a high number: what the program opens gets the numbers that it would have untraced."""
    if os.name == "nt":
        return fd
    highest = min(os.sysconf("SC_OPEN_MAX"), HIGHEST)
    for high in range(highest - 1, highest - 20, -1):
        try:
            fstat(high)
        except OSError:  # nobody has it
            try:
                os.dup2(fd, high, False)
            except OSError:
                break
            os.close(fd)
            return high
    return fd


fstat = os.fstat  # tools that look for blocking calls may replace it
HIGHEST = 1024  # what `select` knows, and a system needs a table for that goes up to the highest


def connect(address):
    """Opens `unix:/path`, `tcp:host:port` or `file:/path`; OSError or ValueError if that cannot be."""
    scheme, _, rest = address.partition(":")
    if scheme == "file":
        return FileTarget(rest)
    if scheme == "unix":
        family, where = _socket.AF_UNIX, rest
    elif scheme == "tcp":
        host, _, port = rest.rpartition(":")
        family, where = _socket.AF_INET, (host, int(port))
    else:
        raise ValueError("LOOPSCOPE_CHANNEL must be unix:PATH, tcp:HOST:PORT or file:PATH, not %r" % address)
    sock = _socket.socket(family, _socket.SOCK_STREAM)
    sock = _socket.socket(family, _socket.SOCK_STREAM, 0, out_of_the_way(sock.detach()))
    try:
        sock.settimeout(2)
        sock.connect(where)
        sock.setblocking(False)
        if scheme == "unix":
            sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_SNDBUF, 1 << 20)
    except BaseException:
        sock.close()
        raise
    return sock


class Channel:
    """Frames on their way. `put` never blocks; `pump` sends what the listener takes. Used by one thread at a time.

    That may be the program's main thread, where a signal handler may raise at any moment: what was sent is known even then.
    """

    def __init__(self, target):
        self.target = target
        self.identity = identity(target)
        self.gather = getattr(target, "sendmsg", None)  # sends from several places; not on Windows
        self.at_once = not isinstance(target, FileTarget)  # whether sending never waits: a disk may be slow
        self.queue = deque()  # (pieces of a frame, their size, stream or None, records, whether it may not be dropped)
        self.head = None  # (the first of the queue, their pieces, the size of all, how many bytes were sent, each time)
        self.gap = []  # streams that lost records since the queue was last empty
        self.size = 0
        self.broken = False

    def put(self, data, stream=None, records=0, keep=False):
        """Queues a frame: bytes, or a list of its pieces. What is not to be kept goes when the listener is too slow; records of a stream are counted there."""
        if self.broken:
            return
        pieces = [data] if type(data) is bytes else data
        size = sum(map(len, pieces))
        self.queue.append((pieces, size, stream, records, keep))
        self.size += size
        if self.size > LIMIT:
            self.drop()

    def put_records(self, data, size, stream, records, sequence, pieces, n):
        """The same of the first n of the pieces of a stream, which are taken from that list."""
        if self.broken:
            return
        entry = data, size, stream, records, False
        add = self.queue.append
        # No call but the last: since 3.11 no signal handler runs before the records are where they belong. Before, a number may be skipped.
        stream.sequence = sequence
        stream.gap = False
        del pieces[:n]
        self.size += size
        add(entry)
        if self.size > LIMIT:
            self.drop()

    def drop(self):
        """Makes room: the oldest frames go, but not those that are partly sent."""
        kept = deque()
        for entry in self.head[0] if self.head is not None else ():
            if self.queue and self.queue[0] is entry:
                kept.append(self.queue.popleft())
        while self.queue and self.size > LIMIT * 3 // 4:
            entry = self.queue.popleft()
            _, size, stream, records, keep = entry
            if keep:
                kept.append(entry)
                continue
            self.size -= size
            if stream is not None:
                stream.dropped(records)
                if stream not in self.gap:
                    self.gap.append(stream)
        kept.extend(self.queue)
        self.queue = kept

    def first(self):
        """What is sent next: several frames at once, for each call costs, and may wake the listener."""
        entries, pieces, size = [], [], 0
        for entry in self.queue:
            if entries and (size + entry[1] > AT_ONCE or len(pieces) + len(entry[0]) > PIECES):
                break
            entries.append(entry)
            pieces += entry[0]
            size += entry[1]
        return entries, pieces, size, []

    def pump(self):
        """Sends what can be sent now. True when nothing is left."""
        if self.queue and not self.broken and not self.intact():
            self.lose()
        while self.queue and not self.broken:
            if self.head is None:
                self.head = self.first()
            entries, pieces, size, sizes = self.head
            sent = sum(sizes)
            if sent == size:
                while entries:
                    if self.queue and self.queue[0] is entries[0]:
                        self.size -= self.queue.popleft()[1]
                    del entries[0]
                self.head = None
                continue
            data = rest(pieces, sent) if sent else pieces
            if self.gather is None:
                data = b"".join(data)
            try:
                # Of one piece from the system call to the list: no signal handler runs in between.
                sizes.extend(map(self.gather or self.target.send, (data,)))
            except (BlockingIOError, InterruptedError):
                return False
            except OSError:
                self.lose()  # the listener is gone
                break
        while self.gap:
            self.gap.pop().resync = True  # the listener has caught up: now it can be told again what it lost
        return True

    def intact(self):
        """Whether the descriptor is still ours: what is somebody else's by now is neither written to nor closed."""
        return identity(self.target) == self.identity

    def lose(self):
        """Nothing will ever be sent again."""
        self.broken = True
        self.queue.clear()
        self.size = 0

    def recount(self):
        """After an exception in the midst of `put`, `drop` or `pump`."""
        self.size = sum(entry[1] for entry in self.queue)

    def close(self):
        self.lose()
        try:
            if self.intact():
                self.target.close()
            else:
                self.target.detach()
        except OSError:
            pass


def rest(pieces, sent):
    """What is left of pieces after so many bytes."""
    for i, piece in enumerate(pieces):
        if sent < len(piece):
            return [memoryview(piece)[sent:], *pieces[i + 1 :]]
        sent -= len(piece)
    return []
