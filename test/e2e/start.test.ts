import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import type { Browser } from "playwright-core";
import { launchBrowser, newPage } from "../../scripts/lib/browser";
import { root } from "../../scripts/lib/paths";
import { provisionEditor } from "../../scripts/lib/provision";
import { Workbench } from "../../scripts/lib/workbench";
import { twice } from "../retries/twice";

/** The first match in what a process prints; rejects when it ends without one. */
function printed(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    const read = (chunk: Buffer) => {
      output += chunk;
      const match = pattern.exec(output);
      if (match !== null) resolve(match[0]);
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("exit", (code) => reject(new Error(`ended with ${code}:\n${output}`)));
  });
}

describe("npm start, on a machine without a VS Code and without a screen", function () {
  this.timeout(300_000);
  let browser: Browser;
  let start: ChildProcess | undefined;
  let url: string;
  const kill = () => {
    if (start?.pid !== undefined && start.exitCode === null && start.signalCode === null)
      process.kill(-start.pid, "SIGKILL");
  };

  before(async () => {
    browser = await twice("starting Chromium", () => launchBrowser(provisionEditor().chromium));
  });

  it("builds, prints an address, and what is there is a running program and its task graph", async () => {
    kill(); // that of a first try
    start = spawn("npm", ["start", "--", "--browser"], {
      cwd: root,
      env: { ...process.env, DISPLAY: "", WAYLAND_DISPLAY: "" },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true, // a terminal's Ctrl-C goes to the whole group
    });
    url = (await printed(start, /http:\/\/127\.0\.0\.1:\d+\/\S+\s/)).trim();
    const page = await newPage(browser);
    page.setDefaultTimeout(60_000);
    const workbench = new Workbench(page);
    await workbench.open(url);
    await workbench
      .tree("Tasks")
      .getByRole("treeitem", { name: /^mailer-0, .*shop\.py:\d+/ })
      .waitFor();
    await workbench
      .view()
      .getByRole("treeitem", { name: /^credit-17,.*shop\.py:\d+/ })
      .waitFor({ state: "attached" });
  });

  it("ends with Ctrl-C", async function () {
    this.retries(0); // it ends once
    if (start?.pid === undefined) return this.skip(); // not of a process group that is our own
    const { pid } = start;
    // "close": everybody who could still print has gone, not only npm.
    const closed = new Promise<void>((resolve) => start?.once("close", () => resolve()));
    process.kill(-pid, "SIGINT");
    await closed;
    await assert.rejects(fetch(url), "the server still answers");
  });

  after(async () => {
    await browser?.close();
    kill();
  });
});
