import type { Finding } from "../../protocol/report";
import { cancelledBy } from "../describe/cancellation";
import { coroutineName, placesInsideLoop } from "../describe/creation";
import { asyncioModule } from "../describe/library";
import { lastSuspension } from "../queries";
import { PENDING } from "../store/tasks";
import type { Trace } from "../trace";
import { finding, listed, type RuleOptions } from "./finding";
import { byPlace, closedByItself, created, isAfterTheEnd, parkedAt, stackOf, waiting } from "./incidents";

/**
 * `unfinished-at-exit`: tasks that were still pending when their program ended by itself, and those that
 * `asyncio.run` had to cancel because the main coroutine was done before them.
 */
export function unfinishedAtExit(trace: Trace, { deadlocked }: RuleOptions): Finding[] {
  return trace.programs.flatMap((program) => {
    if (!program.whole) return []; // killed, or not recorded to its end
    const closed = new Set(trace.loops.filter((loop) => closedByItself(trace, loop)));
    const pending: number[] = [];
    const dropped: number[] = [];
    const alone = trace.incidents.filter((each) => each.kind === "lost" && !isAfterTheEnd(trace, each));
    const lost = new Set(alone.map(({ task }) => task));
    for (let task = 0; task < trace.tasks.count; task++) {
      const loop = trace.loops[trace.tasks.loop.get(task)];
      if (loop.program !== program.row || trace.tasks.flags.get(task) !== 0 || deadlocked.has(task)) continue;
      if (trace.tasks.outcome.get(task) === PENDING) {
        if (!closed.has(loop) && !lost.has(task)) pending.push(task);
      } else if (!lost.has(task) && wasDropped(trace, task)) dropped.push(task);
    }
    return [
      ...byPlace(trace, pending).map((group) => describe(trace, group, "was still unfinished")),
      ...byPlace(trace, dropped).map((group) => describe(trace, group, "was cancelled")),
    ];
  });
}

/** Cancelled by the runner after the main task had returned; not by Ctrl-C, which cancels the main task itself. */
function wasDropped(trace: Trace, task: number): boolean {
  if (cancelledBy(trace, task)?.kind !== "shutdown" || isClosing(trace, task)) return false;
  const { tasks } = trace;
  for (let other = task; other >= 0; other--) {
    if (tasks.loop.get(other) !== tasks.loop.get(task) || tasks.parent.get(other) >= 0) continue;
    if (other !== task && tasks.ended.get(other) <= tasks.ended.get(task)) {
      return cancelledBy(trace, other)?.kind !== "shutdown";
    }
  }
  return false;
}

/** A task that the loop made itself, to close a library's async generator that was dropped, and that had not begun. */
function isClosing(trace: Trace, task: number): boolean {
  const { tasks, places } = trace;
  const creators = placesInsideLoop(trace, tasks.creationStack.get(task)).map((place) =>
    places.codeAt(place),
  );
  const code = places.codes[tasks.code.get(task)];
  return (
    lastSuspension(trace, task) < 0 && !code.user && creators.every((each) => asyncioModule(each) !== "")
  );
}

/** Whether the program ran another loop after a task had ended, as test runners do for each test. (Its own goes on to shut down what else it has.) */
function wentOn({ tasks, loops }: Trace, task: number): boolean {
  const own = loops[tasks.loop.get(task)];
  const ended = tasks.ended.get(task);
  return loops.some(
    (loop) =>
      loop !== own &&
      loop.program === own.program &&
      loop.states.some(({ state, t }) => state === 1 && t > ended),
  );
}

function describe(trace: Trace, group: number[], what: string): Finding {
  const [first] = group;
  const cancelled = what === "was cancelled";
  const names = listed(group.map((task) => trace.tasks.name(task)));
  const were = group.length > 1 ? what.replace("was", "were") : what;
  return finding(trace, "unfinished-at-exit", {
    // Nor is it the program's affair where no line of it made the task.
    severity: cancelled || parkedAt(trace, first)?.user === false ? "info" : "warning",
    message:
      `${names} (${coroutineName(trace, first)})${created(trace, group)} ${were} when ${cancelled && wentOn(trace, first) ? "its event loop was shut down" : "the program ended"}, ${waiting(trace, first)}: ` +
      `${cancelled ? "the main coroutine returned first, so asyncio.run cancelled what was left" : "what was left to do never ran"}. ` +
      "Await it, put it in a TaskGroup, or cancel it yourself where it is meant to stop.",
    at: parkedAt(trace, first),
    stack: stackOf(trace, first),
    task: first,
    tasks: group,
  });
}
