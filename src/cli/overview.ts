import type { CriticalPath, Finding, LoopInfo, ProgramInfo, TaskInfo, Trust } from "../protocol/report";
import {
  criticalPathInfo,
  findings,
  loopInfo,
  programInfo,
  starterOf,
  TaskFlag,
  type Trace,
  taskInfo,
  trust,
} from "../trace";
import { reading } from "./reading";

/** What is told to a person of a trace: a report without the millions of suspensions nobody would read. */
export interface Overview {
  program: ProgramInfo;
  trust: Trust;
  loops: LoopInfo[];
  /** Every program of the trace, the first included, each with who started it in words. */
  programs: (ProgramInfo & { startedBy: string })[];
  findings: Finding[];
  criticalPath: CriticalPath | null;
  taskCount: number;
  notes: readonly string[];
  /** The first `most` tasks. */
  tasks(most: number): TaskInfo[];
}

const UNKNOWN: ProgramInfo = {
  argv: [],
  runtime: "unknown",
  pid: 0,
  exitCode: null,
  signal: null,
  ended: false,
  wallSeconds: 0,
};

/** Its memory does not grow with the number of steps. */
export function overview(trace: Trace): Overview {
  const real = (task: number) => !(trace.tasks.flags.get(task) & TaskFlag.void);
  let taskCount = 0;
  for (let task = 0; task < trace.tasks.count; task++) if (real(task)) taskCount++;
  const [program] = trace.programs;
  return {
    program: program ? programInfo(trace, program) : UNKNOWN,
    trust: trust(trace),
    programs: trace.programs.map((each) => ({
      ...programInfo(trace, each),
      startedBy: starterOf(trace, each),
    })),
    loops: trace.loops.filter(({ id }) => id > 0).map((loop) => loopInfo(trace, loop)),
    findings: findings(trace, reading),
    criticalPath: criticalPathInfo(trace),
    taskCount,
    notes: trace.notes,
    tasks: (most) => {
      const found: TaskInfo[] = [];
      for (let task = 0; task < trace.tasks.count && found.length < most; task++) {
        if (real(task)) found.push(taskInfo(trace, task));
      }
      return found;
    },
  };
}
