import { CAUSE_CANCELLED, WAIT } from "../../protocol/stream";
import { type Incident, Loop } from "../store/loops";
import { Program } from "../store/program";
import { type Job, StepFlag } from "../store/steps";
import { PENDING, TaskFlag } from "../store/tasks";
import type { Trace } from "../trace";
import { ArrivalReducer } from "./arrivals";
import { elsewhere, FutureReducer, type Keys } from "./futures";

/** More programs than this in one trace are not a run, but damage. */
const MAX_PROGRAMS = 4096;
/** Index in CAUSES. */
const CAUSE_THREAD = 4;
/** Loops of one program, likewise. */
const MAX_LOOPS = 65536;

/** A wake that was recorded while its task was still in the step that suspends it. */
interface EarlyWake {
  t: number;
  wake: number;
  by: number;
}

/** Applies records to the store, in stream order. The same for a live stream and for a file. */
export class Reducer {
  /** Set when the chain just read had frames missing, until it is used. */
  incomplete = false;
  private readonly earlyWakes = new Map<number, EarlyWake>();
  private readonly byNumber = new Map<number, Program>();
  private readonly futures: FutureReducer;
  /** Tasks that were not simply made: eager ones, and those that were there before. */
  readonly arrivals: ArrivalReducer;

  constructor(private readonly trace: Trace) {
    this.futures = new FutureReducer(trace);
    this.arrivals = new ArrivalReducer(trace, this, this.futures);
  }

  /** Goes on where another reducer is: see `Decoder.takeOver`. */
  takeOver(other: Reducer, rowOf: (task: number) => number): void {
    for (const [number, program] of other.byNumber) this.byNumber.set(number, program);
    for (const [task, early] of other.earlyWakes) {
      const row = rowOf(task);
      if (row >= 0) this.earlyWakes.set(row, { ...early, by: rowOf(early.by) });
    }
    this.futures.takeOver(other.futures, rowOf);
  }

  program(number: number): Program {
    let program = this.byNumber.get(number);
    if (!program) {
      if (this.byNumber.size >= MAX_PROGRAMS) throw new Error(`more than ${MAX_PROGRAMS} programs`);
      program = new Program(this.trace.programs.length, number);
      this.trace.programs.push(program);
      this.byNumber.set(number, program);
    }
    return program;
  }

  loop(program: Program, number: number, t: number): Loop {
    let loop = program.loops.get(number);
    if (!loop) {
      if (program.loops.size >= MAX_LOOPS) throw new Error(`more than ${MAX_LOOPS} loops`);
      const id = number === 0 ? 0 : this.trace.loops.filter((each) => each.id > 0).length + 1;
      loop = new Loop(this.trace.loops.length, id, program.row, number, t);
      this.trace.loops.push(loop);
      program.loops.set(number, loop);
    }
    return loop;
  }

  /** A batch begins: notes gaps in the numbering and what the runtime dropped. Returns its loop. */
  batch(program: Program, number: number, sequence: number, lost: number): Loop {
    const loop = this.loop(program, number, this.trace.endTime);
    const expected = loop.lastSequence + 1;
    if (sequence !== expected) loop.reading.reset();
    if (loop.lastSequence > 0 && sequence > expected) {
      this.trace.note(`${sequence - expected} batches of loop ${loop.id} are missing`);
    }
    loop.lastSequence = sequence;
    loop.lost = Math.max(loop.lost, lost);
    return loop;
  }

  /** Notes that the trace reaches to `t`. */
  seen(t: number): void {
    if (t > this.trace.endTime) this.trace.endTime = t;
  }

  // Keys

  /** A new task: from now on the key is its own. */
  introduce(program: Program, loop: Loop, low: number, high: number, row: number): void {
    const { tasks, loops } = this.trace;
    const other = program.tasks.get(low, high);
    if (other >= 0 && tasks.loop.get(other) !== loop.row) {
      loops[tasks.loop.get(other)].reading.displaced.set(low, other);
    }
    loop.reading.displaced.delete(low);
    program.tasks.set(low, high, row);
  }

  /** A task of a loop by its key; -1 for a key that is not known. */
  known(program: Program, loop: Loop, low: number, high: number): number {
    const { displaced } = loop.reading;
    const own = displaced.size > 0 ? displaced.get(low) : undefined;
    return own ?? program.tasks.get(low, high);
  }

  /** -1 for key 0; a key that was never introduced gets a row of its own. */
  taskOf(program: Program, loop: Loop, low: number, high: number): number {
    const task = this.known(program, loop, low, high);
    if (task >= 0 || (low === 0 && high === 0)) return task;
    const row = this.trace.tasks.push(loop.row, this.trace.endTime, -1, 0, 0, "?");
    this.trace.tasks.flags.set(row, TaskFlag.implied);
    program.tasks.set(low, high, row);
    return row;
  }

  /** The same for a key in a JSON frame, and never a new row. */
  taskOfNumber(program: Program, key: number): number {
    const high = Math.floor(key / 4294967296);
    return program.tasks.get((key - high * 4294967296) | 0, high | 0);
  }

  /** What a future stands for is added to `into`. */
  awaits(program: Program, loop: Loop, low: number, high: number, into: Keys): void {
    this.futures.awaits(program, loop.row, low, high, into);
  }

  /** The await chain a task was last seen with. */
  chainOf(task: number): number {
    const last = task < 0 ? -1 : this.trace.tasks.lastStep.get(task);
    return last < 0 ? 0 : this.trace.steps.stack.get(last);
  }

  // Steps

  /** A step of a task ends: when it began. What it woke is ready from when it said, else from its end. */
  begin(program: Program, loop: Loop, task: number, end: number): number {
    const { tasks } = this.trace;
    if (task >= 0 && tasks.flags.get(task) & TaskFlag.atOnce) return Math.min(tasks.created.get(task), end);
    const { reading } = loop;
    const begin = Math.min(reading.clock, end);
    reading.clock = end;
    if (reading.wakes.length > 0) this.wakeAll(program, loop, task, end);
    return Number.isNaN(begin) ? end : begin;
  }

  private wakeAll(program: Program, loop: Loop, by: number, end: number): void {
    const { wakes } = loop.reading;
    for (let i = 0; i < wakes.length; i += 3) {
      const t = wakes[i + 1];
      this.wake(program, wakes[i], Number.isNaN(t) ? end : t, wakes[i + 2], by);
    }
    wakes.length = 0;
  }

  step(
    program: Program,
    loop: Loop,
    task: number,
    begin: number,
    end: number,
    futureLow: number,
    futureHigh: number,
    stack: number,
  ): void {
    const row = this.pushStep(loop, task, begin, end, stack, 0);
    if (task >= 0) this.trace.steps.wait.set(row, this.futures.wait(program, task, futureLow, futureHigh));
  }

  yielded(loop: Loop, task: number, begin: number, end: number, stack: number): void {
    this.pushStep(loop, task, begin, end, stack, StepFlag.yielded);
  }

  done(loop: Loop, task: number, begin: number, end: number, outcome: number): void {
    this.pushStep(loop, task, begin, end, 0, StepFlag.last);
    this.finished(task, end, outcome);
  }

  finished(task: number, end: number, outcome: number): void {
    if (task < 0) return;
    this.trace.tasks.ended.set(task, end);
    this.trace.tasks.outcome.set(task, outcome >= 0 && outcome < PENDING ? outcome : 0);
    this.earlyWakes.delete(task);
    this.futures.ended(task);
  }

  callback(loop: Loop, begin: number, end: number, by: number, stack: number): void {
    loop.reading.clock = end;
    const row = this.pushStep(loop, -1, begin, end, stack, StepFlag.callback);
    this.trace.steps.by.set(row, by);
  }

  /** Appends a row to the steps of a loop and a task (-1: a callback); returns it. */
  pushStep(loop: Loop, task: number, begin: number, end: number, stack: number, flags: number): number {
    const { tasks, steps } = this.trace;
    if (task >= 0 && tasks.flags.get(task) & TaskFlag.atOnce) {
      tasks.flags.set(task, tasks.flags.get(task) & ~TaskFlag.atOnce);
      if (!(flags & StepFlag.parked)) flags |= StepFlag.nested;
    }
    // Rows of a loop are in order of their end, whatever a jumping clock says.
    const to = Math.max(end, loop.lastEnd);
    const from = Math.min(begin, to);
    const row = steps.push(task, from, to, stack, 0, this.incomplete ? flags | StepFlag.incomplete : flags);
    this.incomplete = false;
    loop.lastEnd = to;
    loop.addRow(row);
    if (loop.open !== null && to >= loop.open.begin) loop.open = null;
    if (to > this.trace.endTime) this.trace.endTime = to;
    if (task < 0) return row;
    const last = tasks.lastStep.get(task);
    if (last < 0) tasks.firstStep.set(task, row);
    else {
      if (Number.isNaN(steps.ready.get(last))) this.readyAtLatest(loop, last, from);
      steps.next.set(last, row);
    }
    tasks.lastStep.set(task, row);
    if (!(flags & StepFlag.parked)) tasks.steps.set(task, tasks.steps.get(task) + 1);
    if (this.earlyWakes.size > 0) this.takeEarlyWake(task, row, from, to);
    return row;
  }

  /** Light detail tells only of some wakes. What runs in an iteration was ready as it began. */
  private readyAtLatest(loop: Loop, row: number, begin: number): void {
    const { programs, steps } = this.trace;
    if (programs[loop.program].hello?.detail !== "light") return;
    const { iteration } = loop.reading;
    const latest = Number.isNaN(iteration) ? begin : Math.min(iteration, begin);
    steps.ready.set(row, Math.max(steps.end.get(row), latest));
    steps.flags.set(row, steps.flags.get(row) | StepFlag.unwoken);
  }

  private takeEarlyWake(task: number, row: number, begin: number, end: number): void {
    const early = this.earlyWakes.get(task);
    if (early === undefined) return;
    this.earlyWakes.delete(task);
    if (early.t < begin) return;
    this.trace.steps.ready.set(row, Math.max(early.t, end));
    this.trace.steps.wake.set(row, early.wake);
    this.trace.steps.by.set(row, early.by);
  }

  /** wake: row in `wakes`. */
  wake(program: Program, task: number, t: number, wake: number, by: number): void {
    if (task < 0) return;
    const { tasks, steps, wakes } = this.trace;
    const cause = wakes.cause.get(wake);
    this.seen(t);
    if ((cause & ~CAUSE_CANCELLED) === CAUSE_THREAD) this.trace.loops[tasks.loop.get(task)].threadWakes++;
    const last = tasks.lastStep.get(task);
    if (last >= 0 && steps.flags.get(last) & StepFlag.last) return;
    if (last >= 0 && Number.isNaN(steps.ready.get(last))) {
      steps.ready.set(last, this.readyAt(task, last, t));
      steps.wake.set(last, wake);
      steps.by.set(last, by);
      this.futures.woken(program, task);
      return;
    }
    this.earlyWakes.set(task, { t, wake, by });
    // One by the task itself passes on a cancellation that came before, as its step ends.
    if (cause & CAUSE_CANCELLED && by !== task) this.trace.earlyCancels.set(task, { t, wake, by });
  }

  /** `cancel()` was called of a task that does not wait. */
  cancelled(task: number, t: number, by: number, cause: number, stack: number): void {
    if (task < 0) return;
    this.seen(t);
    const wake = this.trace.wakes.intern(cause | CAUSE_CANCELLED, stack);
    this.trace.earlyCancels.set(task, { t, wake, by });
  }

  /**
   * When a task woken at `t` became ready. A sleeper whose timer came due while the loop was busy has been
   * ready since then: the loop only looks at its timers when it is free.
   */
  private readyAt(task: number, row: number, t: number): number {
    const { steps, waits, tasks } = this.trace;
    const end = steps.end.get(row);
    const wait = steps.wait.get(row);
    if (wait >= 0 || waits.kind.get(-wait) !== WAIT.sleep) return Math.max(t, end);
    const due = end + waits.delay.get(-wait);
    if (!(due < t)) return Math.max(t, end);
    const { polls } = this.trace.loops[tasks.loop.get(task)];
    const poll = polls.begin.length - 1;
    const polling = poll >= 0 && polls.begin.get(poll) <= due && !(polls.end.get(poll) < due);
    return polling ? t : due;
  }

  chain(task: number, stack: number): void {
    const last = task < 0 ? -1 : this.trace.tasks.lastStep.get(task);
    if (last >= 0) this.trace.steps.stack.set(last, stack);
  }

  on(task: number, kind: number, object: number, delay: number, awaited: Keys | null): void {
    const last = task < 0 ? -1 : this.trace.tasks.lastStep.get(task);
    if (last < 0) return;
    const { wait } = this.trace.steps;
    wait.set(last, this.futures.on(task, wait.get(last), kind, object, delay, awaited));
  }

  /** The task waits for those tasks that it waited for when some were told last, as far as they have not ended. */
  onAgain(task: number, kind: number): void {
    const last = task < 0 ? -1 : this.trace.tasks.lastStep.get(task);
    if (last >= 0) this.trace.steps.wait.set(last, this.futures.onAgain(task, kind));
  }

  // Tasks

  created(
    program: Program,
    loop: Loop,
    low: number,
    high: number,
    t: number,
    parent: number,
    code: number,
    stack: number,
    name: string,
  ): void {
    const { tasks } = this.trace;
    this.seen(t);
    const known = this.known(program, loop, low, high);
    if (known >= 0 && tasks.flags.get(known) & TaskFlag.announced) {
      tasks.flags.set(known, 0);
      tasks.rename(known, name);
      return;
    }
    this.introduce(program, loop, low, high, tasks.push(loop.row, t, parent, code, stack, name));
  }

  named(task: number, name: string): void {
    if (task >= 0 && name) this.trace.tasks.rename(task, name);
  }

  raised(task: number, stack: number, type: string, message: string): void {
    if (task < 0) return;
    this.trace.exceptions.set(task, { type, message, at: this.trace.stacks.userPlace(stack), stack });
  }

  // Loops

  poll(loop: Loop, t: number, timeout: number, timers: number, watched: number): void {
    this.seen(t);
    loop.polls.begin.push(t);
    loop.polls.end.push(Number.NaN);
    loop.polls.timeout.push(timeout);
    loop.polls.timers.push(timers);
    loop.polls.watched.push(watched);
  }

  iteration(program: Program, loop: Loop, t: number, ready: number): void {
    this.seen(t);
    if (loop.reading.wakes.length > 0) this.wakeAll(program, loop, -1, t);
    loop.reading.clock = loop.reading.iteration = t;
    const poll = loop.polls.end.length - 1;
    const polled = poll >= 0 && Number.isNaN(loop.polls.end.get(poll));
    if (polled) loop.polls.end.set(poll, t);
    loop.iterations.t.push(t);
    loop.iterations.ready.push(ready);
    loop.iterations.poll.push(polled ? poll : -1);
  }

  run(program: Program, loop: Loop, t: number, state: number): void {
    this.seen(t);
    if (loop.reading.wakes.length > 0) this.wakeAll(program, loop, -1, t);
    loop.states.push({ t, state });
    if (state !== 1) loop.open = null;
  }

  // Objects and futures

  object(
    program: Program,
    low: number,
    high: number,
    t: number,
    kind: number,
    stack: number,
    label: string,
  ): void {
    program.objects.set(low, high, this.trace.objects.push(program.row, kind, t, stack, label));
  }

  hold(object: number, t: number, task: number, change: number): void {
    if (object >= 0) this.trace.objects.hold(object, t, task, change);
  }

  gather(program: Program, low: number, high: number, keys: Keys): void {
    const info = program.futureOf(low, high);
    info.kind = WAIT.tasks;
    info.tasks = keys.tasks;
    info.count = keys.count;
    info.link = null;
    Object.assign(info, elsewhere(keys));
  }

  future(
    program: Program,
    low: number,
    high: number,
    kind: number,
    label: string,
    job: Job | null = null,
  ): void {
    if (kind === 0) {
      program.forgetFuture(low, high);
      return;
    }
    const info = program.futureOf(low, high);
    info.kind = kind;
    info.label = label;
    info.job = job;
    info.tasks = [];
    info.count = 0;
    info.link = null;
  }

  link(program: Program, low: number, high: number, toLow: number, toHigh: number): void {
    program.futureOf(low, high).link = [toLow, toHigh];
  }

  /** A failed task was not asked for its result since `t`; or now it was. */
  unasked(task: number, t: number, so: boolean): void {
    this.seen(t);
    if (task < 0) return;
    if (so) this.trace.unasked.set(task, t);
    else this.trace.unasked.delete(task);
  }

  /** What a task waits on now can only be brought about by `wakers`, which are stuck as well. */
  stuck(task: number, wakers: number[]): void {
    this.trace.stuck.set(task, { row: this.trace.tasks.lastStep.get(task), wakers });
  }

  /** What a task waits for is the end of a child process that waits for it to read from the pipe of this name. */
  fullPipe(task: number, pid: number, name: string): void {
    this.trace.fullPipes.set(task, { row: this.trace.tasks.lastStep.get(task), pid, name });
  }

  incident(incident: Incident): void {
    this.seen(incident.t);
    this.trace.incidents.push(incident);
  }
}
