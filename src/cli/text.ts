import type { TaskInfo } from "../protocol/report";
import { digits } from "../trace";
import { frames } from "./awaitTree";
import type { Overview } from "./overview";
import { pathLines } from "./path";
import type { Style } from "./style";
import { plain } from "./style";
import { caveats, endOf, findingLines, headline, location } from "./summary";

/** Rows of the task table; more would not be read, and `--format json` has them all. */
const ROWS = 200;

/** The report for a person: findings with their stacks, loops, tasks. */
export function* textReport(report: Overview, paint: Style): Generator<string> {
  const { program, trust } = report;
  yield `${paint.bold(plain(program.argv.join(" ")))}  (${plain(program.runtime)}, pid ${program.pid})\n`;
  yield `${headline(report)}\n`;
  for (const caveat of caveats(report)) yield `${paint.yellow("note:")} ${caveat}\n`;
  yield* findings(report, paint);
  yield* time(report, paint);
  yield* programs(report, paint);
  yield* loops(report, paint);
  yield* tasks(report, paint);
  yield `\n${paint.dim(`mode ${trust.mode}; the tracer itself took ${trust.overheadSeconds.toFixed(3)} s`)}\n`;
}

function* findings(report: Overview, paint: Style): Generator<string> {
  yield `\n${paint.bold(report.findings.length === 0 ? "No findings" : "Findings")}\n`;
  for (const finding of report.findings) {
    for (const line of findingLines(finding, paint)) yield `${paint.fold(line, 8)}\n`;
    const stack = [...frames(finding.stack, false)];
    // One alone is the line above.
    if (stack.length > 1) for (const line of stack) yield paint.dim(`           ${line}\n`);
  }
}

/** Why it took as long as it did. */
function* time({ criticalPath }: Overview, paint: Style): Generator<string> {
  const lines = [...pathLines(criticalPath, paint)];
  if (lines.length === 0) return;
  yield `\n${paint.bold("Where the time went")}\n`;
  for (const line of lines) yield `${line}\n`;
}

/** The child processes and who started them; nothing when there is one process. */
function* programs(report: Overview, paint: Style): Generator<string> {
  if (report.programs.length < 2) return;
  yield `\n${paint.bold("Processes")}\n`;
  yield* table(
    ["pid", "started by", "end", "wall s", "command"],
    report.programs.map((each) => [
      String(each.pid),
      plain(each.startedBy),
      endOf(each),
      each.wallSeconds.toFixed(3),
      plain(each.argv.join(" ")),
    ]),
    paint,
  );
}

function* loops(report: Overview, paint: Style): Generator<string> {
  if (report.loops.length === 0) return;
  yield `\n${paint.bold("Loops")}\n`;
  yield* table(
    ["loop", "kind", "thread", "iterations", "run s", "idle s"],
    report.loops.map((loop) => [
      String(loop.id),
      plain(loop.kind),
      plain(loop.thread),
      String(loop.iterations),
      loop.runSeconds.toFixed(3),
      loop.idleSeconds.toFixed(3),
    ]),
    paint,
  );
}

function* tasks(report: Overview, paint: Style): Generator<string> {
  if (report.taskCount === 0) return;
  yield `\n${paint.bold("Tasks")}\n`;
  const rows = report
    .tasks(ROWS)
    .map((task) => [
      plain(task.name),
      plain(task.coroutine),
      state(task),
      task.runSeconds.toFixed(3),
      task.readySeconds.toFixed(3),
      task.suspendedSeconds.toFixed(3),
      String(task.steps),
      task.createdAt ? location(task.createdAt) : "",
    ]);
  yield* table(
    ["task", "coroutine", "state", "run s", "ready s", "suspended s", "steps", "created at"],
    rows,
    paint,
  );
  if (report.taskCount > ROWS)
    yield paint.dim(`and ${digits(report.taskCount - ROWS)} more: --format json has them all\n`);
}

/** How a task ended, or what one that never did was doing last. */
function state(task: TaskInfo): string {
  if (task.outcome === "pending") return parked(task);
  const { exception } = task;
  if (task.outcome !== "raised" || exception === null) return task.outcome;
  return `raised ${plain(exception.type)}${exception.at ? ` at ${location(exception.at)}` : ""}`;
}

function parked(task: TaskInfo): string {
  const last = task.suspensions.at(-1);
  if (!last || last.resumed !== null) return task.started === null ? "never started" : "running";
  const where = last.at ? ` at ${location(last.at)}` : "";
  return `pending: ${plain(last.on.label || last.on.kind)}${where}`;
}

function* table(head: string[], rows: string[][], paint: Style): Generator<string> {
  const widths = head.map((title, i) =>
    rows.reduce((most, row) => Math.max(most, row[i].length), title.length),
  );
  const line = (cells: string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i]))
      .join("  ")
      .trimEnd();
  yield `${paint.dim(line(head))}\n`;
  for (const row of rows) yield `${line(row)}\n`;
}
