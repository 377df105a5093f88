import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as esbuild from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";
import { provisionChromium } from "../../scripts/lib/provision";
import { type HostMessage, MAX_PAGE_BYTES, type ViewConfig, type ViewMessage } from "../../src/protocol/view";
import { THEMES, type ThemeName } from "./themes";

const ROOT = join(__dirname, "../..");

/** The options with which esbuild.js builds the view, for a build in memory that tests always have fresh. */
async function buildView(): Promise<{ script: string; style: string }> {
  const built = await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints: ["webview/main.tsx"],
    outdir: "dist",
    bundle: true,
    minify: true,
    write: false,
    platform: "browser",
    format: "iife",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".svg": "text" },
    logLevel: "silent",
  });
  const text = (end: string) => built.outputFiles.find((file) => file.path.endsWith(end))!.text;
  return { script: text(".js"), style: text(".css") };
}

let view: Promise<{ script: string; style: string }> | undefined;

/** Builds the view once for all tests of a run. */
export function builtView(): Promise<{ script: string; style: string }> {
  view ??= buildView();
  return view;
}

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: provisionChromium(),
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--font-render-hinting=none"],
  });
}

export interface Scene {
  theme?: ThemeName;
  width?: number;
  height?: number;
  ratio?: number;
  /** What `getState` gives: a reload of the view. */
  state?: unknown;
  reducedMotion?: boolean;
  /** A screen that is touched. */
  touch?: boolean;
}

/** The view in a plain page that plays VS Code: theme variables, CSP, and the host's end of the messages. */
export class ViewDriver {
  readonly sent: ViewMessage[] = [];
  readonly errors: string[] = [];
  private seq = 0;
  private acknowledged = new Map<number, () => void>();
  private waiting: { test: (message: ViewMessage) => boolean; done: () => void }[] = [];

  private constructor(readonly page: Page) {}

  static async open(browser: Browser, scene: Scene = {}): Promise<ViewDriver> {
    const context = await browser.newContext({
      viewport: { width: scene.width ?? 1280, height: scene.height ?? 800 },
      deviceScaleFactor: scene.ratio ?? 1,
      reducedMotion: scene.reducedMotion ? "reduce" : "no-preference",
      hasTouch: scene.touch ?? false,
    });
    const page = await context.newPage();
    const driver = new ViewDriver(page);
    page.on("pageerror", (error) => driver.errors.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") driver.errors.push(message.text());
    });
    await page.exposeFunction("hostReceive", (message: ViewMessage) => driver.receive(message));
    const { script, style } = await builtView();
    await page.route("http://view.test/**", (route) => {
      const path = new URL(route.request().url()).pathname;
      if (path === "/webview.js") return route.fulfill({ body: script, contentType: "text/javascript" });
      if (path === "/webview.css") return route.fulfill({ body: style, contentType: "text/css" });
      return route.fulfill({ body: html(scene), contentType: "text/html" });
    });
    const ready = driver.next((message) => message.type === "ready");
    await page.goto("http://view.test/");
    await ready;
    return driver;
  }

  /** The next message of the view that passes `test`. */
  next(test: (message: ViewMessage) => boolean): Promise<void> {
    return new Promise((done) => this.waiting.push({ test, done }));
  }

  async post(message: Exclude<HostMessage, { type: "frames" }>): Promise<void> {
    await this.page.evaluate((data) => window.postMessage(data, "*"), message);
  }

  async init(
    title = "shop.py",
    kind: "live" | "file" = "file",
    config: Partial<ViewConfig> = {},
  ): Promise<void> {
    this.seq = 0;
    await this.post({
      type: "init",
      protocol: 1,
      source: { kind, title, bytes: null },
      config: { blockMs: 50, folders: ["/app"], helpBase: null, ...config },
      actions: kind === "live" ? ["stop", "rerun"] : ["openTrace", "compare", "exportReport"],
    });
  }

  /** The view before any program has run. */
  async welcome(): Promise<void> {
    this.seq = 0;
    await this.post({
      type: "init",
      protocol: 1,
      source: null,
      config: { blockMs: 50, folders: [], helpBase: null },
      actions: ["run", "openTrace"],
    });
  }

  /** Sends a trace page by page, as a host does. */
  async feed(bytes: Uint8Array, slot: "a" | "b" = "a"): Promise<void> {
    for (let at = 0; at < bytes.length; at += MAX_PAGE_BYTES) {
      const seq = ++this.seq;
      const acknowledged = new Promise<void>((done) => this.acknowledged.set(seq, done));
      const base64 = Buffer.from(bytes.subarray(at, at + MAX_PAGE_BYTES)).toString("base64");
      await this.page.evaluate(
        ({ base64, seq, slot }) => {
          const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
          window.postMessage({ type: "frames", seq, slot, bytes }, "*");
        },
        { base64, seq, slot },
      );
      await acknowledged;
    }
  }

  async end(slot: "a" | "b" = "a"): Promise<void> {
    await this.post({ type: "end", slot });
  }

  /** A whole trace, read to its end and drawn. */
  async show(bytes: Uint8Array, title = "shop.py"): Promise<void> {
    await this.init(title);
    await this.feed(bytes);
    await this.end();
    await this.settled();
  }

  /** Waits until the view has drawn what it knows: two frames after the messages so far were handled. */
  async settled(): Promise<void> {
    await this.page.evaluate(
      () =>
        new Promise<void>((done) => {
          setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(() => done())), 0);
        }),
    );
  }

  async state(): Promise<Record<string, unknown>> {
    return this.page.evaluate(() => (window as unknown as { viewState: Record<string, unknown> }).viewState);
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  private receive(message: ViewMessage): void {
    this.sent.push(message);
    if (message.type === "ack") this.acknowledged.get(message.seq)?.();
    this.waiting = this.waiting.filter(({ test, done }) => {
      if (!test(message)) return true;
      done();
      return false;
    });
  }
}

function html({ theme = "dark", state }: Scene): string {
  const { variables, className, kind } = THEMES[theme];
  const style = Object.entries(variables)
    .map(([name, value]) => `--vscode-${name}: ${value};`)
    .join("\n");
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src http://view.test 'unsafe-inline'; script-src 'nonce-n0'; img-src http://view.test;">
<style>:root { ${style} }</style>
<link rel="stylesheet" href="/webview.css">
</head><body class="${className}" data-vscode-theme-kind="${kind}">
<div id="loopscope"></div>
<script nonce="n0">
window.viewState = ${JSON.stringify(state ?? null)};
globalThis.acquireVsCodeApi = () => ({
  postMessage: (message) => hostReceive(message),
  getState: () => window.viewState ?? undefined,
  setState: (state) => { window.viewState = state; },
});
</script>
<script nonce="n0" src="/webview.js"></script></body></html>`;
}

/** Bytes of a fixture file. */
export const fixture = (name: string): Uint8Array => readFileSync(join(ROOT, "test/fixtures", name));
