import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { builtView, openBrowser } from "./driver";
import { shop, sleepers } from "./synthetic/scenes";

const CSP =
  "default-src 'none'; script-src http://page.test; style-src http://page.test; connect-src http://page.test";

describe("the view in a page of its own", () => {
  let browser: Browser | undefined;
  afterEach(async () => browser?.close());

  it("reads an embedded trace in pieces and fetches another to compare with, under a strict policy", async () => {
    browser = await openBrowser();
    const { script, style } = await builtView();
    const bytes = Buffer.from(sleepers().finish());
    const pieces = [bytes.subarray(0, 700), bytes.subarray(700)]
      .map(
        (part) =>
          `<script type="application/x-loopscope" data-title="after">${part.toString("base64")}</script>`,
      )
      .join("\n");
    const html = `<!DOCTYPE html><html data-folders="/app"><head><meta http-equiv="Content-Security-Policy" content="${CSP}">
<link rel="stylesheet" href="/webview.css"></head><body><div id="loopscope"></div>${pieces}
<script type="application/x-loopscope" data-slot="b" data-title="before" data-src="/before"></script>
<script src="/webview.js"></script></body></html>`;
    const page = await (await browser.newContext({ colorScheme: "light" })).newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") errors.push(message.text());
    });
    await page.route("http://page.test/**", (route) => {
      const { pathname } = new URL(route.request().url());
      const bodies: Record<string, [string | Buffer, string]> = {
        "/": [html, "text/html"],
        "/webview.js": [script, "text/javascript"],
        "/webview.css": [style, "text/css"],
        "/before": [Buffer.from(shop().finish()), "application/octet-stream"],
      };
      const found = bodies[pathname];
      return found
        ? route.fulfill({ body: found[0], contentType: found[1] })
        : route.fulfill({ status: 404 });
    });
    await page.goto("http://page.test/");
    // A page that holds two traces opens where they are compared.
    await page.locator(".tile").first().waitFor();
    assert.match(await page.locator(".tiles").innerText(), /620 ms → 2\.00 s/);
    await page.getByRole("button", { name: "Await graph" }).click();
    await page.getByRole("treeitem", { name: /task_two Task-3/ }).waitFor({ state: "attached" });
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.equal(background, "rgb(255, 255, 255)", "light where the system prefers it");
    if (process.env.LOOPSCOPE_SHOT) await page.screenshot({ path: process.env.LOOPSCOPE_SHOT });
    assert.deepEqual(
      errors.filter((text) => !text.includes("favicon")),
      [],
    );
  });
});
