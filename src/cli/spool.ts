import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TraceFile } from "../session";
import { UsageError } from "./output";

/**
 * Where a run's trace goes: the file asked for, else a temporary one. It is read after the program has
 * ended, not while it runs: the program has the processor to itself, and this process stays small.
 */
export interface Spool {
  file: TraceFile;
  /** Removes the file if it was a temporary one. */
  dispose(): void;
}

/** Throws UsageError when there is no place to write to. */
export function openSpool(path: string | undefined, onProblem: (message: string) => void): Spool {
  try {
    if (path !== undefined) return { file: new TraceFile(path, onProblem), dispose: () => {} };
    const folder = mkdtempSync(join(tmpdir(), "loopscope-trace-"));
    const dispose = () => rmSync(folder, { recursive: true, force: true });
    process.on("exit", dispose);
    return { file: new TraceFile(join(folder, "run.loopscope"), onProblem), dispose };
  } catch (error) {
    const hint = path === undefined ? " (the temporary folder: set TMPDIR, or give --trace FILE)" : "";
    throw new UsageError(`${(error as Error).message}${hint}`);
  }
}
