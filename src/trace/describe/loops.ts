import type { LoopInfo } from "../../protocol/report";
import { tellsPolls } from "../queries";
import type { Loop } from "../store/loops";
import type { Trace } from "../trace";

/** Seconds a loop spent waiting for events in its polls, up to the latest instant known; of one that tells none (uvloop), what no step took. */
export function idleSeconds(trace: Trace, loop: Loop): number {
  const { polls, states } = loop;
  if (!tellsPolls(loop)) return Math.max(0, aliveSeconds(trace, loop) - steppedSeconds(trace, loop));
  let idle = 0;
  for (let poll = 0; poll < polls.begin.length; poll++) {
    const begin = polls.begin.get(poll);
    const end = polls.end.get(poll);
    if (!Number.isNaN(end)) idle += Math.max(0, end - begin);
    else if (poll === polls.begin.length - 1) {
      // Interrupted: by whatever stopped the loop, or it waits still.
      const stop = states.find((change) => change.state !== 1 && change.t >= begin);
      idle += Math.max(0, (stop?.t ?? trace.endTime) - begin);
    }
  }
  return idle;
}

/** Seconds between the loop's starts and stops, up to the latest instant known. */
export function aliveSeconds(trace: Trace, loop: Loop): number {
  let alive = 0;
  let since = Number.NaN;
  for (const { t, state } of loop.states) {
    if (state === 1 && Number.isNaN(since)) since = t;
    else if (state !== 1 && !Number.isNaN(since)) {
      alive += Math.max(0, t - since);
      since = Number.NaN;
    }
  }
  return Number.isNaN(since) ? alive : alive + Math.max(0, trace.endTime - since);
}

/** Seconds its steps and callbacks ran. */
function steppedSeconds(trace: Trace, loop: Loop): number {
  let run = 0;
  loop.forEachStep((row) => {
    run += trace.steps.end.get(row) - trace.steps.begin.get(row);
  });
  return run;
}

/** What a view calls a loop: "loop", or "loop 2 (Thread-1)" where there are several. */
export function loopName(trace: Trace, loop: Loop): string {
  const several = trace.loops.filter((each) => each.id > 0).length > 1;
  return several ? `loop ${loop.id} (${loop.thread || "?"})` : "loop";
}

export function loopInfo(trace: Trace, loop: Loop): LoopInfo {
  const idle = idleSeconds(trace, loop);
  const alive = aliveSeconds(trace, loop);
  return {
    id: loop.id,
    thread: loop.thread,
    kind: loop.kind,
    iterations: loop.iterations.t.length,
    runSeconds: alive > 0 ? Math.max(0, alive - idle) : steppedSeconds(trace, loop),
    idleSeconds: idle,
  };
}
