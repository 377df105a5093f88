import type { Finding } from "../../protocol/report";
import type { Trace } from "../trace";
import { blockingCalls } from "./blocking";
import { deadlocks } from "./deadlock";
import { bySeriousness, type FindingOptions, type Rule } from "./finding";
import { fullPipes } from "./fullPipe";
import { exceptionsNeverRetrieved, neverAwaited, notThreadSafe, tasksLost } from "./incidents";
import { sequentialAwaits } from "./sequential";
import { starved } from "./starved";
import { cancellationsSwallowed } from "./swallowed";
import { unfinishedAtExit } from "./unfinished";

export type { FindingOptions } from "./finding";

/** The rules after `deadlock`, in the order in which findings of equal weight are shown. */
const RULES: Rule[] = [
  blockingCalls,
  starved,
  neverAwaited,
  exceptionsNeverRetrieved,
  tasksLost,
  notThreadSafe,
  cancellationsSwallowed,
  unfinishedAtExit,
  sequentialAwaits,
];

/** Every finding of a trace as it is now, live or finished, the most serious first. */
export function findings(trace: Trace, options: FindingOptions = {}): Finding[] {
  const found = [...deadlocks(trace), ...fullPipes(trace)];
  // Who is in a deadlock is unfinished because of it: that is told once.
  const deadlocked = new Set(found.flatMap(({ tasks }) => tasks.map((id) => id - 1)));
  found.push(...RULES.flatMap((rule) => rule(trace, { ...options, deadlocked })));
  const seen = new Set(found.map(identity));
  found.push(...trace.forgotten.findings.filter((finding) => !seen.has(identity(finding))));
  return found.sort(bySeriousness);
}

/** Equal for one thing that is found at two times, though more may be known the second time. */
function identity({ rule, from, at }: Finding): string {
  return `${rule}|${from}|${at?.file}:${at?.line}`;
}
