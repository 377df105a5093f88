import type * as vscode from "vscode";
import { Command, View } from "../contributions";
import { Disposables } from "../disposables";
import { l10n } from "../l10n";
import type { OpenTrace } from "../runs/openTrace";
import type { Traces } from "../runs/traces";
import type { Found } from "./found";
import { deadlocked, type Row, stateName, taskRows } from "./taskRows";
import { Throttle } from "./throttle";

/** How often the trees follow a live program, milliseconds: often enough to be live, seldom enough to be read. */
export const REFRESH_MS = 300;

/** Codicon and theme colour of each state: a state is never colour alone. */
const ICONS: Record<Row["icon"], [icon: string, colour: string | null]> = {
  loop: ["sync", null],
  deadlocked: ["lock", "list.errorForeground"],
  running: ["play", "charts.green"],
  ready: ["debug-continue", "charts.yellow"],
  suspended: ["debug-pause", "charts.blue"],
  sleeping: ["watch", "charts.blue"],
  pending: ["circle-outline", null],
  absent: ["circle-outline", null],
  returned: ["check", "disabledForeground"],
  raised: ["error", "charts.red"],
  cancelled: ["circle-slash", "disabledForeground"],
  ended: ["archive", "disabledForeground"],
};

/** The Tasks tree: each loop's tasks with their state and the line they are parked at. */
export class TasksView implements vscode.TreeDataProvider<Row> {
  private readonly disposables = new Disposables();
  private readonly changed: vscode.EventEmitter<undefined>;
  readonly onDidChangeTreeData: vscode.Event<undefined>;
  private readonly view: vscode.TreeView<Row>;
  private rows: Row[] = [];

  constructor(
    private readonly vs: typeof vscode,
    private readonly traces: Traces,
    private readonly found: Found,
  ) {
    this.changed = this.disposables.push(new vs.EventEmitter<undefined>());
    this.onDidChangeTreeData = this.changed.event;
    this.view = this.disposables.push(vs.window.createTreeView(View.tasks, { treeDataProvider: this }));
    const refresh = this.disposables.push(
      new Throttle(REFRESH_MS, () => {
        if (!this.view.visible) return;
        const rows = this.build();
        this.view.message = rows.length > 0 ? undefined : why(this.traces.current);
        // While VS Code takes in what is new, the buttons of the rows do nothing: not for nothing.
        if (JSON.stringify(rows) === JSON.stringify(this.rows)) return;
        this.rows = rows;
        this.changed.fire(undefined);
      }),
    );
    this.disposables.push(traces.onDidUpdate(() => refresh.poke()));
    this.disposables.push(traces.onDidChangeCurrent(() => refresh.poke()));
    this.disposables.push(this.view.onDidChangeVisibility(() => refresh.poke()));
  }

  getChildren(row?: Row): Row[] {
    return row === undefined ? this.rows : row.children;
  }

  getTreeItem(row: Row): vscode.TreeItem {
    const { None, Collapsed, Expanded } = this.vs.TreeItemCollapsibleState;
    const open = row.expanded ? Expanded : Collapsed;
    // A row that starts as a leaf stays closed when it gets children, so a loop is open from the first.
    const item = new this.vs.TreeItem(row.label, row.children.length === 0 && !row.expanded ? None : open);
    const [icon, colour] = ICONS[row.icon];
    item.id = row.id;
    item.description = row.description;
    item.iconPath = new this.vs.ThemeIcon(icon, colour === null ? undefined : new this.vs.ThemeColor(colour));
    item.tooltip =
      row.place === null
        ? row.label
        : `${row.label}: ${row.description}\n${row.place.file}:${row.place.line}`;
    item.accessibilityInformation = { label: `${row.label}, ${stateName(row.icon)}, ${row.description}` };
    if (row.task !== null) item.contextValue = "task";
    if (row.place !== null) {
      const { file, line } = row.place;
      item.command = { command: Command.openPlace, title: l10n.t("Open"), arguments: [{ file, line }] };
    }
    return item;
  }

  private build(): Row[] {
    const { current } = this.traces;
    return current === null
      ? []
      : taskRows(current.trace, deadlocked(this.found.of === current ? this.found.all : []));
  }

  dispose(): void {
    this.disposables.dispose();
  }
}

/** Why there are no rows; without any trace a welcome stands there. */
function why(trace: OpenTrace | null): string | undefined {
  if (trace === null) return undefined;
  return trace.live ? l10n.t("Waiting for the program's first task…") : l10n.t("There was no asyncio task.");
}
