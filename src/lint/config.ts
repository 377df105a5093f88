/**
 * `[tool.loopscope]` of a `pyproject.toml`, or the top level of a TOML file of its own:
 *
 *     [tool.loopscope]
 *     select = ["ALL"]                      # instead of the rules that are on by default
 *     extend-select = ["blocking-cpu"]      # on top of them
 *     ignore = ["blocking-path"]
 *     blocking = ["myapp.db.query"]         # more calls that block
 *     offloaders = ["myapp.in_thread"]      # more calls that run their argument elsewhere
 *     exclude = ["generated/**"]            # as in a .gitignore, from the file's folder
 *     src = ["src"]                         # folders that module names start from
 *     [tool.loopscope.severity]
 *     blocking-file = "error"
 */
import { parse, TomlError } from "smol-toml";
import { meant } from "./meant";
import { expandSelectors } from "./selectors";
import type { Severity } from "./types";

export interface LintConfig {
  /** Rule ids, or null for those on by default. */
  select: string[] | null;
  extendSelect: string[];
  ignore: string[];
  severities: Record<string, Severity>;
  blocking: string[];
  offloaders: string[];
  exclude: string[];
  src: string[];
}

/** A configuration a person has to correct; the message says where and how. */
export class ConfigError extends Error {}

export const NO_CONFIG: Readonly<LintConfig> = {
  select: null,
  extendSelect: [],
  ignore: [],
  severities: {},
  blocking: [],
  offloaders: [],
  exclude: [],
  src: [],
};

const SEVERITIES: readonly Severity[] = ["error", "warning", "info", "hint"];
const KEYS = ["select", "extend-select", "ignore", "severity", "blocking", "offloaders", "exclude", "src"];

type Table = Record<string, unknown>;
type Rules = readonly { id: string; equivalents: readonly string[] }[];

/**
 * Reads the configuration in a TOML text; null when it is a project's file that has no `[tool.loopscope]`.
 *
 * @param name what messages call the file; one that ends in `pyproject.toml` is only asked for its table
 * @throws ConfigError when it is not TOML, has a key we do not know, or a value of the wrong type
 */
export function parseConfig(text: string, name: string, rules: Rules): LintConfig | null {
  let document: Table;
  try {
    document = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split("\n")[0].replace(/^Invalid TOML document: /, "");
    throw new ConfigError(`${name}, line ${error.line}: not valid TOML: ${reason}`);
  }
  const table = isTable(document.tool) ? document.tool.loopscope : undefined;
  if (table === undefined)
    return /pyproject\.toml$/.test(name) || document.tool ? null : readConfig(document, name, rules);
  if (!isTable(table)) throw new ConfigError(`${name}: tool.loopscope must be a table`);
  return readConfig(table, `${name}, [tool.loopscope]`, rules);
}

/**
 * Checks a table, however it was written (a TOML file, an editor's settings).
 * @throws ConfigError as `parseConfig`
 */
export function readConfig(table: Table, where: string, rules: Rules): LintConfig {
  for (const key of Object.keys(table)) {
    if (!KEYS.includes(key)) {
      throw new ConfigError(
        `${where}: there is no setting "${key}"${meant(key, KEYS)}; there are ${KEYS.join(", ")}`,
      );
    }
  }
  const list = (key: string): string[] | null => {
    const value = table[key];
    if (value === undefined || value === null) return null;
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
    throw new ConfigError(`${where}: "${key}" must be a list of strings, such as ${EXAMPLES[key]}`);
  };
  const ruleList = (key: string): string[] | null => {
    const selectors = list(key);
    return selectors && selectRules(selectors, `${where}: "${key}"`, rules);
  };
  const qualified = (key: string): string[] => {
    const names = list(key) ?? [];
    const wrong = names.find((name) => !/^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)*$/u.test(name));
    if (wrong === undefined) return names;
    throw new ConfigError(`${where}: "${key}": "${wrong}" is not a qualified name such as ${EXAMPLES[key]}`);
  };
  return {
    select: ruleList("select"),
    extendSelect: ruleList("extend-select") ?? [],
    ignore: ruleList("ignore") ?? [],
    severities: severities(table.severity, where, rules),
    blocking: qualified("blocking"),
    offloaders: qualified("offloaders"),
    exclude: list("exclude") ?? [],
    src: list("src") ?? [],
  };
}

const EXAMPLES: Record<string, string> = {
  select: '["blocking-sleep", "ASYNC210"]',
  "extend-select": '["blocking-cpu"]',
  ignore: '["blocking-path"]',
  blocking: '["myapp.db.query"]',
  offloaders: '["myapp.in_thread"]',
  exclude: '["generated/**"]',
  src: '["src"]',
};

/**
 * The ids that selectors stand for.
 * @throws ConfigError naming the first that stands for no rule
 */
export function selectRules(selectors: readonly string[], where: string, rules: Rules): string[] {
  const { ids, unknown } = expandSelectors(selectors, rules);
  if (unknown.length === 0) return ids;
  const names = rules.flatMap(({ id, equivalents }) => [id, ...equivalents]);
  throw new ConfigError(
    `${where}: no rule is called "${unknown[0]}"${meant(unknown[0], names)}; \`loopscope rules\` lists them`,
  );
}

function severities(value: unknown, where: string, rules: Rules): Record<string, Severity> {
  if (value === undefined || value === null) return {};
  if (!isTable(value)) {
    throw new ConfigError(`${where}: "severity" must be a table of rules, such as blocking-file = "error"`);
  }
  const result: Record<string, Severity> = {};
  for (const [selector, severity] of Object.entries(value)) {
    if (!SEVERITIES.includes(severity as Severity)) {
      throw new ConfigError(
        `${where}: the severity of "${selector}" must be one of ${SEVERITIES.join(", ")}, not ${JSON.stringify(severity)}`,
      );
    }
    for (const id of selectRules([selector], `${where}: "severity"`, rules))
      result[id] = severity as Severity;
  }
  return result;
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
