import assert from "node:assert/strict";
import { basename, dirname } from "node:path";
import type { Finding, Report, TaskInfo } from "../../../src/protocol/report";
import { report, timeline } from "../../../src/trace";
import { PYTHONS, record } from "./recorded";

const SLEEPERS = `
import asyncio
async def sleeper(d):
    await asyncio.sleep(d)
async def main():
    await asyncio.gather(sleeper(0.05), sleeper(0.1), sleeper(0.2))
asyncio.run(main())
`;

const BLOCKED = `
import asyncio, time
async def task_one():
    await asyncio.sleep(0.01)
    time.sleep(0.3)
async def task_two():
    for _ in range(3):
        await asyncio.sleep(0.02)
async def main():
    await asyncio.gather(task_one(), task_two())
asyncio.run(main())
`;

const DEADLOCK = `
import asyncio, os, signal
async def one(a, b):
    async with a:
        await asyncio.sleep(0.01)
        async with b:
            pass
async def killer():
    await asyncio.sleep(0.4)
    os.kill(os.getpid(), signal.SIGKILL)
async def main():
    accounts = asyncio.Lock()
    ledger = asyncio.Lock()
    await asyncio.gather(one(accounts, ledger), one(ledger, accounts), killer())
asyncio.run(main())
`;

const KINDS = `
import asyncio, sys
async def child(d):
    await asyncio.sleep(d)
async def put(q):
    await asyncio.sleep(0.01)
    await q.put(1)
async def use(s):
    async with s:
        await asyncio.sleep(0.01)
async def main():
    loop = asyncio.get_running_loop()
    queue = asyncio.Queue()
    asyncio.create_task(put(queue))
    await queue.get()
    event = asyncio.Event()
    loop.call_later(0.01, event.set)
    await event.wait()
    await asyncio.create_task(child(0.01))
    await asyncio.wait([asyncio.create_task(child(0.01))])
    for done in asyncio.as_completed([child(0.01)]):
        await done
    semaphore = asyncio.Semaphore(1)
    await asyncio.gather(use(semaphore), use(semaphore))
    await asyncio.to_thread(sum, [1, 2])
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await process.wait()
    server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    await reader.readline()
    writer.close()
    server.close()
    await asyncio.sleep(0)
asyncio.run(main())
`;

const CANCELLED = `
import asyncio
async def child(d):
    await asyncio.sleep(d)
async def boom():
    await asyncio.sleep(0.01)
    raise ValueError("no")
async def main():
    victim = asyncio.create_task(child(10))
    await asyncio.sleep(0)
    victim.cancel()
    try:
        await asyncio.wait_for(child(10), 0.01)
    except asyncio.TimeoutError:
        pass
    if hasattr(asyncio, "TaskGroup"):
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(child(20))
                group.create_task(boom())
        except BaseException:
            pass
    asyncio.create_task(child(30))
    await asyncio.sleep(0)
asyncio.run(main())
`;

const PASSED_ON = `
import asyncio
async def child():
    await asyncio.sleep(10)
async def cleans(seconds):
    try:
        await asyncio.sleep(10)
    finally:
        await asyncio.sleep(seconds)
async def limited(task):
    await asyncio.wait_for(task, 10)
async def gatherer():
    try:
        async with asyncio.timeout(0.01):
            await asyncio.gather(*[asyncio.create_task(cleans(n / 100), name=f"gathered {n}") for n in range(3)])
    except TimeoutError:
        await asyncio.sleep(0.05)
async def sent():
    await asyncio.sleep(0)
async def numbers():
    try:
        yield 1
    finally:
        await asyncio.sleep(0)
async def dropping():
    async for n in numbers():
        break
async def main():
    inner = asyncio.create_task(child(), name="inner")
    outer = asyncio.create_task(limited(inner), name="outer")
    await asyncio.sleep(0)
    outer.cancel()
    await asyncio.wait([outer])
    if hasattr(asyncio, "timeout"):
        await asyncio.create_task(gatherer(), name="gatherer")
    await dropping()
    loop = asyncio.get_running_loop()
    await asyncio.to_thread(lambda: asyncio.run_coroutine_threadsafe(sent(), loop).result())
asyncio.run(main())
`;

const named = (r: Report, coroutine: string) => r.tasks.filter((task) => task.coroutine === coroutine);
const of = (r: Report, rule: Finding["rule"]) => r.findings.filter((finding) => finding.rule === rule);
const onKinds = (tasks: TaskInfo[]) => tasks.flatMap((task) => task.suspensions.map((s) => s.on.kind));

describe("a real program, recorded by the runtime and read back", function () {
  this.timeout(120_000);
  this.retries(1); // unlike other unit tests these run programs

  for (const python of PYTHONS) {
    describe(basename(dirname(dirname(python))), () => {
      it("three sleepers: each starts, sleeps and ends, and main waits for all", () => {
        const { trace, status } = record(SLEEPERS, python);
        const r = report(trace);
        assert.equal(status, 0);
        const sleepers = named(r, "sleeper");
        const [main] = named(r, "main");
        assert.deepEqual(
          sleepers.map(({ suspensions: [s] }) => [s.on.kind, s.on.label, s.at?.line, s.wokenBy?.kind]),
          [0.05, 0.1, 0.2].map((d) => ["sleep", `asyncio.sleep(${d})`, 4, "timer"]),
        );
        for (const task of sleepers) {
          assert.deepEqual([task.outcome, task.parent, task.createdBy], ["returned", main.id, "gather"]);
        }
        const ids = sleepers.map((task) => task.id);
        assert.equal(main.createdBy, "run");
        assert.equal(main.suspensions.length, 1);
        assert.deepEqual([main.suspensions[0].on.kind, main.suspensions[0].on.tasks], ["tasks", ids]);
        assert.deepEqual(main.suspensions[0].wokenBy, { kind: "task", task: ids[2] });
        for (const id of ids) {
          const story = [...timeline(trace)].filter((row) => row.task === id - 1).map((row) => row.event);
          assert.deepEqual(story, ["created", "started", "suspended", "woken", "resumed", "returned"]);
        }
        assert.deepEqual(of(r, "deadlock"), []);
        assert.equal(r.trust.dropped, 0);
      });

      it("a blocked loop: the line that held it, and who was starved", () => {
        const r = report(record(BLOCKED, python, { blockMs: 150 }).trace);
        // A machine under load may keep the whole process waiting: that is an "info", without a sample.
        const [blocked, ...more] = of(r, "blocking-call").filter(({ severity }) => severity !== "info");
        assert.deepEqual(more, []);
        assert.equal(blocked.at?.line, 5);
        assert.ok(blocked.seconds! > 0.25);
        const other = named(r, "task_two")[0].id;
        const starved = of(r, "starved").find(({ tasks }) => tasks.includes(other))!;
        assert.match(starved.message, /task_one/);
      });

      it("a deadlock of two locks, in the trace of a killed program", () => {
        const { trace, signal } = record(DEADLOCK, python);
        assert.equal(signal, "SIGKILL");
        const r = report(trace);
        const [deadlock] = of(r, "deadlock");
        assert.deepEqual(
          [...deadlock.tasks].sort(),
          named(r, "one").map((task) => task.id),
        );
        assert.match(deadlock.message, /Lock/);
        const locks = r.objects.filter(({ kind }) => kind === "lock");
        assert.deepEqual(
          locks.map(({ heldBy, waiters }) => [heldBy.length, waiters.length]),
          [
            [1, 1],
            [1, 1],
          ],
        );
      });

      it("says what each kind of wait is", () => {
        const r = report(record(KINDS, python).trace);
        const kinds = new Set(onKinds(named(r, "main")));
        for (const kind of [
          "queue.get",
          "event",
          "task",
          "tasks",
          "thread",
          "process",
          "io",
          "yield",
        ] as const) {
          assert.ok(kinds.has(kind), `${kind} among ${[...kinds].join(" ")}`);
        }
        assert.ok(onKinds(named(r, "use")).includes("semaphore"));
        const labels = named(r, "main").flatMap((task) => task.suspensions.map((s) => s.on.label));
        for (const label of [
          "Queue 'queue'.get",
          "Event 'event'.wait",
          "asyncio.to_thread(sum)",
          "Process.wait",
        ]) {
          assert.ok(labels.includes(label), `${label} among ${labels.join(", ")}`);
        }
        assert.ok(labels.includes("StreamReader.readline") && labels.includes("asyncio.sleep(0)"));
      });

      it("says who cancelled", () => {
        const r = report(record(CANCELLED, python).trace);
        const by = new Map<string, unknown>();
        for (const task of named(r, "child")) {
          assert.equal(task.outcome, "cancelled");
          by.set(`${task.createdBy} ${task.suspensions[0].on.label}`, task.cancelledBy?.kind);
        }
        // From 3.12 on wait_for runs its coroutine itself, and 3.10 has no task groups.
        const expected: [string, string][] = [
          ["create_task asyncio.sleep(10)", "task"],
          ["wait_for asyncio.sleep(10)", "timeout"],
          ["TaskGroup asyncio.sleep(20)", "taskgroup"],
          ["create_task asyncio.sleep(30)", "shutdown"],
        ];
        for (const [who, kind] of expected) if (by.has(who)) assert.equal(by.get(who), kind, who);
        assert.ok(by.size >= 3, [...by.keys()].join());
      });

      it("says who cancelled what was waited for", () => {
        const r = report(record(PASSED_ON, python).trace);
        const task = (name: string) => r.tasks.find((each) => each.name === name) as TaskInfo;
        for (const name of ["inner", "outer"]) {
          const by = task(name).cancelledBy;
          assert.deepEqual([by?.kind, by?.task, by?.at?.line], ["task", named(r, "main")[0].id, 32], name);
          assert.deepEqual(by?.shielded, [], name);
        }
        // 3.10 has no asyncio.timeout.
        for (const gathered of named(r, "cleans")) {
          const by = gathered.cancelledBy;
          const expected = ["timeout", task("gatherer").id, 15];
          assert.deepEqual([by?.kind, by?.task, by?.at?.line], expected, gathered.name);
        }
        assert.deepEqual(
          named(r, "sent").map((each) => each.createdBy),
          ["run_coroutine_threadsafe"],
        );
        const closing = r.tasks.filter((each) => each.suspensions[0]?.at?.function === "numbers");
        assert.deepEqual(
          closing.map((each) => each.coroutine),
          ["numbers"],
        );
      });
    });
  }
});
