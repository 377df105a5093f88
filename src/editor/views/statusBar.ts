import type * as vscode from "vscode";
import type { Attacher } from "../attach/attacher";
import { Command, ContextKey } from "../contributions";
import { Disposables } from "../disposables";
import { l10n } from "../l10n";
import type { Runner } from "../runs/runner";
import type { Traces } from "../runs/traces";
import { taskCount } from "./taskRows";
import { REFRESH_MS } from "./tasksView";
import { Throttle } from "./throttle";

/** Says in the status bar that a program is traced, and keeps the context keys that the menus depend on. */
export class StatusBar {
  private readonly disposables = new Disposables();
  private readonly item: vscode.StatusBarItem;

  constructor(
    private readonly vs: Pick<typeof vscode, "window" | "commands" | "StatusBarAlignment">,
    private readonly runner: Runner,
    private readonly attacher: Attacher,
    private readonly traces: Traces,
  ) {
    this.item = this.disposables.push(
      vs.window.createStatusBarItem("loopscope.run", vs.StatusBarAlignment.Left, 50),
    );
    this.item.name = "Loopscope";
    this.item.command = Command.showGraph;
    const refresh = this.disposables.push(new Throttle(REFRESH_MS, () => this.update()));
    this.disposables.push(runner.onDidChange(() => this.update()));
    this.disposables.push(attacher.onDidChange(() => this.update()));
    this.disposables.push(traces.onDidChangeCurrent(() => this.update()));
    this.disposables.push(traces.onDidUpdate(() => refresh.poke()));
    this.update();
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private update(): void {
    const { current } = this.traces;
    const running = [...this.attacher.traces, ...this.runner.running.map((run) => run.open)];
    const set = (key: string, value: boolean) =>
      void this.vs.commands.executeCommand("setContext", key, value);
    set(ContextKey.running, running.length > 0);
    set(ContextKey.canRerun, this.runner.canRerun);
    set(ContextKey.hasTrace, current !== null);
    if (running.length === 0) {
      this.item.hide();
      return;
    }
    const open = running.find((one) => one === current) ?? running[running.length - 1];
    const { tasks, forgotten } = open.trace;
    this.item.text = `$(pulse) ${open.title}: ${taskCount(tasks.count + forgotten.tasks)}`;
    this.item.tooltip =
      running.length === 1
        ? l10n.t("Loopscope is tracing {0}. Click to show its task graph.", open.title)
        : l10n.t(
            "Loopscope is tracing {0} (and {1} more). Click to choose whose task graph to show.",
            open.title,
            running.length - 1,
          );
    this.item.show();
  }
}
