import type { Trace } from "../../src/trace";
import { StepFlag } from "../../src/trace";
import { firstStepAfter, nextOfLoop, stepIndex } from "../../src/trace/queries";
import { loopEnd, loopsOf } from "../model/loops";
import { loopLane } from "./state";

/** What happened in a range of time. Seconds; tasks as rows. */
export interface RangeStatistics {
  loops: { loop: number; busy: number; idle: number; blocked: number }[];
  /** The longest steps. */
  steps: { task: number; seconds: number; at: number }[];
  /** The longest suspensions, cut to the range. */
  waits: { task: number; row: number; seconds: number; at: number }[];
  /** The longest times a task was ready and the loop was not. */
  delays: { task: number; seconds: number; at: number }[];
  stepCount: number;
}

const TOP = 5;
/** Steps looked at, and tasks whose wait may have begun before the range: it is selected by dragging, and follows. */
const MOST_STEPS = 2_000_000;
const MOST_TASKS = 200_000;

export function rangeStatistics(trace: Trace, from: number, to: number): RangeStatistics {
  const { steps } = trace;
  const result: RangeStatistics = { loops: [], steps: [], waits: [], delays: [], stepCount: 0 };
  for (const loop of loopsOf(trace)) {
    const lane = loopLane(loop.row);
    const busy = Math.max(0, lane.busyBetween(from, to));
    let blocked = 0;
    for (const row of lane.blocks) {
      blocked += Math.max(0, Math.min(to, steps.end.get(row)) - Math.max(from, steps.begin.get(row)));
    }
    const alive = Math.max(0, Math.min(to, loopEnd(trace, loop)) - Math.max(from, loop.seen));
    result.loops.push({ loop: loop.row, busy, idle: Math.max(0, alive - busy), blocked });
    for (let row = firstStepAfter(trace, loop, from); row >= 0; row = nextOfLoop(loop, row)) {
      const begin = steps.begin.get(row);
      if (begin >= to || result.stepCount >= MOST_STEPS) break;
      if (steps.flags.get(row) & StepFlag.parked) continue;
      result.stepCount++;
      addStep(trace, row, from, to, result);
    }
  }
  addEarlier(trace, from, to, result);
  return result;
}

/** Waits that were going on when the range begins: their steps ended before it. */
function addEarlier(trace: Trace, from: number, to: number, into: RangeStatistics): void {
  const { steps, tasks } = trace;
  const index = stepIndex(trace);
  for (let task = 0; task < Math.min(tasks.count, MOST_TASKS); task++) {
    if (tasks.created.get(task) > from || tasks.ended.get(task) <= from) continue;
    const row = index.lastBegun(task, from);
    if (row >= 0 && steps.end.get(row) <= from) addWait(trace, row, from, to, into);
  }
}

function addStep(trace: Trace, row: number, from: number, to: number, into: RangeStatistics): void {
  const { steps } = trace;
  const begin = steps.begin.get(row);
  offer(into.steps, { task: steps.task.get(row), seconds: steps.end.get(row) - begin, at: begin });
  addWait(trace, row, from, to, into);
}

function addWait(trace: Trace, row: number, from: number, to: number, into: RangeStatistics): void {
  const { steps } = trace;
  const task = steps.task.get(row);
  const end = steps.end.get(row);
  if (task < 0 || steps.flags.get(row) & StepFlag.last) return;
  const next = steps.next.get(row);
  const resumed = next >= 0 ? steps.begin.get(next) : trace.endTime;
  const ready = Number.isNaN(steps.ready.get(row)) ? resumed : steps.ready.get(row);
  const waited = Math.min(to, ready) - Math.max(from, end);
  if (waited > 0) offer(into.waits, { task, row, seconds: waited, at: end });
  const delayed = Math.min(to, resumed) - Math.max(from, ready);
  if (delayed > 0) offer(into.delays, { task, seconds: delayed, at: ready });
}

/** Keeps the `TOP` longest, longest first. */
function offer<T extends { seconds: number }>(list: T[], item: T): void {
  if (list.length === TOP && item.seconds <= list[TOP - 1].seconds) return;
  let at = list.length;
  while (at > 0 && list[at - 1].seconds < item.seconds) at--;
  list.splice(at, 0, item);
  if (list.length > TOP) list.pop();
}
