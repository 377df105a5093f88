import type * as vscode from "vscode";
import { errors } from "./errors";

/**
 * Opens a file at a 1-based line, in an editor column that shows text already, so that the view stays beside
 * it. Throws a UserError when the file is not on this machine.
 */
export async function openPlace(
  vs: Pick<typeof vscode, "window" | "workspace" | "Uri" | "Range" | "ViewColumn" | "TextEditorRevealType">,
  place: { file: string; line: number },
  preserveFocus = false,
): Promise<void> {
  const uri = vs.Uri.file(place.file);
  await vs.workspace.fs.stat(uri).then(undefined, () => Promise.reject(errors.sourceMissing(place.file)));
  const document = await vs.workspace.openTextDocument(uri);
  const line = Math.min(Math.max(place.line, 1), document.lineCount) - 1;
  const { text, firstNonWhitespaceCharacterIndex } = document.lineAt(line);
  const visible = vs.window.visibleTextEditors;
  const beside =
    visible.find((editor) => editor.document.uri.toString() === uri.toString()) ??
    visible.find((editor) => editor.viewColumn !== undefined);
  await vs.window.showTextDocument(document, {
    viewColumn: beside?.viewColumn ?? vs.ViewColumn.One,
    preserveFocus,
    selection: new vs.Range(line, firstNonWhitespaceCharacterIndex, line, text.length),
  });
}
