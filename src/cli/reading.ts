import { sequences } from "../lint/sequences";
import type { FindingOptions } from "../trace";
import { sourceReader } from "./source";

/** What findings read of a program's source. Loads the linter: an editor, which starts without, imports this when needed. */
export function newReading(): Required<FindingOptions> {
  const source = sourceReader();
  return { source, sequences: (file) => sequences(file, source(file) ?? "") };
}

/** One for the whole of a command, which is over before its sources change. */
export const reading = newReading();
