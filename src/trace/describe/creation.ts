import type { CreatedBy, Place } from "../../protocol/report";
import type { Trace } from "../trace";
import { asyncioModule, asyncioName } from "./library";

/** Functions of asyncio that create a task, as the contract names them. */
const CREATORS: Record<string, CreatedBy> = {
  "tasks.create_task": "create_task",
  "base_events.create_task": "create_task",
  "tasks.ensure_future": "ensure_future",
  "tasks._ensure_future": "ensure_future",
  "tasks.gather": "gather",
  "taskgroups.create_task": "TaskGroup",
  "tasks.wait_for": "wait_for",
  "tasks.wait": "wait",
  "tasks._wait": "wait",
  "tasks.as_completed": "as_completed",
  "timeouts.timeout": "timeout",
  "timeouts.__aenter__": "timeout",
  "runners.run": "run",
  "base_events.run_until_complete": "run_until_complete",
  "tasks.run_coroutine_threadsafe": "run_coroutine_threadsafe",
};

/** Kinds of loops whose methods have no frames. */
const COMPILED = /^(uvloop|winloop|rloop)\./;

/** Where the loop itself is in a stack: what lies beyond it did not ask for what happens now. */
const LOOP_FRAMES = new Set(["base_events._run_once", "base_events.run_forever", "events._run"]);

/** Innermost frame first: the places of a stack up to the loop. */
export function placesInsideLoop(trace: Trace, stack: number): number[] {
  const { stacks, places } = trace;
  const ids = stacks.placeIds(stack).reverse();
  const loop = ids.findIndex((place) => LOOP_FRAMES.has(asyncioName(places.codeAt(place))));
  return loop < 0 ? ids : ids.slice(0, loop);
}

/** The innermost user-code place of a stack, or null. */
export function userPlace(trace: Trace, stack: number): Place | null {
  const { places } = trace;
  const place = placesInsideLoop(trace, stack).find((id) => places.get(id).user);
  return place === undefined ? null : places.get(place);
}

/** Which function of asyncio made a task: of those below the caller, the outermost one that is known. */
export function createdBy(trace: Trace, task: number): CreatedBy {
  const { places } = trace;
  let creator: CreatedBy = "other";
  // asyncio.run runs these itself, after the main coroutine.
  if (/^BaseEventLoop\.shutdown_|^shutdown_/.test(coroutineName(trace, task))) return "run_until_complete";
  for (const place of placesInsideLoop(trace, trace.tasks.creationStack.get(task))) {
    const code = places.codeAt(place);
    if (!asyncioModule(code)) break;
    // run_coroutine_threadsafe schedules a callback, which has no name of its own. No other of that module makes a task.
    if (asyncioName(code) === "tasks.callback") return "run_coroutine_threadsafe";
    creator = CREATORS[asyncioName(code)] ?? creator;
  }
  // There the method of the loop is compiled, and has no frame; a task that is not made by it (`asyncio.Task(..)`) is rare.
  return creator === "other" && COMPILED.test(trace.loops[trace.tasks.loop.get(task)].kind)
    ? "create_task"
    : creator;
}

/** The innermost user-code line that created a task, or null. */
export function createdAt(trace: Trace, task: number): Place | null {
  return userPlace(trace, trace.tasks.creationStack.get(task));
}

/** Qualified name of a task's coroutine function; "?" when it is not known. */
export function coroutineName(trace: Trace, task: number): string {
  return trace.places.codes[trace.tasks.code.get(task)].qualname;
}

/** The first line of a code object (a row of `places.codes`); null when it is not known. */
export function codePlace(trace: Trace, code: number): Place | null {
  const { file, firstLine, name, user } = trace.places.codes[code];
  return file === "" ? null : { file, line: firstLine, function: name, user };
}
