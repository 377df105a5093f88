import type { Loop, Trace } from "../../src/trace";

/** The loops of a trace, as the report counts them: what belongs to no loop is kept as one with the id 0, which is none. */
export const loopsOf = (trace: Trace): Loop[] => trace.loops.filter((loop) => loop.id > 0);

/** When the first loop was there: before it, while its program only imported, there is nothing to see. 0 without one. */
export function beginning(trace: Trace): number {
  const first = loopsOf(trace).reduce((least, loop) => Math.min(least, loop.seen), Number.POSITIVE_INFINITY);
  return first < trace.endTime ? Math.max(0, first) : 0;
}

/** When a loop ceased to run for the last time; the latest instant known for one that runs. What comes after it is no idle time. */
export function loopEnd(trace: Trace, loop: Loop): number {
  const last = loop.states.at(-1);
  return last && last.state !== 1 ? Math.max(last.t, loop.lastEnd) : trace.endTime;
}
