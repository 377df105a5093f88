import * as vscode from "vscode";
import { Attacher } from "./editor/attach/attacher";
import { commandHandlers, saveText, viewAction, viewActions } from "./editor/commands";
import { type CommandHandlers, registerCommands } from "./editor/contributions";
import { openHelp } from "./editor/help";
import { translateWith } from "./editor/l10n";
import { registerLaunch } from "./editor/launch/register";
import { registerLinting } from "./editor/linting";
import { GraphPanel } from "./editor/panel/graphPanel";
import type { ViewServices } from "./editor/panel/graphView";
import { restorePanel } from "./editor/panel/restore";
import { TraceEditor } from "./editor/panel/traceEditor";
import { Reporter } from "./editor/report";
import { Runner } from "./editor/runs/runner";
import { Traces } from "./editor/runs/traces";
import { openPlace } from "./editor/source";
import { startOnOpen } from "./editor/startOnOpen";
import { FindingsView } from "./editor/views/findingsView";
import { Found } from "./editor/views/found";
import { Problems } from "./editor/views/problems";
import { StatusBar } from "./editor/views/statusBar";
import { TasksView } from "./editor/views/tasksView";

/** What a test inside the editor gets hold of. */
export interface Parts {
  runner: Runner;
  traces: Traces;
  tasks: TasksView;
  findings: FindingsView;
}

/** Puts the parts together; what they do is theirs. */
export function activate(context: vscode.ExtensionContext): Parts {
  const own = <T extends vscode.Disposable>(part: T): T => {
    context.subscriptions.push(part);
    return part;
  };
  translateWith(vscode.l10n.t);
  const output = own(vscode.window.createOutputChannel("Loopscope", { log: true }));
  const { log, report } = new Reporter(vscode, output);
  const storage = vscode.Uri.joinPath(context.storageUri ?? context.globalStorageUri, "runs").fsPath;

  const traces = own(new Traces());
  const runner = own(new Runner(vscode, storage, log));
  const attacher = own(new Attacher(vscode, storage, log));
  const services: ViewServices = {
    openPlace: (place, preserveFocus) => openPlace(vscode, place, preserveFocus),
    action: async (action) => viewAction(handlers, action),
    actions: (trace) => viewActions(trace, runner.runOf(trace) !== undefined),
    help: (page) => openHelp(vscode, context.extensionUri, page),
    save: (name, text) => saveText(vscode, name, text),
    log,
    report,
  };
  const panel = own(new GraphPanel(vscode, context.extensionUri, services));
  const editor = own(new TraceEditor(vscode, context.extensionUri, services, traces));
  const handlers: CommandHandlers = commandHandlers({
    vs: vscode,
    runner,
    attacher,
    traces,
    panel,
    editor,
    memory: context.workspaceState,
  });

  own(
    runner.onDidStart((run) => {
      traces.show(run.open);
      panel.show(run.open);
    }),
  );
  own(
    attacher.onDidStart((open) => {
      traces.show(open);
      panel.show(open);
    }),
  );
  own(runner.onDidChange(() => panel.refreshActions()));
  own(attacher.onDidChange(() => panel.refreshActions()));
  own(panel.onDidBecomeActive((trace) => traces.show(trace)));
  own(restorePanel(vscode, context.workspaceState, runner, panel));
  const found = own(new Found(traces));
  const findings = own(new FindingsView(vscode, found));
  const tasks = own(new TasksView(vscode, traces, found));
  own(new Problems(vscode, context.extensionUri, found));
  own(new StatusBar(vscode, runner, attacher, traces));
  own(
    registerLaunch(
      vscode.debug,
      (adapter) => new vscode.DebugAdapterInlineImplementation(adapter),
      runner,
      log,
    ),
  );
  own(registerCommands(vscode.commands, handlers, report));
  startOnOpen(vscode, handlers, report);
  registerLinting(context);
  return { runner, traces, tasks, findings };
}
