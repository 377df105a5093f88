import type { Finding, Place } from "../../protocol/report";
import type { AwaitedCall } from "../../protocol/sequences";
import { resumed } from "../queries";
import type { Trace } from "../trace";
import { type FindingOptions, finding, length, listed, times } from "./finding";

/** A run of awaits in the source, and what the trace knows of it. */
interface Run {
  statements: AwaitedCall[];
  place: Place;
  stack: number;
  passes: number;
  /** Seconds that all passes would have saved. */
  saved: number;
  /** The pass that would have saved most. */
  worst: { saved: number; took: number; from: number; task: number };
  tasks: Set<number>;
}

/** A frame of a stack that stands at a statement of a run. */
interface Member {
  run: Run;
  statement: number;
  /** The stack of its caller: tells one activation of the function from another's. */
  caller: number;
}

/** One way through a run: from when until when each statement was awaited. */
interface Pass {
  caller: number;
  spans: Map<number, { from: number; to: number }>;
  last: number;
}

/**
 * `sequential-awaits`: awaits that ran one after another though none used another's result. What they have
 * to do with one another is read in the source by the linter, what running them together would have saved in the trace.
 */
export function sequentialAwaits(trace: Trace, { sequences }: FindingOptions): Finding[] {
  if (sequences === undefined) return [];
  const members = membersByStack(trace, runsByPlace(trace, sequences));
  if (members.size === 0) return [];
  const runs = new Set<Run>();
  for (let task = 0; task < trace.tasks.count; task++) walk(trace, task, members, runs);
  return [...runs].filter((run) => run.saved >= trace.blockSeconds).map((run) => describe(trace, run));
}

/** For each place, the run and the statement it is in. */
function runsByPlace(
  trace: Trace,
  sequences: NonNullable<FindingOptions["sequences"]>,
): Map<number, { run: Run; statement: number }> {
  const byFile = new Map<string, Run[]>();
  const found = new Map<number, { run: Run; statement: number }>();
  for (let id = 1; id < trace.places.count; id++) {
    const place = trace.places.get(id);
    if (!place.user) continue;
    let runs = byFile.get(place.file);
    if (runs === undefined) {
      runs = sequences(place.file).map((statements) => ({
        statements,
        place: { ...place, line: statements[0].from },
        stack: 0,
        passes: 0,
        saved: 0,
        worst: { saved: 0, took: 0, from: 0, task: -1 },
        tasks: new Set(),
      }));
      byFile.set(place.file, runs);
    }
    for (const run of runs) {
      const statement = run.statements.findIndex(({ from, to }) => from <= place.line && place.line <= to);
      if (statement < 0) continue;
      run.place.function = place.function;
      found.set(id, { run, statement });
    }
  }
  return found;
}

/** The frames of each stack that stand in a run. A stack's parent has the smaller id, so one pass is enough. */
function membersByStack(
  trace: Trace,
  places: Map<number, { run: Run; statement: number }>,
): Map<number, Member[]> {
  const { stacks } = trace;
  const members = new Map<number, Member[]>();
  if (places.size === 0) return members;
  for (let stack = 1; stack < stacks.count; stack++) {
    const caller = stacks.parent(stack);
    const inherited = members.get(caller);
    const own = places.get(stacks.leaf(stack));
    if (own) members.set(stack, [...(inherited ?? []), { ...own, caller }]);
    else if (inherited) members.set(stack, inherited);
  }
  return members;
}

/** Goes along a task's suspensions and adds its passes to the runs. */
function walk(trace: Trace, task: number, members: Map<number, Member[]>, runs: Set<Run>): void {
  const { steps, tasks } = trace;
  const passes = new Map<Run, Pass>();
  for (let row = tasks.firstStep.get(task); row >= 0; row = steps.next.get(row)) {
    const to = resumed(trace, row);
    if (Number.isNaN(to)) break;
    for (const { run, statement, caller } of members.get(steps.stack.get(row)) ?? []) {
      let pass = passes.get(run);
      if (pass && (pass.caller !== caller || statement < pass.last)) {
        close(run, pass, task, runs);
        pass = undefined;
      }
      if (!pass) {
        pass = { caller, spans: new Map(), last: statement };
        passes.set(run, pass);
        run.stack ||= steps.stack.get(row);
      }
      const span = pass.spans.get(statement);
      if (span) span.to = to;
      else pass.spans.set(statement, { from: steps.end.get(row), to });
      pass.last = statement;
    }
  }
  for (const [run, pass] of passes) close(run, pass, task, runs);
}

function close(run: Run, pass: Pass, task: number, runs: Set<Run>): void {
  if (pass.spans.size < 2) return;
  const spans = [...pass.spans.values()];
  const lengths = spans.map(({ from, to }) => Math.max(0, to - from));
  const took = lengths.reduce((sum, each) => sum + each, 0);
  const saved = took - Math.max(...lengths);
  run.passes++;
  run.saved += saved;
  run.tasks.add(task);
  if (saved > run.worst.saved) run.worst = { saved, took, from: spans[0].from, task };
  runs.add(run);
}

function describe(trace: Trace, run: Run): Finding {
  const { worst, place, passes } = run;
  const calls = run.statements.map(({ call }) => call);
  const often = passes > 1 ? ` This code ran ${times(passes)}: ${length(run.saved)} in all.` : "";
  return finding(trace, "sequential-awaits", {
    severity: "info",
    message:
      `${listed(calls, 4)} were awaited one after another, ${length(worst.took)}, though none uses another's result: ` +
      `together they would have taken ${length(worst.took - worst.saved)}.${often} ` +
      "If their order does not matter, run them with asyncio.gather(...) or in a TaskGroup.",
    at: place,
    stack: run.stack,
    task: worst.task,
    tasks: run.tasks,
    seconds: run.saved,
    from: worst.from,
  });
}
