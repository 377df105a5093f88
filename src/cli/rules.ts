import { type Command, Option } from "commander";
import { allRules, pageOf } from "../lint/rules";
import type { FindingRule } from "../protocol/report";
import { legible } from "./legible";
import { print, terminal } from "./output";
import { type Style, style } from "./style";

/** What `loopscope rules --format json` says of a rule. */
interface ListedRule {
  rule: string;
  /** Found by `lint`, while a program is traced, or both. */
  kinds: ("lint" | "runtime")[];
  /** The linter's own; null for what is found only at run time. */
  severity: string | null;
  defaultOn: boolean | null;
  equivalents: string[];
  summary: string;
  page: string;
}

const RUNTIME: Record<FindingRule, string> = {
  "blocking-call": "one step of a task held the event loop for longer than the threshold",
  starved: "a task that was ready to run waited longer than the threshold for its turn",
  deadlock: "tasks that wait for one another, or for something nothing is left to do",
  "never-awaited": "a coroutine was made and thrown away without being awaited",
  "exception-never-retrieved": "a task failed and nobody looked",
  "task-lost": "a task disappeared before it was done",
  "unfinished-at-exit": "tasks were still pending when the program ended",
  "cancellation-swallowed": "a task went on after it had been cancelled",
  "not-thread-safe": "a loop, task or future was used from another thread without call_soon_threadsafe",
  "sequential-awaits": "awaits ran one after another though none used another's result",
};

/** Adds `loopscope rules`. */
export function registerRules(program: Command): void {
  program
    .command("rules")
    .description("list every lint rule and every run-time finding")
    .addOption(new Option("--format <format>", "how to print them").choices(["text", "json"]).default("text"))
    .action(({ format }: { format: "text" | "json" }) => {
      const rules = listed();
      if (format === "json") print(`${JSON.stringify({ schema: "loopscope-rules/1", rules }, null, 2)}\n`);
      else print(legible(table(rules, style(terminal(1)))));
    });
}

function listed(): ListedRule[] {
  const lint = allRules.map(
    (rule): ListedRule => ({
      rule: rule.id,
      kinds: rule.id in RUNTIME ? ["lint", "runtime"] : ["lint"],
      severity: rule.severity,
      defaultOn: rule.defaultOn,
      equivalents: [...rule.equivalents],
      summary: rule.summary,
      page: pageOf(rule.id),
    }),
  );
  const known = new Set(lint.map(({ rule }) => rule));
  const runtime = Object.entries(RUNTIME).flatMap(([rule, summary]): ListedRule[] => {
    if (known.has(rule)) return [];
    const page = pageOf(rule);
    return [{ rule, kinds: ["runtime"], severity: null, defaultOn: null, equivalents: [], summary, page }];
  });
  return [...lint, ...runtime];
}

function table(rules: readonly ListedRule[], { bold, dim }: Style): string {
  const width = Math.max(...rules.map(({ rule }) => rule.length));
  return rules
    .map((rule) => {
      const notes = [
        rule.kinds.join(" and "),
        ...(rule.severity ? [rule.severity] : []),
        ...(rule.defaultOn === false ? ["off by default"] : []),
        ...rule.equivalents,
      ];
      const indent = " ".repeat(width + 2);
      return `${bold(rule.rule.padEnd(width))}  ${rule.summary}\n${indent}${dim(`${notes.join(", ")} · ${rule.page}`)}\n`;
    })
    .join("");
}
