import { FLAG_DEFLATED, FrameType } from "../../protocol/stream";
import type { Program } from "../store/program";
import type { Trace } from "../trace";
import {
  readBye,
  readCodes,
  readEnd,
  readGarbage,
  readHello,
  readLoop,
  readNow,
  readStall,
  readStats,
  readStrings,
  readStuck,
} from "./control";
import { type Inflate, MAX_INFLATED_BYTES } from "./inflate";
import { RecordReader } from "./records";
import { Reducer } from "./reducer";

const NAMES = Object.fromEntries(Object.entries(FrameType).map(([name, type]) => [type, name]));

/** Takes whole frames and applies them to a trace. */
export class Decoder {
  private readonly reducer: Reducer;
  private readonly records: RecordReader;
  private readonly text = new TextDecoder();

  constructor(
    private readonly trace: Trace,
    private readonly inflate: Inflate,
  ) {
    this.reducer = new Reducer(trace);
    this.records = new RecordReader(trace, this.reducer);
  }

  /** Goes on where the decoder of another trace is, whose tasks have the rows that `rowOf` says here; -1: none. */
  takeOver(other: Decoder, rowOf: (task: number) => number): void {
    this.reducer.takeOver(other.reducer, rowOf);
  }

  frame(type: number, flags: number, programNumber: number, body: Uint8Array): void {
    const name = NAMES[type];
    if (name === undefined) return; // a later minor version's
    try {
      const bytes = flags & FLAG_DEFLATED ? this.inflate(body, MAX_INFLATED_BYTES) : body;
      const program = this.reducer.program(programNumber);
      if (type === FrameType.records) this.records.read(program, bytes);
      else this.control(type, program, bytes);
    } catch (error) {
      // Damage, bad deflate data and bad JSON all mean the same to the reader of a trace.
      const reason = error instanceof Error ? error.message : String(error);
      this.trace.note(`a damaged ${name} record was skipped: ${reason}`);
    }
  }

  private control(type: number, program: Program, bytes: Uint8Array): void {
    const json: unknown = JSON.parse(this.text.decode(bytes));
    const { trace, reducer } = this;
    if (type === FrameType.hello) readHello(trace, reducer, program, json);
    else if (type === FrameType.codes) readCodes(trace, program, json);
    else if (type === FrameType.strings) readStrings(program, json);
    else if (type === FrameType.loop) readLoop(reducer, program, json);
    else if (type === FrameType.stall) readStall(trace, reducer, program, json);
    else if (type === FrameType.now) readNow(reducer, program, json);
    else if (type === FrameType.garbage) readGarbage(program, json);
    else if (type === FrameType.stuck) readStuck(reducer, program, json);
    else if (type === FrameType.stats) readStats(trace, program, json);
    else if (type === FrameType.end) readEnd(trace, reducer, program, json);
    else if (type === FrameType.bye) readBye(program, json);
  }
}
