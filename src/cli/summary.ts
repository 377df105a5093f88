import { isAbsolute, relative } from "node:path";
import type { Finding, Place, ProgramInfo } from "../protocol/report";
import { digits } from "../trace";
import type { Overview } from "./overview";
import { pathLines } from "./path";
import { plain, type Style } from "./style";

/** As wide as the severity of a finding, which it stands below. */
const TIME = "  time    ";

/** Findings in the summary of a run; the report has them all. */
const SHOWN = 10;

/** `file:line`, short and clickable: relative to the current folder when the file is in it. */
export function location(place: Place, cwd = process.cwd()): string {
  const path = relative(cwd, place.file);
  const inside = path !== "" && !path.startsWith("..") && !isAbsolute(path);
  return plain(`${inside ? path : place.file}:${place.line}`);
}

/** A finding in two lines: what is wrong, then where. */
export function* findingLines(finding: Finding, paint: Style): Generator<string> {
  const colour = { error: paint.red, warning: paint.yellow, info: paint.cyan }[finding.severity];
  yield `${colour(finding.severity.padEnd(7))} ${paint.bold(finding.rule)}  ${plain(finding.message)}`;
  if (finding.at) yield `        at ${location(finding.at)} in ${plain(finding.at.function)}`;
}

/** How many of what: "1 task", "2,000 tasks". */
export const count = (n: number, what: string) => `${digits(n)} ${what}${n === 1 ? "" : "s"}`;

/** What happened, in one line. */
export function headline(report: Overview): string {
  const { program, trust, loops, taskCount } = report;
  const kinds = [...new Set(loops.map((loop) => loop.kind))].map(plain).join(", ");
  const on = loops.length === 0 ? "no event loop" : `${count(loops.length, "loop")} (${kinds})`;
  return `${count(taskCount, "task")} on ${on} in ${program.wallSeconds.toFixed(2)} s, ${count(trust.events, "event")}; ${endOf(program)}`;
}

/** How a program ended: "exit code 0", "killed by SIGKILL". */
export function endOf({ signal, exitCode, ended }: ProgramInfo): string {
  if (signal !== null) return `killed by ${signal}`;
  if (exitCode !== null) return `exit code ${exitCode}`;
  return ended ? "exit code not known" : "still running at the end";
}

/** What a reader must know before trusting the rest. */
export function* caveats({ trust, notes }: Overview): Generator<string> {
  if (trust.dropped > 0) yield `${count(trust.dropped, "event")} were dropped: what is shown is not complete`;
  if (trust.tasksMissed > 0) yield `${count(trust.tasksMissed, "task")} were missed`;
  if (trust.detail === "light") {
    yield "light detail: what tasks wait for, and where, was not recorded; findings that take it are not found";
  }
  for (const note of notes) yield plain(note);
}

/** The summary after a run, for stderr. */
export function* summary(report: Overview, paint: Style): Generator<string> {
  yield `${paint.bold("loopscope:")} ${headline(report)}`;
  for (const caveat of caveats(report)) yield `  ${paint.yellow("note")}    ${caveat}`;
  const { findings } = report;
  for (const finding of findings.slice(0, SHOWN)) {
    for (const line of findingLines(finding, paint)) yield paint.fold(`  ${line}`, 10);
  }
  if (findings.length > SHOWN) {
    yield paint.dim(`  and ${count(findings.length - SHOWN, "more finding")}: --report FILE has them all`);
  }
  for (const line of pathLines(report.criticalPath, paint, TIME)) yield line;
}
