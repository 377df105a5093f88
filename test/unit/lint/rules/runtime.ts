import type { FindingRule } from "../../../../src/protocol/report";

/** Every run-time finding; the type makes a forgotten one an error. */
const ALL: Record<FindingRule, true> = {
  "blocking-call": true,
  starved: true,
  deadlock: true,
  "never-awaited": true,
  "exception-never-retrieved": true,
  "task-lost": true,
  "unfinished-at-exit": true,
  "cancellation-swallowed": true,
  "not-thread-safe": true,
  "sequential-awaits": true,
};

export const FINDING_RULES = Object.keys(ALL) as FindingRule[];
