import { spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { launchBrowser, newPage } from "./lib/browser";
import { root } from "./lib/paths";
import { onPath, provisionEditor, provisionServer } from "./lib/provision";
import { type RunningServer, startServer } from "./lib/server";
import { Workbench } from "./lib/workbench";

const EXAMPLES = join(root, "examples");
const PROGRAM = join(EXAMPLES, "shop.py");
/** Makes the extension run the program as soon as it is active (src/editor/startOnOpen.ts). */
const RUN_ON_START = { LOOPSCOPE_RUN_ON_START: PROGRAM };

const WHAT_YOU_SEE = `What you see: examples/shop.py in the editor, running in the terminal below it; its live task graph beside it,
every waiting task with the line it waits at; at the left the Tasks tree and the findings (a deadlock, a
blocking call). Click a task to go to its line. Loopscope: Run with Trace in F1 runs another example.`;

/**
 * `npm start`: builds Loopscope and shows it at work, in the user's own VS Code or, where there is none,
 * in VS Code in the browser. `--browser` asks for the latter; `--screenshot FILE` takes a picture of it and ends.
 */
async function main(args: string[]): Promise<void> {
  build();
  const picture = args.indexOf("--screenshot");
  if (picture >= 0) return screenshot(resolve(args[picture + 1] ?? "screenshot.png"));
  const code = args.includes("--browser")
    ? undefined
    : onPath(process.platform === "win32" ? "code.cmd" : "code");
  if (code !== undefined) openInstalled(code);
  else await openInBrowser();
}

function build(): void {
  const { status } = spawnSync(process.execPath, [join(root, "esbuild.js")], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error("The build failed; its messages are above.");
}

function openInstalled(code: string): void {
  const child = spawn(
    code,
    ["--new-window", `--extensionDevelopmentPath=${root}`, "--disable-workspace-trust", EXAMPLES, PROGRAM],
    { env: { ...process.env, ...RUN_ON_START }, stdio: "inherit", shell: process.platform === "win32" },
  );
  child.on("error", (error) => {
    throw new Error(`${code} did not start: ${error.message}. Try \`npm start -- --browser\`.`);
  });
  console.log(`Opening VS Code on examples/.\n\n${WHAT_YOU_SEE}`);
}

async function openInBrowser(): Promise<void> {
  const server = await startServer(provisionServer(), { env: RUN_ON_START });
  const url = address(server);
  console.log(`VS Code with Loopscope is at\n\n  ${url}\n\n${WHAT_YOU_SEE}\n\nCtrl-C ends it.`);
  openBrowser(url);
  // Until Ctrl-C, which takes the server with it.
  await new Promise<never>(() => {});
}

/** The workspace with the program in the editor, which is what starts the extension. */
function address(server: RunningServer): string {
  return server.url(EXAMPLES, [["openFile", PROGRAM]]);
}

/** Opens the user's browser where there is a screen; the address was printed in any case. */
function openBrowser(url: string): void {
  const openers: Partial<Record<NodeJS.Platform, string>> = { darwin: "open", linux: "xdg-open" };
  const opener = openers[process.platform];
  const screen = process.platform === "darwin" || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  if (opener === undefined || !screen || onPath(opener) === undefined) return;
  spawn(opener, [url], { stdio: "ignore", detached: true })
    .on("error", (error) =>
      console.error(`The browser did not open (${error.message}); open the address yourself.`),
    )
    .unref();
}

async function screenshot(file: string): Promise<void> {
  const editor = provisionEditor();
  const server = await startServer(editor, { env: RUN_ON_START });
  const browser = await launchBrowser(editor.chromium);
  try {
    const page = await newPage(browser);
    await page.setViewportSize({ width: 1920, height: 1200 });
    const workbench = new Workbench(page);
    await workbench.open(address(server));
    // More room for the graph, as whoever looks at it makes.
    const graph = workbench.tab("Tasks: shop.py");
    await graph.waitFor();
    await workbench.drag(await workbench.leftOf(graph), { x: -400, y: 0 });
    const panel = page.locator(".part.panel");
    await panel.waitFor();
    await workbench.drag(await workbench.topOf(panel), { x: 0, y: 230 });
    // The picture is of a program that has shown what is wrong with it.
    await workbench
      .tree("Findings")
      .getByRole("treeitem", { name: /Deadlock/ })
      .waitFor();
    await workbench
      .tree("Findings")
      .getByRole("treeitem", { name: /held the event loop/ })
      .first()
      .waitFor();
    mkdirSync(dirname(file), { recursive: true });
    await page.mouse.move(200, 900);
    // Disabled, they are at their end: the border that was dragged has no colour any more.
    await page.screenshot({ path: file, animations: "disabled" });
    console.log(`${file} shows it.`);
  } finally {
    await browser.close();
    await server.close();
  }
}

main(process.argv.slice(2)).then(
  // The user's own VS Code goes on without us.
  () => process.exit(0),
  (error: Error) => {
    console.error(error.message);
    process.exit(1);
  },
);
