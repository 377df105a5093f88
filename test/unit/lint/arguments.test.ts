import assert from "node:assert/strict";
import { createWorkspace } from "../../../src/lint/index";

const helpers = `import time

def load(key, local_only=False, client=None):
    if not local_only:
        time.sleep(1)
    return key

def early(key, fast=True):
    if fast:
        return 1
    time.sleep(1)

def passes(key, local=False):
    return load(key, local_only=local)

def both(flag):
    if flag:
        time.sleep(1)
    elif flag is None:
        open("x")
    else:
        input()

def needs(a, b):
    if a and (b is None):
        time.sleep(1)

def set_before(flag=False):
    flag = flag or configured()
    if flag:
        time.sleep(1)

def set_by_another(flag=False):
    def change():
        nonlocal flag
        flag = True
    change()
    if flag:
        time.sleep(1)

def set_inside(client=None):
    if client is None:
        client = time.sleep(1)
    return client

@provided
def decorated(session=None):
    if session is not None:
        time.sleep(1)

def forth(n, down=True):
    if down:
        back(n, down)

def back(n, down):
    forth(n, False)
    if not down:
        time.sleep(1)

def around(flag=False):
    if flag:
        time.sleep(1)
    again()

def again():
    around(True)

def bare(*flags, **options):
    if flags:
        time.sleep(1)

class Store:
    def __init__(self, eager=False):
        if eager:
            time.sleep(1)

    def get(self, key=None):
        if key is None:
            time.sleep(1)

    @staticmethod
    def clear(what=None):
        if what is not None and what:
            time.sleep(1)

    @classmethod
    def make(cls, eager=False):
        return cls(eager)
`;

/** Calls in async code, and the rules they break. */
const calls: Record<string, string[]> = {
  "load(1)": ["blocking-sleep"],
  "load(1, True)": [],
  "load(1, local_only=True)": [],
  "load(1, local_only=1)": [],
  "load(1, local_only='yes')": ["blocking-sleep"],
  "load(1, x)": ["blocking-sleep"],
  "load(1, local_only=not x)": ["blocking-sleep"],
  "load(1, **k)": ["blocking-sleep"],
  "load(*a)": ["blocking-sleep"],
  "load(*a, True)": ["blocking-sleep"],
  "early(1)": [],
  "early(1, False)": ["blocking-sleep"],
  "early(1, fast=x)": ["blocking-sleep"],
  "early(*a)": ["blocking-sleep"],
  "passes(1)": ["blocking-sleep"],
  "passes(1, True)": [],
  "passes(1, local=x)": ["blocking-sleep"],
  "both(True)": ["blocking-sleep"],
  "both(None)": ["blocking-file"],
  "both(0)": ["blocking-input"],
  "needs(True, None)": ["blocking-sleep"],
  "needs(True, 1)": [],
  "needs(False, None)": [],
  "needs(x, None)": ["blocking-sleep"],
  "set_before()": ["blocking-sleep"],
  "set_by_another()": ["blocking-sleep"],
  "set_inside()": ["blocking-sleep"],
  "set_inside(1)": [],
  "decorated()": ["blocking-sleep"],
  "forth(3)": [],
  "forth(3, False)": [],
  "back(3, True)": [],
  "back(3, False)": ["blocking-sleep"],
  // The way leads back to where it starts, where it is one on a condition.
  "around()": ["blocking-sleep"],
  "again()": ["blocking-sleep"],
  "bare()": ["blocking-sleep"],
  "Store()": [],
  "Store(True)": ["blocking-sleep"],
  "Store(eager=x)": ["blocking-sleep"],
  "Store().get()": ["blocking-sleep"],
  "Store().get(3)": [],
  "Store.clear()": [],
  "Store.clear(1)": ["blocking-sleep"],
  "x = load; x(1, True)": [],
};

describe("arguments that rule a way out", () => {
  for (const [call, expected] of Object.entries(calls)) {
    it(`${call}: ${expected.join(", ") || "nothing"}`, () => {
      const workspace = createWorkspace({ roots: ["/"] });
      workspace.setFile("/helpers.py", helpers);
      workspace.setFile(
        "/main.py",
        `from helpers import *\n\nasync def main(x, *a, **k):\n    ${call.replace("; ", "\n    ")}\n`,
      );
      const found = workspace.findings("/main.py").map((finding) => finding.rule);
      assert.deepEqual(
        found.filter((rule) => rule.startsWith("blocking-")),
        expected,
      );
    });
  }

  it("are those of generators and context managers, too, where these are made and run at once", () => {
    const workspace = createWorkspace({ roots: ["/"], select: ["blocking-sleep"] });
    const text = `import contextlib, time
class File:
    @contextlib.contextmanager
    def locked(self, blocking=True):
        if blocking:
            time.sleep(1)
        yield
    def lines(self, wait=False):
        if wait:
            time.sleep(1)
        yield 1
    def waiting(self, x):
        return self.lines(True)
async def main(file: File):
    with file.locked():  # !
        pass
    with file.locked(blocking=False):
        pass
    with contextlib.ExitStack() as stack:
        stack.enter_context(file.locked(False))
        stack.enter_context(file.locked(True))  # !
    for line in file.lines():
        pass
    for line in file.lines(wait=True):  # !
        pass
    for line in file.waiting(False):  # !
        pass
    [x for x in file.lines()]
    list(file.lines(True))  # !
    later = file.lines(True)
    for line in later:  # !
        pass
`;
    workspace.setFile("/main.py", text);
    assert.deepEqual(
      workspace.findings("/main.py").map(({ line }) => line),
      text.split("\n").flatMap((line, index) => (line.endsWith("# !") ? [index + 1] : [])),
    );
  });

  it("count as they are changed", () => {
    const workspace = createWorkspace({ roots: ["/"] });
    workspace.setFile("/helpers.py", helpers);
    workspace.setFile("/main.py", "from helpers import load\n\nasync def main():\n    load(1)\n");
    const count = () => workspace.findings("/main.py").length;
    assert.equal(count(), 1);
    workspace.setFile("/helpers.py", helpers.replace("local_only=False", "local_only=True"));
    assert.equal(count(), 0);
    workspace.setFile("/helpers.py", helpers.replace("if not local_only:", "if local_only:"));
    assert.equal(count(), 0);
    workspace.setFile("/main.py", "from helpers import load\n\nasync def main():\n    load(1, True)\n");
    assert.equal(count(), 1);
  });
});
