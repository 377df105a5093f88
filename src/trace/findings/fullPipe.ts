import type { Finding } from "../../protocol/report";
import { CAUSE_CANCELLED } from "../../protocol/stream";
import { createdAt } from "../describe/creation";
import { awaitPlace } from "../describe/waits";
import type { Trace } from "../trace";
import { finding } from "./finding";
import { awaitedAt, waited } from "./incidents";

/**
 * `deadlock`: a task waits for the end of a child process, and that for somebody to read what it writes. The runtime has proved that
 * nobody but the task could.
 */
export function fullPipes(trace: Trace): Finding[] {
  const { steps, wakes, tasks } = trace;
  const found: Finding[] = [];
  for (const [task, { row, pid, name }] of trace.fullPipes) {
    const ready = steps.ready.get(row);
    const cancelled = (wakes.cause.get(steps.wake.get(row)) & CAUSE_CANCELLED) !== 0;
    const over = !Number.isNaN(ready);
    if (over && !cancelled) continue; // somebody has ended the process
    const since = steps.end.get(row);
    const at = awaitPlace(trace, row);
    const who = tasks.name(task);
    const end = over ? " It ended only when the wait was cancelled." : "";
    found.push(
      finding(trace, "deadlock", {
        severity: over ? "warning" : "error",
        message:
          `Deadlock: ${who} waits for the end of process ${pid} in ${waited(trace, row)}${awaitedAt(trace, row)}, and that for somebody to read its ${name}: ` +
          `the pipe is full, and only ${who} could read it.${end} ` +
          `Await communicate(), or read ${name} while the process runs; or let it write elsewhere than into a PIPE.`,
        // Of a task that is no more than the wait, where it was made.
        at: at?.user ? at : (createdAt(trace, task) ?? at),
        stack: steps.stack.get(row),
        task,
        tasks: [task],
        seconds: Math.max(0, (over ? ready : trace.endTime) - since),
        from: since,
      }),
    );
  }
  return found;
}
