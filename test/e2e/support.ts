import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { keepPicture, launchBrowser, newPage } from "../../scripts/lib/browser";
import { root } from "../../scripts/lib/paths";
import { provisionEditor } from "../../scripts/lib/provision";
import { type RunningServer, type ServerOptions, startServer } from "../../scripts/lib/server";
import { Workbench } from "../../scripts/lib/workbench";
import { twice } from "../retries/twice";

/** How long one expectation may take to come true: the machine may be busy, the editor is not slow. */
const PATIENCE_MS = 60_000;

/** A VS Code with the extension in place, on a workspace of its own; one per `describe`. */
export interface World {
  workbench: Workbench;
  /** Absolute path of the workspace folder, which holds a copy of examples/. */
  workspace: string;
  /** Writes a file into the workspace. */
  write(name: string, text: string): string;
  server: RunningServer;
}

/** Starts the editor before the tests of a `describe` and stops it after them; each test gets a new window. */
export function useEditor(
  options: ServerOptions & { payload?: [string, string][]; workspaceName?: string } = {},
): World {
  const world = {} as World;
  let browser: Browser | undefined;
  let page: Page | undefined;

  before("start VS Code", async function () {
    this.timeout(300_000); // the first time, it is installed
    const editor = provisionEditor();
    world.workspace = mkdtempSync(join(tmpdir(), `${options.workspaceName ?? "loopscope-workspace"}-`));
    cpSync(join(root, "examples"), world.workspace, { recursive: true });
    world.write = (name, text) => {
      const path = join(world.workspace, name);
      mkdirSync(join(path, ".."), { recursive: true });
      writeFileSync(path, text);
      return path;
    };
    world.server = await twice("starting VS Code", () => startServer(editor, options));
  });

  beforeEach("open a window", async function () {
    this.timeout(3 * PATIENCE_MS);
    await twice("opening a window", async () => {
      await page?.context().close();
      // The first, or in place of one that crashed.
      if (!browser?.isConnected()) browser = await launchBrowser(provisionEditor().chromium);
      page = await newPage(browser);
      page.setDefaultTimeout(PATIENCE_MS);
      world.workbench = new Workbench(page);
      await world.workbench.open(world.server.url(world.workspace, options.payload));
    });
  });

  afterEach("close the window", async function () {
    // A test that is going to be tried again has no state yet.
    if (this.currentTest?.state !== "passed" && this.currentTest !== undefined)
      console.log(`      what the window showed: ${await picture(world.workbench.page, this.currentTest)}`);
    await page?.context().close();
    page = undefined;
  });

  after("stop VS Code", async () => {
    await browser?.close();
    await world.server?.close();
    rmSync(world.workspace, { recursive: true, force: true, maxRetries: 5 });
  });

  return world;
}

/** A window that crashed shows nothing; that must not end the suite, as a failed hook does. */
function picture(page: Page, test: Mocha.Test): Promise<string> {
  return keepPicture(page, test.fullTitle()).catch((error: Error) => `nothing (${error.message})`);
}
