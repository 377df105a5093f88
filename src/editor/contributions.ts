import type * as vscode from "vscode";
import type { Finding } from "../protocol/report";
import { DEFAULT_HISTORY_MB } from "../protocol/view";
import { Disposables } from "./disposables";

/**
 * Every id that package.json and the code share, once. A command without a handler, or a setting without a
 * type, does not compile; test/unit/editor/contributions.test.ts checks that package.json says the same.
 */
export const Command = {
  run: "loopscope.run",
  runCommandLine: "loopscope.runCommandLine",
  attach: "loopscope.attach",
  stop: "loopscope.stop",
  rerun: "loopscope.rerun",
  openTrace: "loopscope.openTrace",
  saveTrace: "loopscope.saveTrace",
  exportReport: "loopscope.exportReport",
  compare: "loopscope.compare",
  showGraph: "loopscope.showGraph",
  openPlace: "loopscope.openPlace",
  showTask: "loopscope.showTask",
} as const;

/** What each command takes. The explorer and the editor's menus pass the file they were opened on. */
export interface CommandArguments {
  "loopscope.run": [file?: vscode.Uri];
  /** Asked for when it is not given. */
  "loopscope.runCommandLine": [line?: string];
  "loopscope.attach": [];
  "loopscope.stop": [];
  "loopscope.rerun": [];
  "loopscope.openTrace": [file?: vscode.Uri];
  "loopscope.saveTrace": [];
  "loopscope.exportReport": [];
  "loopscope.compare": [];
  "loopscope.showGraph": [];
  /** A file by its absolute path, and a 1-based line. */
  "loopscope.openPlace": [place: { file: string; line: number }];
  /** What a tree hands to its menus: the item of a task (its row), or a finding (the task's id). Nothing when it has just changed. */
  "loopscope.showTask": [item?: { task: number } | Finding];
}

export type CommandId = keyof CommandArguments;

export type CommandHandlers = { [K in CommandId]: (...args: CommandArguments[K]) => Promise<void> | void };

export const ContextKey = {
  /** A traced program is running, or one is attached to: there is something to stop. */
  running: "loopscope.running",
  /** A program has been run in this window, so it can be run again. */
  canRerun: "loopscope.canRerun",
  /** There is something to look at: a program has been run or a trace opened in this window. */
  hasTrace: "loopscope.hasTrace",
} as const;

export const View = { tasks: "loopscope.tasks", findings: "loopscope.findings" } as const;

/** The type of a launch configuration that runs a program with trace. */
export const DEBUG_TYPE = "loopscope";

/** The custom editor of `*.loopscope` files, and the panel of live runs. */
export const TRACE_EDITOR = "loopscope.trace";
export const GRAPH_PANEL = "loopscope.graph";

/** The user's settings, below "loopscope.". */
export interface Settings {
  pythonPath: string;
  /** Arguments given to every program run with trace. */
  args: string[];
  /** Threshold of `blocking-call` and `starved`, in milliseconds. */
  blockMs: number;
  /** What a running trace may take of memory before its oldest part is forgotten, in megabytes. */
  historyMb: number;
  /** Whether the findings of a run are put under their lines. */
  problems: boolean;
}

/** The defaults, which package.json repeats (the test compares). */
export const settingDefaults: Settings = {
  pythonPath: "",
  args: [],
  blockMs: 50,
  historyMb: DEFAULT_HISTORY_MB,
  problems: true,
};

/** Reads one setting as it is for a file; a value of another type than its default counts as not set. */
export function readSetting<K extends keyof Settings>(
  workspace: Pick<typeof vscode.workspace, "getConfiguration">,
  key: K,
  scope?: vscode.Uri,
): Settings[K] {
  const value: unknown = workspace.getConfiguration("loopscope", scope).get(key);
  const standard = settingDefaults[key];
  const fits = typeof value === typeof standard && Array.isArray(value) === Array.isArray(standard);
  return fits ? (value as Settings[K]) : standard;
}

/** Registers every command; a handler that fails is reported and not swallowed by VS Code. */
export function registerCommands(
  commands: Pick<typeof vscode.commands, "registerCommand">,
  handlers: CommandHandlers,
  report: (error: unknown) => void,
): Disposables {
  const all = new Disposables();
  for (const id of Object.values(Command)) {
    const handler = handlers[id] as (...args: unknown[]) => Promise<void> | void;
    all.push(
      commands.registerCommand(id, async (...args: unknown[]) => {
        try {
          await handler(...args);
        } catch (error) {
          report(error);
        }
      }),
    );
  }
  return all;
}
