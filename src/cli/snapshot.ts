import { existsSync } from "node:fs";
import type { Command } from "commander";
import { Attachment, dormantOf, dormantPrograms, type Session, sessions } from "../session";
import { findings, programInfo, type Trace } from "../trace";
import { awaitTree } from "./awaitTree";
import { legibly } from "./legible";
import { loadTrace } from "./model";
import { complain, terminal, UsageError, writePieces } from "./output";
import { openSpool } from "./spool";
import { plain, type Style, style } from "./style";
import { findingLines } from "./summary";

/** Adds `loopscope snapshot`. */
export function registerSnapshot(program: Command): void {
  program
    .command("snapshot")
    .description("print where every task of a program is parked right now, and what for")
    .usage("PID | SOCKET | TRACE")
    .argument("<program>", "its process id, the socket it is traced over, or the trace it writes")
    .option("--frames", "every frame of the awaits; else, of libraries, only how many there are")
    .addHelpText(
      "after",
      "\nA traced program goes on undisturbed: what it has sent so far is read. Another one (dormant, or Python 3.14 or newer)\n" +
        "is attached to for an instant.",
    )
    .action(async (which: string, { frames = false }: { frames?: boolean }) => {
      const trace = await take(which);
      await writePieces("-", legibly(lines(trace, style(terminal(1)), frames)));
    });
}

async function take(which: string): Promise<Trace> {
  const found = locate(which);
  return typeof found === "number" ? await glance(found) : await loadTrace(found);
}

/** Attaches to a program that is not being traced, and lets go as soon as it has been described. Throws UsageError. */
async function glance(pid: number): Promise<Trace> {
  const spool = openSpool(undefined, (message) => complain(`loopscope: ${message}`));
  try {
    const onProblem = (message: string) => complain(`loopscope: ${message}`);
    const onFrames = (bytes: Uint8Array) => spool.file.write(bytes);
    const attachment = await Attachment.open({ pid, onProblem, onFrames }).catch((error: Error) => {
      throw new UsageError(error.message);
    });
    await attachment.detach();
    spool.file.close();
    return await loadTrace(spool.file.path);
  } finally {
    spool.dispose();
  }
}

/** The trace of a program that is being traced, or the process id of one that is not. Throws UsageError. */
function locate(which: string): string | number {
  const dormant = dormantPrograms().find(({ socket }) => socket === which);
  const pid = dormant?.pid ?? (/^[1-9]\d{0,9}$/.test(which) ? Number(which) : null);
  const matches = ({ listener, programs, channel }: Session) =>
    pid === null
      ? channel === `unix:${which}` || channel === which
      : listener === pid || programs.includes(pid);
  // A process id may be used again: the session that began last is the one that is meant.
  const session = sessions().reverse().find(matches);
  if (session) return session.trace;
  if (pid !== null) return dormantOf(pid)?.pid ?? pid;
  if (existsSync(which)) return which;
  throw new UsageError(`there is no traced program at ${which}, and no trace of that name`);
}

function* lines(trace: Trace, paint: Style, frames: boolean): Generator<string> {
  const [program] = trace.programs;
  if (program === undefined) {
    complain("loopscope: the program has not said anything yet");
    return;
  }
  const { argv, runtime, pid } = programInfo(trace, program);
  const now = present(trace);
  const ended = program.end === null ? "" : ", which has ended";
  yield `${paint.bold(plain(argv.join(" ")))} (${plain(runtime)}, pid ${pid})${ended}${program.hello?.attached ? "" : `, ${now.toFixed(1)} s after its start`}\n`;
  for (const line of awaitTree(trace, now, paint, frames)) yield `${line}\n`;
  const stuck = findings(trace).filter(({ rule }) => rule === "deadlock");
  for (const finding of stuck)
    for (const line of findingLines(finding, paint)) yield `${paint.fold(line, 8)}\n`;
  const notes = trace.notes.filter((note) => !/incomplete record/.test(note));
  for (const note of notes) complain(`loopscope: ${plain(note)}`);
}

/** The present in seconds of the trace: a program that hangs sends nothing new. */
function present(trace: Trace): number {
  const [{ hello, end }] = trace.programs;
  if (hello === null || end !== null) return trace.endTime;
  const startWallNs = hello.clock.wallNs - (hello.clock.monotonicNs - hello.startNs);
  return Math.max(trace.endTime, (Date.now() * 1e6 - startWallNs) / 1e9);
}
