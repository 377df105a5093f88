import { join } from "node:path";
import { sessionFolder, TraceFile } from "../session";
import { UsageError } from "./output";

/**
 * Where a run's trace goes: the file asked for, else a temporary one. It is read after the program has
 * ended, not while it runs: the program has the processor to itself, and this process stays small.
 */
export interface Spool {
  file: TraceFile;
  /** The session's own folder, in which it announces itself; null where there can be none. */
  folder: string | null;
  /** Removes the folder, and with it the file if that was a temporary one. */
  dispose(): void;
}

/** Throws UsageError when there is no place to write to. */
export function openSpool(path: string | undefined, onProblem: (message: string) => void): Spool {
  const own = ownFolder(path);
  try {
    const file = new TraceFile(path ?? join(own?.path ?? "", "run.loopscope"), onProblem);
    const dispose = () => {
      file.close();
      own?.dispose();
    };
    return { file, folder: own?.path ?? null, dispose };
  } catch (error) {
    own?.dispose();
    throw new UsageError((error as Error).message);
  }
}

function ownFolder(path: string | undefined): ReturnType<typeof sessionFolder> | null {
  try {
    return sessionFolder();
  } catch (error) {
    if (path !== undefined) return null;
    throw new UsageError(
      `the temporary folder cannot be written (${(error as Error).message}): set TMPDIR, or give --trace FILE`,
    );
  }
}
