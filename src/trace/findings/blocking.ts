import type { Finding, Place } from "../../protocol/report";
import { codePlace, coroutineName } from "../describe/creation";
import { asyncioModule, callName, isPackage } from "../describe/library";
import { collecting, stallPlace } from "../describe/stalls";
import { digits } from "../describe/text";
import { awaitPlace } from "../describe/waits";
import type { Loop } from "../store/loops";
import { StepFlag } from "../store/steps";
import type { Trace } from "../trace";
import { type FindingOptions, finding, length, sourceLine, times, where } from "./finding";

/** One step that held its loop for longer than the threshold. */
interface Hold {
  task: number;
  row: number;
  begin: number;
  seconds: number;
  /** Whether the garbage collector ran meanwhile. */
  collecting: boolean;
  /** Other lines that held it for a good part of the time. */
  also: Place[];
}

/** Holds with the same cause: one line of the program. */
interface Cause {
  at: Place | null;
  stack: number;
  sampled: boolean;
  /** Library function that was running below the user's line, or "". */
  call: string;
  /** A module of the program was being imported by installed code, such as a server that loads it as it starts. */
  loaded: boolean;
  /** The line of an installed package that it was at, below the user's; null where there is none. */
  inside: Place | null;
  holds: Hold[];
}

const IMPORT = "an import";
const IMPORT_ADVICE = "Import it at the top of the module, before the loop runs.";
const LOADED_ADVICE =
  "Installed code imports this module while its loop runs, as servers do when they start: only who waits at that time notices.";
const COLLECTION = "while the garbage collector went through all objects";
const COLLECTION_ADVICE =
  "Call gc.freeze() once the program is set up, so that what lives on is not gone through again and again, raise gc.set_threshold(), or keep fewer objects.";
const ADVICE =
  "Use an awaitable equivalent, or move the call off the loop with await asyncio.to_thread(...); split long computations.";

/** A step's further lines are told up to this many. */
const ALSO = 2;

/** Held this many times the threshold, a loop is not slow but stuck. */
const SERIOUS = 10;

/** `blocking-call`: steps that held their loop, one finding a line; a program may run many loops, one after another or in threads. */
export function blockingCalls(trace: Trace, options: FindingOptions): Finding[] {
  const causes = new Map<string, Cause>();
  for (const loop of trace.loops) {
    for (const hold of holds(trace, loop)) {
      const cause = causeOf(trace, loop, hold);
      const { at } = cause;
      const key = `${loop.program} ${at ? `${at.file}:${at.line}` : `task ${hold.task}`}`;
      const known = causes.get(key);
      if (known) known.holds.push(hold);
      else causes.set(key, cause);
    }
  }
  return [...causes.values()].map((cause) => describe(trace, cause, options));
}

function holds(trace: Trace, loop: Loop): Hold[] {
  const { steps, blockSeconds } = trace;
  const found: Hold[] = [];
  const add = (task: number, row: number, begin: number, seconds: number) => {
    const collected = collecting(trace.programs[loop.program], begin, begin + seconds);
    found.push({ task, row, begin, seconds, collecting: collected, also: [] });
  };
  loop.forEachStep((row) => {
    const begin = steps.begin.get(row);
    const seconds = steps.end.get(row) - begin;
    // An eager task's step lies inside its creator's, which holds the loop for at least as long.
    if (seconds <= blockSeconds || steps.flags.get(row) & StepFlag.nested) return;
    add(steps.task.get(row), row, begin, seconds);
  });
  const { open } = loop;
  if (open !== null && trace.endTime - open.begin > blockSeconds) {
    add(open.task, -1, open.begin, trace.endTime - open.begin);
  }
  return found;
}

function causeOf(trace: Trace, loop: Loop, hold: Hold): Cause {
  const { places, stacks, steps, tasks } = trace;
  const stall = stallPlace(trace, loop, hold.begin, hold.begin + hold.seconds);
  if (stall !== null) {
    hold.also = stall.also.filter((id) => id !== 0).map((id) => places.get(id));
    const frames = stacks.placeIds(stall.stack);
    const importing = frames.some((id) => places.codeAt(id).file.startsWith("<frozen importlib"));
    const library = frames.findLastIndex((id) => isPackage(places.codeAt(id).file));
    const outermost = frames.find((id) => places.codeAt(id).user);
    const place = stall.place || frames[library] || stacks.leaf(stall.stack);
    const leaf = places.codeAt(stacks.leaf(stall.stack));
    return {
      at: place === 0 ? null : places.get(place),
      stack: stall.stack,
      sampled: true,
      loaded: importing && (outermost === undefined || places.codeAt(outermost).name === "<module>"),
      inside: library > frames.lastIndexOf(place) ? places.get(frames[library]) : null,
      call: importing ? IMPORT : leaf.user || places.codeAt(place) === leaf ? "" : callName(leaf),
      holds: [hold],
    };
  }
  // Nobody looked while it ran: it ended at its next await, or in a function whose first line is known.
  const stack = hold.row < 0 ? 0 : steps.stack.get(hold.row);
  const ended = stack === 0 ? null : awaitPlace(trace, hold.row);
  const coroutine = hold.task < 0 ? null : codePlace(trace, tasks.code.get(hold.task));
  return {
    at: ended ?? coroutine,
    stack,
    sampled: false,
    loaded: false,
    call: "",
    inside: null,
    holds: [hold],
  };
}

/** "requests/sessions.py:580": a line of an installed package, from its folder on. */
function inPackage({ file, line }: Place): string {
  return `${file.split(/[\\/](?:site|dist)-packages[\\/]/).pop()}:${line}`;
}

function describe(trace: Trace, cause: Cause, options: FindingOptions): Finding {
  const { holds, at } = cause;
  const worst = holds.reduce((a, b) => (b.seconds > a.seconds ? b : a));
  const total = holds.reduce((sum, hold) => sum + hold.seconds, 0);
  const tasks = [...new Set(holds.map((hold) => hold.task))].filter((task) => task >= 0);
  const who =
    worst.task >= 0 ? `${trace.tasks.name(worst.task)} (${coroutineName(trace, worst.task)})` : "A callback";
  const collected = holds.filter((hold) => hold.collecting).length;
  const still = worst.row < 0 ? stillHolding(trace, worst.task) : "";
  const often =
    holds.length > 1
      ? ` ${cause.sampled ? "That line" : "It"} did so ${times(holds.length)}, ${length(total)} in all${tasks.length > 1 ? `, in ${digits(tasks.length)} tasks` : ""}${collected > 0 && collected < holds.length ? `; the garbage collector ran in ${collected === 1 ? "one" : digits(collected)} of these` : ""}.`
      : "";
  const line = cause.sampled && at ? sourceLine(options, at) : "";
  const inside = cause.inside ? ` (${inPackage(cause.inside)})` : "";
  const doing = (line ? ` (${line})` : "") + (cause.call ? ` in ${cause.call}${inside}` : "");
  const and = (other: Place) => {
    const code = sourceLine(options, other);
    return `, and at ${where(other)}${code && ` (${code})`}`;
  };
  const place = cause.sampled
    ? ` at ${where(at)}${doing}${worst.also.slice(0, ALSO).map(and).join("")}${worst.collecting ? `, ${COLLECTION}` : ""}`
    : `, ${at ? `in the step that ended at or began in ${where(at)}` : "at a place that is not known"}` +
      (worst.collecting
        ? `, ${COLLECTION}`
        : ": no sample was taken, so perhaps the whole process did not get the processor");
  return finding(trace, "blocking-call", {
    // That a server loads itself, or the program, or that asyncio waits for the threads of its pool as it ends, is nobody's mistake.
    severity:
      (!cause.sampled && !worst.collecting) || cause.loaded || isOwn(trace, worst, at)
        ? "info"
        : !worst.collecting && at?.user !== false && worst.seconds > trace.blockSeconds * SERIOUS
          ? "error"
          : "warning",
    message:
      `${who} held the event loop for ${length(worst.seconds)}${still}${place}: nothing else could run.${often} ` +
      (worst.collecting
        ? COLLECTION_ADVICE
        : cause.call === IMPORT
          ? cause.loaded
            ? LOADED_ADVICE
            : IMPORT_ADVICE
          : ADVICE),
    at,
    stack: cause.stack,
    task: worst.task,
    tasks,
    seconds: worst.seconds,
    from: worst.begin,
  });
}

/** Whether a task of asyncio's own was at a line of Python's library. */
function isOwn(trace: Trace, { task }: Hold, at: Place | null): boolean {
  if (task < 0 || at === null || at.user || isPackage(at.file)) return false;
  return asyncioModule(trace.places.codes[trace.tasks.code.get(task)]) !== "";
}

/** For a step that has not ended: whether its program has. */
function stillHolding(trace: Trace, task: number): string {
  const program = trace.loopOf(task, -1)?.program ?? 0;
  return trace.programs[program]?.end ? ", until the program ended" : " and holds it still";
}
