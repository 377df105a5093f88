import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import { formatTimeline, reportJson, type Trace, timeline } from "../trace";
import { loadTrace } from "./model";
import { complain, gathered, terminal, UsageError, writePieces } from "./output";
import { overview } from "./overview";

import { reading } from "./reading";
import { style } from "./style";
import { summary } from "./summary";

/** What is told after a recording, as options of the commands that record. */
export interface Conclusion {
  trace?: string;
  report?: string;
  timeline?: boolean;
  blockMs?: number;
  quiet?: boolean;
}

/** Tells what was recorded, in the ways that were asked for. */
export async function conclude(path: string, options: Conclusion): Promise<void> {
  if (options.report === undefined && !options.timeline && options.quiet) return;
  const trace = await loadTrace(path, options.blockMs);
  if (options.timeline) printTimeline(trace);
  if (options.report === undefined && options.quiet) return;
  if (options.report !== undefined) await writePieces(options.report, gathered(reportJson(trace, reading)));
  if (options.quiet) return;
  const paint = style(terminal(2));
  complain([...summary(overview(trace), paint)].join("\n"));
  if (options.trace !== undefined) complain(paint.dim(`  trace kept: loopscope report ${options.trace}`));
}

function printTimeline(trace: Trace): void {
  for (const part of gathered(formatTimeline(timeline(trace), { tty: terminal(2).tty }))) complain(part);
}

/** A report that cannot be written is better known before the program has run for an hour. */
export function checkWritable(path: string): void {
  if (path === "-") return;
  const stat = statSync(path, { throwIfNoEntry: false });
  try {
    if (stat?.isDirectory()) throw new Error("it is a folder");
    accessSync(stat ? path : dirname(path), constants.W_OK);
  } catch (error) {
    throw new UsageError(`the report cannot be written to ${path}: ${(error as Error).message}`);
  }
}
