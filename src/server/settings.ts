/** The editor's settings, on top of the project's own. */
import { ConfigError, type LintConfig, readConfig } from "../lint/config";
import { allRules } from "../lint/rules";

export interface Settings {
  enable: boolean;
  /** Whether files that are not open are reported too. */
  wholeWorkspace: boolean;
  config: LintConfig;
  /** What is wrong with them, for the user. */
  problem: string | null;
}

/** `loopscope.lint` as an editor gives it; what is missing or of a wrong kind is as if not set. */
export function readSettings(value: unknown): Settings {
  const given = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const table = {
    // An editor cannot say "not set" but by an empty list.
    select: Array.isArray(given.select) && given.select.length > 0 ? given.select : undefined,
    "extend-select": given.extendSelect,
    ignore: given.ignore,
    severity: given.severity,
    blocking: given.blocking,
    offloaders: given.offloaders,
    exclude: given.exclude,
  };
  const settings = { enable: given.enable !== false, wholeWorkspace: given.scope === "workspace" };
  try {
    return { ...settings, config: readConfig(table, "settings: loopscope.lint", allRules), problem: null };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { ...settings, config: readConfig({}, "", allRules), problem: error.message };
  }
}

/** Lists add up; a choice of rules and severities in the editor overrule the project's. */
export function combine(project: LintConfig, editor: LintConfig): LintConfig {
  return {
    select: editor.select ?? project.select,
    extendSelect: [...project.extendSelect, ...editor.extendSelect],
    ignore: [...project.ignore, ...editor.ignore],
    severities: { ...project.severities, ...editor.severities },
    blocking: [...project.blocking, ...editor.blocking],
    offloaders: [...project.offloaders, ...editor.offloaders],
    exclude: [...project.exclude, ...editor.exclude],
    src: project.src,
  };
}
