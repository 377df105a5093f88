import { FrameType, StepArg, WakeArg } from "../../../src/protocol/stream";
import { StreamWriter } from "./stream";

/**
 * A small event loop on a virtual clock, whose "coroutines" are generators, that writes the trace a runtime
 * would. Scenes for tests and screenshots are written as programs, so that what they show is consistent.
 */

/** What a simulated coroutine yields to be suspended. */
export type Wait =
  | { on: "sleep"; seconds: number; line: number }
  | { on: "yield"; line: number }
  | { on: "task"; tasks: SimTask[]; line: number }
  | { on: "lock"; lock: SimLock; line: number }
  | { on: "event"; event: SimEvent; line: number }
  | { on: "get"; queue: SimQueue; line: number }
  | { on: "io"; seconds: number; line: number }
  | { on: "thread"; seconds: number; line: number; label: string };

export type Coroutine = Generator<Wait, void, void>;

export interface SimTask {
  key: number;
  name: string;
  done: boolean;
  function: string;
  body: Coroutine;
  /** Functions between the task's coroutine and the await, with the line each is at. */
  waiters: SimTask[];
  awaiting: Wait | null;
  keep: number;
  pendingChildren: number;
  cancelled: boolean;
}

export interface SimLock {
  key: number;
  permits: number;
  queue: SimTask[];
  kind: "lock" | "semaphore";
}

export interface SimEvent {
  key: number;
  set: boolean;
  queue: SimTask[];
}

export interface SimQueue {
  key: number;
  items: number;
  queue: SimTask[];
}

const KINDS = { lock: 1, semaphore: 2, event: 3, queue: 6 };
const WAIT = {
  sleep: 1,
  yield: 2,
  task: 3,
  tasks: 4,
  lock: 6,
  semaphore: 7,
  event: 8,
  get: 11,
  io: 14,
  thread: 15,
};
const NS = 1e9;

export class Simulation {
  now = 0;
  readonly writer = new StreamWriter();
  private keys = 100;
  private readonly ready: { task: SimTask; at: number }[] = [];
  private readonly timers: { due: number; task: SimTask; wait: Wait; cause: number }[] = [];
  private readonly codes = new Map<string, number>();
  private current: SimTask | null = null;
  private events = 0;

  constructor(
    readonly file = "/app/shop.py",
    /** Microseconds every step takes beyond what it burns. */
    private readonly stepMicros = 40,
    hello: object = {},
  ) {
    this.writer.hello(file, hello);
    this.writer.json(FrameType.loop, {
      loop: 1,
      kind: "_UnixSelectorEventLoop",
      thread: "MainThread",
      threadId: 1,
      t: 0,
      mode: "fast",
      modeReason: "",
      debug: false,
    });
    this.writer.record("RUN", 0, 1, [0]);
  }

  code(name: string, file = this.file): number {
    const id = `${file}:${name}`;
    let code = this.codes.get(id);
    if (code === undefined) {
      code = this.writer.code(file, name.split(".").at(-1)!, file === this.file, name);
      this.codes.set(id, code);
    }
    return code;
  }

  /** Now, in seconds. */
  private get seconds(): number {
    return this.now / NS;
  }

  /** Spends time on the loop without suspending. */
  burn(seconds: number): void {
    this.now += Math.round(seconds * NS);
  }

  spawn(name: string, qualname: string, body: Coroutine, line: number): SimTask {
    const key = ++this.keys;
    const task: SimTask = {
      key,
      name,
      done: false,
      function: qualname,
      body,
      waiters: [],
      awaiting: null,
      keep: 0,
      pendingChildren: 0,
      cancelled: false,
    };
    const parent = this.current;
    const frames = parent ? [this.writer.place(this.code(parent.function), line)] : [];
    const fields = [this.seconds, parent?.key ?? 0, this.code(qualname), frames.length, ...frames];
    this.writer.record("NEW", key, 0, fields, [name]);
    this.events++;
    this.ready.push({ task, at: this.now });
    return task;
  }

  lock(label: string, permits = 1): SimLock {
    const kind = permits === 1 ? "lock" : "semaphore";
    return { key: this.object(KINDS[kind], label), permits, queue: [], kind };
  }

  event(label: string): SimEvent {
    return { key: this.object(KINDS.event, label), set: false, queue: [] };
  }

  queue(label: string): SimQueue {
    return { key: this.object(KINDS.queue, label), items: 0, queue: [] };
  }

  release(lock: SimLock): void {
    this.writer.record("HOLD", lock.key, 0, [this.seconds, this.current?.key ?? 0]);
    lock.permits++;
    const next = lock.queue.shift();
    if (next) this.wake(next, 3);
  }

  put(queue: SimQueue): void {
    queue.items++;
    const next = queue.queue.shift();
    if (next) this.wake(next, 3);
  }

  set(event: SimEvent): void {
    event.set = true;
    for (const task of event.queue.splice(0)) this.wake(task, 3);
  }

  cancel(task: SimTask): void {
    if (task.done) return;
    task.cancelled = true;
    const at = this.timers.findIndex((timer) => timer.task === task);
    if (at >= 0) this.timers.splice(at, 1);
    this.wake(task, 3 + 16);
  }

  /** Runs until `until` seconds, or until nothing is left to do. */
  run(until = Number.POSITIVE_INFINITY): void {
    const end = until * NS;
    while (this.now < end) {
      this.fire();
      if (this.ready.length === 0) {
        if (this.timers.length === 0) break;
        const due = Math.min(...this.timers.map((timer) => timer.due));
        const timeout = Math.max(0, due - this.now) / NS;
        this.writer.record("POLL", 3, 0, [this.seconds, timeout, this.timers.length]);
        if (due >= end) {
          this.now = end;
          break;
        }
        this.now = Math.max(this.now, due);
        this.fire();
      }
      this.writer.record("ITER", this.ready.length, 0, [this.seconds]);
      const round = this.ready.splice(0);
      while (round.length > 0 && this.now < end) this.step(round.shift()!.task);
      // Those that did not get their turn have it when the program goes on.
      this.ready.unshift(...round);
    }
  }

  /** The program ends in an orderly way. */
  finish(exitCode = 0): Uint8Array {
    this.writer.record("RUN", 0, 0, [this.seconds]);
    this.stats();
    this.writer.json(FrameType.bye, { t: this.now });
    this.writer.json(FrameType.end, { exitCode, signal: null, wallNs: this.now });
    return this.writer.take();
  }

  stats(more: object = {}): void {
    this.writer.json(FrameType.stats, {
      t: this.now,
      events: this.events,
      overheadNs: this.events * 500,
      drainNs: this.events * 700,
      dropped: 0,
      tasksSeen: this.keys - 100,
      tasksMissed: 0,
      notes: [],
      ...more,
    });
  }

  /** A sample of the stack taken while the running step holds the loop. */
  stall(task: SimTask, begin: number, functionName: string, line: number, file = this.file): void {
    this.writer.json(FrameType.stall, {
      loop: 1,
      task: task.key,
      begin,
      t: begin + 60e6,
      stack: [
        [this.code(functionName, file), line],
        [this.code(task.function), line],
      ],
    });
  }

  private object(kind: number, label: string): number {
    const key = ++this.keys;
    this.writer.record("OBJECT", key, kind, [this.seconds, 0], [label]);
    return key;
  }

  private fire(): void {
    for (;;) {
      let first = -1;
      for (let i = 0; i < this.timers.length; i++) {
        if (this.timers[i].due <= this.now && (first < 0 || this.timers[i].due < this.timers[first].due))
          first = i;
      }
      if (first < 0) return;
      const [timer] = this.timers.splice(first, 1);
      this.wake(timer.task, timer.cause);
    }
  }

  private wake(task: SimTask, cause: number): void {
    const by = cause % 16 === 3 ? (this.current?.key ?? 0) : 0;
    this.writer.record("WAKE", task.key, cause | WakeArg.time | WakeArg.by, [this.seconds, by]);
    this.events++;
    this.ready.push({ task, at: this.now });
  }

  private step(task: SimTask): void {
    const begin = this.now;
    this.now += this.stepMicros * 1000;
    this.current = task;
    let outcome = 0;
    let wait: Wait | undefined;
    try {
      this.acquireAfterWait(task);
      const result = task.cancelled ? task.body.return() : task.body.next();
      wait = result.done ? undefined : result.value;
      if (task.cancelled) outcome = 2;
    } catch (error) {
      outcome = 1;
      task.done = true;
      this.end(task, begin, outcome);
      const code = this.code(task.function);
      const { name, message } = error as Error;
      const texts = [name === "Error" ? "ValueError" : name, message];
      this.writer.record("RAISED", task.key, 0, [1, this.writer.place(code, 60)], texts);
      this.current = null;
      return;
    }
    if (!wait) this.end(task, begin, outcome);
    else this.suspend(task, begin, wait);
    this.current = null;
  }

  private acquireAfterWait(task: SimTask): void {
    const wait = task.awaiting;
    task.awaiting = null;
    if (wait?.on === "lock" && !task.cancelled) this.hold(wait.lock, task);
    if (wait?.on === "get" && !task.cancelled) wait.queue.items--;
  }

  private hold(lock: SimLock, task: SimTask): void {
    lock.permits--;
    this.writer.record("HOLD", lock.key, 1, [this.seconds, task.key]);
  }

  private end(task: SimTask, begin: number, outcome: number): void {
    task.done = true;
    this.writer.record("CLOCK", 0, 0, [begin / NS]);
    this.writer.record("DONE", task.key, outcome, [this.seconds]);
    this.events++;
    for (const waiter of task.waiters) {
      waiter.pendingChildren--;
      if (waiter.pendingChildren === 0) this.wake(waiter, 5);
    }
  }

  private suspend(task: SimTask, begin: number, wait: Wait): void {
    // What can go on at once is no suspension at all.
    if (wait.on === "lock" && wait.lock.permits > 0 && wait.lock.queue.length === 0) {
      this.hold(wait.lock, task);
      this.again(task, begin);
      return;
    }
    if ((wait.on === "event" && wait.event.set) || (wait.on === "get" && wait.queue.items > 0)) {
      if (wait.on === "get") wait.queue.items--;
      this.again(task, begin);
      return;
    }
    if (wait.on === "task" && wait.tasks.every((child) => child.done)) {
      this.again(task, begin);
      return;
    }
    task.awaiting = wait;
    this.events++;
    const own = this.writer.place(this.code(task.function), wait.line);
    this.writer.record("CLOCK", 0, 0, [begin / NS]);
    if (wait.on === "yield") {
      this.writer.record("STEP", task.key, WAIT.yield | StepArg.chain, [this.seconds, 0, 1, own]);
      this.ready.push({ task, at: this.now });
      return;
    }
    const inner = this.library(wait);
    const future = wait.on === "task" && wait.tasks.length === 1 ? wait.tasks[0].key : ++this.keys;
    const frames = inner ? [own, this.writer.place(this.code(inner.name, inner.file), inner.line)] : [own];
    this.park(task, wait, [this.seconds, future, 0, frames.length, ...frames]);
  }

  /** The step goes on in the same breath: the same as if the await had not been there. */
  private again(task: SimTask, begin: number): void {
    const result = task.body.next();
    if (result.done) this.end(task, begin, 0);
    else this.suspend(task, begin, result.value);
  }

  private park(task: SimTask, wait: Wait, step: number[]): void {
    const on = (kind: number, arg = 0, ...fields: number[]) =>
      this.writer.record("STEP", task.key, kind | StepArg.future | StepArg.chain | arg, [...step, ...fields]);
    switch (wait.on) {
      case "sleep":
        on(WAIT.sleep, StepArg.delay, wait.seconds);
        this.timers.push({ due: this.now + Math.round(wait.seconds * NS), task, wait, cause: 1 });
        break;
      case "io":
        on(WAIT.io);
        this.timers.push({ due: this.now + Math.round(wait.seconds * NS), task, wait, cause: 2 });
        break;
      case "thread":
        on(WAIT.thread);
        this.timers.push({ due: this.now + Math.round(wait.seconds * NS), task, wait, cause: 4 });
        break;
      case "task": {
        const pending = wait.tasks.filter((child) => !child.done);
        const keys = wait.tasks.map((child) => child.key);
        if (keys.length > 1) on(WAIT.tasks, StepArg.keys, keys.length, ...keys);
        else on(0);
        task.pendingChildren = pending.length;
        for (const child of pending) child.waiters.push(task);
        break;
      }
      case "lock":
        on(WAIT[wait.lock.kind], StepArg.object, wait.lock.key);
        wait.lock.queue.push(task);
        break;
      case "event":
        on(WAIT.event, StepArg.object, wait.event.key);
        wait.event.queue.push(task);
        break;
      case "get":
        on(WAIT.get, StepArg.object, wait.queue.key);
        wait.queue.queue.push(task);
        break;
    }
  }

  private library(wait: Wait): { file: string; name: string; line: number } | null {
    const lib = "/usr/lib/python3.12/asyncio";
    switch (wait.on) {
      case "sleep":
        return { file: `${lib}/tasks.py`, name: "sleep", line: 665 };
      case "lock":
        return {
          file: `${lib}/locks.py`,
          name: wait.lock.kind === "lock" ? "Lock.acquire" : "Semaphore.acquire",
          line: 114,
        };
      case "event":
        return { file: `${lib}/locks.py`, name: "Event.wait", line: 212 };
      case "get":
        return { file: `${lib}/queues.py`, name: "Queue.get", line: 158 };
      case "io":
        return { file: `${lib}/streams.py`, name: "StreamReader.read", line: 713 };
      case "thread":
        return { file: `${lib}/threads.py`, name: "to_thread", line: 25 };
      default:
        return null;
    }
  }
}
