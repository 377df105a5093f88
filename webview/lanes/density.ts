import type { Trace } from "../../src/trace";
import { StepFlag } from "../../src/trace";
import { firstStepAfter, nextOfLoop } from "../../src/trace/queries";

/** How many tasks of a group were alive, ready and running, as time averages per bucket of a window. */
export interface Density {
  from: number;
  to: number;
  alive: Float32Array;
  ready: Float32Array;
  running: Float32Array;
  /** Most alive at once in the window. */
  most: number;
}

/** Steps looked at before the screen gets its turn again. */
const SLICE = 120_000;

/**
 * Densities of several groups over one window, in one pass over the steps in it; yields now and then, so that
 * a window with millions of steps is computed over several frames.
 */
export function* computeDensities(
  trace: Trace,
  groups: readonly { key: string; tasks: readonly number[] }[],
  from: number,
  to: number,
  buckets: number,
): Generator<void, Map<string, Density>> {
  const result = new Map<string, Density>();
  const groupOf = new Int32Array(trace.tasks.count).fill(-1);
  const list: Density[] = [];
  groups.forEach(({ key, tasks }, index) => {
    const density: Density = {
      from,
      to,
      alive: new Float32Array(buckets),
      ready: new Float32Array(buckets),
      running: new Float32Array(buckets),
      most: 0,
    };
    for (const task of tasks) groupOf[task] = index;
    countAlive(trace, tasks, density);
    result.set(key, density);
    list.push(density);
  });
  const { steps } = trace;
  let looked = 0;
  for (const loop of trace.loops) {
    for (let row = firstStepAfter(trace, loop, from); row >= 0; row = nextOfLoop(loop, row)) {
      if (++looked % SLICE === 0) yield;
      const begin = steps.begin.get(row);
      if (begin >= to) break;
      const task = steps.task.get(row);
      const group = task >= 0 && task < groupOf.length ? groupOf[task] : -1;
      if (group < 0) continue;
      const density = list[group];
      if (!(steps.flags.get(row) & StepFlag.parked))
        spread(density.running, density, begin, steps.end.get(row));
      const ready = steps.ready.get(row);
      const next = steps.next.get(row);
      if (!Number.isNaN(ready)) {
        spread(density.ready, density, ready, next >= 0 ? steps.begin.get(next) : trace.endTime);
      }
    }
  }
  return result;
}

/** Adds an interval's share to every bucket it touches. */
function spread(
  into: Float32Array,
  { from, to }: { from: number; to: number },
  begin: number,
  end: number,
): void {
  const scale = into.length / (to - from);
  const a = (Math.max(from, begin) - from) * scale;
  const b = (Math.min(to, end) - from) * scale;
  if (!(b > a)) return;
  const first = Math.floor(a);
  const last = Math.min(into.length - 1, Math.floor(b));
  if (first === last) {
    into[first] += b - a;
    return;
  }
  into[first] += first + 1 - a;
  for (let i = first + 1; i < last; i++) into[i] += 1;
  into[last] += b - last;
}

function countAlive(trace: Trace, tasks: readonly number[], density: Density): void {
  const { alive, from, to } = density;
  const n = alive.length;
  const scale = n / (to - from);
  // Differences at whole buckets; the two buckets at the ends of a life get their share.
  const change = new Float32Array(n + 1);
  for (const task of tasks) {
    const created = trace.tasks.created.get(task);
    const ended = trace.tasks.ended.get(task);
    const a = Math.max(0, (created - from) * scale);
    const b = Math.min(n, ((Number.isNaN(ended) ? trace.endTime : ended) - from) * scale);
    if (!(b > a) || a >= n || b <= 0) continue;
    const first = Math.floor(a);
    const last = Math.min(n - 1, Math.floor(b));
    if (first === last) {
      alive[first] += b - a;
      continue;
    }
    alive[first] += first + 1 - a;
    change[first + 1] += 1;
    change[last] -= 1;
    alive[last] += b - last;
  }
  let level = 0;
  for (let i = 0; i < n; i++) {
    level += change[i];
    alive[i] += level;
    if (alive[i] > density.most) density.most = alive[i];
  }
}
