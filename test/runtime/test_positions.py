"""Where a coroutine is suspended is read as its frame object says it, without making one; where that cannot be, frame objects are asked."""

import os
import sys
import sysconfig
import tempfile
import textwrap
import unittest

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
