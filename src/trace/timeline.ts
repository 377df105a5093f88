import type { Place } from "../protocol/report";
import { cancelledBy, cancellerName } from "./describe/cancellation";
import { codePlace, createdAt, createdBy, userPlace } from "./describe/creation";
import { loopName } from "./describe/loops";
import { starterOf } from "./describe/program";
import { stallPlace } from "./describe/stalls";
import { oneLine } from "./describe/text";
import { startedAt } from "./describe/times";
import { awaitPlace, seconds, waitOf, wokenBy } from "./describe/waits";
import { openStep } from "./queries";
import { Float64Column, Int32Column, Uint8Column } from "./store/columns";
import type { Loop } from "./store/loops";
import { StepFlag } from "./store/steps";
import { TaskFlag } from "./store/tasks";
import type { Trace } from "./trace";

export const TIMELINE_EVENTS = [
  "created",
  "started",
  "suspended",
  "woken",
  "resumed",
  "blocked",
  "returned",
  "raised",
  "cancelled",
  "loop-started",
  "loop-idle",
  "loop-stopped",
] as const;
export type TimelineEvent = (typeof TIMELINE_EVENTS)[number];

const EVENT = Object.fromEntries(TIMELINE_EVENTS.map((name, i) => [name, i])) as Record<
  TimelineEvent,
  number
>;
const ENDS = [EVENT.returned, EVENT.raised, EVENT.cancelled];

/** A shorter wait for events is not worth a row, in seconds. */
const IDLE = 0.001;

export interface TimelineRow {
  /** Seconds since the program started. */
  t: number;
  /** Row of the task, -1 for a loop's or a callback's. */
  task: number;
  name: string;
  event: TimelineEvent;
  place: Place | null;
  detail: string;
}

/**
 * The story of the run, in time order. Rows are made when they are read, so a story of millions of rows
 * can be scrolled through.
 */
export class Timeline implements Iterable<TimelineRow> {
  private readonly times = new Float64Column();
  private readonly events = new Uint8Column();
  /** Task (created), loop row, step row; or -2 - task for a step that has not ended and has no row. */
  private readonly refs = new Int32Column();
  private readonly order: Uint32Array;

  constructor(private readonly trace: Trace) {
    this.addSteps();
    for (const loop of trace.loops) this.addLoop(loop.row);
    const { times } = this;
    this.order = new Uint32Array(times.length).map((_, i) => i);
    this.order.sort((a, b) => times.get(a) - times.get(b) || a - b);
  }

  get length(): number {
    return this.order.length;
  }

  /** Instant of a row, without making the row. */
  time(index: number): number {
    return this.times.get(this.order[index]);
  }

  row(index: number): TimelineRow {
    const at = this.order[index];
    const t = this.times.get(at);
    const event = TIMELINE_EVENTS[this.events.get(at)];
    return { t, event, ...this.describe(event, this.refs.get(at)) };
  }

  *[Symbol.iterator](): Iterator<TimelineRow> {
    for (let i = 0; i < this.length; i++) yield this.row(i);
  }

  private add(t: number, event: number, ref: number): void {
    this.times.push(t);
    this.events.push(event);
    this.refs.push(ref);
  }

  private addSteps(): void {
    const { tasks, steps, blockSeconds } = this.trace;
    for (let row = 0; row < steps.count; row++) {
      const task = steps.task.get(row);
      const flags = steps.flags.get(row);
      const begin = steps.begin.get(row);
      const end = steps.end.get(row);
      const parked = (flags & StepFlag.parked) !== 0;
      if (task >= 0 && !parked) {
        const first = tasks.firstStep.get(task) === row;
        if (first) this.add(tasks.created.get(task), EVENT.created, task);
        this.add(begin, first ? EVENT.started : EVENT.resumed, row);
      }
      if (end - begin > blockSeconds && !(flags & StepFlag.nested)) this.add(end, EVENT.blocked, row);
      if (task < 0) continue;
      if (flags & StepFlag.last) this.add(end, ENDS[tasks.outcome.get(task)] ?? EVENT.returned, row);
      else this.add(end, EVENT.suspended, row);
      const ready = steps.ready.get(row);
      if (!Number.isNaN(ready) && !(flags & (StepFlag.yielded | StepFlag.unwoken)))
        this.add(ready, EVENT.woken, row);
    }
    for (let task = 0; task < tasks.count; task++) {
      if (tasks.firstStep.get(task) >= 0 || tasks.flags.get(task) & TaskFlag.void) continue;
      this.add(tasks.created.get(task), EVENT.created, task);
      const started = startedAt(this.trace, task);
      if (!Number.isNaN(started)) this.add(started, EVENT.started, -2 - task);
    }
    for (const loop of this.trace.loops) {
      if (loop.open === null || loop.open.task < 0) continue;
      const first = tasks.firstStep.get(loop.open.task) < 0;
      if (!first) this.add(loop.open.begin, EVENT.resumed, -2 - loop.open.task);
      if (this.trace.endTime - loop.open.begin > blockSeconds) {
        this.add(this.trace.endTime, EVENT.blocked, -2 - loop.open.task);
      }
    }
  }

  private addLoop(row: number): void {
    const loop = this.trace.loops[row];
    for (const { t, state } of loop.states) {
      if (state >= 0) this.add(t, state === 1 ? EVENT["loop-started"] : EVENT["loop-stopped"], row);
    }
    const { begin, end } = loop.polls;
    for (let poll = 0; poll < begin.length; poll++) {
      if (end.get(poll) - begin.get(poll) < IDLE) continue;
      this.add(begin.get(poll), EVENT["loop-idle"], row);
    }
  }

  private describe(event: TimelineEvent, ref: number): Omit<TimelineRow, "t" | "event"> {
    const { trace } = this;
    const { tasks, steps } = trace;
    if (event.startsWith("loop-")) {
      const loop = trace.loops[ref];
      const detail = event === "loop-started" ? ofChild(trace, loop) : "";
      return { task: -1, name: loopName(trace, loop), place: null, detail };
    }
    if (event === "created") {
      const parent = tasks.parent.get(ref);
      const by = parent < 0 ? "" : ` in ${tasks.name(parent)}`;
      return {
        task: ref,
        name: tasks.name(ref),
        place: createdAt(trace, ref),
        detail: `${createdBy(trace, ref)}${by}`,
      };
    }
    const task = ref < -1 ? -2 - ref : steps.task.get(ref);
    const row = Math.max(-1, ref);
    const name = task < 0 ? "(callback)" : tasks.name(task);
    return { task, name, ...this.describeStep(event, task, row) };
  }

  private describeStep(
    event: TimelineEvent,
    task: number,
    row: number,
  ): { place: Place | null; detail: string } {
    const { trace } = this;
    const { steps, wakes } = trace;
    switch (event) {
      case "suspended":
        return { place: awaitPlace(trace, row), detail: waitOf(trace, row).label };
      case "woken":
        return { place: userPlace(trace, wakes.stack.get(steps.wake.get(row))), detail: this.waker(row) };
      case "resumed":
        return { place: this.parkedAt(task, row), detail: "" };
      case "blocked":
        return this.blocked(task, row);
      case "raised": {
        const exception = trace.exceptions.get(task);
        const detail = exception ? `${exception.type}: ${exception.message}` : "";
        return { place: exception?.at ?? codePlace(trace, trace.tasks.code.get(task)), detail };
      }
      case "cancelled": {
        const by = cancelledBy(trace, task);
        return {
          place: by?.at ?? codePlace(trace, trace.tasks.code.get(task)),
          detail: by === null ? "" : `by ${cancellerName(trace, { ...by, at: null })}`,
        };
      }
      default:
        return { place: codePlace(trace, trace.tasks.code.get(task)), detail: "" };
    }
  }

  private waker(row: number): string {
    const by = wokenBy(this.trace, row);
    if (by === null) return "";
    if (by.task === null) return `by ${by.kind}`;
    const name = this.trace.tasks.name(by.task - 1);
    return by.kind === "task" ? `by ${name}` : `by ${by.kind}, ${name}`;
  }

  /** Where the suspension was that a step ended. */
  private parkedAt(task: number, row: number): Place | null {
    const { tasks } = this.trace;
    if (row < 0) return awaitPlace(this.trace, tasks.lastStep.get(task));
    const before = this.before(task, row);
    return before < 0 ? null : awaitPlace(this.trace, before);
  }

  /** Row of the step before, found once while the story is read in order. */
  private readonly previous = new Map<number, number>();

  private before(task: number, row: number): number {
    const { tasks, steps } = this.trace;
    let at = this.previous.get(task) ?? tasks.firstStep.get(task);
    if (at >= row) at = tasks.firstStep.get(task);
    while (at >= 0 && steps.next.get(at) !== row) at = steps.next.get(at);
    this.previous.set(task, at);
    return at;
  }

  private blocked(task: number, row: number): { place: Place | null; detail: string } {
    const { trace } = this;
    const open = task < 0 ? null : openStep(trace, task);
    const begin = row < 0 ? (open?.begin ?? trace.endTime) : trace.steps.begin.get(row);
    const length = (row < 0 ? trace.endTime : trace.steps.end.get(row)) - begin;
    const loop = trace.loopOf(task, row);
    const stall = loop && stallPlace(trace, loop, begin);
    const place = stall?.place ? trace.places.get(stall.place) : null;
    return {
      place: place ?? (task < 0 ? null : codePlace(trace, trace.tasks.code.get(task))),
      detail: `${seconds(Math.round(length * 1e4) / 10)} ms`,
    };
  }
}

/** "in process 42, started by worker (pid 41)" for a loop of a child process; else "". */
function ofChild(trace: Trace, loop: Loop): string {
  const program = trace.programs[loop.program];
  const starter = starterOf(trace, program);
  return starter === "" ? "" : `in process ${program.hello?.pid ?? "?"}, started by ${starter}`;
}

/** The story of the run, one row an event. */
export function timeline(trace: Trace): Timeline {
  return new Timeline(trace);
}

/** Column widths of a terminal are those of this many first rows, and never more than the limits. */
const MEASURED_ROWS = 10_000;
const MAX_WIDTHS = [10, 28, 12, 60];

/** The rows as lines: separated by tabs, or on a terminal (`tty`) in aligned columns. */
export function* formatTimeline(rows: Iterable<TimelineRow>, options: { tty: boolean }): Generator<string> {
  if (!options.tty) {
    for (const row of rows) yield `${fields(row).join("\t")}\n`;
    return;
  }
  const pending: string[][] = [];
  const widths = [0, 0, 0, 0];
  const line = (cells: string[]) =>
    `${cells.map((cell, i) => (i === 0 ? cell.padStart(widths[0]) : i < 4 ? cell.padEnd(widths[i]) : cell)).join("  ")}`.trimEnd();
  let measured = false;
  for (const row of rows) {
    const cells = fields(row);
    if (!measured) {
      pending.push(cells);
      widths.forEach((width, i) => {
        widths[i] = Math.min(MAX_WIDTHS[i], Math.max(width, cells[i].length));
      });
      if (pending.length < MEASURED_ROWS) continue;
      measured = true;
      for (const early of pending) yield `${line(early)}\n`;
    } else yield `${line(cells)}\n`;
  }
  if (!measured) for (const early of pending) yield `${line(early)}\n`;
}

function fields({ t, name, event, place, detail }: TimelineRow): string[] {
  const where = place ? `${place.file}:${place.line} ${place.function}` : "";
  return [t.toFixed(3), oneLine(name), event, oneLine(where), oneLine(detail)];
}
