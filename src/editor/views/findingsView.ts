import type * as vscode from "vscode";
import type { Finding, FindingRule, Place } from "../../protocol/report";
import { Outcomes } from "../../trace";
import { Command, View } from "../contributions";
import { Disposables } from "../disposables";
import { l10n } from "../l10n";
import type { OpenTrace } from "../runs/openTrace";
import { type Found, findingKey } from "./found";
import { placeText } from "./taskRows";

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
    private readonly found: Found,
  ) {
    this.changed = this.disposables.push(new vs.EventEmitter<undefined>());
    this.onDidChangeTreeData = this.changed.event;
    this.view = this.disposables.push(vs.window.createTreeView(View.findings, { treeDataProvider: this }));
    this.disposables.push(
      found.onDidChange(() => {
        this.summarize();
        this.changed.fire(undefined);
      }),
    );
  }

  getChildren(finding?: Finding): Finding[] {
    return finding === undefined ? [...this.found.all] : [];
  }

  getTreeItem(finding: Finding): vscode.TreeItem {
    const place = userPlace(finding);
    const item = new this.vs.TreeItem(title(finding, this.found.of?.live ?? false));
    const [icon, colour] = ICONS[finding.severity];
    item.id = findingKey(finding);
    item.iconPath = new this.vs.ThemeIcon(icon, new this.vs.ThemeColor(colour));
    item.description = placeText(place);
    item.tooltip = `${finding.message}\n${finding.rule}`;
    item.contextValue = finding.task === null ? "finding" : "findingOfTask";
    item.accessibilityInformation = {
      label: `${finding.severity}, ${finding.message}, ${placeText(place)}`,
    };
    if (place !== null) {
      const { file, line } = place;
      item.command = { command: Command.openPlace, title: l10n.t("Open"), arguments: [{ file, line }] };
    }
    return item;
  }

  private summarize(): void {
    const { all, of } = this.found;
    const count = all.length;
    const tooltip = count === 1 ? l10n.t("1 finding") : l10n.t("{0} findings", count);
    this.view.badge = count === 0 ? undefined : { value: count, tooltip };
    this.view.message = of === null || count > 0 ? undefined : nothing(of);
  }

  dispose(): void {
    this.disposables.dispose();
  }
}

/** What it is and how long, in the few words that a sidebar has room for; the tooltip has the sentence. */
function title({ rule, seconds }: Finding, live: boolean): string {
  const titles: Record<FindingRule, string> = {
    "blocking-call": l10n.t("Blocks the loop"),
    starved: l10n.t("Waited for the loop"),
    deadlock: l10n.t("Deadlock"),
    "never-awaited": l10n.t("Never awaited"),
    "exception-never-retrieved": l10n.t("Exception nobody saw"),
    "task-lost": l10n.t("Task lost"),
    "unfinished-at-exit": l10n.t("Unfinished at exit"),
    "cancellation-swallowed": l10n.t("Cancellation swallowed"),
    "not-thread-safe": l10n.t("Not thread-safe"),
    "sequential-awaits": l10n.t("Could run together"),
  };
  // A deadlock goes on while nothing is told that would draw this anew: its length would be that of its beginning.
  return seconds === null || (live && rule === "deadlock")
    ? titles[rule]
    : `${titles[rule]} · ${duration(seconds)}`;
}

function duration(seconds: number): string {
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(2)} s`;
}

/** Where its author can change something: a line of the program where there is one on the stack. */
function userPlace({ at, stack }: Finding): Place | null {
  if (at?.user) return at;
  return stack.findLast((place) => place.user && place.file !== "") ?? at;
}

/** A task that failed is no finding, for the program may mean it; but nothing to be praised. Nor is it that nothing ran. */
function nothing({ live, trace }: OpenTrace): string | undefined {
  const { tasks } = trace;
  if (tasks.count === 0) return undefined;
  for (let task = 0; task < tasks.count; task++) {
    if (Outcomes[tasks.outcome.get(task)] === "raised") return l10n.t("Nothing found but tasks that failed.");
  }
  return live ? l10n.t("Nothing wrong so far.") : l10n.t("Nothing wrong was found.");
}
