import { resolve } from "node:path";
import { type Command, Option } from "commander";
import {
  Attachment,
  announce,
  dormantOf,
  type Listener,
  NOT_ON_WINDOWS,
  pythonProcesses,
  readableCommand,
  runtimeFolder,
} from "../session";
import { parseMilliseconds } from "./arguments";
import { type Conclusion, checkWritable, conclude } from "./conclude";
import { legible } from "./legible";
import { complain, print, terminal, UsageError } from "./output";
import { settingsOf } from "./run";
import { openSpool } from "./spool";
import { plain, style } from "./style";
import { count } from "./summary";

interface Options extends Conclusion {
  out?: string;
  detail: "full" | "light";
  duration?: number;
  runtimePath?: boolean;
}

/** Adds `loopscope attach`. */
export function registerAttach(program: Command): void {
  program
    .command("attach")
    .description("record a Python program that runs already, until Ctrl-C")
    .usage("[options] [PID]")
    .argument("[pid]", "its process id; without one, the Python processes of this machine are listed")
    .option("-o, --out <file>", "keep the trace: for report, and for the editor")
    .addOption(new Option("--trace <file>", "the same, as run calls it").hideHelp())
    .option("--duration <seconds>", "detach after this time", parseSeconds)
    .option("--report <file>", "write the report as JSON when detached; - is stdout")
    .option("--timeline", "tell the story of the loop on stderr when detached")
    .option(
      "--block-ms <n>",
      "threshold of blocking-call and starved in milliseconds (default: 50)",
      parseMilliseconds,
    )
    .option("--detail <level>", "full: every await chain; light: steps, blocks and lifecycle only", "full")
    .option("-q, --quiet", "no summary")
    .option("--runtime-path", "print the folder that makes `import loopscope_runtime` work, for PYTHONPATH")
    .addHelpText(
      "after",
      "\nPython 3.14 or newer can be attached to as it is. Older ones: start them with loopscope run --dormant,\n" +
        "or let them `import loopscope_runtime; loopscope_runtime.start()`.",
    )
    .action(async (pid: string | undefined, options: Options) => {
      if (options.runtimePath) print(`${runtimeFolder()}\n`);
      else if (pid === undefined) list();
      else await attach(processId(pid), { ...options, trace: options.out ?? options.trace });
    });
}

function processId(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new UsageError(`attach needs a process id, not "${text}"`);
  return Number(text);
}

async function attach(asked: number, options: Options): Promise<void> {
  const pid = dormantOf(asked)?.pid ?? asked;
  const settings = settingsOf(options);
  if (options.report !== undefined) checkWritable(options.report);
  const onProblem = (message: string) => complain(`loopscope: ${message}`);
  const stop = interruption();
  const spool = openSpool(options.trace, onProblem);
  try {
    const trace = resolve(spool.file.path);
    const attachment = await Attachment.open({
      ...settings,
      pid,
      onProblem,
      onFrames: (bytes) => spool.file.write(bytes),
      onProgram: (_, { channel, programs }: Listener) => {
        const pids = programs.map(({ hello }) => hello.pid);
        if (spool.folder !== null)
          announce(spool.folder, { listener: process.pid, programs: pids, channel, trace });
      },
    }).catch((error: Error) => {
      throw new UsageError(error.message);
    });
    if (!options.quiet) complain(`loopscope: ${greeting(pid, attachment, options.duration)}`);
    const timer = setTimeout(stop.now, (options.duration ?? 0) * 1000);
    if (options.duration === undefined) clearTimeout(timer);
    await Promise.race([stop.asked, attachment.finished]);
    clearTimeout(timer);
    await attachment.detach();
    spool.file.close();
    await conclude(spool.file.path, options);
  } finally {
    spool.dispose();
  }
}

function greeting(pid: number, { found }: Attachment, duration: number | undefined): string {
  const held = found.held ? `, ${count(found.held, "loop")} held by what it runs` : "";
  const until = duration === undefined ? "Ctrl-C detaches" : `for ${duration} s`;
  return `attached to process ${pid}: ${count(found.loops ?? 0, "loop")}, ${count(found.tasks ?? 0, "task")}${held}; ${until}`;
}

/** Signals that mean "enough": the program is not theirs, and goes on. */
function interruption(): { asked: Promise<void>; now: () => void } {
  let now = () => {};
  const asked = new Promise<void>((resolve) => {
    now = resolve;
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, now);
  return { asked, now };
}

function parseSeconds(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value <= 0 || value > 2_000_000) {
    throw new UsageError(`--duration needs a number of seconds greater than 0, not "${text}"`);
  }
  return value;
}

/** A command line is cut for a terminal, but not to less than this. */
const SHORTEST = 60;

function list(): void {
  if (process.platform === "win32") throw new UsageError(NOT_ON_WINDOWS);
  const { tty, columns } = terminal(1);
  const paint = style(terminal(1));
  const processes = pythonProcesses();
  if (processes.length === 0) {
    print("no Python program runs on this machine\n");
    return;
  }
  const rows = processes.map(({ pid, version, user }) => [String(pid), version ?? "?", user]);
  const widths = [0, 1, 2].map((i) =>
    Math.max(...[["PID", "PYTHON", "USER"], ...rows].map((row) => row[i].length)),
  );
  const line = (cells: string[]) => cells.map((cell, i) => cell.padEnd(widths[i])).join("  ");
  print(`${paint.bold(`${line(["PID", "PYTHON", "USER"])}  COMMAND`)}\n`);
  for (const [i, each] of processes.entries()) {
    const folder = each.cwd === null ? "" : paint.dim(` (in ${plain(each.cwd)})`);
    const command = plain(readableCommand(each));
    const room = tty ? Math.max(SHORTEST, columns - line(rows[i]).length - 2) : command.length;
    // `python -c` of a whole program: its beginning tells which it is.
    const shown = command.length > room ? `${command.slice(0, room - 1)}…` : command;
    print(legible(`${line(rows[i])}  ${shown}${folder}\n`));
    if (each.how === null)
      print(paint.dim(`${" ".repeat(line(rows[i]).length)}  not attachable: ${plain(each.why)}\n`));
  }
}
