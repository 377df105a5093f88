import { firstStepAfter, nextOfLoop, stepIndex } from "../queries";
import type { Loop } from "../store/loops";
import { StepFlag } from "../store/steps";
import type { Trace } from "../trace";
import { coroutineName } from "./creation";
import { stallPlace } from "./stalls";
import { where } from "./text";
import { before } from "./times";
import { awaitPlace } from "./waits";

/** What held a loop for a time, by function. */
export interface Share {
  name: string;
  /** Tasks of that function that ran, -1 for callbacks. */
  tasks: Set<number>;
  steps: number;
  seconds: number;
  /** Length, begin and row of its longest step; -1: it has not ended yet. */
  longest: number;
  begin: number;
  row: number;
}

/** The steps that a loop ran between two instants, by function, the greatest share first. */
export function heldBy(trace: Trace, loop: Loop, since: number, until: number): Share[] {
  const { steps } = trace;
  const shares = new Map<string, Share>();
  const add = (task: number, row: number, begin: number, end: number) => {
    const overlap = Math.min(end, until) - Math.max(begin, since);
    if (overlap <= 0) return;
    const name = nameOf(trace, task, row);
    let share = shares.get(name);
    if (!share) {
      share = { name, tasks: new Set(), steps: 0, seconds: 0, longest: 0, begin: 0, row };
      shares.set(name, share);
    }
    share.tasks.add(task);
    share.steps++;
    share.seconds += overlap;
    if (end - begin > share.longest) Object.assign(share, { longest: end - begin, begin, row });
  };
  for (let row = firstStepAfter(trace, loop, since); row >= 0; row = nextOfLoop(loop, row)) {
    if (steps.begin.get(row) >= until && !(steps.flags.get(row) & StepFlag.nested)) break;
    if (steps.flags.get(row) & StepFlag.nested) continue;
    add(steps.task.get(row), row, steps.begin.get(row), steps.end.get(row));
  }
  if (loop.open !== null) add(loop.open.task, -1, loop.open.begin, trace.endTime);
  return [...shares.values()].sort((a, b) => b.seconds - a.seconds);
}

function nameOf(trace: Trace, task: number, row: number): string {
  if (task >= 0) return coroutineName(trace, task);
  const stack = row < 0 ? 0 : trace.steps.stack.get(row);
  return stack === 0 ? "a callback" : `callback ${trace.places.codeAt(trace.stacks.leaf(stack)).qualname}`;
}

/**
 * "at app.py:12": the line of the program that the longest step of a share was held up at, where samples tell. Of a step too short
 * for samples, "between app.py:12 and app.py:19": the awaits that it ran from and to. "" when neither is known.
 */
export function longestAt(trace: Trace, loop: Loop, share: Share): string {
  const place = stallPlace(trace, loop, share.begin)?.place ?? 0;
  return place > 0 ? `at ${where(trace.places.get(place))}` : stepLines(trace, share.row);
}

function stepLines(trace: Trace, row: number): string {
  const task = row < 0 ? -1 : trace.steps.task.get(row);
  if (task < 0) return "";
  const previous = stepIndex(trace).lastBegun(task, before(trace.steps.begin.get(row)));
  const from = previous < 0 ? null : awaitPlace(trace, previous);
  const to = trace.steps.flags.get(row) & StepFlag.last ? null : awaitPlace(trace, row);
  if (from === null) return to === null ? "" : `before ${where(to)}`;
  if (to === null) return `after ${where(from)}`;
  if (where(from) === where(to)) return `from ${where(from)} round to it again`;
  return `between ${where(from)} and ${where(to)}`;
}
