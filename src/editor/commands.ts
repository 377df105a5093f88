import { createWriteStream } from "node:fs";
import { copyFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";
import type * as vscode from "vscode";
import { htmlReport } from "../cli/page";
import type { HostAction } from "../protocol/view";
import type { Attacher } from "./attach/attacher";
import { type CommandHandlers, readSetting, TRACE_EDITOR } from "./contributions";
import { errors } from "./errors";
import { l10n } from "./l10n";
import type { GraphPanel } from "./panel/graphPanel";
import { openTraceFile, type TraceEditor } from "./panel/traceEditor";
import { readCommandLine } from "./runs/commandLine";
import type { OpenTrace } from "./runs/openTrace";
import type { Runner } from "./runs/runner";
import type { Traces } from "./runs/traces";
import { openPlace } from "./source";
import { taskCount } from "./views/taskRows";

/** Key of the command line that was run last. */
const LAST_LINE = "lastCommandLine";

const traceFilter = () => ({ [l10n.t("Loopscope trace")]: ["loopscope"], [l10n.t("All files")]: ["*"] });

export interface Services {
  vs: typeof vscode;
  runner: Runner;
  attacher: Attacher;
  traces: Traces;
  panel: GraphPanel;
  editor: TraceEditor;
  /** Kept with the workspace. */
  memory: vscode.Memento;
}

/** What each command does. The compiler asks for every one of them. */
export function commandHandlers(services: Services): CommandHandlers {
  const { vs, runner, attacher, traces, panel, editor, memory } = services;
  const activeView = () => editor.activeView ?? panel.current;
  return {
    "loopscope.run": (file) => runner.run(file),
    "loopscope.runCommandLine": async (given) => {
      const line = given ?? (await askCommandLine(vs, memory.get<string>(LAST_LINE)));
      if (line === undefined) return;
      await memory.update(LAST_LINE, line);
      await runner.runCommandLine(line);
    },
    "loopscope.attach": () => attacher.attach(),
    "loopscope.stop": () => {
      if (attacher.detach(traces.current)) return;
      const run = runner.runOf(traces.current);
      if (run?.running) return run.stop();
      for (const one of runner.running) one.stop();
      for (const trace of attacher.traces) attacher.detach(trace);
    },
    "loopscope.rerun": () => runner.rerun(traces.current),
    "loopscope.openTrace": async (file) => {
      const chosen = file ?? (await pickTrace(vs, l10n.t("Open Trace"), l10n.t("Open")));
      if (chosen !== undefined) await vs.commands.executeCommand("vscode.openWith", chosen, TRACE_EDITOR);
    },
    "loopscope.saveTrace": () => saveTrace(vs, traces.current),
    "loopscope.exportReport": () => exportReport(vs, traces.current),
    "loopscope.compare": async () => {
      const view = activeView();
      if (!view?.shown) throw errors.nothingToCompare();
      const chosen = await pickTrace(vs, l10n.t("Compare with an Earlier Trace"), l10n.t("Compare"));
      if (chosen !== undefined) view.compare(await openTraceFile(chosen));
    },
    "loopscope.showGraph": async () => {
      const others = [...attacher.traces, ...runner.all.map(({ open }) => open)];
      // Asked only where there is a choice that matters: two programs at work, such as a server and its client.
      if (others.some((open) => open.live && open !== panel.shownTrace)) {
        const chosen = await pickRun(vs, others, panel.shownTrace);
        if (chosen === undefined) return;
        traces.show(chosen);
        panel.show(chosen);
      }
      panel.reveal(false);
    },
    "loopscope.openPlace": (place) => openPlace(vs, place),
    "loopscope.showTask": (item) => {
      if (item === undefined) throw errors.rowGone();
      const task = "rule" in item ? (item.task ?? 0) - 1 : item.task;
      if (traces.current === null || task < 0) return;
      if (editor.activeView === null) panel.reveal();
      // Rows of our model and of the view's may differ, the numbers of the tasks do not. Ids count from 1.
      activeView()?.reveal(traces.current.trace.tasks.serial(task) + 1);
    },
  };
}

/** What the view's own buttons do: the same commands. */
export function viewAction(handlers: CommandHandlers, action: HostAction): Promise<void> | void {
  const actions: Record<HostAction, () => Promise<void> | void> = {
    stop: () => handlers["loopscope.stop"](),
    rerun: () => handlers["loopscope.rerun"](),
    run: () => handlers["loopscope.run"](),
    openTrace: () => handlers["loopscope.openTrace"](),
    compare: () => handlers["loopscope.compare"](),
    saveTrace: () => handlers["loopscope.saveTrace"](),
    exportReport: () => handlers["loopscope.exportReport"](),
  };
  return actions[action]();
}

/** The buttons that make sense for a trace now. A program that was only attached to was not ours to start. */
export function viewActions(trace: OpenTrace | null, ofRun: boolean): HostAction[] {
  if (trace === null) return ["run", "openTrace"];
  if (trace.kind === "file") return ["compare", "exportReport", "openTrace"];
  const begin: HostAction[] = trace.live ? ["stop"] : ofRun ? ["rerun"] : [];
  return [...begin, "compare", "saveTrace", "exportReport"];
}

/** Asks where a text that the view made (a table as CSV) shall go. */
export async function saveText(vs: typeof vscode, name: string, text: string): Promise<void> {
  const target = await vs.window.showSaveDialog({ defaultUri: inWorkspace(vs, name) });
  if (target !== undefined) await writeFile(target.fsPath, text);
}

async function saveTrace(vs: typeof vscode, trace: OpenTrace | null): Promise<void> {
  if (trace === null) throw errors.nothingToSave();
  const target = await vs.window.showSaveDialog({
    defaultUri: inWorkspace(vs, `${withoutExtension(trace.title)}.loopscope`),
    filters: traceFilter(),
    title: l10n.t("Save Trace"),
  });
  if (target === undefined) return;
  await copyFile(trace.bytes.path, target.fsPath);
  vs.window.setStatusBarMessage(l10n.t("Saved {0}", basename(target.fsPath)), 4000);
}

/** Writes the view and the trace into one file that opens in any browser. */
async function exportReport(vs: typeof vscode, trace: OpenTrace | null): Promise<void> {
  if (trace === null) throw errors.nothingToSave();
  const target = await vs.window.showSaveDialog({
    defaultUri: inWorkspace(vs, `${withoutExtension(trace.title)}.html`),
    filters: { HTML: ["html"] },
    title: l10n.t("Export HTML Report"),
  });
  if (target === undefined) return;
  const blockMs = readSetting(vs.workspace, "blockMs", target);
  await pipeline(htmlReport(trace.bytes.path, blockMs), createWriteStream(target.fsPath));
  // A report is made to be looked at, or to be sent: both begin here.
  const open = l10n.t("Open in Browser");
  const chosen = await vs.window.showInformationMessage(
    l10n.t("The report is in {0}: one file, which opens in any browser.", basename(target.fsPath)),
    open,
  );
  if (chosen === open) await vs.env.openExternal(target);
}

/** Asks which of several programs to look at: those at work first. */
async function pickRun(
  vs: typeof vscode,
  all: OpenTrace[],
  shown: OpenTrace | null,
): Promise<OpenTrace | undefined> {
  const items = [...all]
    .sort((a, b) => Number(b.live) - Number(a.live))
    .map((open) => {
      const { tasks, forgotten } = open.trace;
      const state = open.live ? l10n.t("running") : l10n.t("ended");
      const description = `${state}, ${taskCount(tasks.count + forgotten.tasks)}`;
      return {
        label: open.title,
        description,
        detail: open === shown ? l10n.t("shown now") : undefined,
        open,
      };
    });
  const title = l10n.t("Show Task Graph");
  return (await vs.window.showQuickPick(items, { title, placeHolder: l10n.t("A program that was traced") }))
    ?.open;
}

async function askCommandLine(vs: typeof vscode, last = ""): Promise<string | undefined> {
  return vs.window.showInputBox({
    title: l10n.t("Trace Command Line"),
    prompt: l10n.t(
      "A module or a Python file with its arguments. It runs in the terminal, with the workspace's interpreter.",
    ),
    placeHolder: "uvicorn app:app --port 8000",
    value: last,
    ignoreFocusOut: true,
    validateInput: (line) =>
      line.trim() === "" || readCommandLine(line) !== null ? undefined : errors.noProgram(line).message,
  });
}

async function pickTrace(
  vs: typeof vscode,
  title: string,
  openLabel: string,
): Promise<vscode.Uri | undefined> {
  const chosen = await vs.window.showOpenDialog({
    title,
    openLabel,
    filters: traceFilter(),
    defaultUri: vs.workspace.workspaceFolders?.[0]?.uri,
  });
  return chosen?.[0];
}

function withoutExtension(name: string): string {
  return name.replace(/\.\w+$/, "");
}

function inWorkspace(vs: typeof vscode, name: string): vscode.Uri {
  const folder = vs.workspace.workspaceFolders?.[0];
  return folder === undefined ? vs.Uri.file(name) : vs.Uri.joinPath(folder.uri, name);
}
