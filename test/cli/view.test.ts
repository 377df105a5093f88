import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { twice } from "../retries/twice";
import { openBrowser } from "../view/driver";
import { cli, execute, Folder, loopscope, part } from "./cli";

const HOSTILE = `import asyncio

async def main():
    tasks = [asyncio.create_task(asyncio.sleep(0.05), name=name) for name in (
        "</script><script>globalThis.pwned = 1</script>", "\${globalThis.pwned = 2}", "<img src=x onerror='pwned=3'>",
    )]
    await asyncio.gather(*tasks)

asyncio.run(main())
`;

const TWICE = `import asyncio

async def main():
    await asyncio.sleep(0.1)
    await asyncio.sleep(0.1)
    first = await load(1)
    second = await load(2)
    print(first, second)

async def load(n):
    await asyncio.sleep(0.1)
    return n

asyncio.run(main())
`;

/** What a page complained about: errors, refused loads, violations of its policy. */
function complaints(page: Page): string[] {
  const seen: string[] = [];
  page.on("pageerror", (error) => seen.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") seen.push(message.text());
  });
  return seen;
}

/** Waits for the view to have drawn the tasks. */
async function drawn(page: Page): Promise<string> {
  await page.getByText("main", { exact: false }).first().waitFor({ state: "attached", timeout: 20_000 });
  return (await page.locator("body").textContent()) ?? "";
}

describe("the view outside the editor", function () {
  this.timeout(120_000);
  let folder: Folder;
  let browser: Browser;
  let trace: string;
  /** Servers that a failed test may leave behind. */
  const servers: ChildProcess[] = [];
  before(async () => {
    folder = new Folder();
    part("webview.js");
    browser = await twice("starting Chromium", openBrowser);
    // A name may hold all but a slash.
    trace = folder.at("<script>&\"' 日本.loopscope");
    await loopscope(["run", "-q", "--trace", trace, folder.file("hostile.py", HOSTILE)]);
  });
  after(async () => {
    for (const server of servers) server.kill("SIGKILL");
    await browser?.close();
    folder.remove();
  });

  it("is one file that needs nothing else, and runs nothing but its own script", async () => {
    const html = folder.at("report.html");
    assert.equal((await loopscope(["report", trace, "--format", "html", "-o", html])).code, 0);
    const page = await browser.newPage();
    const seen = complaints(page);
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(html).href);
    await drawn(page);
    assert.deepEqual(
      requests.filter((url) => !/^(?:file|blob|data):/.test(url)),
      [],
    );
    assert.equal(await page.evaluate("globalThis.pwned"), undefined);
    assert.deepEqual(seen, []);
    await page.close();
  });

  it("the file's policy refuses a script that was smuggled into it", async () => {
    const html = folder.at("smuggled.html");
    await loopscope(["report", trace, "--format", "html", "-o", html]);
    const text = readFileSync(html, "utf8");
    writeFileSync(
      html,
      text.replace('<div id="loopscope">', '<script>globalThis.pwned = 1</script><div id="loopscope">'),
    );
    const page = await browser.newPage();
    await page.goto(pathToFileURL(html).href);
    await drawn(page);
    assert.equal(await page.evaluate("globalThis.pwned"), undefined);
    await page.close();
  });

  it("is served to whoever has the address, until Ctrl-C", async () => {
    const server = spawn(process.execPath, [cli(), "view", "--no-open", "--compare", trace, trace], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    servers.push(server);
    const [line] = await new Promise<string[]>((resolve) => {
      server.stdout.setEncoding("utf8").on("data", (text: string) => resolve(text.split("\n")));
    });
    assert.match(line, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/$/);
    const page = await browser.newPage();
    const seen = complaints(page);
    await page.goto(line);
    await drawn(page);
    await page.getByRole("button", { name: "Compare" }).first().click();
    await page.locator(".tile").first().waitFor();
    assert.match((await page.locator(".compare h2").textContent()) ?? "", /日本\.loopscope.*日本\.loopscope/);
    assert.match((await page.locator(".tiles").textContent()) ?? "", /the same/);
    assert.deepEqual(seen, []);
    assert.equal(await page.evaluate("globalThis.pwned"), undefined);
    await page.close();

    const status = (url: string, host?: string) =>
      new Promise((resolve, reject) => {
        const headers = host === undefined ? {} : { host };
        get(url, { headers }, (response) => resolve(response.resume().statusCode)).on("error", reject);
      });
    assert.equal(await status(line), 200);
    assert.equal(await status(`${line}a`), 200);
    assert.equal(await status(`${line}../../package.json`), 404);
    assert.equal(await status(line.slice(0, -5)), 404);
    assert.equal(await status(new URL("/", line).href), 404);
    assert.equal(await status(line, "evil.example"), 404);
    server.kill("SIGINT");
    assert.equal(await new Promise((resolve) => server.on("exit", resolve)), 0);
  });

  it("shows the findings that only the source can tell", async () => {
    const twice = folder.at("twice.loopscope");
    await loopscope(["run", "-q", "--trace", twice, folder.file("twice.py", TWICE)]);
    const html = folder.at("twice.html");
    await loopscope(["report", twice, "--format", "html", "-o", html]);
    const server = spawn(process.execPath, [cli(), "view", "--no-open", twice], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    servers.push(server);
    const [line] = await new Promise<string[]>((resolve) => {
      server.stdout.setEncoding("utf8").on("data", (text: string) => resolve(text.split("\n")));
    });
    for (const address of [pathToFileURL(html).href, line]) {
      const page = await browser.newPage();
      await page.goto(address);
      await page.locator(".finding", { hasText: "sequential-awaits" }).waitFor();
      await page.close();
    }
    server.kill("SIGINT");
  });

  it("is refused for what is no trace, and for a port that cannot be", async () => {
    const py = folder.at("hostile.py");
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const port = String((taken.address() as AddressInfo).port);
    const cases: [string[], RegExp][] = [
      [["view", py], /not a Loopscope trace/],
      [["view", trace, "--compare", py], /not a Loopscope trace/],
      [["view", trace, "--port", "no"], /--port needs a number/],
      [["view", trace, "--port", port, "--no-open"], /port \d+ of 127\.0\.0\.1 cannot be opened/],
      [["report", py, "--format", "html"], /not a Loopscope trace/],
      [["report", trace, "--format", "html", "-o", trace], /is the trace itself/],
    ];
    for (const [args, reason] of cases) {
      const { code, stdout, stderr } = await loopscope(args);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, reason);
    }
    taken.close();
  });

  it("leaves no file behind when this installation has no view", async () => {
    const alone = folder.at("alone/dist/cli.js");
    mkdirSync(folder.at("alone/dist"), { recursive: true });
    writeFileSync(folder.at("alone/package.json"), '{"version": "0.0.0"}');
    copyFileSync(cli(), alone);
    const html = folder.at("nothing.html");
    const args = [alone, "report", trace, "--format", "html", "-o", html];
    const { code, stderr } = await execute(process.execPath, args);
    assert.equal(code, 2);
    assert.match(stderr, /the view is missing .*npm run build/);
    assert.equal(existsSync(html), false);
  });
});
