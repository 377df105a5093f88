import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { type Command, Option } from "commander";
import {
  abovePackage,
  type FoundConfig,
  findConfig,
  findProject,
  moduleRoots,
  readConfigFile,
} from "../files/config";
import { type NotebookCell, readNotebook } from "../files/notebook";
import { readPython, readStdin } from "../files/read";
import { walk } from "../files/walk";
import { ConfigError, selectRules } from "../lint/config";
import { suppressAll } from "../lint/fixes/suppression";
import { createWorkspace } from "../lint/index";
import { reportFindings } from "../lint/report";
import { allRules } from "../lint/rules";
import { unsuppressed } from "../lint/suppress";
import type { Finding } from "../lint/types";
import type { LintReport } from "../protocol/lintReport";
import { digits } from "../trace";
import { legibly } from "./legible";
import { sarif } from "./lintFormats/sarif";
import { textOf } from "./lintFormats/text";
import { byCell } from "./lintNotebook";
import { complain, gathered, terminal, UsageError, writePieces } from "./output";
import { style } from "./style";
import { count } from "./summary";

const FORMATS = ["text", "json", "sarif"] as const;
const SEVERITIES = ["error", "warning", "info", "hint"] as const;
const FOUND = 1;
const ENDINGS = [".py", ".pyw", ".ipynb"];

interface Options {
  format: (typeof FORMATS)[number];
  select?: string[];
  ignore?: string[];
  config?: string;
  stdinFilename?: string;
  failOn: (typeof SEVERITIES)[number];
  addIgnores?: boolean;
}

/** The path that means stdin. */
const STDIN = "-";

/** Adds `loopscope lint`. */
export function registerLint(program: Command): void {
  program
    .command("lint")
    .description("find what blocks the event loop, and other faults of async code, without running it")
    .argument("[paths...]", "files and folders, or - for stdin (default: this folder)")
    .addOption(new Option("--format <format>", "how to print the findings").choices(FORMATS).default("text"))
    .option("--select <rules>", "only these rules: names or codes such as ASYNC251, comma-separated", list)
    .option("--ignore <rules>", "none of these rules", list)
    .option("--config <file>", "settings to use instead of the nearest pyproject.toml's")
    .option("--stdin-filename <file>", "the file whose text is on stdin, when a path is -")
    .addOption(
      new Option("--fail-on <severity>", "exit with 1 only for findings at least as serious as this")
        .choices(SEVERITIES)
        .default("hint"),
    )
    .option("--add-ignores", "write a comment to the line of each finding that ignores it from now on")
    .addHelpText("after", "\nExit code: 0 no finding, 1 findings, 2 could not run.")
    .action(async (paths: string[], options: Options) => {
      const report = await lint(paths.length > 0 ? paths : ["."], options).catch((error) => {
        throw error instanceof ConfigError ? new UsageError(error.message) : error;
      });
      writePieces("-", gathered(pieces(report, options.format)));
      const failing = SEVERITIES.slice(0, SEVERITIES.indexOf(options.failOn) + 1);
      if (report.findings.some(({ severity }) => failing.includes(severity))) process.exitCode = FOUND;
    });
}

function list(value: string, before: string[] = []): string[] {
  const words = value.split(/[\s,]+/).filter(Boolean);
  if (words.length === 0) throw new UsageError("a list of rules is empty; `loopscope rules` lists them");
  return [...before, ...words];
}

function* pieces(report: LintReport, format: Options["format"]): Iterable<string> {
  if (format === "json") yield `${JSON.stringify(report, null, 2)}\n`;
  else if (format === "sarif") yield `${JSON.stringify(sarif(report), null, 2)}\n`;
  else yield* legibly(textOf(report, process.cwd(), style(terminal(1))));
}

/** Reads and judges; files with one configuration are judged together. */
async function lint(paths: readonly string[], options: Options): Promise<LintReport> {
  const stdin = paths.includes(STDIN) ? resolve(options.stdinFilename ?? STDIN) : null;
  if (stdin === null && options.stdinFilename !== undefined)
    throw new UsageError("--stdin-filename says which file's text is on stdin: give the path - as well");
  if (stdin !== null && options.addIgnores)
    throw new UsageError("--add-ignores writes to files: give their paths, not -");
  if (stdin?.endsWith(".ipynb")) throw new UsageError("a notebook cannot be read from stdin");
  const select = options.select && selectRules(options.select, "--select", allRules);
  const ignore = options.ignore && selectRules(options.ignore, "--ignore", allRules);
  const report: LintReport = { schema: "loopscope-lint/1", files: 0, findings: [] };
  for (const group of await groups(paths, options.config, stdin)) {
    const { config } = group;
    const workspace = createWorkspace({
      select: select ?? config.select,
      extendSelect: select ? [] : config.extendSelect,
      ignore: [...(select ? [] : config.ignore), ...(ignore ?? [])],
      severities: config.severities,
      blocking: config.blocking,
      offloaders: config.offloaders,
      roots: moduleRoots(group),
    });
    const notebooks = new Map<string, NotebookCell[]>();
    for (const path of await filesOf(group)) {
      const notebook = path.endsWith(".ipynb") ? await readNotebook(path) : null;
      const read = notebook ?? (await (path === stdin ? readStdin() : readPython(path)));
      if ("problem" in read) leftOut(path, read.problem);
      else workspace.setFile(path, read.text);
      if (notebook && "cells" in notebook) notebooks.set(path, notebook.cells);
    }
    const judged = workspace.paths().sort();
    let isPart = false;
    for await (const path of around(group)) {
      if (workspace.has(path)) continue;
      const read = await readPython(path);
      if ("text" in read) workspace.offer(path, read.text);
      isPart = true;
    }
    // Of a part, only what its own code gets to is looked at; first all of it, for the rules that compare its files.
    const findings = (path: string) => (isPart ? workspace.findingsSoon(path) : workspace.findings(path));
    if (isPart) for (const path of judged) findings(path);
    for (const path of judged) {
      report.files++;
      const text = workspace.text(path) ?? "";
      let kept = unsuppressed(text, findings(path));
      if (options.addIgnores && kept.length > 0) kept = await ignored(path, text, kept);
      const found = reportFindings(workspace, path, kept);
      const cells = notebooks.get(path);
      report.findings.push(...(cells ? found.map((finding) => byCell(finding, cells)) : found));
    }
  }
  return report;
}

/** Writes comments that ignore findings to their file; those that stay. */
async function ignored(path: string, text: string, findings: Finding[]): Promise<Finding[]> {
  const before = await readFile(path);
  // A notebook, or an encoding that would not be written as it was read.
  if (!before.equals(Buffer.from(text))) {
    complain(
      `loopscope: ${shown(path)} was left as it is: comments are written to Python files in plain UTF-8 only`,
    );
    return findings;
  }
  const after = suppressAll(text, findings);
  await writeFile(path, after.text).catch((error: Error) => {
    throw new UsageError(`${path} cannot be written: ${error.message}`);
  });
  complain(`loopscope: ${shown(path)}: ${count(findings.length - after.left.length, "finding")} ignored`);
  return after.left;
}

interface Group extends FoundConfig {
  paths: { path: string; isFolder: boolean }[];
}

/** The paths by the configuration that counts for them. `stdin`: the file whose text is there, which need not exist. */
async function groups(
  paths: readonly string[],
  configFile: string | undefined,
  stdin: string | null,
): Promise<Group[]> {
  const fixed = configFile === undefined ? null : await readConfigFile(configFile);
  const found = new Map<string, Group>();
  for (const given of paths) {
    const isStdin = stdin !== null && given === STDIN;
    const path = isStdin ? stdin : resolve(given);
    const kind = isStdin ? null : await stat(path).catch((error: NodeJS.ErrnoException) => error.code);
    if (typeof kind !== "object") {
      throw new UsageError(
        kind === "ENOENT" ? `${given}: there is no such file or folder` : `${given}: ${kind}`,
      );
    }
    const isFolder = kind?.isDirectory() ?? false;
    const folder = isFolder ? path : dirname(path);
    const config = fixed ? { ...fixed, project: await findProject(folder) } : await findConfig(folder);
    const key = `${config.file}\n${config.project ?? folder}`;
    const group = found.get(key) ?? { ...config, paths: [] };
    group.paths.push({ path, isFolder });
    found.set(key, group);
  }
  return [...found.values()];
}

/** The files to judge. A file that is named is read whatever its name and whatever leaves it out of a folder. */
async function filesOf(group: Group): Promise<Set<string>> {
  const files = new Set<string>();
  for (const { path, isFolder } of group.paths) {
    if (!isFolder) {
      files.add(path);
      continue;
    }
    const { exclude } = group.config;
    const options = { exclude, excludeFrom: group.folder, endings: ENDINGS, onProblem: leftOut };
    for await (const file of walk(path, options)) files.add(file);
  }
  return files;
}

/** How many files and folders of a project are looked at for what the given files import. */
const MOST_AROUND = 20_000;

/**
 * What else the files to judge may import: the files of their package, or beside them, then those of their project and of `src`. Where
 * nothing says what the project is, no more: what is below may be all of somebody's files.
 */
async function* around({ project, folder, config, paths }: Group): AsyncGenerator<string> {
  const given = paths.filter(({ isFolder }) => isFolder).map(({ path }) => path);
  const roots = new Set<string>();
  for (const { path, isFolder } of paths) {
    const at = isFolder ? path : dirname(path);
    const above = await abovePackage(at);
    if (above !== at) roots.add(join(above, relative(above, at).split(sep)[0]));
    else if (!isFolder)
      for (const name of await readdir(at).catch(() => [])) if (name.endsWith(".py")) yield join(at, name);
  }
  for (const src of config.src) roots.add(resolve(folder, src));
  if (project !== null) roots.add(project);
  const budget = { left: MOST_AROUND };
  for (const root of roots) {
    if (given.some((path) => path === root || root.startsWith(path + sep))) continue;
    yield* walk(root, { exclude: config.exclude, excludeFrom: folder, onProblem: () => {}, budget });
    if (budget.left >= 0) continue;
    complain(
      `loopscope: calls are followed into the first ${digits(MOST_AROUND)} files and folders of ${shown(root)} only, and not beyond`,
    );
    return;
  }
}

function leftOut(path: string, problem: string): void {
  complain(`loopscope: ${shown(path)} was left out: ${problem}`);
}

function shown(path: string): string {
  const inside = relative(process.cwd(), path);
  return inside.startsWith("..") || isAbsolute(inside) ? path : inside || join(".");
}
