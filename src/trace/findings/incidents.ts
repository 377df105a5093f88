import type { Finding, FindingRule, Place } from "../../protocol/report";
import { codePlace, coroutineName, createdAt, userPlace } from "../describe/creation";
import { callName, isPackage } from "../describe/library";
import { type StallPlace, stallPlace } from "../describe/stalls";
import { literally } from "../describe/text";
import { awaitPlace, waitOf } from "../describe/waits";
import { lastSuspension, openStep } from "../queries";
import type { Incident, Loop } from "../store/loops";
import { PENDING } from "../store/tasks";
import type { Trace } from "../trace";
import { type FindingOptions, finding, listed, sourceLine, times, where } from "./finding";

/** What happens to a task once. */
const ONCE = new Set<Incident["kind"]>(["lost", "unretrieved"]);

/** Incidents of one kind with the same place and subject are one finding. */
function grouped(
  trace: Trace,
  kind: Incident["kind"],
  subject: (incident: Incident) => string,
  incidents: readonly Incident[] = trace.incidents,
): Incident[][] {
  const groups = new Map<string, Incident[]>();
  const told = new Set<number>();
  for (const incident of incidents) {
    if (incident.kind !== kind || told.has(incident.task)) continue;
    // Of a task that the runtime found to be lost, or not asked, asyncio tells too when it is collected.
    if (incident.task >= 0 && ONCE.has(kind)) told.add(incident.task);
    const key = `${placeOf(trace, incident)}\0${subject(incident)}`;
    const group = groups.get(key);
    if (group) group.push(incident);
    else groups.set(key, [incident]);
  }
  return [...groups.values()];
}

function placeOf(trace: Trace, incident: Incident): string {
  const at = userPlace(trace, incident.stack);
  return at ? `${at.file}:${at.line}` : "";
}

const again = (group: Incident[]) => (group.length > 1 ? ` This happened ${times(group.length)}.` : "");

function tasksOf(group: Incident[]): number[] {
  return [...new Set(group.map((incident) => incident.task))].filter((task) => task >= 0);
}

function describe(
  trace: Trace,
  rule: FindingRule,
  severity: Finding["severity"],
  group: Incident[],
  at: Place | null,
  message: string,
): Finding {
  const [{ task, stack, t }] = group;
  const tasks = tasksOf(group);
  // A failure that is reported late happened when the task ended.
  const ended = task < 0 || rule !== "exception-never-retrieved" ? Number.NaN : trace.tasks.ended.get(task);
  const from = Number.isNaN(ended) ? t : ended;
  return finding(trace, rule, { severity, message: message + again(group), at, stack, task, tasks, from });
}

/** `never-awaited`: a coroutine was made and dropped, so nothing in it ran. */
export function neverAwaited(trace: Trace, options: FindingOptions): Finding[] {
  // Where no line dropped it, a task did whose step ended: with its variables.
  const holder = ({ stack, task }: Incident) => (userPlace(trace, stack) === null ? task : -1);
  const subject = (each: Incident) =>
    `${each.code}\0${holder(each) < 0 ? "" : coroutineName(trace, each.task)}`;
  return grouped(trace, "never-awaited", subject).map((group) => {
    const code = trace.places.codes[group[0].code];
    const task = holder(group[0]);
    const dropped = userPlace(trace, group[0].stack);
    const within = task < 0 ? null : codePlace(trace, trace.tasks.code.get(task));
    const { made, calls } = creationOf(dropped, within, group[0].code, trace, options);
    const at = made ?? dropped ?? codePlace(trace, group[0].code);
    let story = ` was created at ${where(at)} and never awaited`;
    if (made === null && dropped === null) {
      // Only library code was there, such as the loop that calls it as a callback. Another file, or cell of a notebook, may call it.
      const by =
        calls > 0 ? "" : ` by no line of that file, as by call_soon(${code.name}) or from another one,`;
      story = `, defined at ${where(at)}, was created${by} and never awaited`;
    }
    if (task >= 0 && calls > 0) {
      story += `, until ${trace.tasks.name(task)} (${coroutineName(trace, task)}) dropped it at the end of a step`;
    } else if (dropped !== null && made !== null && made.line !== dropped.line) {
      story += `, until it was dropped at ${where(dropped)}`;
    }
    const message =
      `The coroutine ${code.qualname}${story}: none of its code ran. ` +
      `Write await ${code.name}(...), or asyncio.create_task(${code.name}(...)) to run it beside.`;
    return describe(trace, "never-awaited", "error", group, at, message);
  });
}

/**
 * Where a dropped coroutine was made: where it was dropped, when that line calls it; else at the only line that
 * does, of the same function before, of the one `within` which it was a variable, or (neither is known) of the file that
 * defines it. Null when the source does not tell; calls: how many lines could be it.
 */
function creationOf(
  dropped: Place | null,
  within: Place | null,
  code: number,
  trace: Trace,
  { source }: FindingOptions,
): { made: Place | null; calls: number } {
  const { name } = trace.places.codes[code];
  const call = new RegExp(`(?<!\\b(?:def|await)\\s+(?:[\\w.]*\\.)?)\\b${literally(name)}\\s*\\(`);
  const defined = codePlace(trace, code);
  const search = (place: Place | null, range: (lines: string[]) => [from: number, to: number]) => {
    const lines = place === null ? undefined : source?.(place.file)?.split("\n");
    if (place === null || lines === undefined) return { made: null, calls: 0 };
    const [from, to] = range(lines);
    const found: number[] = [];
    for (let line = from; line <= to; line++) if (call.test(lines[line - 1] ?? "")) found.push(line);
    if (place === dropped && found.includes(dropped.line)) return { made: dropped, calls: 1 };
    const [line] = found;
    const made = found.length === 1 ? { ...place, line, function: functionAt(lines, line) } : null;
    return { made, calls: found.length };
  };
  if (dropped !== null) return search(dropped, (lines) => [definitionOf(lines, dropped), dropped.line]);
  const there = search(within, (lines) => [within?.line ?? 1, endOf(lines, within?.line ?? 1)]);
  return there.calls > 0 ? there : search(defined, (lines) => [1, lines.length]);
}

/** The line of the `def` of the function that a place is in; the first line outside of any. */
function definitionOf(lines: string[], place: Place): number {
  const def = new RegExp(`\\bdef\\s+${literally(place.function)}\\b`);
  let line = place.line;
  while (line > 1 && !def.test(lines[line - 1] ?? "")) line--;
  return line;
}

const indent = (text: string) => text.length - text.trimStart().length;

/** The last line of the function that begins at a line, or with a decorator there. */
function endOf(lines: string[], first: number): number {
  const own = indent(lines[first - 1] ?? "");
  let line = first;
  while (line < lines.length && !/^\s*(?:async\s+)?def\b/.test(lines[line - 1])) line++;
  const inside = (text: string) => text.trim() === "" || indent(text) > own || /^\s*[)\]}#]/.test(text);
  while (line < lines.length && inside(lines[line])) line++;
  return line;
}

/** Name of the function around a line; "<module>" outside of any. */
function functionAt(lines: string[], line: number): string {
  for (let above = line - 1; above > 0; above--) {
    const match = /^\s*(?:async\s+)?def\s+(\w+)/.exec(lines[above - 1]);
    if (match && indent(lines[above - 1]) < indent(lines[line - 1])) return match[1];
  }
  return "<module>";
}

/** `exception-never-retrieved`: a task or future failed and nobody looked. */
export function exceptionsNeverRetrieved(trace: Trace): Finding[] {
  const subject = ({ task, what }: Incident) => `${task < 0 ? "" : coroutineName(trace, task)}\0${what}`;
  const incidents = [...trace.incidents, ...unasked(trace)];
  return grouped(trace, "unretrieved", subject, incidents).map((group) => {
    const [{ task, stack, what, detail }] = group;
    const exception = task < 0 ? undefined : trace.exceptions.get(task);
    const at = exception?.at ?? userPlace(trace, stack) ?? (task < 0 ? null : createdAt(trace, task));
    const who = task < 0 ? "A future" : `${trace.tasks.name(task)} (${coroutineName(trace, task)})`;
    const made = task < 0 ? null : createdAt(trace, task);
    const open = group.every((each) => each.task >= 0 && mayStillBeAsked(trace, each.task));
    const message =
      `${who} failed with ${what}${detail ? `: ${detail}` : ""} at ${where(at)}, and nothing ${open ? "has asked for its result so far" : "ever asked for its result"}` +
      `${made ? ` (it was created at ${where(made)})` : ""}. ` +
      "Await the task, put it in a TaskGroup, or handle the exception inside it.";
    return describe(trace, "exception-never-retrieved", open ? "warning" : "error", group, at, message);
  });
}

/** The tasks that failed and that nobody has looked at so far, as if they had been reported. */
function unasked(trace: Trace): Incident[] {
  return [...trace.unasked].map(([task, t]) => {
    const { type = "an exception", message = "", stack = 0 } = trace.exceptions.get(task) ?? {};
    const loop = trace.loops[trace.tasks.loop.get(task)];
    const at = { program: loop.program, loop: loop.row, code: 0 };
    return { ...at, kind: "unretrieved", t, task, stack, what: type, detail: message };
  });
}

/** Somebody may hold a failed task and look at it later: while its program runs, and it was not collected. */
function mayStillBeAsked(trace: Trace, task: number): boolean {
  const program = trace.programs[trace.loops[trace.tasks.loop.get(task)].program];
  if (program.bye !== null || program.end !== null) return false;
  return !trace.incidents.some((each) => each.kind === "unretrieved" && each.task === task);
}

/** `task-lost`: destroyed while pending, or left on a loop that was closed. */
export function tasksLost(trace: Trace): Finding[] {
  const { tasks } = trace;
  const told = new Set<number>();
  const subject = ({ task }: Incident) => (task < 0 ? "" : coroutineName(trace, task));
  const incidents = trace.incidents.filter((incident) => !isAfterTheEnd(trace, incident));
  const found = grouped(trace, "lost", subject, incidents).map((group) => {
    const lost = tasksOf(group);
    for (const task of lost) told.add(task);
    const at = lost.length === 0 ? null : parkedAt(trace, lost[0]);
    const names = listed(lost.map((task) => tasks.name(task)));
    const message =
      `${names || "A task"}${created(trace, lost)} will never finish${lost.length > 0 ? `, ${waiting(trace, lost[0])}` : ""}: nothing refers to ${lost.length > 1 ? "them" : "it"} any more, ` +
      "for the loop itself holds tasks only weakly, and the garbage collector destroys what nobody holds. " +
      "Keep the task in a variable or a set until it is done, or use a TaskGroup.";
    return describe(trace, "task-lost", "error", group, at, message);
  });
  for (const loop of trace.loops) {
    const closed = closedByItself(trace, loop);
    if (!closed) continue;
    const left: number[] = [];
    for (let task = 0; task < tasks.count; task++) {
      const pending = tasks.outcome.get(task) === PENDING && tasks.loop.get(task) === loop.row;
      if (pending && !told.has(task) && tasks.flags.get(task) === 0) left.push(task);
    }
    found.push(...closedOn(trace, left, closed.t));
  }
  return found;
}

/** When a loop was closed while its program went on; what the interpreter closes as it ends was left open. */
export function closedByItself(trace: Trace, loop: Loop): { t: number } | undefined {
  const bye = trace.programs[loop.program].bye ?? Number.POSITIVE_INFINITY;
  return loop.states.find(({ state, t }) => state === -1 && t < bye);
}

/** A task that was destroyed because its loop or its program had ended was unfinished, not lost. */
export function isAfterTheEnd(trace: Trace, { task, loop, program, t }: Incident): boolean {
  const { states } = trace.loops[task < 0 ? loop : trace.tasks.loop.get(task)];
  return (
    (trace.programs[program].bye ?? Number.POSITIVE_INFINITY) <= t ||
    states.some((each) => each.state === -1 && each.t <= t)
  );
}

function closedOn(trace: Trace, left: number[], t: number): Finding[] {
  return byPlace(trace, left).map((group) =>
    finding(trace, "task-lost", {
      // A library's own affair, such as a Jupyter kernel's that ends, where no line of the program made it.
      severity: parkedAt(trace, group[0])?.user === false ? "info" : "error",
      message:
        `The event loop was closed while ${listed(group.map((task) => trace.tasks.name(task)))}${created(trace, group)} ` +
        `${group.length === 1 ? "was" : "were"} unfinished (${waiting(trace, group[0])}): what was left to do never ran. ` +
        "Await or cancel every task before the loop closes.",
      at: parkedAt(trace, group[0]),
      stack: stackOf(trace, group[0]),
      task: group[0],
      tasks: group,
      from: t,
    }),
  );
}

/** Tasks with the same coroutine, parked at the same place or in a step at the same place. */
export function byPlace(trace: Trace, tasks: number[]): number[][] {
  const groups = new Map<string, number[]>();
  for (const task of tasks) {
    const key = `${trace.tasks.code.get(task)} ${stackOf(trace, task)} ${openStep(trace, task) !== null}`;
    const group = groups.get(key);
    if (group) group.push(task);
    else groups.set(key, [task]);
  }
  return [...groups.values()];
}

/** Where a task was seen in a step that has not ended; null where it is in none, or was not seen. */
function runningAt(trace: Trace, task: number): StallPlace | null {
  const open = openStep(trace, task);
  return open && stallPlace(trace, trace.loops[trace.tasks.loop.get(task)], open.begin);
}

/** The stack a task was last seen with: where it runs, or its await chain. */
export function stackOf(trace: Trace, task: number): number {
  const running = runningAt(trace, task);
  if (running !== null) return running.stack;
  const row = lastSuspension(trace, task);
  return row < 0 ? 0 : trace.steps.stack.get(row);
}

/** Where a task runs or is parked; before its first step, and where it runs none of the user's code, where it was created. */
export function parkedAt(trace: Trace, task: number): Place | null {
  const running = runningAt(trace, task);
  if (running !== null && running.place !== 0) return trace.places.get(running.place);
  const row = lastSuspension(trace, task);
  const parked = row < 0 ? null : awaitPlace(trace, row);
  return parked?.user ? parked : (createdAt(trace, task) ?? parked);
}

/** What a suspended task waits for, in words: "Queue.get", "task b". */
export function waited(trace: Trace, row: number): string {
  return waitOf(trace, row).label.replace(/^await /, "");
}

/** ", created at app.py:12,": where some tasks were made; "" when it is not known. */
export function created(trace: Trace, tasks: number[]): string {
  const places = new Set(
    tasks.map((task) => createdAt(trace, task)).flatMap((at) => (at ? [where(at)] : [])),
  );
  const [first] = places;
  return first === undefined ? "" : `, created at ${first}${places.size > 1 ? " and elsewhere" : ""},`;
}

/** "waiting for Queue.get at app.py:12", "running at app.py:12" */
export function waiting(trace: Trace, task: number): string {
  const row = lastSuspension(trace, task);
  if (openStep(trace, task) !== null) {
    const place = runningAt(trace, task)?.place ?? 0;
    if (place !== 0) return `running at ${where(trace.places.get(place))}`;
    return row < 0 ? "in its first step" : `running after ${waited(trace, row)}${awaitedAt(trace, row)}`;
  }
  if (row < 0) return trace.tasks.steps.get(task) > 0 ? "before its first await" : "it never started";
  return `waiting for ${waited(trace, row)}${awaitedAt(trace, row)}`;
}

/** " at app.py:12"; "" where only the standard library awaits, which tells nobody anything. */
export function awaitedAt(trace: Trace, row: number): string {
  const at = awaitPlace(trace, row);
  return at !== null && (at.user || isPackage(at.file)) ? ` at ${where(at)}` : "";
}

/** `not-thread-safe`: asyncio used from a thread it does not belong to. */
export function notThreadSafe(trace: Trace, options: FindingOptions): Finding[] {
  return grouped(trace, "unsafe", ({ what }) => what).map((group) => {
    const [{ what, detail, stack, loop }] = group;
    const at = userPlace(trace, stack);
    const line = at === null ? "" : sourceLine(options, at);
    const call = libraryCall(trace, stack).replace("BaseEventLoop", "loop");
    const message =
      `${call ? `${call} was called` : `${line ? "asyncio" : what || "asyncio"} was used`} at ${where(at)}${line ? ` (${line})` : ""} in thread ${detail || "?"}, ` +
      `but its event loop runs in ${trace.loops[loop].thread || "another"}: asyncio is not thread-safe, and a loop that waits does not notice. ` +
      "Use loop.call_soon_threadsafe(...), or asyncio.run_coroutine_threadsafe(...) for a coroutine.";
    return describe(trace, "not-thread-safe", "error", group, at, message);
  });
}

/** The function of the library that the user's innermost frame called; "" when it called none in Python. */
function libraryCall(trace: Trace, stack: number): string {
  const codes = trace.stacks.placeIds(stack).map((place) => trace.places.codeAt(place));
  const user = codes.findLastIndex((code) => code.user);
  return user < 0 || user + 1 >= codes.length ? "" : callName(codes[user + 1]);
}
