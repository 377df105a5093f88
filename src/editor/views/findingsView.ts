import type * as vscode from "vscode";
import type { Finding } from "../../protocol/report";
import { findings as findingsOf } from "../../trace";
import { Command, View } from "../contributions";
import { Disposables } from "../disposables";
import type { Traces } from "../runs/traces";
import { placeText } from "./taskRows";
import { Throttle } from "./throttle";

/** The findings are computed anew each time, from the whole trace: seldom enough not to be felt. */
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

  constructor(
    private readonly vs: typeof vscode,
    private readonly traces: Traces,
  ) {
    this.changed = this.disposables.push(new vs.EventEmitter<undefined>());
    this.onDidChangeTreeData = this.changed.event;
    this.view = this.disposables.push(vs.window.createTreeView(View.findings, { treeDataProvider: this }));
    const refresh = this.disposables.push(new Throttle(REFRESH_MS, () => this.changed.fire(undefined)));
    this.disposables.push(traces.onDidUpdate(() => refresh.poke()));
    this.disposables.push(traces.onDidChangeCurrent(() => refresh.poke()));
  }

  getChildren(finding?: Finding): Finding[] {
    const { current } = this.traces;
    const findings = finding !== undefined || current === null ? [] : findingsOf(current.trace);
    if (finding === undefined) {
      const count = findings.length;
      this.view.badge =
        count === 0 ? undefined : { value: count, tooltip: `${count} finding${count === 1 ? "" : "s"}` };
      this.view.message = current !== null && count === 0 ? "Nothing wrong so far." : undefined;
    }
    return findings;
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

  dispose(): void {
    this.disposables.dispose();
  }
}
