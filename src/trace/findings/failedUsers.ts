import { objectOf } from "../queries";
import type { Trace } from "../trace";
import { where } from "./finding";

/** No more failed tasks are looked at: which one it was would not be told apart anyway. */
const MOST = 200;

/** " worker, which had waited for it before, failed with KeyError at app.py:9.": it used one of these objects (rows), and failed before `t`. */
export function failedUser(trace: Trace, objects: readonly number[], t: number): string {
  const { tasks, steps } = trace;
  const wanted = new Set(objects.filter((object) => object >= 0));
  if (wanted.size === 0) return "";
  for (const task of failures(trace)) {
    if (!(tasks.ended.get(task) <= t)) continue;
    for (let row = tasks.firstStep.get(task); row >= 0; row = steps.next.get(row)) {
      if (wanted.has(objectOf(trace, row)))
        return words(trace, task, ", which had waited for it before,", "");
    }
  }
  return "";
}

/** " worker failed with KeyError at app.py:9 meanwhile.": whose failure came while others waited. */
export function failedMeanwhile(trace: Trace, since: number, t: number): string {
  const { ended } = trace.tasks;
  const task = failures(trace).find((each) => ended.get(each) >= since && ended.get(each) <= t);
  return task === undefined ? "" : words(trace, task, "", " meanwhile");
}

const failures = (trace: Trace): number[] => [...trace.exceptions.keys()].slice(0, MOST);

function words(trace: Trace, task: number, before: string, after: string): string {
  const { type, at } = trace.exceptions.get(task)!;
  const place = at === null ? "" : ` at ${where(at)}`;
  return ` ${trace.tasks.name(task)}${before} failed with ${type}${place}${after}.`;
}
