import { accessSync, constants, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import {
  announce,
  exitStatus,
  findPython,
  type Listener,
  PythonError,
  Run,
  type TraceSettings,
} from "../session";
import { formatTimeline, reportJson, type Trace, timeline } from "../trace";
import { parseMilliseconds, parseProgram } from "./arguments";
import { loadTrace } from "./model";
import { complain, gathered, terminal, UsageError, writePieces } from "./output";
import { overview } from "./overview";
import { sourceOf } from "./source";
import { openSpool } from "./spool";
import { style } from "./style";
import { summary } from "./summary";

interface Options {
  python?: string;
  trace?: string;
  report?: string;
  timeline?: boolean;
  blockMs?: number;
  detail: "full" | "light";
  follow?: boolean;
  quiet?: boolean;
}

/** Adds `loopscope run`. What belongs to the program must follow a "--" in what commander is given. */
export function registerRun(program: Command): Command {
  return program
    .command("run")
    .description("run a Python program as python would, and tell what its event loops did")
    .usage("[options] (SCRIPT | -m MODULE) [ARGS...]")
    .argument(
      "[program...]",
      "the script, or -m and a module, and its arguments: all after it is the program's",
    )
    .option(
      "--python <path>",
      "the interpreter, or a virtual environment's folder (default: VIRTUAL_ENV, .venv, python3, python)",
    )
    .option("--trace <file>", "keep the trace: for report, and for the editor")
    .option("--report <file>", "write the report as JSON; - is stdout, after the program has ended")
    .option("--timeline", "tell the story of the loop on stderr, after the program has ended")
    .option(
      "--block-ms <n>",
      "threshold of blocking-call and starved in milliseconds (default: 50)",
      parseMilliseconds,
    )
    .option("--detail <level>", "full: every await chain; light: steps, blocks and lifecycle only", "full")
    .option("--follow", "trace child processes that are Python too (they and the program see our variables)")
    .option("-q, --quiet", "no summary")
    .option("-m <module>", "run a module as a script, like python -m")
    .addHelpText(
      "after",
      "\nThe exit code is that of the program; 128+n when signal n killed it; 2 when it could not be started.",
    )
    .action(async (words: string[], options: Options) => {
      process.exitCode = await run(words, options);
    });
}

async function run(words: string[], options: Options): Promise<number> {
  const program = parseProgram(words);
  const settings = settingsOf(options);
  if (options.trace === "-") throw new UsageError("a trace is binary: give --trace a file, not -");
  if (options.report !== undefined) checkWritable(options.report);
  const python = await findPython(options.python).catch((error: Error) => {
    throw error instanceof PythonError ? new UsageError(error.message) : error;
  });
  const onProblem = (message: string) => complain(`loopscope: ${message}`);
  const spool = openSpool(options.trace, onProblem);
  try {
    const onFrames = (bytes: Uint8Array) => spool.file.write(bytes);
    const trace = resolve(spool.file.path);
    const onProgram = (_: unknown, { channel, programs }: Listener) => {
      const pids = programs.map(({ hello }) => hello.pid);
      if (spool.folder !== null)
        announce(spool.folder, { listener: process.pid, programs: pids, channel, trace });
    };
    const started = await Run.start({ ...settings, python, program, onFrames, onProblem, onProgram }).catch(
      (error: Error) => {
        throw new UsageError(error.message);
      },
    );
    const status = exitStatus(await started.finished);
    spool.file.close();
    await conclude(spool.file.path, options).catch((error: Error) => complain(`loopscope: ${error.message}`));
    return status;
  } finally {
    spool.dispose();
  }
}

function settingsOf(options: Options): TraceSettings {
  if (options.detail !== "full" && options.detail !== "light") {
    throw new UsageError(`--detail is full or light, not "${options.detail}"`);
  }
  return { blockMs: options.blockMs, detail: options.detail, follow: options.follow };
}

/** Tells what was recorded, in the ways that were asked for. */
async function conclude(path: string, options: Options): Promise<void> {
  if (options.report === undefined && !options.timeline && options.quiet) return;
  const trace = await loadTrace(path, options.blockMs);
  if (options.timeline) printTimeline(trace);
  if (options.report === undefined && options.quiet) return;
  if (options.report !== undefined)
    await writePieces(options.report, gathered(reportJson(trace, { source: sourceOf })));
  if (options.quiet) return;
  const paint = style(terminal(2).colours);
  complain([...summary(overview(trace), paint)].join("\n"));
  if (options.trace !== undefined) complain(paint.dim(`  trace kept: loopscope report ${options.trace}`));
}

function printTimeline(trace: Trace): void {
  for (const part of gathered(formatTimeline(timeline(trace), { tty: terminal(2).tty }))) complain(part);
}

/** A report that cannot be written is better known before the program has run for an hour. */
function checkWritable(path: string): void {
  if (path === "-") return;
  const stat = statSync(path, { throwIfNoEntry: false });
  try {
    if (stat?.isDirectory()) throw new Error("it is a folder");
    accessSync(stat ? path : dirname(path), constants.W_OK);
  } catch (error) {
    throw new UsageError(`the report cannot be written to ${path}: ${(error as Error).message}`);
  }
}
