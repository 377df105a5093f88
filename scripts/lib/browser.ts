import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { root } from "./paths";

const CHROMIUM_ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--force-color-profile=srgb",
];

/** Starts Chromium without a window. */
export function launchBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: CHROMIUM_ARGUMENTS, headless: true });
}

/** A page of its own profile: nothing of an earlier window's layout or settings is left in it. */
export async function newPage(browser: Browser, scale = 1): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    deviceScaleFactor: scale,
    permissions: ["clipboard-read", "clipboard-write"],
  });
  return context.newPage();
}

/** Where the pictures of failed tests go. */
export const failureFolder = join(root, ".cache/failures");

/** Keeps what the page shows, for whoever reads a failed test's output. */
export async function keepPicture(page: Page, name: string): Promise<string> {
  const file = join(failureFolder, `${name.replace(/[^\w-]+/g, "_").slice(0, 100)}.png`);
  mkdirSync(dirname(file), { recursive: true });
  await page.screenshot({ path: file });
  return file;
}
