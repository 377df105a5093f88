import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { format } from "node:util";
import { keepPicture, launchBrowser, newPage } from "../../scripts/lib/browser";
import { root } from "../../scripts/lib/paths";
import { provisionEditor } from "../../scripts/lib/provision";
import { startServer } from "../../scripts/lib/server";
import { bundle } from "./bundle";
import { REPORT } from "./report";

/** How long the whole suite may take before it counts as hung. */
const LIMIT_MS = 12 * 60_000;

/** Runs dist/test/index.js inside the extension host of a real VS Code and resolves to its exit code. */
async function main(): Promise<number> {
  const editor = provisionEditor();
  await bundle();
  const workspace = mkdtempSync(join(tmpdir(), "loopscope-workspace-"));
  const server = await startServer(editor);
  const browser = await launchBrowser(editor.chromium);
  try {
    const page = await newPage(browser);
    const noise: string[] = [];
    await page.exposeFunction("codeAutomationLog", (_type: string, args: unknown[]) => {
      const line = format(...args);
      if (line.startsWith(REPORT)) console.log(line.slice(REPORT.length));
      else noise.push(line);
    });
    let ended!: (code: number) => void;
    const exit = new Promise<number>((resolve, reject) => {
      ended = resolve;
      setTimeout(() => reject(new Error(`No end after ${LIMIT_MS / 1000} s`)), LIMIT_MS).unref();
      page.once("crash", () => reject(new Error("The window's page crashed")));
    });
    await page.exposeFunction("codeAutomationExit", (code: number) => ended(code));
    await page.goto(server.url(workspace, [["extensionTestsPath", join(root, "dist/test/index.js")]]));
    return await exit.catch(async (error) => {
      console.error([...noise, server.log()].join("\n"));
      console.error(`The editor's last picture: ${await keepPicture(page, "test-vscode")}`);
      throw error;
    });
  } finally {
    await browser.close();
    await server.close();
    rmSync(workspace, { recursive: true, force: true });
  }
}

main().then(
  (code) => process.exit(code),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
