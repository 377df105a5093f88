/** How a person names rules in `--select`, `--ignore` and settings. */

interface Named {
  id: string;
  equivalents: readonly string[];
}

/**
 * The ids a selector stands for: a rule's name, an equivalent in ruff or flake8-async ("ASYNC251"), what several of
 * those begin with ("ASYNC2", "ASYNC"), a name with a `*` ("blocking-*"), or "ALL". Empty when it is none of them.
 */
export function expandSelector(selector: string, rules: readonly Named[]): string[] {
  const ids = (test: (rule: Named) => boolean) => rules.filter(test).map((rule) => rule.id);
  if (selector.toUpperCase() === "ALL") return ids(() => true);
  if (/^[A-Z]+[0-9]*$/.test(selector)) {
    return ids((rule) => rule.equivalents.some((code) => code.startsWith(selector)));
  }
  if (selector.endsWith("*")) return ids((rule) => rule.id.startsWith(selector.slice(0, -1)));
  return ids((rule) => rule.id === selector);
}

/** The ids that selectors stand for, and those selectors that name no rule. */
export function expandSelectors(
  selectors: readonly string[],
  rules: readonly Named[],
): { ids: string[]; unknown: string[] } {
  const expanded = selectors.map((selector) => ({ selector, ids: expandSelector(selector, rules) }));
  return {
    ids: [...new Set(expanded.flatMap((one) => one.ids))],
    unknown: expanded.filter((one) => one.ids.length === 0).map((one) => one.selector),
  };
}
