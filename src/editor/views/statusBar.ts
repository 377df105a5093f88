import type * as vscode from "vscode";
import { Command, ContextKey } from "../contributions";
import { Disposables } from "../disposables";
import type { Runner } from "../runs/runner";
import type { Traces } from "../runs/traces";
import { countOf } from "./taskRows";
import { REFRESH_MS } from "./tasksView";
import { Throttle } from "./throttle";

/** Says in the status bar that a program is traced, and keeps the context keys that the menus depend on. */
export class StatusBar {
  private readonly disposables = new Disposables();
  private readonly item: vscode.StatusBarItem;

  constructor(
    private readonly vs: Pick<typeof vscode, "window" | "commands" | "StatusBarAlignment">,
    private readonly runner: Runner,
    private readonly traces: Traces,
  ) {
    this.item = this.disposables.push(
      vs.window.createStatusBarItem("loopscope.run", vs.StatusBarAlignment.Left, 50),
    );
    this.item.name = "Loopscope";
    this.item.command = Command.showGraph;
    const refresh = this.disposables.push(new Throttle(REFRESH_MS, () => this.update()));
    this.disposables.push(runner.onDidChange(() => this.update()));
    this.disposables.push(traces.onDidChangeCurrent(() => this.update()));
    this.disposables.push(traces.onDidUpdate(() => refresh.poke()));
    this.update();
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private update(): void {
    const { running } = this.runner;
    void this.vs.commands.executeCommand("setContext", ContextKey.running, running.length > 0);
    void this.vs.commands.executeCommand("setContext", ContextKey.hasTrace, this.traces.current !== null);
    if (running.length === 0) {
      this.item.hide();
      return;
    }
    const run = running.find((one) => one.open === this.traces.current) ?? running[running.length - 1];
    const { tasks, forgotten } = run.open.trace;
    this.item.text = `$(pulse) ${run.open.title}: ${countOf(tasks.count + forgotten.tasks, "task")}`;
    const others = running.length === 1 ? "" : ` (and ${running.length - 1} more)`;
    this.item.tooltip = `Loopscope is tracing ${run.open.title}${others}. Click to show its task graph.`;
    this.item.show();
  }
}
