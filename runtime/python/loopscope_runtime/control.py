"""The way in for `loopscope attach`: a socket that costs nothing until somebody connects, in a folder only its user can enter.

A request is lines `name=value` and an empty line; the answer is one line of JSON. Beside the socket lies a description of the process,
with the token that a request must name.
"""

import _socket
import os
import sys
from _thread import allocate_lock, start_new_thread

from . import signals
from .hook import unhidden

MAX_REQUEST = 16 * 1024
TIMEOUT = 5.0  # seconds a client may take to send its request

control = None  # the Control of this process


def listen(folder=None):
    """Makes this process one that can be attached to; OSError when the folder cannot be used. Calling it again changes nothing."""
    global control
    if control is None:
        control = Control(folder or default_folder())
        control.open()
        watch_forks()
    return control


def default_folder():
    """Where attach looks: `loopscope` in the user's run folder, else `loopscope-UID` in the temporary one."""
    run = "/run/user/%d" % os.getuid()
    if os.path.isdir(run) and os.access(run, os.W_OK):
        return run + "/loopscope"
    return "%s/loopscope-%d" % ((os.environ.get("TMPDIR") or "/tmp").rstrip("/"), os.getuid())


def same_text(a, b):
    """Compares secrets in a time that does not tell where they differ."""
    if len(a) != len(b):
        return False
    return not sum(x != y for x, y in zip(a, b))


class Control:
    def __init__(self, folder):
        self.folder = folder
        self.token = os.urandom(24).hex()
        self.lock = allocate_lock()  # held while a request is served
        self.serving = allocate_lock()  # held by the thread while it runs
        self.socket = None
        self.paused = False

    def open(self):
        """Opens the socket, writes the description and starts the thread."""
        os.makedirs(self.folder, 0o700, exist_ok=True)
        about = os.stat(self.folder)
        if about.st_uid != os.getuid() or about.st_mode & 0o077:
            raise PermissionError("%s is not a folder that only its owner can enter" % self.folder)
        self.pid = os.getpid()
        self.path = "%s/%d" % (self.folder, self.pid)
        for left in (self.path, self.path + ".json"):  # of another process that had this id
            if os.path.exists(left):
                os.unlink(left)
        self.socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o600)
        self.socket.listen(4)
        self.identity = os.fstat(self.socket.fileno()).st_ino
        fd = os.open(self.path + ".json", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(fd, self.description().encode())
        finally:
            os.close(fd)
        self.start()

    def description(self):
        """JSON by hand: `wire` is imported when somebody connects."""
        path = self.path.replace("\\", "\\\\").replace('"', '\\"')
        version = "%d.%d.%d" % sys.version_info[:3]
        return '{"pid": %d, "socket": "%s", "token": "%s", "version": "%s"}' % (self.pid, path, self.token, version)

    def start(self):
        self.paused = False
        self.serving.acquire(False)
        start_new_thread(self.serve, ())

    def stop(self):
        """Ends the thread, by connecting to it."""
        self.paused = True
        knock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        try:
            knock.settimeout(1)
            knock.connect(self.path)
            self.serving.acquire(True, 1)
        except OSError:
            pass
        finally:
            knock.close()

    def close(self):
        """Takes the socket away: at exit, and in a forked child, to which it does not belong (there it is the parent's path)."""
        if self.socket is None:
            return
        if self.pid == os.getpid():
            for path in (self.path, self.path + ".json"):
                try:
                    os.unlink(path)
                except OSError:
                    pass
        if self.intact():
            self.socket.close()
        else:
            self.socket.detach()
        self.socket = None

    def intact(self):
        """Whether the descriptor is still our socket: a daemon closes all it has, and then uses the numbers again."""
        try:
            return os.fstat(self.socket.fileno()).st_ino == self.identity
        except OSError:
            return False

    def serve(self):
        signals.leave_to_the_program()
        try:
            while not self.paused and self.intact():
                fd, _ = self.socket._accept()
                client = _socket.socket(fileno=fd)
                try:
                    if not self.paused:
                        self.converse(client)
                except OSError:
                    pass  # who asked is gone
                finally:
                    client.close()
        except OSError:
            pass  # the program closed our descriptor: it cannot be attached to any more
        finally:
            self.serving.release()

    def converse(self, client):
        client.settimeout(TIMEOUT)
        data = b""
        while not data.endswith(b"\n\n"):
            part = client.recv(4096)
            if not part or len(data) > MAX_REQUEST:
                return
            data += part
        with unhidden():
            from . import attach
            from .wire import dumps
        request = dict(line.partition("=")[::2] for line in data.decode("utf-8", "surrogateescape").split("\n") if line)
        if not same_text(request.get("token", ""), self.token):
            answer = {"error": "the token is wrong"}
        else:
            with self.lock:
                answer = self.obey(attach, request)
        client.settimeout(TIMEOUT)
        client.sendall(dumps(answer).encode() + b"\n")

    def obey(self, attach, request):
        try:
            return attach.obey(request)
        except Exception as exc:
            return {"error": "%s: %s" % (type(exc).__name__, exc)}


def watch_forks():
    """No thread of ours may be there during a fork (3.12+ warns), and a child gets a socket of its own."""
    import atexit

    atexit.register(lambda: control.close())
    if not hasattr(os, "register_at_fork"):
        return

    def in_child():
        control.close()
        control.__init__(control.folder)
        try:
            control.open()
        except OSError:
            pass  # no room, or no right: this child cannot be attached to

    os.register_at_fork(before=control.stop, after_in_parent=start_later, after_in_child=in_child)


def start_later():
    """The interpreter counts threads once more after this: the thread starts at the next iteration of the loop, or collection."""
    import gc

    def start(*_):
        if start in gc.callbacks:
            gc.callbacks.remove(start)
            control.start()

    gc.callbacks.append(start)
    asyncio = sys.modules.get("asyncio.events")
    loop = asyncio and asyncio._get_running_loop()
    if loop:
        loop.call_soon(start)
