/** Every lint rule of the product. */
import { blockingRules } from "./catalog/index";
import { correctnessRules, workspaceRules } from "./rules-correctness/index";
import type { Severity } from "./types";

export interface RuleInfo {
  id: string;
  equivalents: readonly string[];
  severity: Severity;
  defaultOn: boolean;
  summary: string;
}

export const allRules: readonly RuleInfo[] = [...blockingRules, ...correctnessRules, ...workspaceRules];

/** Where a rule's page is, in the package. */
export function pageOf(rule: string): string {
  return `docs/rules/${rule}.md`;
}
