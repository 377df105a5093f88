import { createdAt, createdBy } from "./describe/creation";
import { loopName } from "./describe/loops";
import { awaitPlace, waitOf, wokenBy } from "./describe/waits";
import { openStep, resumed, stepIndex } from "./queries";
import type { Loop } from "./store/loops";
import { StepFlag } from "./store/steps";
import { Outcomes, TaskFlag } from "./store/tasks";
import type { Trace } from "./trace";

/** Track ids of tasks begin here, above those of the loops. */
const FIRST_TASK_TRACK = 1000;
/** A shorter slice (seconds) of waiting for the loop is not worth drawing. */
const SHORTEST_READY = 1e-6;

type Event = Record<string, unknown>;

const micros = (seconds: number) => Math.round(seconds * 1e9) / 1e3;
const trackOf = (task: number) => FIRST_TASK_TRACK + task;

/**
 * The trace as pieces of JSON text in Chrome's trace event format, for Perfetto and chrome://tracing: a
 * track for each loop, one for each task, and an arrow from a step to the task it woke.
 */
export function* chromeTrace(trace: Trace): Generator<string> {
  yield '{"displayTimeUnit":"ms","traceEvents":[\n';
  let separator = "";
  for (const event of events(trace)) {
    yield separator + JSON.stringify(event);
    separator = ",\n";
  }
  yield "\n]}\n";
}

function* events(trace: Trace): Generator<Event> {
  for (const program of trace.programs) {
    const name = program.hello?.argv.join(" ") || `program ${program.row + 1}`;
    yield metadata(program.row + 1, 0, "process_name", { name });
  }
  for (const loop of trace.loops) if (loop.id > 0) yield* loopEvents(trace, loop);
  for (let task = 0; task < trace.tasks.count; task++) {
    if (!(trace.tasks.flags.get(task) & TaskFlag.void)) yield* taskEvents(trace, task);
  }
}

function metadata(pid: number, tid: number, name: string, args: Event): Event {
  return { ph: "M", pid, tid, ts: 0, name, args };
}

function slice(
  pid: number,
  tid: number,
  cat: string,
  name: string,
  from: number,
  to: number,
  args: Event,
): Event {
  const ts = micros(from);
  return { ph: "X", pid, tid, cat, name, ts, dur: lengthTo(ts, micros(to)), args };
}

/** Less than a reader resolves, which is a nanosecond; more than a sum of microseconds is out by. */
const TRIFLE = 1e-4;

/** The length with which a reader that adds it to the begin comes out before the end, where the next slice begins: speedscope nests them otherwise. */
const lengthTo = (ts: number, end: number): number =>
  end > ts ? Math.round((end - ts) * 1e3) / 1e3 - TRIFLE : 0;

function* loopEvents(trace: Trace, loop: Loop): Generator<Event> {
  const pid = loop.program + 1;
  const { steps, tasks } = trace;
  yield metadata(pid, loop.id, "thread_name", { name: `${loopName(trace, loop)} ${loop.kind}` });
  yield metadata(pid, loop.id, "thread_sort_index", { sort_index: loop.id });
  const { begin, end } = loop.polls;
  for (let poll = 0; poll < begin.length; poll++) {
    const until = end.get(poll);
    if (!Number.isNaN(until)) yield slice(pid, loop.id, "idle", "idle", begin.get(poll), until, {});
  }
  for (let i = 0; i < loop.runFirst.length; i++) {
    for (let row = loop.runFirst[i]; row < loop.runEnd[i]; row++) {
      const task = steps.task.get(row);
      if (steps.flags.get(row) & (StepFlag.parked | StepFlag.nested)) continue;
      const name = task < 0 ? "callback" : tasks.name(task);
      yield slice(pid, loop.id, "step", name, steps.begin.get(row), steps.end.get(row), {});
    }
  }
}

/**
 * An instant inside the step in which a task woke another: an arrow belongs to the slice around its end, and what a
 * task's end wakes is woken just after its last step.
 */
function insideStep(trace: Trace, task: number, t: number): number {
  const row = stepIndex(trace).lastBegun(task, t);
  if (row < 0) return t;
  return Math.max(trace.steps.begin.get(row), Math.min(t, trace.steps.end.get(row) - 1e-9));
}

function* taskEvents(trace: Trace, task: number): Generator<Event> {
  const { tasks, steps } = trace;
  const pid = trace.loops[tasks.loop.get(task)].program + 1;
  const tid = trackOf(task);
  const until = Number.isNaN(tasks.ended.get(task)) ? trace.endTime : tasks.ended.get(task);
  yield metadata(pid, tid, "thread_name", { name: tasks.name(task) });
  yield metadata(pid, tid, "thread_sort_index", { sort_index: tid });
  const ready = (from: number, to: number) => slice(pid, tid, "ready", "ready", from, to, {});
  const first = tasks.firstStep.get(task);
  const started = first >= 0 ? steps.begin.get(first) : (openStep(trace, task)?.begin ?? until);
  if (started - tasks.created.get(task) > SHORTEST_READY) yield ready(tasks.created.get(task), started);
  for (let row = first; row >= 0; row = steps.next.get(row)) {
    const end = steps.end.get(row);
    const flags = steps.flags.get(row);
    const last = (flags & StepFlag.last) !== 0;
    const args: Event = last ? { outcome: Outcomes[tasks.outcome.get(task)] } : {};
    if (row === first)
      Object.assign(args, { createdBy: createdBy(trace, task), createdAt: createdAt(trace, task) });
    if (!(flags & StepFlag.parked))
      yield slice(pid, tid, "running", "running", steps.begin.get(row), end, args);
    if (last) continue;
    const next = resumed(trace, row);
    const to = Number.isNaN(next) ? until : next;
    const woken = steps.ready.get(row);
    const wake = Number.isNaN(woken) ? to : Math.min(woken, to);
    const at = awaitPlace(trace, row);
    if (wake > end) yield slice(pid, tid, "suspended", waitOf(trace, row).label, end, wake, { at });
    if (to - wake > SHORTEST_READY) yield ready(wake, to);
    const by = wokenBy(trace, row);
    if (by?.task != null && !Number.isNaN(next)) {
      const flow = { pid, cat: "wake", name: "wakes", id: row + 1 };
      yield { ph: "s", tid: trackOf(by.task - 1), ts: micros(insideStep(trace, by.task - 1, wake)), ...flow };
      yield { ph: "f", bp: "e", tid, ts: micros(next), ...flow };
    }
  }
  const open = openStep(trace, task);
  if (open) yield slice(pid, tid, "running", "running (not ended)", open.begin, trace.endTime, {});
}
