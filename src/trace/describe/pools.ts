import { CAUSE_CANCELLED, WAIT } from "../../protocol/stream";
import { firstWhere } from "../store/columns";
import type { Job, Pool } from "../store/steps";
import type { Trace } from "../trace";
import { digits } from "./text";

/** A wait for work in a pool, and when that work was done. */
interface Done {
  job: Job;
  task: number;
  /** Its loop heard of it at that instant; it was not done yet at `after`. */
  t: number;
  after: number;
}

/** A loop that waited this long (seconds) had been told of nothing when it began to. */
const WAITED = 0.0005;

/**
 * Who had to be done before the pools of a trace could begin what they were handed. A pool of n begins in the order in which it
 * is handed work, so some work cannot have begun before all but n - 1 of what came earlier were done.
 */
export class Turns {
  private pools: Map<Pool, Done[]> | null = null;

  constructor(private readonly trace: Trace) {}

  /** The latest work, known to have been done while the suspension of a row waited for its turn, that made room for what
   * that waits for; null when none is known. */
  before(row: number, ready: number): { pool: Pool; task: number; t: number } | null {
    const { steps } = this.trace;
    const job = this.jobOf(row);
    if (job === undefined) return null;
    this.pools ??= this.all();
    const done = this.pools.get(job.pool) ?? [];
    const seen = new Set<Job>([job]);
    let at = firstWhere(0, done.length, (i) => done[i].t >= ready) - 1;
    for (; at >= 0 && done[at].t > job.submitted; at--) {
      const each = done[at];
      if (seen.has(each.job) || each.job.submitted >= job.submitted || !(each.after > job.submitted))
        continue;
      seen.add(each.job);
      if (seen.size > job.pool.workers)
        return each.t > steps.end.get(row) ? { pool: job.pool, task: each.task, t: each.t } : null;
    }
    return null;
  }

  /** The one piece of work that the suspension of a row waits for. */
  private jobOf(row: number): Job | undefined {
    const { steps, waits } = this.trace;
    const info = -steps.wait.get(row);
    return info > 0 && waits.kind.get(info) === WAIT.tasks ? undefined : waits.jobs.get(info);
  }

  private all(): Map<Pool, Done[]> {
    const { steps, waits, wakes } = this.trace;
    const pools = new Map<Pool, Done[]>();
    if (waits.jobs.size === 0) return pools;
    for (let row = 0; row < steps.count; row++) {
      const job = this.jobOf(row);
      const t = steps.ready.get(row);
      // When the wait was cancelled, the work may have gone on.
      if (job === undefined || Number.isNaN(t) || wakes.cause.get(steps.wake.get(row)) & CAUSE_CANCELLED)
        continue;
      const task = steps.task.get(row);
      const list = pools.get(job.pool) ?? [];
      list.push({ job, task, t, after: this.notYet(task, t) });
      pools.set(job.pool, list);
    }
    for (const list of pools.values()) list.sort((a, b) => a.t - b.t);
    return pools;
  }

  /** An instant at which what a task's loop heard of at `t` was not done yet, NaN when none is known: a loop that has been told
   * something does not wait. */
  private notYet(task: number, t: number): number {
    const loop = this.trace.loopOf(task, -1);
    if (loop === null) return Number.NaN;
    const { begin, end } = loop.polls;
    const poll = firstWhere(0, begin.length, (i) => !(end.get(i) <= t)) - 1;
    return poll >= 0 && end.get(poll) - begin.get(poll) >= WAITED ? begin.get(poll) : Number.NaN;
  }
}

/** Such as "a pool of 1 thread". */
export function poolLabel({ workers, processes, own }: Pool): string {
  const what = processes ? (workers === 1 ? "process" : "processes") : workers === 1 ? "thread" : "threads";
  return `${own ? "the default pool" : "a pool"} of ${digits(workers)} ${what}`;
}
