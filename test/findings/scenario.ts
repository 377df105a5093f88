import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Finding, FindingRule, Report, TaskInfo } from "../../src/protocol/report";
import { findPython, Run } from "../../src/session";
import { findings, report, Trace } from "../../src/trace";
import { Folder, loopscope, type Options } from "../cli/cli";
import { python } from "../cli/pythons";
import { validReport } from "../cli/schema";

/** A small program and what its report must say. Lines that a check names end with a comment `#: name`. */
export interface Scenario {
  title: string;
  program: string;
  /** By default the rule of its group is found exactly once, or for `silent` not at all. */
  check?(ran: Ran): void;
  /** Options of `loopscope run`, before the program. */
  options?: string[];
  /** What happens to it from outside. */
  on?: Options["on"];
  /** The exit code; by default 0. */
  code?: number;
  /** It does not end by itself: it is killed as soon as a trace of it shows all this. */
  until?(findings: readonly Finding[]): boolean;
}

/** The scenarios of a rule; null: of none, they speak for themselves. */
export interface Group {
  rule: FindingRule | null;
  options?: string[];
  /** Programs in which it is found. */
  shows: Scenario[];
  /** Programs in which it is not, though they look alike. */
  silent: Scenario[];
}

/** What every program may use: `say(name=value, ..)` prints numbers of its own clock for its check. */
const PRELUDE = `import asyncio, json, os, signal, sys, threading, time
def say(**values):
    print(json.dumps(values), flush=True)
`;

/** A program that ran under `loopscope run --report`. */
export class Ran {
  constructor(
    readonly report: Report,
    /** What the program said, by name. */
    readonly said: Record<string, number>,
    private readonly source: string,
  ) {}

  of(rule: FindingRule): Finding[] {
    return this.report.findings.filter((finding) => finding.rule === rule);
  }

  /** The only finding of a rule. */
  one(rule: FindingRule): Finding {
    const found = this.of(rule);
    assert.equal(found.length, 1, `one ${rule} in:\n${this.told()}`);
    return found[0];
  }

  none(rule: FindingRule): void {
    assert.deepEqual(
      this.of(rule).map(({ message }) => message),
      [],
    );
  }

  /** The line that is marked `#: name`. */
  line(name: string): number {
    const line = this.source.split("\n").findIndex((text) => text.trimEnd().endsWith(`#: ${name}`)) + 1;
    assert.ok(line > 0, `a line marked ${name}`);
    return line;
  }

  /** The finding is at the marked line of the program. */
  at(finding: Finding, name: string): void {
    assert.ok(finding.at, finding.message);
    assert.deepEqual(
      [basename(finding.at.file), finding.at.line],
      ["app.py", this.line(name)],
      finding.message,
    );
  }

  task(name: string): TaskInfo {
    const found = this.report.tasks.find((task) => task.name === name);
    assert.ok(found, `a task ${name}`);
    return found;
  }

  /** Names of the tasks of a finding. */
  names(finding: Finding): string[] {
    return finding.tasks.map((id) => this.report.tasks[id - 1].name);
  }

  told(): string {
    return this.report.findings
      .map(({ rule, severity, message }) => `${severity} ${rule}: ${message}`)
      .join("\n");
  }
}

/** Runs a program under the real command line. */
export async function run(scenario: Scenario, python?: string): Promise<Ran> {
  const { program, options = [], on, code = 0 } = scenario;
  const folder = new Folder();
  try {
    const source = PRELUDE + program;
    const file = folder.file("app.py", source);
    if (scenario.until) return new Ran(await watch(file, source, scenario.until, python), {}, source);
    const report = folder.at("report.json");
    const args = [
      "run",
      "--quiet",
      "--report",
      report,
      ...(python ? ["--python", python] : []),
      ...options,
      file,
    ];
    const result = await loopscope(args, { cwd: folder.path, on });
    assert.equal(result.code, code, result.stderr);
    const said: Record<string, number> = {};
    for (const line of result.stdout.split("\n"))
      if (line.startsWith("{")) Object.assign(said, JSON.parse(line));
    const text = readFileSync(report, "utf8");
    // A report that could not be made is no reason to end otherwise than the program did, but it is told.
    assert.notEqual(text, "", result.stderr);
    return new Ran(validReport(text), said, source);
  } finally {
    folder.remove();
  }
}

/** Runs a program that hangs, until what is looked for is found in what it has sent. */
async function watch(
  file: string,
  source: string,
  until: NonNullable<Scenario["until"]>,
  interpreter = python(),
): Promise<Report> {
  const trace = new Trace();
  let run: Run | undefined;
  let found = false;
  const problems: string[] = [];
  run = await Run.start({
    python: await findPython(interpreter),
    program: { target: file, module: false, args: [] },
    onProblem: (message) => problems.push(message),
    onFrames(bytes) {
      trace.feed(bytes);
      found ||= until(findings(trace));
      if (found) run?.child.kill("SIGKILL");
    },
  });
  await run.finished;
  trace.finish();
  assert.deepEqual(problems, []);
  return report(trace, { source: () => source });
}
