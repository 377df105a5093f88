import type { Trace } from "../../src/trace";
import { TaskFlag } from "../../src/trace";

/** The middle of the longest time in which most tasks were alive at once, seconds: what shows most of a program that has ended. */
export function fullest({ tasks, endTime }: Trace): number {
  const begins: number[] = [];
  const ends: number[] = [];
  for (let task = 0; task < tasks.count; task++) {
    if (tasks.flags.get(task) & TaskFlag.void) continue;
    const ended = tasks.ended.get(task);
    begins.push(tasks.created.get(task));
    ends.push(Number.isNaN(ended) ? endTime : ended);
  }
  const born = Float64Array.from(begins).sort();
  const gone = Float64Array.from(ends).sort();
  let [most, longest, best] = [0, 0, 0];
  let next = 0;
  for (let i = 0; i < born.length; i++) {
    // Alive from this birth on, until the next birth or death.
    while (gone[next] <= born[i]) next++;
    const alive = i + 1 - next;
    const until = Math.min(gone[next], born[i + 1] ?? endTime);
    const length = until - born[i];
    if (alive < most || (alive === most && length <= longest)) continue;
    [most, longest, best] = [alive, length, (born[i] + until) / 2];
  }
  return best;
}
