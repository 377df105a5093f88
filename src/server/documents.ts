/** The texts that are open in the editor: documents by themselves, and the cells of notebooks. */
import type {
  DidChangeNotebookDocumentParams,
  DidOpenNotebookDocumentParams,
  TextDocumentContentChangeEvent,
} from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { LintWorkspace } from "../lint/types";

/** Applies an editor's changes of a file the linter has. */
export function applyChanges(
  workspace: LintWorkspace,
  path: string,
  changes: readonly TextDocumentContentChangeEvent[],
): void {
  for (const change of changes) {
    if ("range" in change) {
      const { start, end } = change.range;
      const from = workspace.offsetAt(path, start.line + 1, start.character + 1);
      const to = workspace.offsetAt(path, end.line + 1, end.character + 1);
      workspace.setFile(path, [{ from, to, text: change.text }]);
    } else workspace.setFile(path, change.text);
  }
}

/** A notebook's Python cells, in order. */
export class Notebook {
  private order: string[];
  private readonly texts = new Map<string, TextDocument>();

  constructor({ notebookDocument, cellTextDocuments }: DidOpenNotebookDocumentParams) {
    this.order = notebookDocument.cells.map((cell) => cell.document);
    for (const item of cellTextDocuments) this.add(item);
  }

  private add(item: { uri: string; languageId: string; version: number; text: string }): void {
    this.texts.set(item.uri, TextDocument.create(item.uri, item.languageId, item.version, item.text));
  }

  change({ cells }: DidChangeNotebookDocumentParams["change"]): void {
    const { structure, textContent } = cells ?? {};
    if (structure) {
      const { start, deleteCount, cells: added } = structure.array;
      this.order.splice(start, deleteCount, ...(added ?? []).map((cell) => cell.document));
      for (const item of structure.didOpen ?? []) this.add(item);
      for (const { uri } of structure.didClose ?? []) this.texts.delete(uri);
    }
    for (const { document, changes } of textContent ?? []) {
      const text = this.texts.get(document.uri);
      if (text) TextDocument.update(text, changes, document.version);
    }
  }

  /** Markdown cells, and cells in another language, have no text here. */
  cells(): { uri: string; text: string }[] {
    return this.order.flatMap((uri) => {
      const text = this.texts.get(uri)?.getText();
      return text !== undefined && this.texts.get(uri)?.languageId === "python" ? [{ uri, text }] : [];
    });
  }
}
