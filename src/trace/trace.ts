import type { Forgotten } from "./forget";
import { Decoder } from "./read/decoder";
import { FrameReader, type FrameSink } from "./read/frames";
import { type Inflate, inflateZlib } from "./read/inflate";
import type { Incident, Loop, TaskException } from "./store/loops";
import { ObjectTable } from "./store/objects";
import type { Program } from "./store/program";
import { PlaceTable, StackTable } from "./store/stacks";
import { StepTable, WaitTable, WakeTable } from "./store/steps";
import { StringTable } from "./store/strings";
import { TaskFlag, TaskTable } from "./store/tasks";

export interface TraceOptions {
  /** How to inflate a body; the default works everywhere, Node's zlib is faster. */
  inflate?: Inflate;
  /** Threshold of `blocking-call` and `starved`, in milliseconds; else the program's own, else 50. */
  blockMs?: number;
}

/** Notes are for a person to read: more are counted, not kept. */
const MAX_NOTES = 100;

/**
 * A run, or several: an append-only store that `feed` fills from a stream of docs/trace-format.md, live or
 * from a file. Rows count from 0 and never move; -1 is "none", NaN "not yet" or "not known"; times are
 * seconds since the (first) program started.
 */
export class Trace {
  readonly strings = new StringTable();
  readonly places: PlaceTable;
  readonly stacks: StackTable;
  readonly tasks = new TaskTable(this.strings);
  readonly steps = new StepTable();
  readonly waits = new WaitTable();
  readonly wakes: WakeTable;
  readonly objects = new ObjectTable(this.strings);
  readonly programs: Program[] = [];
  readonly loops: Loop[] = [];
  readonly incidents: Incident[] = [];
  readonly exceptions = new Map<number, TaskException>();
  /**
   * Tasks that can only be woken by one another, as the runtime saw from what refers to what: the row of the
   * suspension it is true of, and who could bring it to its end.
   */
  readonly stuck = new Map<number, { row: number; wakers: number[] }>();
  /** Tasks that wait (the suspension of that row) for a child process which only they could read from, and which writes into a full pipe. */
  readonly fullPipes = new Map<number, { row: number; pid: number; name: string }>();
  /** Tasks that failed and have not been asked for their result so far, with the instant they failed. */
  readonly unasked = new Map<number, number>();
  /** The last call of `cancel()` that came while a task was not suspended: row in `wakes` and the task that did it. */
  readonly earlyCancels = new Map<number, { t: number; wake: number; by: number }>();
  /** Grows whenever something was appended. */
  version = 0;
  /** The latest instant known, seconds. */
  endTime = 0;
  /** Records read. */
  events = 0;
  /** What a reader must know about this trace: truncation, loss, damage. */
  readonly notes: string[] = [];
  /** What is no longer held, because a long run takes more memory than it may: see forget.ts. */
  forgotten: Forgotten = { until: 0, tasks: 0, steps: 0, findings: [], bytesAfter: 0 };
  private droppedNotes = 0;
  private readonly noted = new Set<string>();
  private readonly frames: FrameReader;
  private readonly decoder: Decoder;

  /** With `before`, a trace that goes on with its stream and shares what is interned; forget.ts fills it. */
  constructor(
    readonly options: TraceOptions = {},
    before?: Trace,
  ) {
    this.places = before?.places ?? new PlaceTable();
    this.stacks = before?.stacks ?? new StackTable(this.places);
    this.wakes = before?.wakes ?? new WakeTable();
    this.decoder = new Decoder(this, options.inflate ?? inflateZlib);
    const sink: FrameSink = (type, flags, program, body) => this.decoder.frame(type, flags, program, body);
    this.frames = before?.frames ?? new FrameReader(sink);
    this.frames.sink = sink;
  }

  /** Takes over what the decoder of the trace before knows: see `Decoder.takeOver`. */
  goOn(before: Trace, rowOf: (task: number) => number): void {
    this.decoder.takeOver(before.decoder, rowOf);
    this.version = before.version + 1;
    this.endTime = before.endTime;
    this.events = before.events;
    this.notes.push(...before.notes);
    for (const note of before.noted) this.noted.add(note);
    this.droppedNotes = before.droppedNotes;
  }

  /** Appends a piece of the stream. Throws TraceFormatError when it is not a trace this build reads. */
  feed(bytes: Uint8Array): void {
    this.frames.push(bytes);
    this.version++;
  }

  /** The input has ended: notes a tail that was cut off. */
  finish(): void {
    const remainder = this.frames.remainder;
    if (remainder) this.note(remainder);
    for (const loop of this.loops) {
      if (loop.lost > 0) this.note(`${loop.lost} events of loop ${loop.id} were dropped by the runtime`);
    }
    this.version++;
  }

  /** Adds a sentence to `notes`, once. */
  note(message: string): void {
    if (this.noted.has(message)) return;
    if (this.notes.length < MAX_NOTES) {
      this.noted.add(message);
      this.notes.push(message);
      return;
    }
    this.droppedNotes++;
    this.notes[MAX_NOTES] = `and ${this.droppedNotes} more notes`;
  }

  /** The loop of a task, or of a callback by its row among the steps. */
  loopOf(task: number, row: number): Loop | null {
    if (task >= 0) return this.loops[this.tasks.loop.get(task)] ?? null;
    return this.loops.find((loop) => loop.has(row)) ?? null;
  }

  /** How many tasks were seen. */
  get taskCount(): number {
    let count = this.tasks.count;
    for (let task = 0; task < this.tasks.count; task++)
      if (this.tasks.flags.get(task) & TaskFlag.void) count--;
    return count + this.forgotten.tasks;
  }

  /** Threshold of `blocking-call` and `starved`, seconds. */
  get blockSeconds(): number {
    if (this.options.blockMs !== undefined) return this.options.blockMs / 1000;
    const ns = this.programs[0]?.hello?.blockNs;
    return ns !== undefined && ns > 0 ? ns / 1e9 : 0.05;
  }

  /** Bytes of the columns, without JavaScript's own small objects. */
  get bytes(): number {
    const { tasks, steps, waits, objects, programs, loops } = this;
    const ofPrograms = programs.reduce((sum, program) => sum + program.tasks.bytes, 0);
    const ofLoops = loops.reduce((sum, loop) => sum + loop.bytes, 0);
    return tasks.bytes + steps.bytes + waits.bytes + objects.bytes + ofPrograms + ofLoops;
  }
}
