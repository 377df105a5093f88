import type { CriticalPath, ObjectInfo, Report, Suspension, TaskInfo } from "../protocol/report";
import { cancelledBy } from "./describe/cancellation";
import { coroutineName, createdAt, createdBy, userPlace } from "./describe/creation";
import { loopInfo } from "./describe/loops";
import { pathInfo, programPath } from "./describe/pathReport";
import { programInfo, trust } from "./describe/program";
import { startedAt, taskTimes } from "./describe/times";
import { awaitPlace, waitsOn, wokenBy } from "./describe/waits";
import { type FindingOptions, findings } from "./findings";
import { resumed, waitersByObject } from "./queries";
import { StepFlag } from "./store/steps";
import { Outcomes, TaskFlag } from "./store/tasks";
import type { Trace } from "./trace";

/** NaN and infinity, which JSON has not, as null. */
const known = (value: number) => (Number.isFinite(value) ? value : null);

/** The report of docs, as one object. For a long trace prefer `reportJson`, which holds one task at a time. */
export function report(trace: Trace, options: FindingOptions = {}): Report {
  return {
    ...head(trace),
    tasks: [...tasks(trace)],
    objects: objects(trace),
    findings: findings(trace, options),
  };
}

/** The report as pieces of JSON text: the memory it takes does not grow with the trace. */
export function* reportJson(trace: Trace, options: FindingOptions = {}): Generator<string> {
  const { schema, program, trust, loops, notes, programs, criticalPath } = head(trace);
  const first = JSON.stringify({ schema, program, programs, trust, notes, loops, criticalPath }, null, 2);
  yield `${first.slice(0, -2)},\n  "tasks": [`;
  let separator = "\n    ";
  for (const task of tasks(trace)) {
    yield separator + JSON.stringify(task);
    separator = ",\n    ";
  }
  const last = JSON.stringify({ objects: objects(trace), findings: findings(trace, options) }, null, 2);
  yield `\n  ],\n${last.slice(2)}\n`;
}

function head(trace: Trace) {
  const [main] = trace.programs;
  return {
    schema: "loopscope-report/1" as const,
    program: main
      ? programInfo(trace, main)
      : { argv: [], runtime: "unknown", pid: 0, exitCode: null, signal: null, ended: false, wallSeconds: 0 },
    /** Every program of the trace, the first included. */
    programs: trace.programs.map((program) => ({
      id: program.row + 1,
      parent: program.parent < 0 ? null : program.parent + 1,
      startedBy: program.startedBy < 0 ? null : program.startedBy + 1,
      ...programInfo(trace, program),
    })),
    trust: trust(trace),
    /** What to know before trusting the rest: truncation, loss, damage. */
    notes: trace.notes,
    loops: trace.loops.filter((loop) => loop.id > 0).map((loop) => loopInfo(trace, loop)),
    criticalPath: criticalPathInfo(trace),
  };
}

/** Why the program took as long as it did; null while it runs. */
export function criticalPathInfo(trace: Trace): CriticalPath | null {
  const path = programPath(trace);
  return path && pathInfo(trace, path);
}

function* tasks(trace: Trace): Generator<TaskInfo> {
  for (let task = 0; task < trace.tasks.count; task++) {
    if (!(trace.tasks.flags.get(task) & TaskFlag.void)) yield taskInfo(trace, task);
  }
}

/** One task of the report. */
export function taskInfo(trace: Trace, task: number): TaskInfo {
  const { tasks, exceptions } = trace;
  const times = taskTimes(trace, task);
  let parent = tasks.parent.get(task);
  while (parent >= 0 && tasks.flags.get(parent) & TaskFlag.void) parent = tasks.parent.get(parent);
  const exception = exceptions.get(task);
  return {
    id: task + 1,
    loop: trace.loops[tasks.loop.get(task)].id,
    name: tasks.name(task),
    coroutine: coroutineName(trace, task),
    parent: parent < 0 ? null : parent + 1,
    createdBy: createdBy(trace, task),
    createdAt: createdAt(trace, task),
    outcome: Outcomes[tasks.outcome.get(task)],
    exception: exception ? { type: exception.type, message: exception.message, at: exception.at } : null,
    cancelledBy: cancelledBy(trace, task),
    created: tasks.created.get(task),
    started: known(startedAt(trace, task)),
    ended: known(tasks.ended.get(task)),
    runSeconds: times.run,
    readySeconds: times.ready,
    suspendedSeconds: times.suspended,
    steps: tasks.steps.get(task),
    suspensions: suspensions(trace, task),
  };
}

function suspensions(trace: Trace, task: number): Suspension[] {
  const { steps, stacks } = trace;
  const list: Suspension[] = [];
  for (let row = trace.tasks.firstStep.get(task); row >= 0; row = steps.next.get(row)) {
    if (steps.flags.get(row) & StepFlag.last) continue;
    list.push({
      from: steps.end.get(row),
      ready: steps.flags.get(row) & StepFlag.unwoken ? null : known(steps.ready.get(row)),
      resumed: known(resumed(trace, row)),
      at: awaitPlace(trace, row),
      stack: stacks.frames(steps.stack.get(row)),
      on: waitsOn(trace, row),
      wokenBy: wokenBy(trace, row),
    });
  }
  return list;
}

function objects(trace: Trace): ObjectInfo[] {
  const waiters = waitersByObject(trace);
  const list: ObjectInfo[] = [];
  for (let object = 0; object < trace.objects.count; object++) {
    const holders = new Set(trace.objects.holders(object).filter((task) => task >= 0));
    list.push({
      id: object + 1,
      kind: trace.objects.kind(object),
      label: trace.objects.label(object),
      createdAt: userPlace(trace, trace.objects.creationStack.get(object)),
      heldBy: [...holders].map((task) => task + 1),
      waiters: (waiters.get(object) ?? []).map((task) => task + 1),
    });
  }
  return list;
}
