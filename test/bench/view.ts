/**
 * How fast the view is, in a headless Chromium without a GPU, next to a chart library (uPlot) in the same run:
 *
 *     npm run bench:view [-- million-events-to-open [lanes] [library] [live] [open]]
 *
 * Frames: the time between two animation frames while every frame pans or zooms, with the screen's own limit of 60 a
 * second taken off, so drawing and everything behind it counts. Exits with 1 when a limit of the product is not met.
 */
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { type Browser, chromium, type Page } from "playwright-core";
import { provisionChromium } from "../../scripts/lib/provision";
import { builtView } from "../view/driver";
import { bulkTrace, type Load } from "./viewTraces";

interface Line {
  name: string;
  value: number;
  limit: number | null;
  unit: string;
}

const lines: Line[] = [];
function report(name: string, value: number, limit: number | null, unit = "ms"): void {
  lines.push({ name, value, limit, unit });
  const verdict = limit === null ? "" : value <= limit ? `≤ ${limit} ok` : `≤ ${limit} NOT MET`;
  console.log(`${name.padEnd(64)} ${value.toFixed(1).padStart(9)} ${unit.padEnd(9)} ${verdict}`);
}

/** Serves the view as a plain page with a trace to fetch, as `loopscope view` does. */
async function serve(
  trace: () => Iterable<{ bytes: Uint8Array }>,
  state: object,
): Promise<{ server: Server; url: string }> {
  const { script, style } = await builtView();
  const page = `<!DOCTYPE html><html><head><meta charset="utf-8"><style>${style}</style></head><body>
<div id="loopscope"></div>
<script>localStorage.setItem("loopscope.view", ${JSON.stringify(JSON.stringify({ version: 1, ...state }))});</script>
<script type="application/x-loopscope" data-src="/trace" data-title="bench"></script>
<script src="/webview.js"></script></body></html>`;
  const server = createServer(async (request, response) => {
    if (request.url === "/webview.js") response.end(script);
    else if (request.url === "/trace") {
      for (const { bytes } of trace()) {
        if (!response.write(bytes)) await new Promise((drained) => response.once("drain", drained));
      }
      response.end();
    } else response.setHeader("Content-Type", "text/html").end(page);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

/** Runs in a page: the milliseconds between `count` frames while `act` runs in each, without the first `skip`. */
async function frameTimes(count: number, skip: number, act: (frame: number) => void): Promise<number[]> {
  const times: number[] = [];
  let last = 0;
  await new Promise<void>((done) => {
    const frame = (at: number) => {
      if (last) times.push(at - last);
      last = at;
      if (times.length >= count) return done();
      act(times.length);
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  return times.slice(skip);
}

/** For every page: `frameTimes`, and the helper through which tsx names functions. */
const IN_PAGE = `globalThis.__name = (f) => f; globalThis.frameTimes = ${frameTimes};`;

async function newPage(browser: Browser, height: number): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1400, height } });
  await page.addInitScript(IN_PAGE);
  return page;
}

const meanOf = (times: readonly number[]) => times.reduce((sum, t) => sum + t, 0) / times.length;

/** Mean and p95 of the time between frames while each moves the lanes; a frame is not limited by the screen. */
async function frames(
  page: Page,
  count: number,
  kind: "pan" | "zoom",
): Promise<{ mean: number; p95: number }> {
  const times = await page.evaluate(
    ({ count, kind }) => {
      const target = document.querySelector(".lanes-scroll")!;
      const box = target.getBoundingClientRect();
      return frameTimes(count, 5, (i) => {
        target.dispatchEvent(
          new WheelEvent("wheel", {
            deltaY: kind === "zoom" ? (i % 40 < 20 ? -30 : 30) : i % 60 < 30 ? 20 : -20,
            ctrlKey: kind === "zoom",
            shiftKey: kind === "pan",
            clientX: box.left + box.width * 0.6,
            clientY: box.top + 100,
            cancelable: true,
          }),
        );
      });
    },
    { count, kind },
  );
  const sorted = [...times].sort((a, b) => a - b);
  return { mean: meanOf(times), p95: sorted[Math.floor(sorted.length * 0.95)] };
}

async function lanesBench(
  browser: Browser,
  name: string,
  load: Load,
  limit: number,
  compact = 0,
): Promise<void> {
  const parts = [...bulkTrace(load)];
  const { server, url } = await serve(() => parts, { fold: false, split: 0.15 });
  const page = await newPage(browser, 1100);
  await page.goto(url);
  await page.waitForFunction(() => document.querySelector(".now")?.textContent === "End", undefined, {
    timeout: 120_000,
  });
  await page.waitForFunction(() => !document.querySelector(".welcome"));
  // What is going on when reading has ended (findings) must not be counted as a frame.
  await page.waitForTimeout(4000);
  await page.evaluate(() => new Promise((idle) => requestIdleCallback(() => requestIdleCallback(idle))));
  for (let i = 0; i < compact; i++) await setHairline(page);
  // Zoom in a little first: a window that shows everything cannot be panned.
  await page.keyboard.press("w");
  for (const kind of ["pan", "zoom"] as const) {
    const { mean, p95 } = await frames(page, 120, kind);
    report(`${name}, ${kind}, mean`, mean, limit);
    report(`${name}, ${kind}, p95`, p95, null);
  }
  await page.close();
  server.close();
}

/** "Hairline lanes" of the right-click menu: hundreds of lanes on one screen. */
async function setHairline(page: Page): Promise<void> {
  const box = (await page.locator(".lanes-scroll").boundingBox())!;
  await page.mouse.click(box.x + 600, box.y + 200, { button: "right" });
  await page.getByText("Hairline lanes").click();
}

async function libraryBench(browser: Browser): Promise<void> {
  const script = readFileSync(require.resolve("uplot/dist/uPlot.iife.min.js"), "utf8");
  const page = await newPage(browser, 1100);
  await page.setContent("<body></body>");
  await page.addScriptTag({ content: `${IN_PAGE} ${script}` });
  const times = await page.evaluate(async () => {
    const lanes = 40;
    const slices = 50_000;
    const x = Float64Array.from({ length: slices }, (_, i) => i);
    const series = Array.from({ length: lanes }, (_, lane) =>
      Float64Array.from(x, (i) => lane * 4 + (i % 3)),
    );
    type Chart = { setScale(key: string, range: { min: number; max: number }): void };
    const { uPlot } = window as unknown as {
      uPlot: new (options: object, data: unknown, target: Element) => Chart;
    };
    const chart = new uPlot(
      {
        width: 1380,
        height: 820,
        scales: { x: { time: false } },
        series: [{}, ...series.map(() => ({ stroke: "green", points: { show: false } }))],
      },
      [x, ...series],
      document.body,
    );
    return frameTimes(12, 2, (i) => {
      const min = (i + 1) * 20;
      chart.setScale("x", { min, max: min + slices * 0.7 });
    });
  });
  report("uPlot, 40 series of 50,000 points (2,000,000), pan, mean", meanOf(times), null);
  await page.close();
}

/** Process ids of the browser's renderers. */
function renderers(browserPid: number): number[] {
  const children = (pid: number): number[] => {
    try {
      const own = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
        .trim()
        .split(" ")
        .filter(Boolean)
        .map(Number);
      return own.flatMap((child) => [child, ...children(child)]);
    } catch {
      return []; // it has ended meanwhile
    }
  };
  return children(browserPid).filter((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--type=renderer"),
  );
}

/** The most memory any renderer process of the browser had, in bytes. */
function rendererPeak(browserPid: number): number {
  const peak = (pid: number) =>
    Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
  return Math.max(0, ...renderers(browserPid).map(peak));
}

/** Milliseconds of processor time of the renderer that used most. */
function rendererCpu(browserPid: number): number {
  const time = (pid: number) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10; // in ticks of 10 ms
  };
  return Math.max(0, ...renderers(browserPid).map(time));
}

/** How many events a block of a load has. */
function eventsOfBlock(load: Load): number {
  return [...bulkTrace({ ...load, blocks: 1 })].reduce((sum, part) => sum + part.events, 0);
}

async function openBench(millions: number): Promise<void> {
  const load: Load = { tasks: 500, steps: 50, blocks: 0, deflate: true };
  load.blocks = Math.ceil((millions * 1e6) / eventsOfBlock(load));
  // Written beforehand: deflating it is not the view's work.
  const parts = [...bulkTrace(load)];
  const events = parts.reduce((sum, part) => sum + part.events, 0);
  const { server, url } = await serve(() => parts, {});
  const bytes = parts.reduce((sum, part) => sum + part.bytes.length, 0);
  console.log(`opening ${(events / 1e6).toFixed(1)} million events, ${(bytes / 1e6).toFixed(0)} MB`);
  const own = await chromium.launchServer({ executablePath: provisionChromium(), args: ARGUMENTS });
  const browser = await chromium.connect(own.wsEndpoint());
  const page = await newPage(browser, 900);
  await page.goto("about:blank");
  const before = rendererPeak(own.process().pid!);
  // Measured by the page itself, from its navigation on: how fast the test driver hears of it is not the view's doing.
  await page.addInitScript(() => {
    const times = { first: 0, all: 0, read: 0 };
    Object.assign(window, { times });
    const look = () => {
      if (!times.first && document.querySelector('[role="treeitem"]')) times.first = performance.now();
      const trust = document.querySelector(".trust")?.textContent?.replace(/[,\u2009\s]/g, "");
      const read = Number(trust?.match(/seen(\d+)events/)?.[1] ?? 0);
      if (read > times.read) Object.assign(times, { read, all: performance.now() });
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await page.goto(url);
  await page.waitForFunction(
    (wanted) => (window as unknown as { times: { read: number } }).times.read >= wanted,
    events * 0.999,
    { timeout: 180_000, polling: 100 },
  );
  const times = await page.evaluate(
    () => (window as unknown as { times: { first: number; all: number } }).times,
  );
  report("open a trace, first picture", times.first, 1500);
  // On a machine that others use too, the wall clock says little: what the page's own process computed says more.
  report("open a trace, processor time of the page", rendererCpu(own.process().pid!), null);
  report("open a trace, all of it", times.all, 8000 * Math.max(0.2, millions / 10));
  await page.waitForTimeout(3000);
  const peak = rendererPeak(own.process().pid!) - before;
  report("open a trace, peak memory", peak / events, 60, "B/event");
  await browser.close();
  await own.close();
  server.close();
}

/** 100,000 events a second for five seconds, in pages every 50 ms; from the page's arrival to the pixels. */
async function liveBench(browser: Browser): Promise<void> {
  const { script, style } = await builtView();
  // One block of 5,000 events is one page of 50 ms.
  const load: Load = { tasks: 100, steps: 24, blocks: 140, deflate: false };
  const parts = [...bulkTrace(load)].map((part) => Buffer.from(part.bytes).toString("base64"));
  const perBlock = eventsOfBlock(load);
  const page = await newPage(browser, 900);
  await page.setContent(
    `<!DOCTYPE html><html><head><style>${style}</style></head><body><div id="loopscope"></div></body></html>`,
  );
  await page.evaluate(() => {
    const host = window as unknown as { acks: Map<number, () => void>; acquireVsCodeApi: unknown };
    host.acks = new Map();
    host.acquireVsCodeApi = () => ({
      postMessage: (message: { type: string; seq: number }) => {
        if (message.type === "ack") host.acks.get(message.seq)?.();
      },
      getState: () => undefined,
      setState: () => {},
    });
  });
  await page.addScriptTag({ content: `${IN_PAGE} ${script}` });
  const latencies = await page.evaluate(async (parts) => {
    const host = window as unknown as { acks: Map<number, () => void> };
    const send = (message: object) => window.postMessage(message, "*");
    send({
      type: "init",
      protocol: 1,
      source: { kind: "live", title: "bench", bytes: null },
      config: { blockMs: 50, folders: [], helpBase: null },
      actions: [],
    });
    const latencies: number[] = [];
    const clock = () => document.querySelector(".clock")?.textContent;
    const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));
    for (let i = 0; i < parts.length; i++) {
      const bytes = Uint8Array.from(atob(parts[i]), (c) => c.charCodeAt(0));
      const begin = performance.now();
      const shown = clock();
      const acknowledged = new Promise<void>((done) => host.acks.set(i + 1, done));
      send({ type: "frames", seq: i + 1, slot: "a", bytes });
      await acknowledged;
      while (clock() === shown && performance.now() - begin < 2000) {
        await new Promise((done) => requestAnimationFrame(done));
      }
      // The canvases are drawn in the frame that follows the change of the text.
      await new Promise<void>((done) => requestAnimationFrame(() => setTimeout(done, 0)));
      const took = performance.now() - begin;
      if (i > 20) latencies.push(took);
      await sleep(Math.max(0, 50 - took));
    }
    return latencies.sort((a, b) => a - b);
  }, parts);
  report(
    `live, ${Math.round((perBlock * 20) / 1000)},000 events/s, page to pixels, p50`,
    latencies[latencies.length >> 1],
    null,
  );
  report("live, page to pixels, p95", latencies[Math.floor(latencies.length * 0.95)], 200);
  await page.close();
}

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-frame-rate-limit",
  "--disable-gpu-vsync",
];

async function allLanes(browser: Browser): Promise<void> {
  const small = { steps: 13, deflate: false };
  await lanesBench(
    browser,
    "50,000 tasks, 2,000,000 slices, 40 lanes",
    { ...small, tasks: 500, blocks: 100 },
    16.7,
  );
  await lanesBench(
    browser,
    "40 tasks of 50,000 slices each",
    { tasks: 40, steps: 16_667, blocks: 1, deflate: false },
    16.7,
  );
  await lanesBench(
    browser,
    "the same 50,000 tasks, 800 hairline lanes",
    { ...small, tasks: 500, blocks: 100 },
    33,
    1,
  );
}

async function main(): Promise<void> {
  const millions = Number(process.argv[2] ?? 10);
  const wants = (part: string) => process.argv.length < 4 || process.argv.slice(3).includes(part);
  const { script } = await builtView();
  report("bundle, gzipped", gzipSync(script).length / 1024, 150, "KB");
  const browser = await chromium.launch({ executablePath: provisionChromium(), args: ARGUMENTS });
  if (wants("lanes")) await allLanes(browser);
  if (wants("library")) await libraryBench(browser);
  if (wants("live")) await liveBench(browser);
  await browser.close();
  if (wants("open")) await openBench(millions);
  if (lines.some((line) => line.limit !== null && line.value > line.limit)) process.exitCode = 1;
}

main().catch((error) => {
  console.error(error);
  // Browsers and servers that are still open would keep the process.
  process.exit(1);
});
