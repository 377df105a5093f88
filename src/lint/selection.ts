import { expandSelectors } from "./selectors";
import type { Severity } from "./types";

interface SelectableRule {
  id: string;
  equivalents: readonly string[];
  severity: Severity;
  defaultOn: boolean;
}

export interface Selectors {
  select: readonly string[] | null;
  extendSelect: readonly string[];
  ignore: readonly string[];
}

/** Ids of the rules to run: `select` or the defaults, what extends them, less what is ignored. */
export function selectedRules(
  rules: readonly SelectableRule[],
  { select, extendSelect, ignore }: Selectors,
): Set<string> {
  const base =
    select === null
      ? rules.filter((rule) => rule.defaultOn).map((rule) => rule.id)
      : expandSelectors(select, rules).ids;
  const ignored = new Set(expandSelectors(ignore, rules).ids);
  return new Set([...base, ...expandSelectors(extendSelect, rules).ids].filter((id) => !ignored.has(id)));
}

const levels: Record<Severity, number> = { error: 0, warning: 1, info: 2, hint: 3 };

/** Orders findings at one call: 0 is worst; rules of one severity in the order they are listed. */
export function ranking(
  rules: readonly SelectableRule[],
): (rule: string, severity: Severity | undefined) => number {
  const known = new Map(rules.map((rule, index) => [rule.id, { severity: rule.severity, index }]));
  return (id, severity) => {
    const rule = known.get(id);
    return levels[severity ?? rule?.severity ?? "warning"] * 1000 + (rule?.index ?? 999);
  };
}
