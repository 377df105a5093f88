import { coroutineName } from "./describe/creation";
import { awaitPlace } from "./describe/waits";
import { type State, taskState } from "./queries";
import type { Trace } from "./trace";

/** Tasks that a view may show as one: same group of creators, same coroutine, same state, parked at the same place. */
export interface TaskGroup {
  /** The group of their creators, or -1. */
  parent: number;
  coroutine: string;
  state: State;
  /** "file:line" they are parked at, "" when they are not. */
  place: string;
  /** Task rows, in order of creation. */
  tasks: number[];
}

/** The tasks that exist at an instant, folded. A group's parent comes before it. */
export function foldTasks(trace: Trace, t = trace.endTime): TaskGroup[] {
  const groups: TaskGroup[] = [];
  const byKey = new Map<string, number>();
  const groupOf = new Int32Array(trace.tasks.count).fill(-1);
  for (let task = 0; task < trace.tasks.count; task++) {
    const { state, suspension } = taskState(trace, task, t);
    if (state === "absent") continue;
    const creator = trace.tasks.parent.get(task);
    const parent = creator < 0 ? -1 : groupOf[creator];
    const at = suspension < 0 ? null : awaitPlace(trace, suspension);
    const place = at ? `${at.file}:${at.line}` : "";
    const coroutine = coroutineName(trace, task);
    const key = `${parent}\0${coroutine}\0${state}\0${place}`;
    let group = byKey.get(key);
    if (group === undefined) {
      group = groups.push({ parent, coroutine, state, place, tasks: [] }) - 1;
      byKey.set(key, group);
    }
    groups[group].tasks.push(task);
    groupOf[task] = group;
  }
  return groups;
}
