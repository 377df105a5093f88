import os
import sys
import tempfile
import textwrap
import unittest

from . import traced

# Who made an object is compared with who made those before it at the same place, once there were many.
LIBRARY = """
    import asyncio

    def make(kind=asyncio.Event):
        return kind()

    def through_here(kind=asyncio.Event):
        return make(kind)

    def through_there(kind=asyncio.Event):
        return make(kind)

    class Base:
        def called(self):
            self.received()

        def received(self):
            self.keep(make())
"""
WAYS = """
    import asyncio, random, sys, threading
    sys.path.insert(0, sys.argv[1])
    import maker

    made, expected = [], []

    class Own(asyncio.Event):
        pass

    class Prepared(asyncio.Lock):
        def __init__(self):
            super().__init__()

    def note(thing, *ways):
        made.append(thing)
        expected.append((hash(thing) % 2**32, ways))

    class Derived(maker.Base):
        def received(self):
            event = maker.make()
            note(event, "make", "received", "called")

    def keep(self, event):
        note(event, "make", "received-of-library", "called", *by)

    by = []
    maker.Base.keep = keep

    def by_hand(_):
        by.append("by_hand")
        maker.Base().called()
        by.clear()

    def direct(_):
        plain = asyncio.Event()
        note(plain, "direct")

    def here(kind):
        by_here = maker.through_here(kind)
        note(by_here, "make", "through_here", "here")

    def there(kind):
        by_there = maker.through_there(kind)
        note(by_there, "make", "through_there", "there")

    def short(kind):
        by_short = maker.make(kind)
        note(by_short, "make", "short")

    def locks(_):
        lock = Prepared()
        note(lock, "__init__", "locks")
        bounded = asyncio.BoundedSemaphore(3)
        note(bounded, "__init__", "locks")
        condition = asyncio.Condition()
        note(condition, "locks")
        note(condition._lock, "__init__", "locks")
        queue = asyncio.PriorityQueue()
        note(queue, "locks")

    async def main():
        loop = asyncio.get_running_loop()
        kinds = [asyncio.Event, Own, asyncio.Queue]
        for i in range(700):
            way = random.choice((direct, here, there, short, locks, by_hand))
            if random.random() < 0.5:
                way(random.choice(kinds))
            else:
                loop.call_soon(way, random.choice(kinds))
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            loop.call_soon(random.choice((maker.Base, maker.Base, Derived))().called)
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    random.seed(sys.argv[2])
    asyncio.run(main())
    print(repr(expected))
"""
NAMES = {"direct": "plain", "here": "by_here", "there": "by_there", "short": "by_short", "received": "event"}

HOLDS = """
    import asyncio, threading

    made = []

    async def use(lock):
        async with lock:
            await asyncio.sleep(0)

    async def main(n):
        first_lock = asyncio.Lock()
        second_lock = asyncio.Semaphore(1)
        made.append((first_lock, second_lock))
        for _ in range(n):
            await asyncio.gather(*[asyncio.create_task(use(lock), name=name) for lock in (first_lock, second_lock) for name in "ab"])

    loops = [asyncio.new_event_loop() for _ in range(2)]
    for n in (1, 2, 2):
        for loop in loops:
            loop.run_until_complete(main(n))
    for loop in loops:
        loop.close()
    asyncio.run(main(3))
    others = [threading.Thread(target=asyncio.run, args=(main(4),)) for _ in range(2)]
    for each in others:
        each.start()
    for each in others:
        each.join()
    outside = asyncio.Event()
    made.append(outside)
    print([hash(each) % 2**32 for pair in made[:-1] for each in pair], hash(outside) % 2**32)
"""


class Objects(unittest.TestCase):
    def test_who_made_an_object_is_compared(self):
        with tempfile.TemporaryDirectory(prefix="loopscope-test-") as folder:
            packages = os.path.join(folder, "site-packages")
            os.mkdir(packages)
            with open(os.path.join(packages, "maker.py"), "w", encoding="utf-8") as file:
                file.write(textwrap.dedent(LIBRARY))
            for seed in ("1", "2"):
                self.check(traced.run(WAYS, packages, seed))

    def check(self, result):
        self.assertEqual((result.code, result.err), (0, b""))
        objects = result.run.objects
        short = 0
        for key, ways in eval(result.out):
            told = [place.function for place in objects[key]["creation"]]
            if ways[-1] == "by_hand":
                self.assertEqual((told[:4], objects[key]["label"]), (["make", "received", "called", "by_hand"], ""))
                continue
            if ways[-1] == "called":
                if ways[1] == "received":
                    self.assertEqual((told[:2], objects[key]["label"]), (["make", "received"], "event"))
                else:
                    self.assertIn(told, (["make"], ["make", "received", "called"]))
                    self.assertEqual(objects[key]["label"], "")
                short += told == ["make"]
                continue
            self.assertEqual(tuple(told[: len(ways)]), ways)
            kind = objects[key]["kind"]
            name = NAMES.get(ways[-1]) or {"lock": "lock", "semaphore": "bounded", "condition": "condition", "queue": "queue"}[kind]
            if ways == ("__init__", "locks") and kind == "lock" and objects[key]["label"] == "condition":
                continue  # the lock that a condition makes for itself
            self.assertEqual(objects[key]["label"], name)
        self.assertGreater(short, 100)

    def test_name_of_each_of_several_on_a_line(self):
        source = """
            import asyncio
            from asyncio import Event, Lock, Semaphore
            class Owner:
                pass
            async def made():
                return Lock()
            async def main():
                global shared
                def inner():
                    return cell
                owner = Owner()
                first = Lock(); second = Semaphore(1)
                owner.third: Event = asyncio.Event(); cell = Lock(); shared = Semaphore(2)
                kept = [Lock()]; kept.append(Event()); many = {0: Semaphore(3)}
                many[1] = Lock(); last = owner
            asyncio.run(main())
        """
        named = [("event", "third"), ("lock", "cell"), ("lock", "first"), ("semaphore", "second"), ("semaphore", "shared")]
        without = [("event", ""), ("lock", ""), ("lock", ""), ("semaphore", "")]
        for options in (), ("-X", "no_debug_ranges"):
            with self.subTest(options=options):
                result = traced.run(source, options=options)
                self.assertEqual((result.code, result.err), (0, b""))
                objects = [(each["kind"], each["label"]) for each in result.run.objects.values()]
                if options and sys.version_info >= (3, 11):
                    self.assertLessEqual({each for each in objects if each[1]}, set(named))
                else:
                    self.assertEqual(sorted(objects), sorted(named + without))

    def test_holders_are_of_the_loop_that_runs(self):
        result = traced.run(HOLDS)
        self.assertEqual((result.code, result.err), (0, b""))
        run = result.run
        self.assertEqual(sorted(label for label, _, _ in run.holds), ["first_lock"] * 4 * 21 + ["second_lock"] * 4 * 21)
        self.assertEqual({task.name for _, task, _ in run.holds}, {"a", "b"})


if __name__ == "__main__":
    unittest.main()
