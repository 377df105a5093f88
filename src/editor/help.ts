import { isAbsolute, join, normalize } from "node:path";
import type * as vscode from "vscode";

/** Opens the help page of a finding: a URL in the browser, a page of `docs/` (such as "rules/deadlock.md") in the preview. */
export async function openHelp(
  vs: Pick<typeof vscode, "env" | "commands" | "Uri">,
  extension: vscode.Uri,
  page: string,
): Promise<void> {
  if (/^https?:\/\//.test(page)) {
    await vs.env.openExternal(vs.Uri.parse(page));
    return;
  }
  const [file] = page.split("#");
  const path = normalize(file);
  if (isAbsolute(path) || path.startsWith(".."))
    throw new Error(`${page} is not a page of the documentation`);
  const docs = path.startsWith("docs") ? path : join("docs", path);
  await vs.commands.executeCommand("markdown.showPreview", vs.Uri.joinPath(extension, docs));
}
