import { existsSync } from "node:fs";
import type { Command } from "commander";
import { type Session, sessions } from "../session";
import { findings, programInfo, type Trace } from "../trace";
import { awaitTree } from "./awaitTree";
import { loadTrace } from "./model";
import { complain, terminal, UsageError, writePieces } from "./output";
import { plain, type Style, style } from "./style";
import { findingLines } from "./summary";

/** Adds `loopscope snapshot`. */
export function registerSnapshot(program: Command): void {
  program
    .command("snapshot")
    .description("print where every task of a traced program is parked right now, and what for")
    .usage("PID | SOCKET | TRACE")
    .argument("<program>", "its process id, the socket it is traced over, or the trace it writes")
    .addHelpText("after", "\nThe program goes on undisturbed: what it has sent so far is read.")
    .action(async (which: string) => {
      const path = locate(which);
      const trace = await loadTrace(path);
      await writePieces("-", lines(trace, style(terminal(1).colours)));
    });
}

/** The trace of a running program. Throws UsageError that says how to get one. */
function locate(which: string): string {
  const running = sessions();
  const pid = /^\d+$/.test(which) ? Number(which) : null;
  const matches = ({ listener, programs, channel }: Session) =>
    pid === null
      ? channel === `unix:${which}` || channel === which
      : listener === pid || programs.includes(pid);
  // A process id may be used again: the session that began last is the one that is meant.
  const session = running.reverse().find(matches);
  if (session) return session.trace;
  if (pid === null && existsSync(which)) return which;
  const known = running.flatMap(({ programs }) => programs).join(", ");
  throw new UsageError(
    pid === null
      ? `there is no traced program at ${which}, and no trace of that name`
      : `process ${pid} is not being traced by a loopscope of yours${known ? ` (these are: ${known})` : ""}. ` +
          "Start it with: loopscope run SCRIPT",
  );
}

function* lines(trace: Trace, paint: Style): Generator<string> {
  const [program] = trace.programs;
  if (program === undefined) {
    complain("loopscope: the program has not said anything yet");
    return;
  }
  const { argv, runtime, pid } = programInfo(trace, program);
  const now = present(trace);
  const ended = program.end === null ? "" : ", which has ended";
  yield `${paint.bold(plain(argv.join(" ")))} (${plain(runtime)}, pid ${pid})${ended}, ${now.toFixed(1)} s after its start\n`;
  for (const line of awaitTree(trace, now, paint)) yield `${line}\n`;
  const stuck = findings(trace).filter(({ rule }) => rule === "deadlock");
  for (const finding of stuck) for (const line of findingLines(finding, paint)) yield `${line}\n`;
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
