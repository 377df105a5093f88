"""A listener that takes what traced programs send and remembers what they said of themselves."""

import json
import os
import socket
import struct
import tempfile
import threading

HEADER = 16
LOOP, STATS = 4, 7


class Sink:
    """A Unix socket. Once closed, `programs` have connected, `notes` holds what their recorders could not do, `modes` how they recorded."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="loopscope-sink-")
        self.channel = "unix:" + os.path.join(self.folder.name, "s")
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.channel[5:])
        self.socket.listen(64)
        self.programs = self.bytes = self.dropped = 0
        self.notes = {}
        self.modes = {}
        self.readers = []
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.programs += 1
            reader = threading.Thread(target=self.read, args=(connection,), daemon=True)
            self.readers.append(reader)
            reader.start()

    def read(self, connection):
        dropped = 0
        with connection, connection.makefile("rb") as stream:
            try:
                stream.read(HEADER)
                while len(head := stream.read(8)) == 8:
                    length, kind, flags, _ = struct.unpack("<IBBH", head)
                    body = stream.read(length)
                    self.bytes += 8 + length
                    if len(body) < length or kind not in (LOOP, STATS):
                        continue
                    value = json.loads(body)
                    if kind == LOOP:
                        way = (value.get("kind", "?"), value.get("mode", "?"))
                        self.modes[way] = self.modes.get(way, 0) + 1
                    else:
                        dropped = value["dropped"]
                        for note in value["notes"]:
                            self.notes[note] = self.notes.get(note, 0) + 1
            except OSError:
                pass  # the program was killed
        self.dropped += dropped

    def __exit__(self, *exc):
        self.socket.shutdown(socket.SHUT_RDWR)  # wakes `accept`
        self.socket.close()
        for reader in list(self.readers):
            reader.join(10)
        self.folder.cleanup()

    def failures(self):
        """What a recorder said that means it gave up."""
        return sorted(note for note in self.notes if "failed" in note or "switched off" in note)
