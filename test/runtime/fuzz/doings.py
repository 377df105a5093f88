"""What the tasks of a random program do: each goes by dice of its own, by its place in the tree. See `world.py`."""

import asyncio
import concurrent.futures
import contextlib
import contextvars
import gc
import json
import random
import threading

from leaves import Failure, Waits, agen
from starts import STARTS
from world import (
    FLAGS,
    LOOP,
    NEW,
    SEED,
    SIZE,
    TRUTH,
    World,
    budget,
    checkpoint,
    current,
    current_cancelling,
    expected,
    few,
    finish,
    key,
    kept,
    known,
    log,
    new_loop,
    note,
    outcome,
    set_unless_done,
)

main_dice = random.Random("main" + SEED)


class Sub(asyncio.Task):
    pass


class Node(Waits):
    """One task's doings, which depend on its place in the tree alone."""

    def __init__(self, world, name, depth):
        self.world, self.name, self.depth = world, name, depth
        self.dice = random.Random(SEED + name)
        self.children = 0

    def child(self):
        self.children += 1
        return Node(self.world, "%s.%d" % (self.name, self.children), self.depth + 1)

    def say(self, what):
        log.append((self.name, what))

    # making tasks

    async def body(self, parent):
        task = current()
        note(task, parent)
        dice = self.dice
        if dice.random() < 0.05:
            task.set_name("named " + self.name)
        self.say("begins")
        try:
            for _ in range(dice.choice((0, 1, 1, 2, 3, 5))):
                budget[0] -= 1
                if budget[0] < 0:
                    break
                await self.act()
            if dice.random() < 0.1:
                raise Failure(self.name)
            self.say("ends")
            return self.name
        except asyncio.CancelledError as exc:
            self.say("cancelled %s" % (exc.args,))
            if dice.random() < 0.2:
                if hasattr(task, "uncancel") and dice.random() < 0.5:
                    task.uncancel()
                await asyncio.sleep(0)
                return "swallowed"
            raise
        finally:
            if dice.random() < 0.05:
                await asyncio.sleep(0)

    def coro(self):
        return self.child().body(current())

    def spawn(self, way=None):
        dice, loop = self.dice, self.world.loop
        way = dice.randrange(9) if way is None else way
        me = current()
        if way == 0:
            task = loop.create_task(self.coro())
        elif way == 1:
            task = asyncio.create_task(self.coro(), name=dice.choice((None, "n" + self.name, "Task-7", 5)))
        elif way == 2:
            task = asyncio.ensure_future(self.coro())
        elif way == 3:
            task = Sub(self.coro(), loop=loop)
        elif way == 4 and NEW < (3, 14):  # whose own functions alone tell which of them runs
            task = asyncio.tasks._PyTask(self.coro(), loop=loop)
        elif way == 6 and NEW >= (3, 14) and LOOP != "uvloop":
            task = asyncio.create_task(self.coro(), eager_start=True)
        elif way == 7 and NEW >= (3, 11):
            task = loop.create_task(self.coro(), context=contextvars.copy_context())
        elif way == 8 and NEW >= (3, 12):
            task = dice.choice(STARTS)(self.coro(), loop, Sub)
        else:
            task = asyncio.create_task(self.coro())
        note(task, me)
        self.world.tasks.append(task)
        if dice.random() < 0.05:
            task.cancel()
        elif dice.random() < 0.03:
            future = loop.create_future()
            future.add_done_callback(task.cancel)
            future.set_result(None)
        return task

    # doings

    async def act(self):
        dice = self.dice
        if dice.random() < 0.12:
            checkpoint()
        kind = dice.randrange(22)
        if self.depth > 5 and kind in (0, 1, 2, 3, 4, 5, 6):
            kind = 8
        await getattr(self, "act%d" % kind, self.nest)()

    async def act0(self):
        tasks = [self.spawn() for _ in range(few(self.dice))]
        await asyncio.sleep(0)
        for task in tasks:
            if self.dice.random() < 0.3:
                task.cancel("by " + self.name) if self.dice.random() < 0.5 else task.cancel()

    async def act1(self):
        dice = self.dice
        things = [self.coro() if dice.random() < 0.7 else self.spawn() for _ in range(few(dice))]
        me = current()
        gathered = asyncio.gather(*things, return_exceptions=dice.random() < 0.7)
        if dice.random() < 0.1:
            self.world.loop.call_soon(gathered.cancel)
        for child in getattr(gathered, "_children", ()):
            note(child, me)
        try:
            self.say("gathered %d" % len(await gathered))
        except Failure as exc:
            self.say("failed %s" % exc)

    async def act2(self):
        if NEW < (3, 11):
            return await self.nest()
        dice = self.dice
        try:
            async with asyncio.TaskGroup() as group:
                group._tasks = Ordered()
                for _ in range(few(dice)):
                    note(group.create_task(self.coro()), current())
                    if dice.random() < 0.3:
                        await self.leaf()
                if dice.random() < 0.1:
                    raise Failure("in group")
        except BaseException as exc:
            self.say("group %s" % type(exc).__name__)
            if not isinstance(exc, Exception):
                raise

    async def act3(self):
        dice = self.dice
        limit = dice.choice((None, 1000, 0 if LOOP == "uvloop" else 0.002, 0))
        try:
            what = self.coro() if dice.random() < 0.5 else self.spawn()
            self.say("waited %s" % await asyncio.wait_for(asyncio.shield(what) if dice.random() < 0.3 else what, limit))
        except (asyncio.TimeoutError, Failure) as exc:
            self.say("wait_for %s" % type(exc).__name__)

    async def act4(self):
        tasks = [self.spawn() for _ in range(few(self.dice))]
        when = self.dice.choice((asyncio.FIRST_COMPLETED, asyncio.ALL_COMPLETED, asyncio.FIRST_EXCEPTION))
        limit = self.dice.choice((None, 500))
        done, pending = await asyncio.wait(tasks, return_when=when, timeout=limit)
        self.say("done %d pending %d" % (len(done), len(pending)))

    async def act5(self):
        tasks = [self.spawn() for _ in range(1)]
        for next_one in asyncio.as_completed(tasks):
            try:
                self.say("completed %s" % await next_one)
            except (Failure, asyncio.CancelledError) as exc:
                self.say("completed %s" % type(exc).__name__)
                if current_cancelling():
                    raise

    async def act6(self):
        task = self.spawn()
        if self.dice.random() < 0.5:
            await self.leaf()
        try:
            self.say("got %s" % await task)
        except (Failure, asyncio.CancelledError) as exc:
            self.say("task %s" % type(exc).__name__)
            if isinstance(exc, asyncio.CancelledError) and current_cancelling():
                raise

    async def act7(self):
        async for n in agen(self, self.dice.randrange(4)):
            if self.dice.random() < 0.2:
                break
        if self.dice.random() < 0.3:
            it = agen(self, 3)
            kept.append(it)
            await it.__anext__()
            if self.dice.random() < 0.5:
                await it.aclose()

    async def act8(self):
        lock = self.dice.choice(self.world.locks + self.world.semaphores)
        async with lock:
            await self.leaf()

    async def act9(self):
        condition = self.dice.choice(self.world.conditions)
        async with condition:
            if self.dice.random() < 0.5:
                condition.notify_all()
            else:
                self.world.after(0.01, self.notify, condition)
                await condition.wait()

    def notify(self, condition):
        for waiter in condition._waiters:
            if not waiter.done():
                waiter.set_result(False)
                break

    async def act10(self):
        queue = self.dice.choice(self.world.queues)
        if self.dice.random() < 0.55:
            await queue.put(self.name)
        else:
            self.say("item %s" % await queue.get())
            queue.task_done()

    async def act11(self):
        event = self.dice.choice(self.world.events)
        if self.dice.random() < 0.5:
            event.set()
            event.clear()
        else:
            self.world.after(0.005, event.set)
            await event.wait()
            event.clear()

    async def act12(self):
        if NEW < (3, 11):
            return await self.nest()
        try:
            async with asyncio.timeout(self.dice.choice((None, 1000, 0 if LOOP == "uvloop" else 0.003))):
                await self.nest()
        except TimeoutError:
            self.say("timeout")

    async def act13(self):
        loop = self.world.loop
        way = self.dice.randrange(3)
        if way == 0:
            self.say("ran %s" % await loop.run_in_executor(self.world.executor, sum, (1, 2)))
        elif way == 1:
            thread = threading.Thread(target=asyncio_elsewhere, args=(self,))
            thread.start()
            thread.join()
        else:
            future = concurrent.futures.Future()
            self.world.after(0.004, set_unless_done, future)
            await asyncio.wrap_future(future)

    async def act14(self):
        loop, dice = self.world.loop, self.dice
        way = dice.randrange(7)
        if way == 0:
            loop.call_soon(self.callback)
        elif way == 1:
            self.world.after(0.003, self.callback)
        elif way == 2:
            loop.call_soon(self.callback).cancel()
        elif way == 3:
            loop.call_soon_threadsafe(self.callback)
        elif way == 4 and NEW < (3, 14):  # whose own functions alone tell which of them runs
            loop.call_later(1000, self.callback)
        elif way == 5:
            loop.call_at(loop.time() - 1, self.callback)
        else:
            loop.call_later(0, self.callback)
        await asyncio.sleep(0)

    def callback(self):
        self.say("callback")
        dice = self.dice
        if dice.random() < 0.2:
            checkpoint()
        if dice.random() < 0.3 and self.depth < 6:
            self.spawn(dice.choice((0, 0, 5)))
        if dice.random() < 0.3 and self.world.tasks:
            dice.choice(self.world.tasks).cancel()
        if dice.random() < 0.1:
            raise Failure("callback")

    async def act15(self):
        loop, dice = self.world.loop, self.dice
        if "toggle" in FLAGS and dice.random() < 0.5:
            loop.set_debug(not loop.get_debug())
        else:
            factories = [None, None, lambda loop, coro, **options: Sub(coro, loop=loop, **options)]
            if NEW >= (3, 12) and not (LOOP == "uvloop" and NEW >= (3, 13)):
                factories.append(asyncio.eager_task_factory)
                if NEW < (3, 14):
                    factories.append(asyncio.create_eager_task_factory(asyncio.tasks._PyTask))
            loop.set_task_factory(dice.choice(factories))

    async def act16(self):
        if self.dice.random() < 0.2:
            current().cancel()
        await self.leaf()

    async def act17(self):
        if self.world.tasks and self.dice.random() < 0.3:
            self.dice.choice(self.world.tasks).cancel()
        elif self.world.tasks:
            try:
                other = self.dice.choice(self.world.tasks)
                if other is not current():
                    await asyncio.wait_for(asyncio.shield(other), 900)
            except (Failure, asyncio.TimeoutError, asyncio.CancelledError) as exc:
                self.say("other %s" % type(exc).__name__)
                if current_cancelling():
                    raise

    async def act18(self):
        if self.world.barriers:
            with contextlib.suppress(asyncio.BrokenBarrierError):
                barrier = self.world.barriers[0]
                self.world.after(0.02, lambda: self.spawn_reset(barrier))
                await barrier.wait()
        else:
            await self.nest()

    def spawn_reset(self, barrier):
        if barrier.n_waiting:
            note(self.world.loop.create_task(barrier.reset()), current())


def asyncio_elsewhere(node):
    """Another loop, in another thread; its tasks are like those of the first."""

    async def main():
        note(current(), None)
        sub = Node(World(asyncio.get_running_loop()), node.name + ".elsewhere", 4)
        for _ in range(3):
            sub.spawn(0)
        for _ in range(60):
            await (asyncio.sleep(0) if LOOP == "uvloop" else asyncio.sleep(0.001))
        await finish(sub.world)

    loop = new_loop()
    try:
        loop.run_until_complete(main())
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


async def main():
    me = current()
    note(me, None)
    loop = asyncio.get_running_loop()
    world = World(loop)
    root = Node(world, "r", 0)
    for _ in range(SIZE // 8):
        root.spawn()
        if main_dice.random() < 0.5:
            await asyncio.sleep(0)
    for turn in range(60):
        if LOOP == "uvloop":
            for _ in range(6):
                await asyncio.sleep(0)
        else:
            await asyncio.sleep(0.004)
        if turn % 6 == 0:
            checkpoint()
        if budget[0] > 0 and turn % 5 == 0:
            root.spawn()
        for event in world.events:
            event.set()
    checkpoint()
    await finish(world)


if __name__ == "__main__":
    gc.disable()
    loop = new_loop()
    if "debug" in FLAGS:
        loop.set_debug(True)
    loop.run_until_complete(main())
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
    for line in log:
        print(*line)
    ends = sorted((task.get_name(), outcome(task)) for task in known if not task.get_name().startswith("Task-"))
    print(len(known), len(expected), ends)
    with open(TRUTH, "w") as file:
        tasks = {key(task): [task.get_name(), outcome(task), parent] for task, parent in known.items()}
        json.dump({"tasks": tasks, "points": expected}, file)
