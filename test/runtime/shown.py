"""What `decode.py` reads a trace into."""


class Task:
    def __init__(self, key, loop):
        self.key = key
        self.loop = loop
        self.name = self.coroutine = None
        self.parent = None
        self.creation = []
        self.outcome = "pending"
        self.exception = None
        self.created = None
        self.steps = []
        self.at_once = False  # it is in its first step, inside of its creator's
        self.suspensions = []
        self.others = []  # which tasks it was told to wait for, each time
        self.woken = None  # before it was suspended
        self.asked_to_end = []  # calls of `cancel()` while it was ready, ran or had not begun
        self.chain = []
        self.adopted = False
        self.lost = False

    def __repr__(self):
        return "<%s %s>" % (self.name, self.coroutine)


class Place(tuple):
    """(base name of the file, line, function, user)"""

    file = property(lambda s: s[0])
    line = property(lambda s: s[1])
    function = property(lambda s: s[2])
    user = property(lambda s: s[3])
