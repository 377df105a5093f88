import { randomBytes } from "node:crypto";
import type * as vscode from "vscode";

/** Folders of the extension that a view may load from, and nothing else. */
export function resourceRoots(vs: Pick<typeof vscode, "Uri">, extension: vscode.Uri): vscode.Uri[] {
  return ["dist", "media"].map((folder) => vs.Uri.joinPath(extension, folder));
}

/**
 * The page of a view. Nothing runs in it but our own script (a nonce), and the blob worker that script makes; it
 * reaches no network.
 */
export function viewHtml(
  vs: Pick<typeof vscode, "Uri">,
  extension: vscode.Uri,
  webview: vscode.Webview,
): string {
  const uri = (name: string) => webview.asWebviewUri(vs.Uri.joinPath(extension, "dist", name));
  const nonce = randomBytes(16).toString("base64url");
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource}`,
    `img-src ${webview.cspSource} data: blob:`,
    `font-src ${webview.cspSource}`,
    "worker-src blob:",
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${uri("webview.css")}">
<title>Loopscope</title>
</head>
<body>
<div id="loopscope"></div>
<script nonce="${nonce}" src="${uri("webview.js")}"></script>
</body>
</html>`;
}

/** A page that says one thing; no script runs in it. */
export function messageHtml(message: string): string {
  const text = message.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'">
<title>Loopscope</title>
</head>
<body>
<p role="alert">${text}</p>
</body>
</html>`;
}
