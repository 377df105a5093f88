import type { Finding } from "../protocol/report";
import { findings } from "./findings";
import { Loop } from "./store/loops";
import type { Program } from "./store/program";
import { StepFlag } from "./store/steps";
import { TaskFlag } from "./store/tasks";
import { Trace } from "./trace";

/** The part of a run that a trace no longer holds. All zero as long as it holds everything. */
export interface Forgotten {
  /** What ended before this instant is gone, seconds. */
  until: number;
  /** How many tasks and steps are gone. */
  tasks: number;
  steps: number;
  /** What was found in that part: it stays wrong. Tasks and objects that are gone are left out of it. */
  findings: readonly Finding[];
  /** What the trace took when it had forgotten last, bytes. */
  bytesAfter: number;
}

/** What still lives cannot be forgotten: a trace that is nearly all alive is not tried again until it has grown by this. */
const GROWTH = 1.5;
/** Incidents are kept up to this number, the newest. */
const KEPT_INCIDENTS = 1000;
/** Findings of what is gone, the most serious. */
const KEPT_FINDINGS = 200;

/**
 * The trace to go on with: the same, or, once its columns take more than `limit` bytes, a new one without
 * the older half of its steps. The old one must not be fed any more.
 */
export function bounded(trace: Trace, limit: number): Trace {
  if (trace.bytes <= Math.max(limit, trace.forgotten.bytesAfter * GROWTH)) return trace;
  const middle = trace.steps.count >>> 1;
  return forget(trace, middle > 0 ? trace.steps.end.get(middle) : trace.endTime / 2);
}

/**
 * A new trace that holds what is alive, what happened since an instant, and what of the past is needed to
 * understand both; it goes on with the stream of the old one, whose programs and interned places it takes over.
 * Rows are numbered anew; `tasks.serial` stays.
 */
export function forget(before: Trace, since: number): Trace {
  const found = findings(before);
  const after = new Trace(before.options, before);
  const taskRow = copyTasks(before, after, since);
  const objectRow = copyObjects(before, after, since, taskRow);
  const waitRow = waitCopier(before, after, taskRow, objectRow);
  for (const loop of before.loops) after.loops.push(copyLoop(loop, since, taskRow));
  const stepRows = copySteps(before, after, since, taskRow, waitRow);
  for (const [task, exception] of before.exceptions) {
    if (taskRow(task) >= 0) after.exceptions.set(taskRow(task), exception);
  }
  for (const [task, early] of before.earlyCancels) {
    if (taskRow(task) >= 0) after.earlyCancels.set(taskRow(task), { ...early, by: taskRow(early.by) });
  }
  for (const [task, t] of before.unasked) {
    if (taskRow(task) >= 0) after.unasked.set(taskRow(task), t);
  }
  for (const [task, { row, wakers }] of before.stuck) {
    // Only true of the suspension it is in, which is its last.
    if (taskRow(task) < 0 || before.tasks.lastStep.get(task) !== row) continue;
    const known = { row: after.tasks.lastStep.get(taskRow(task)), wakers: wakers.map(taskRow) };
    after.stuck.set(taskRow(task), known);
  }
  for (const [task, pipe] of before.fullPipes) {
    if (taskRow(task) < 0 || before.tasks.lastStep.get(task) !== pipe.row) continue;
    after.fullPipes.set(taskRow(task), { ...pipe, row: after.tasks.lastStep.get(taskRow(task)) });
  }
  for (const incident of before.incidents.slice(-KEPT_INCIDENTS)) {
    after.incidents.push({ ...incident, task: taskRow(incident.task) });
  }
  for (const program of before.programs) after.programs.push(goOn(program, after, since, taskRow, objectRow));
  after.goOn(before, taskRow);
  after.forgotten = {
    until: Math.max(since, before.forgotten.until),
    tasks: before.taskCount - (after.taskCount - after.forgotten.tasks),
    steps: before.forgotten.steps + before.steps.count - stepRows,
    findings: found
      .filter(({ from }) => from !== null && from < since)
      .slice(0, KEPT_FINDINGS)
      .map((finding) => withRows(finding, taskRow, objectRow)),
    bytesAfter: after.bytes,
  };
  return after;
}

/** A finding with the new ids (row + 1) of what is left of its tasks and object. */
function withRows(
  finding: Finding,
  taskRow: (row: number) => number,
  objectRow: (row: number) => number,
): Finding {
  const id = (old: number | null, rowOf: (row: number) => number) =>
    old === null || rowOf(old - 1) < 0 ? null : rowOf(old - 1) + 1;
  return {
    ...finding,
    task: id(finding.task, taskRow),
    tasks: finding.tasks.map((task) => id(task, taskRow)).filter((task) => task !== null),
    object: id(finding.object, objectRow),
  };
}

/** Tasks that are not over, or were not yet at `since`. Returns their new rows; -1 for the others. */
function copyTasks(before: Trace, after: Trace, since: number): (row: number) => number {
  const old = before.tasks;
  const { tasks } = after;
  const rows = new Int32Array(old.count).fill(-1);
  const serials: number[] = [];
  for (let task = 0; task < old.count; task++) {
    const isVoid = (old.flags.get(task) & TaskFlag.void) !== 0;
    if (isVoid || old.ended.get(task) < since) continue;
    // Who made it may be gone: its maker's maker takes its place.
    let parent = old.parent.get(task);
    while (parent >= 0 && (parent >= task || rows[parent] < 0)) parent = old.parent.get(parent);
    const row = tasks.push(
      old.loop.get(task),
      old.created.get(task),
      parent < 0 ? -1 : rows[parent],
      old.code.get(task),
      old.creationStack.get(task),
      old.name(task),
    );
    tasks.ended.set(row, old.ended.get(task));
    tasks.outcome.set(row, old.outcome.get(task));
    tasks.flags.set(row, old.flags.get(task));
    rows[task] = row;
    serials.push(old.serial(task));
  }
  tasks.renumber(Int32Array.from(serials), old.serial(old.count));
  return (row) => (row < 0 ? -1 : (rows[row] ?? -1));
}

/** Objects that a program may still name; one whose place in memory was taken by another is gone. */
function copyObjects(
  before: Trace,
  after: Trace,
  since: number,
  taskRow: (row: number) => number,
): (row: number) => number {
  const named = new Uint8Array(before.objects.count);
  for (const program of before.programs) {
    for (const row of program.objects.values()) named[row] = 1;
  }
  const rows = new Int32Array(before.objects.count).fill(-1);
  for (let object = 0; object < rows.length; object++) {
    if (named[object] || before.objects.created.get(object) >= since) {
      rows[object] = after.objects.copy(before.objects, object, since, taskRow);
    }
  }
  return (row) => (row < 0 ? -1 : (rows[row] ?? -1));
}

/** Copies what a suspension waits on, and returns its value for the `wait` column. */
function waitCopier(
  before: Trace,
  after: Trace,
  taskRow: (row: number) => number,
  objectRow: (row: number) => number,
): (wait: number) => number {
  const { waits } = before;
  const copied = new Map<number, number>();
  const lists = new Map<number, number>();
  const listOf = (list: number): number => {
    const known = lists.get(list);
    if (known !== undefined) return known;
    const tasks = waits.lists[list].map(taskRow).filter((task) => task >= 0);
    const row = tasks.length === 0 ? 0 : after.waits.lists.push(tasks) - 1;
    lists.set(list, row);
    return row;
  };
  return (wait) => {
    if (wait >= 0) return wait === 0 ? 0 : taskRow(wait - 1) + 1;
    const known = copied.get(wait);
    if (known !== undefined) return known;
    const list = listOf(waits.list.get(-wait));
    const label = after.strings.intern(before.strings.get(waits.label.get(-wait)));
    const object = objectRow(waits.object.get(-wait));
    const row = -after.waits.push(waits.kind.get(-wait), object, waits.delay.get(-wait), list, label);
    const job = waits.jobs.get(-wait);
    if (job !== undefined) after.waits.jobs.set(-row, job);
    copied.set(wait, row);
    return row;
  };
}

/** Steps that ended since, and of each task that is left the last one: where it is parked. Returns how many. */
function copySteps(
  before: Trace,
  after: Trace,
  since: number,
  taskRow: (row: number) => number,
  waitRow: (wait: number) => number,
): number {
  const old = before.steps;
  const { steps, tasks } = after;
  before.loops.forEach((loop, index) => {
    loop.forEachStep((from) => {
      const oldTask = old.task.get(from);
      const task = taskRow(oldTask);
      const flags = old.flags.get(from);
      const recent = old.end.get(from) >= since;
      const parked = task >= 0 && before.tasks.lastStep.get(oldTask) === from;
      if (!parked && !(recent && (task >= 0 || flags & StepFlag.callback))) return;
      const row = steps.push(
        task,
        old.begin.get(from),
        old.end.get(from),
        old.stack.get(from),
        waitRow(old.wait.get(from)),
        flags,
      );
      steps.ready.set(row, old.ready.get(from));
      steps.wake.set(row, old.wake.get(from));
      steps.by.set(row, taskRow(old.by.get(from)));
      after.loops[index].addRow(row);
      if (task < 0) return;
      const last = tasks.lastStep.get(task);
      if (last < 0) tasks.firstStep.set(task, row);
      else steps.next.set(last, row);
      tasks.lastStep.set(task, row);
      if (!(flags & StepFlag.parked)) tasks.steps.set(task, tasks.steps.get(task) + 1);
    });
  });
  return steps.count;
}

function copyLoop(old: Loop, since: number, taskRow: (row: number) => number): Loop {
  const loop = new Loop(old.row, old.id, old.program, old.number, old.seen);
  const { kind, thread, threadId, mode, modeReason, debug, lastEnd, threadWakes, lastSequence, lost } = old;
  Object.assign(loop, {
    kind,
    thread,
    threadId,
    mode,
    modeReason,
    debug,
    lastEnd,
    threadWakes,
    lastSequence,
    lost,
  });
  loop.reading = old.reading.moved(taskRow);
  if (old.open !== null) loop.open = { ...old.open, task: taskRow(old.open.task) };
  for (const stall of old.stalls) {
    if (stall.t >= since) loop.stalls.push({ ...stall, task: taskRow(stall.task) });
  }
  loop.states.push(...latestSince(old.states, since));
  loop.threads.push(...latestSince(old.threads, since));
  const { polls, iterations } = old;
  let skipped = 0;
  for (let row = 0; row < polls.begin.length; row++) {
    if (polls.end.get(row) < since) {
      skipped++;
      continue;
    }
    for (const name of ["begin", "end", "timeout", "timers", "watched"] as const) {
      loop.polls[name].push(polls[name].get(row));
    }
  }
  for (let row = 0; row < iterations.t.length; row++) {
    if (iterations.t.get(row) < since) continue;
    loop.iterations.t.push(iterations.t.get(row));
    loop.iterations.ready.push(iterations.ready.get(row));
    loop.iterations.poll.push(Math.max(-1, iterations.poll.get(row) - skipped));
  }
  return loop;
}

/** What was the case at an instant, and what changed after. */
function latestSince<T extends { t: number }>(changes: readonly T[], since: number): T[] {
  const after = changes.findIndex((change) => change.t > since);
  return changes.slice(Math.max(0, (after < 0 ? changes.length : after) - 1));
}

/** The program goes on in the new trace: its keys lead to the new rows. */
function goOn(
  program: Program,
  after: Trace,
  since: number,
  taskRow: (row: number) => number,
  objectRow: (row: number) => number,
): Program {
  program.remap(taskRow, objectRow);
  program.collections = program.collections.filter(({ t }) => t >= since);
  for (const [number, loop] of program.loops) program.loops.set(number, after.loops[loop.row]);
  return program;
}
