import type { Finding, FindingRule, Place } from "../../protocol/report";
import type { Sequences } from "../../protocol/sequences";
import { digits, oneLine } from "../describe/text";
import type { Trace } from "../trace";

export { where } from "../describe/text";

export interface FindingOptions {
  /** The text of a source file, for the findings that read the code; without it they say less. */
  source?: (file: string) => string | undefined;
  /** Awaits in a source file that follow one another and need nothing of one another: src/lint/sequences.ts knows. */
  sequences?: (file: string) => Sequences;
}

/** What a rule is given. */
export interface RuleOptions extends FindingOptions {
  /** The tasks that are in a deadlock. */
  deadlocked: ReadonlySet<number>;
}

/** A rule: all its findings in a trace, as it is now. */
export type Rule = (trace: Trace, options: RuleOptions) => Finding[];

/** What a rule says; the rest is "none". Rows, not ids. */
export interface Facts {
  severity: Finding["severity"];
  message: string;
  at: Place | null;
  /** Stack whose frames are shown, innermost last. */
  stack?: number;
  task?: number;
  tasks?: Iterable<number>;
  object?: number;
  seconds?: number;
  from?: number;
}

export function finding(trace: Trace, rule: FindingRule, facts: Facts): Finding {
  const { severity, message, at, stack = 0, task = -1, tasks, object = -1, seconds, from } = facts;
  return {
    rule,
    severity,
    // "main.fetch" says as much as "main.<locals>.fetch".
    message: oneLine(message.replaceAll(".<locals>.", ".")),
    at,
    stack: trace.stacks.frames(stack),
    task: task < 0 ? null : task + 1,
    tasks: tasks ? [...tasks].map((row) => row + 1) : task < 0 ? [] : [task + 1],
    object: object < 0 ? null : object + 1,
    seconds: seconds ?? null,
    from: from ?? null,
    help: `docs/rules/${rule}.md`,
  };
}

const WEIGHT = { error: 0, warning: 1, info: 2 };

/** A wait for the loop is an effect: what held the loop is told beside it, and counts this many times as much. */
const EFFECT = 10;

/** Order of findings: the most serious first, then the longest, what held up others before who was held up. */
export function bySeriousness(a: Finding, b: Finding): number {
  return WEIGHT[a.severity] - WEIGHT[b.severity] || weight(b) - weight(a);
}

function weight({ rule, seconds }: Finding): number {
  return (seconds ?? 0) / (rule === "starved" ? EFFECT : 1);
}

/** "5.00 s", "250 ms", "3.2 ms": a length for a person. */
export function length(seconds: number): string {
  if (seconds >= 1) return `${seconds.toFixed(2)} s`;
  const ms = seconds * 1000;
  return `${ms >= 10 ? Math.round(ms) : Number(ms.toPrecision(2))} ms`;
}

/** "1 h", "90 s": a round length, such as a timer's. */
export function roundLength(seconds: number): string {
  if (seconds >= 5400) return `${Number((seconds / 3600).toPrecision(3))} h`;
  if (seconds >= 3600) return "1 h";
  if (seconds >= 300) return `${Math.round(seconds / 60)} min`;
  return length(seconds);
}

/** "a", "a and b", "a, b and 3 others"; "2 × a" when two have that name. */
export function listed(names: string[], limit = 3): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const shown = [...counts].slice(0, limit).map(([name, n]) => (n > 1 ? `${digits(n)} × ${name}` : name));
  const others = [...counts.values()].slice(limit).reduce((sum, n) => sum + n, 0);
  if (others > 0) return `${shown.join(", ")} and ${digits(others)} ${others === 1 ? "other" : "others"}`;
  return shown.length <= 1 ? (shown[0] ?? "") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

/** "3 times", "twice", "once" */
export function times(count: number): string {
  return count === 1 ? "once" : count === 2 ? "twice" : `${digits(count)} times`;
}

/** A comment behind code: without quotes, it is not part of a string. */
const COMMENT = /\s#[^'"]*$/;

/** A line of code in a message is cut at this length. */
const MAX_LINE = 80;

/** The line of code at a place, shortened; "" without the source. */
export function sourceLine({ source }: FindingOptions, at: Place): string {
  const line = source?.(at.file)?.split("\n")[at.line - 1]?.replace(COMMENT, "").trim() ?? "";
  return line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line;
}
