import { inflateSync } from "node:zlib";
import { readTraceFile } from "../session";
import { MAX_INFLATED_BYTES, Trace, TraceFormatError } from "../trace";
import { UsageError } from "./output";

/** A body that grows beyond what any runtime writes is an attack, not data. */
const inflate = (bytes: Uint8Array) => inflateSync(bytes, { maxOutputLength: MAX_INFLATED_BYTES });

/** A trace to be fed by whoever reads the bytes anyway. */
export const newTrace = (blockMs?: number): Trace => new Trace({ inflate, blockMs });

/** Reads a whole trace file. Throws UsageError when there is none, or it is not a trace. */
export async function loadTrace(path: string, blockMs?: number): Promise<Trace> {
  const trace = newTrace(blockMs);
  let size = 0;
  try {
    for await (const bytes of readTraceFile(path)) {
      size += bytes.length;
      trace.feed(bytes);
    }
    if (size < 16) throw new TraceFormatError(size === 0 ? "the file is empty" : "not a Loopscope trace");
  } catch (error) {
    if (error instanceof TraceFormatError) throw new UsageError(`${path}: ${error.message}`);
    throw new UsageError((error as Error).message);
  }
  trace.finish();
  return trace;
}
