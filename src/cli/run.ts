import { resolve } from "node:path";
import type { Command } from "commander";
import {
  announce,
  exitStatus,
  findPython,
  handedOn,
  type Listener,
  type Program,
  type Python,
  PythonError,
  Run,
  runDormant,
  type TraceSettings,
} from "../session";
import { parseMilliseconds, parseProgram } from "./arguments";
import { type Conclusion, checkWritable, conclude } from "./conclude";
import { complain, UsageError } from "./output";
import { openSpool } from "./spool";

interface Options extends Conclusion {
  python?: string;
  detail: "full" | "light";
  follow?: boolean;
  dormant?: boolean;
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
    .option("--dormant", "record nothing, at no cost, until loopscope attach asks for it")
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
  const descriptors = handedOn();
  const program = parseProgram(words);
  const settings = settingsOf(options);
  if (options.trace === "-") throw new UsageError("a trace is binary: give --trace a file, not -");
  if (options.report !== undefined) checkWritable(options.report);
  const python = await findPython(options.python).catch((error: Error) => {
    throw error instanceof PythonError ? new UsageError(error.message) : error;
  });
  if (options.dormant) return await rest(options, { python, program, descriptors });
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
    const started = await Run.start({
      ...settings,
      python,
      program,
      descriptors,
      onFrames,
      onProblem,
      onProgram,
    }).catch((error: Error) => {
      throw new UsageError(error.message);
    });
    const status = exitStatus(await started.finished);
    spool.file.close();
    await conclude(spool.file.path, options).catch((error: Error) => complain(`loopscope: ${error.message}`));
    return status;
  } finally {
    spool.dispose();
  }
}

/** Runs a program that waits for `loopscope attach`. */
async function rest(
  options: Options,
  what: { python: Python; program: Program; descriptors: number[] },
): Promise<number> {
  const records = ["trace", "report", "timeline"].find((name) => name in options);
  if (records !== undefined) {
    throw new UsageError(
      `--dormant records nothing, so there is nothing for --${records}: give it to loopscope attach`,
    );
  }
  const tell = (pid: number) => {
    if (!options.quiet) complain(`loopscope: process ${pid} is dormant: loopscope attach ${pid} records it`);
  };
  const exit = await runDormant({ ...what, follow: options.follow }, tell).catch((error: Error) => {
    throw new UsageError(error.message);
  });
  return exitStatus(exit);
}

export function settingsOf(options: Pick<Options, "detail" | "blockMs" | "follow">): TraceSettings {
  if (options.detail !== "full" && options.detail !== "light") {
    throw new UsageError(`--detail is full or light, not "${options.detail}"`);
  }
  return { blockMs: options.blockMs, detail: options.detail, follow: options.follow };
}
