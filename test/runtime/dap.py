"""As much of a debug adapter client as a test needs."""

import json
import socket
import time


class Client:
    def __init__(self, port):
        deadline = time.monotonic() + 30
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
                if self.socket.getsockname() != self.socket.getpeername():
                    break
                self.socket.close()  # while nobody listens, the system may connect a socket with itself, and so take the port
            except ConnectionRefusedError:  # it does not listen yet, and has no way to say when it does
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.05)  # each attempt may take the port, too
        self.file = self.socket.makefile("rb")
        self.sequence = 0
        self.waiting = []  # messages that came while another was awaited

    def send(self, command, **arguments):
        self.sequence += 1
        body = json.dumps({"seq": self.sequence, "type": "request", "command": command, "arguments": arguments}).encode()
        self.socket.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def ask(self, command, **arguments):
        self.send(command, **arguments)
        answer = self.wait(lambda m: m["type"] == "response" and m["command"] == command)
        if not answer["success"]:
            raise AssertionError("%s: %s" % (command, answer.get("message")))
        return answer.get("body") or {}

    def event(self, name):
        return self.wait(lambda m: m["type"] == "event" and m["event"] == name).get("body") or {}

    def wait(self, wanted):
        for message in self.waiting:
            if wanted(message):
                self.waiting.remove(message)
                return message
        while True:
            message = self.read()
            if wanted(message):
                return message
            self.waiting.append(message)

    def read(self):
        length = 0
        while (line := self.file.readline().strip()) or not length:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            elif not line:
                raise EOFError("the debugger is gone")
        return json.loads(self.file.read(length))

    def close(self):
        self.file.close()
        self.socket.close()
