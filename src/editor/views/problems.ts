import type * as vscode from "vscode";
import type { Finding, Place } from "../../protocol/report";
import { readSetting } from "../contributions";
import { Disposables } from "../disposables";
import { l10n } from "../l10n";
import type { Found } from "./found";

/** Findings of one rule at one line, the most serious first. */
interface Group {
  first: Finding;
  at: Place;
  count: number;
}

/**
 * Puts the findings of a run under their lines, and so into the Problems panel, until the file is changed
 * there or another program is run.
 */
export class Problems {
  private readonly disposables = new Disposables();
  private readonly collection: vscode.DiagnosticCollection;
  /** Files that were changed since the run began: its lines are not theirs any more. */
  private readonly changed = new Set<string>();
  private of: object | null = null;

  constructor(
    private readonly vs: typeof vscode,
    private readonly extension: vscode.Uri,
    private readonly found: Found,
  ) {
    this.collection = this.disposables.push(vs.languages.createDiagnosticCollection("loopscope.run"));
    this.disposables.push(found.onDidChange(() => this.update()));
    this.disposables.push(
      vs.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length === 0 || !this.collection.has(document.uri)) return;
        this.changed.add(document.uri.toString());
        this.collection.delete(document.uri);
      }),
    );
    this.disposables.push(
      vs.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration("loopscope.problems")) this.update();
      }),
    );
  }

  private update(): void {
    const { of, all } = this.found;
    if (of !== this.of) this.changed.clear();
    this.of = of;
    this.collection.clear();
    // A trace from a file may be of another day, and its lines of another text.
    if (of === null || of.kind !== "live" || !readSetting(this.vs.workspace, "problems")) return;
    const byFile = new Map<string, vscode.Diagnostic[]>();
    for (const group of grouped(all)) {
      const { file } = group.at;
      const diagnostics = byFile.get(file) ?? [];
      byFile.set(file, diagnostics);
      diagnostics.push(this.diagnostic(group));
    }
    for (const [file, diagnostics] of byFile) {
      const uri = this.vs.Uri.file(file);
      if (!this.changed.has(uri.toString())) this.collection.set(uri, diagnostics);
    }
  }

  private diagnostic({ first, at, count }: Group): vscode.Diagnostic {
    const { vs } = this;
    const levels = { error: "Error", warning: "Warning", info: "Information" } as const;
    // The line of who waited is not the one to change: that of what held the loop is marked, too.
    const level = first.rule === "starved" ? "Information" : levels[first.severity];
    const severity = vs.DiagnosticSeverity[level];
    const more = count > 1 ? ` ${l10n.t("(and {0} more like it)", count - 1)}` : "";
    const diagnostic = new vs.Diagnostic(this.line(at), `${first.message}${more}`, severity);
    diagnostic.source = l10n.t("Loopscope, in this run");
    const page = vs.Uri.joinPath(this.extension, "docs", "rules", `${first.rule}.md`);
    diagnostic.code = { value: first.rule, target: page };
    const callers = first.stack.filter((place) => place.user && place !== at && place.file !== "");
    diagnostic.relatedInformation = callers
      .reverse()
      .map(
        (place) =>
          new vs.DiagnosticRelatedInformation(
            new vs.Location(vs.Uri.file(place.file), this.line(place)),
            l10n.t("in {0}", place.function),
          ),
      );
    return diagnostic;
  }

  /** The whole line but for its indentation, where the text is at hand. */
  private line(place: Place): vscode.Range {
    const row = Math.max(0, place.line - 1);
    const uri = this.vs.Uri.file(place.file).toString();
    const document = this.vs.workspace.textDocuments.find((one) => one.uri.toString() === uri);
    if (document === undefined || row >= document.lineCount) return new this.vs.Range(row, 0, row, 1000);
    const { text, firstNonWhitespaceCharacterIndex } = document.lineAt(row);
    return new this.vs.Range(row, firstNonWhitespaceCharacterIndex, row, text.length);
  }

  dispose(): void {
    this.disposables.dispose();
  }
}

/** One for each rule and line of the user's own code: ten thousand requests that block at one line are one problem. */
function grouped(all: readonly Finding[]): Group[] {
  const groups = new Map<string, Group>();
  for (const finding of all) {
    const { at } = finding;
    if (at === null || !at.user || at.file === "") continue;
    const key = `${finding.rule}|${at.file}|${at.line}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: finding, at, count: 1 });
    else group.count++;
  }
  return [...groups.values()];
}
