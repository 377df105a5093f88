import type { Finding } from "../../src/protocol/report";
import { coroutineName, findings, idleSeconds, programInfo, StepFlag, type Trace } from "../../src/trace";
import { taskTable } from "./taskTable";

/** What is compared of a trace. Seconds. */
export interface Summary {
  wall: number;
  blocked: number;
  idle: number;
  busy: number;
  ready: number;
  longestStep: number;
  tasks: number;
  coroutines: Map<string, CoroutineTimes>;
  findings: Finding[];
}

export interface CoroutineTimes {
  tasks: number;
  run: number;
  ready: number;
  suspended: number;
  longest: number;
}

export function summarize(trace: Trace): Summary {
  const table = taskTable(trace);
  const coroutines = new Map<string, CoroutineTimes>();
  const result: Summary = {
    wall: Math.max(0, ...trace.programs.map((program) => wall(trace, program))) || trace.endTime,
    blocked: 0,
    idle: trace.loops.reduce((sum, loop) => sum + idleSeconds(trace, loop), 0),
    busy: 0,
    ready: 0,
    longestStep: 0,
    tasks: table.tasks.length,
    coroutines,
    findings: findings(trace),
  };
  for (const task of table.tasks) {
    const name = coroutineName(trace, task);
    let times = coroutines.get(name);
    if (!times) {
      times = { tasks: 0, run: 0, ready: 0, suspended: 0, longest: 0 };
      coroutines.set(name, times);
    }
    times.tasks++;
    times.run += table.run[task];
    times.ready += table.ready[task];
    times.suspended += table.suspended[task];
    times.longest = Math.max(times.longest, table.longest[task]);
    result.ready += table.ready[task];
  }
  const { steps } = trace;
  for (let row = 0; row < steps.count; row++) {
    if (steps.flags.get(row) & (StepFlag.nested | StepFlag.parked)) continue;
    const length = steps.end.get(row) - steps.begin.get(row);
    result.busy += length;
    result.longestStep = Math.max(result.longestStep, length);
    if (length > trace.blockSeconds) result.blocked += length;
  }
  return result;
}

function wall(trace: Trace, program: Trace["programs"][0]): number {
  return programInfo(trace, program).wallSeconds;
}

/** Findings of `before` that `after` has not (fixed), those only `after` has (new), and those of both. */
export function compareFindings(before: readonly Finding[], after: readonly Finding[]) {
  const count = (list: readonly Finding[]) => {
    const counts = new Map<string, Finding[]>();
    for (const finding of list) {
      const key = identity(finding);
      const same = counts.get(key);
      if (same) same.push(finding);
      else counts.set(key, [finding]);
    }
    return counts;
  };
  const a = count(before);
  const b = count(after);
  const fixed: Finding[] = [];
  const added: Finding[] = [];
  const kept: Finding[] = [];
  for (const [key, list] of a) {
    if (b.has(key)) kept.push(list[0]);
    else fixed.push(...list);
  }
  for (const [key, list] of b) if (!a.has(key)) added.push(...list);
  return { fixed, added, kept };
}

/** The same finding in another run: lines move when code is edited, so the function names the place. */
function identity(finding: Finding): string {
  return `${finding.rule}\0${finding.at?.file.replace(/^.*[\\/]/, "") ?? ""}\0${finding.at?.function ?? ""}`;
}
