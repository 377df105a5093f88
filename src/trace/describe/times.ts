import { openStep, resumed } from "../queries";
import { StepFlag } from "../store/steps";
import type { Trace } from "../trace";

/** Just before an instant, and after all others before it: times are whole nanoseconds. */
export const before = (t: number) => t - 0.5e-9;

/** Seconds a task spent in each of the three states of a live task. */
export interface TaskTimes {
  run: number;
  ready: number;
  suspended: number;
  longestStep: number;
  longestReady: number;
}

/** When the task's first step began; NaN when it has not. */
export function startedAt(trace: Trace, task: number): number {
  const { steps, tasks } = trace;
  const first = tasks.firstStep.get(task);
  if (first >= 0 && !(steps.flags.get(first) & StepFlag.parked)) return steps.begin.get(first);
  if (first < 0) return openStep(trace, task)?.begin ?? Number.NaN;
  return tasks.created.get(task);
}

/** Sums over the steps of a task, up to its end or the latest instant known. */
export function taskTimes(trace: Trace, task: number): TaskTimes {
  const { steps, tasks } = trace;
  const times: TaskTimes = { run: 0, ready: 0, suspended: 0, longestStep: 0, longestReady: 0 };
  const until = Number.isNaN(tasks.ended.get(task)) ? trace.endTime : tasks.ended.get(task);
  const addReady = (from: number, to: number) => {
    const length = Math.max(0, to - from);
    times.ready += length;
    times.longestReady = Math.max(times.longestReady, length);
  };
  const addStep = (length: number) => {
    times.run += length;
    times.longestStep = Math.max(times.longestStep, length);
  };
  const started = startedAt(trace, task);
  addReady(tasks.created.get(task), Number.isNaN(started) ? until : started);
  for (let row = tasks.firstStep.get(task); row >= 0; row = steps.next.get(row)) {
    const end = steps.end.get(row);
    addStep(end - steps.begin.get(row));
    if (steps.flags.get(row) & StepFlag.last) continue;
    const next = resumed(trace, row);
    const to = Number.isNaN(next) ? until : next;
    const ready = steps.ready.get(row);
    const woken = Number.isNaN(ready) ? to : Math.min(ready, to);
    times.suspended += Math.max(0, woken - end);
    addReady(woken, to);
  }
  const open = openStep(trace, task);
  if (open !== null) addStep(Math.max(0, trace.endTime - open.begin));
  return times;
}
