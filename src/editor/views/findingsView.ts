import type * as vscode from "vscode";
import type { Finding } from "../../protocol/report";
import { findings as findingsOf } from "../../trace";
import { Command, View } from "../contributions";
import { Disposables } from "../disposables";
import type { Traces } from "../runs/traces";
import { placeText } from "./taskRows";
import { Throttle } from "./throttle";

/** The findings are computed anew each time, from the whole trace: seldom enough not to be felt. Milliseconds. */
const REFRESH_MS = 1000;

const ICONS: Record<Finding["severity"], [icon: string, colour: string]> = {
  error: ["error", "list.errorForeground"],
  warning: ["warning", "list.warningForeground"],
  info: ["info", "charts.blue"],
};

/** What is wrong with the program, most serious first; a click opens the line. */
export class FindingsView implements vscode.TreeDataProvider<Finding> {
  private readonly disposables = new Disposables();
  private readonly changed: vscode.EventEmitter<undefined>;
  readonly onDidChangeTreeData: vscode.Event<undefined>;
  private readonly view: vscode.TreeView<Finding>;
  private found: readonly Finding[] = [];

  constructor(
    private readonly vs: typeof vscode,
    private readonly traces: Traces,
  ) {
    this.changed = this.disposables.push(new vs.EventEmitter<undefined>());
    this.onDidChangeTreeData = this.changed.event;
    this.view = this.disposables.push(vs.window.createTreeView(View.findings, { treeDataProvider: this }));
    const refresh = this.disposables.push(
      new Throttle(REFRESH_MS, () => {
        const { current } = this.traces;
        this.found = current === null ? [] : findingsOf(current.trace);
        this.summarize();
        this.changed.fire(undefined);
      }),
    );
    this.disposables.push(traces.onDidUpdate(() => refresh.poke()));
    this.disposables.push(traces.onDidChangeCurrent(() => refresh.poke()));
  }

  /** The findings of the current trace, as they were last computed. */
  get all(): readonly Finding[] {
    return this.found;
  }

  getChildren(finding?: Finding): Finding[] {
    return finding === undefined ? [...this.found] : [];
  }

  getTreeItem(finding: Finding): vscode.TreeItem {
    const item = new this.vs.TreeItem(finding.message);
    const [icon, colour] = ICONS[finding.severity];
    item.id = `${finding.rule}|${finding.task}|${finding.from}|${placeText(finding.at)}|${finding.message}`;
    item.iconPath = new this.vs.ThemeIcon(icon, new this.vs.ThemeColor(colour));
    item.description = placeText(finding.at);
    item.tooltip = `${finding.rule}: ${finding.message}`;
    item.accessibilityInformation = {
      label: `${finding.severity}, ${finding.message}, ${placeText(finding.at)}`,
    };
    if (finding.at !== null) {
      const { file, line } = finding.at;
      item.command = { command: Command.openPlace, title: "Open", arguments: [{ file, line }] };
    }
    return item;
  }

  private summarize(): void {
    const count = this.found.length;
    const tooltip = `${count} finding${count === 1 ? "" : "s"}`;
    this.view.badge = count === 0 ? undefined : { value: count, tooltip };
    this.view.message = this.traces.current !== null && count === 0 ? "Nothing wrong so far." : undefined;
  }

  dispose(): void {
    this.disposables.dispose();
  }
}
