import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { format } from "node:util";
import type { Browser } from "playwright-core";
import { keepPicture, launchBrowser, newPage } from "../../scripts/lib/browser";
import { root } from "../../scripts/lib/paths";
import { type Editor, provisionEditor } from "../../scripts/lib/provision";
import { startServer } from "../../scripts/lib/server";
import { twice } from "../retries/twice";
import { bundle } from "./bundle";
import { REPORT } from "./report";

/** How long the whole suite may take before it counts as hung: several times what it takes. */
const LIMIT_MS = 9 * 60_000;

/** Runs dist/test/index.js inside the extension host of a real VS Code and resolves to its exit code. */
async function main(): Promise<number> {
  const editor = provisionEditor();
  await bundle();
  // A window that crashes or hangs has no tests that could be tried again one by one.
  return twice("the window of the tests", () => runIn(editor));
}

async function runIn(editor: Editor): Promise<number> {
  const workspace = mkdtempSync(join(tmpdir(), "loopscope-workspace-"));
  const server = await startServer(editor);
  let browser: Browser | undefined;
  try {
    browser = await launchBrowser(editor.chromium);
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
    exit.catch(() => {}); // told below, unless the window did not even open
    await page.exposeFunction("codeAutomationExit", (code: number) => ended(code));
    await page.goto(server.url(workspace, [["extensionTestsPath", join(root, "dist/test/index.js")]]));
    return await exit.catch(async (error) => {
      console.error([...noise, server.log()].join("\n"));
      const picture = await keepPicture(page, "test-vscode").catch(String);
      console.error(`The editor's last picture: ${picture}`);
      throw error;
    });
  } finally {
    await browser?.close();
    await server.close();
    rmSync(workspace, { recursive: true, force: true, maxRetries: 5 });
  }
}

main().then(
  (code) => process.exit(code),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
