import type { ProgramInfo, Trust } from "../../protocol/report";
import type { Program } from "../store/program";
import type { Trace } from "../trace";

/** What the report says of a program; its end, where that was not seen, is the latest instant known. */
export function programInfo(trace: Trace, program: Program): ProgramInfo {
  const { hello, end } = program;
  return {
    argv: hello?.argv ?? [],
    runtime: hello ? `${hello.runtime} ${hello.version}`.trim() : "unknown",
    pid: hello?.pid ?? 0,
    exitCode: end?.exitCode ?? null,
    signal: end?.signal ?? null,
    ended: end !== null || program.bye !== null,
    wallSeconds: program.wallSeconds ?? program.bye ?? trace.endTime,
  };
}

/** Whether a task was recorded with light detail: without what it waits for, where, and what wakes it. */
export function isLight(trace: Trace, task: number): boolean {
  const loop = trace.loops[trace.tasks.loop.get(task)];
  return loop !== undefined && trace.programs[loop.program].hello?.detail === "light";
}

/** Who started a program: "worker (pid 41)", the task that did, or "pid 41"; "" when no other program of the trace did. */
export function starterOf(trace: Trace, program: Program): string {
  if (program.parent < 0) return "";
  const pid = `pid ${trace.programs[program.parent].hello?.pid ?? "?"}`;
  return program.startedBy < 0 ? pid : `${trace.tasks.name(program.startedBy)} (${pid})`;
}

/** How far the trace can be trusted, over all its programs. */
export function trust(trace: Trace): Trust {
  const total: Trust = {
    events: 0,
    dropped: 0,
    tasksSeen: 0,
    tasksMissed: 0,
    mode: "fast",
    detail: "full",
    overheadSeconds: 0,
  };
  let counted = true;
  for (const program of trace.programs) {
    const { stats, hello } = program;
    const loops = [...program.loops.values()];
    const lost = loops.reduce((sum, loop) => sum + loop.lost, 0);
    total.dropped += Math.max(stats?.dropped ?? 0, lost);
    counted &&= stats !== null;
    total.events += stats?.events ?? 0;
    total.tasksSeen += stats?.tasksSeen ?? 0;
    total.tasksMissed += stats?.tasksMissed ?? 0;
    total.overheadSeconds += ((stats?.overheadNs ?? 0) + (stats?.drainNs ?? 0)) / 1e9;
    if (hello?.detail === "light") total.detail = "light";
    if (hello?.mode === "fallback" || loops.some((loop) => loop.mode === "fallback")) total.mode = "fallback";
  }
  // A program killed before its last count: what was received is the better number.
  total.events = counted ? Math.max(total.events, trace.events) : trace.events;
  total.tasksSeen = Math.max(total.tasksSeen, trace.taskCount);
  return total;
}
