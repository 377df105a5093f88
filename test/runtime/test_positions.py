"""Where a coroutine is suspended is read as its frame object says it, without making one; where that cannot be, frame objects are asked."""

import os
import sys
import sysconfig
import tempfile
import textwrap
import unittest
from importlib.util import find_spec

from . import traced
from .test_chains import RANDOM_WAYS

READ = sys.version_info >= (3, 11) and not sysconfig.get_config_var("Py_GIL_DISABLED")
WITHOUT = "import sys; sys.modules['_ctypes'] = None\n"
READS = """
import asyncio, gc, types
import loopscope_runtime
from loopscope_runtime import codes, positions

@types.coroutine
def pause():
    yield

async def one(n):
    for _ in range(n):
        await pause()
    if n:
        await pause()

async def other(n):
    async with asyncio.Lock():
        await one(n)
    await one(1)
    return [await pause() for _ in range(3)]

def step(c):
    try:
        c.send(None)
    except StopIteration:
        return False
    return True

def chain(c):
    while type(c) is types.CoroutineType:
        yield c
        c = c.cr_await

def seen(make, frames):
    '''Where the coroutines of a chain are, each time it is suspended: (code, f_lasti), or what is read without a frame.'''
    c, out = make(), []
    while step(c):
        for each in chain(c):
            codes.base_of(each.cr_code)
            out.append((each.cr_code, each.cr_frame.f_lasti) if frames else positions.where(each))
    return out

for make in lambda: one(0), lambda: one(3), lambda: other(2):
    places, numbers = seen(make, True), seen(make, False)
    assert numbers == [positions.number(*place) for place in places]
    assert len(set(numbers)) == len(set(places)), (numbers, places)

if positions.found:
    c = other(1)
    step(c)
    list(map(positions.where, chain(c)))
    held = gc.get_referents(*chain(c))
    assert not any(type(each) is types.FrameType for each in held), held
    c.close()
for thing in None, pause(), asyncio.sleep, object():
    try:
        positions.where(thing)
    except (AttributeError, TypeError):
        continue
    assert False, thing
print(positions.found is not None)
"""


class Positions(unittest.TestCase):
    path = os.path.join(traced.ROOT, "runtime", "python")

    def test_what_is_read_is_what_frames_say(self):
        for before, found in ("", READ), (WITHOUT, False):
            result = traced.run(before + READS, traced=False, PYTHONPATH=self.path)
            self.assertEqual((result.code, result.err, result.out), (0, b"", b"%r\n" % found))

    def test_chains_are_those_of_the_coroutines_where_frames_are_asked(self):
        program = WITHOUT + textwrap.dedent(RANDOM_WAYS)
        with tempfile.TemporaryDirectory(prefix="loopscope-test-") as folder:
            result = traced.run(program, os.path.join(folder, "trace"), "10", "1000", traced=False, PYTHONPATH=self.path)
        self.assertEqual((result.code, result.err, result.out), (0, b"", b"0 True\n"))


class Compiled(unittest.TestCase):
    """Cython's code names its source from where it was built, and raises at instruction -1 on 3.10."""

    @unittest.skipIf(find_spec("frozenlist") is None, "frozenlist is not installed")
    def test_where_a_compiled_function_raises(self):
        result = traced.run("""
            import asyncio
            from frozenlist import FrozenList
            async def main():
                frozen = FrozenList([1])
                frozen.freeze()
                async def add():
                    frozen.append(2)
                await asyncio.gather(add(), asyncio.to_thread(frozen.append, 2), return_exceptions=True)
            asyncio.run(main())
        """)
        self.assertEqual((result.code, result.err), (0, b""))
        user, library = (task.exception[2] for task in result.run.tasks if task.exception)
        self.assertEqual((user[1:], library[0], library[3]), ((8, "add", True), "_frozenlist.pyx", False))
        self.assertLess(library[1], 1000)

    def test_where_its_source_lies(self):
        program = """
            import json, sys, types
            from loopscope_runtime import codes
            codes.start()
            sys.modules["mine"] = mine = types.ModuleType("mine")
            mine.__file__ = "lib/mine/__init__.py"
            mine.__path__ = ["lib/mine"]
            sys.modules["none"], sys.modules["odd"] = None, object()
            json_folder = json.__path__[0].replace(codes.os.sep, "/")
            for name in "src/json/fast.pyx", "app/mine/fast.pyx", "mine.pyx", "none/fast.pyx", "odd.pyx", "json/fast.py", "/a/json.pyx", "<json>":
                file = codes.absolute(name)
                print(file.replace(codes.os.sep, "/").replace(json_folder, "(json)").replace(codes.cwd, "."), codes.is_user(file))
        """
        result = traced.run(program, traced=False, PYTHONPATH=Positions.path)
        told = result.out.decode().splitlines()
        self.assertEqual(told[:4], ["(json)/fast.pyx False", "./lib/mine/fast.pyx True", "./lib/mine.pyx True", "./none/fast.pyx True"])
        self.assertEqual((told[4:], result.err), (["./odd.pyx True", "./json/fast.py True", "/a/json.pyx True", "<json> True"], b""))
