import assert from "node:assert/strict";
import { FrameType, StepArg, WakeArg } from "../../src/protocol/stream";
import { bulkTrace } from "../bench/viewTraces";
import { builtView, type Scene, type ViewDriver } from "./driver";
import { shop, sleepers } from "./synthetic/scenes";
import { Simulation } from "./synthetic/simulate";
import { StreamWriter } from "./synthetic/stream";
import { useViews } from "./views";

const HOUR = 3600e9;

let opened: (scene?: Scene) => Promise<ViewDriver>;
let view: ViewDriver;

async function open(scene: Scene = {}): Promise<void> {
  view = await opened(scene);
}

const text = async (selector: string) =>
  (await view.page.locator(selector).first().innerText()).replace(/\s+/g, " ");

/** Every tab, with what it computes; afterwards nothing may reach out of the window. */
async function visitAll(): Promise<void> {
  for (const key of ["2", "3", "4", "5", "1"]) {
    await view.page.keyboard.press(key);
    await view.settled();
  }
  const overflow = await view.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(overflow <= 0, `${overflow} pixels too wide`);
}

/** Names of the sections of the lanes, as a screen reader hears them: loops, with their thread and process. */
const sections = () =>
  view.page
    .locator(".lanes table tbody tr:has(td[colspan])")
    .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent).join(" | ")));

describe("the view at its limits", () => {
  opened = useViews();

  it("takes a million tasks", async function () {
    this.timeout(120_000);
    const parts = [...bulkTrace({ tasks: 2000, steps: 0, blocks: 500, deflate: true })];
    const { script, style } = await builtView();
    await open();
    const page = await view.page.context().newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    // A page that fetches it, as `loopscope view` serves: through the test's own messages it would take longer than to read.
    await page.route("http://page.test/**", (route) => {
      const { pathname } = new URL(route.request().url());
      if (pathname === "/trace")
        return route.fulfill({ body: Buffer.concat(parts.map((part) => part.bytes)) });
      if (pathname === "/webview.js") return route.fulfill({ body: script, contentType: "text/javascript" });
      return route.fulfill({
        contentType: "text/html",
        body: `<!DOCTYPE html><style>${style}</style><div id="loopscope"></div>
<script type="application/x-loopscope" data-title="million" data-src="/trace"></script><script src="/webview.js"></script>`,
      });
    });
    await page.goto("http://page.test/");
    await page.locator(".trust", { hasText: "1,000,000 tasks seen" }).waitFor({ timeout: 100_000 });
    assert.ok((await page.locator('[role="treeitem"]').count()) <= 320, "never more nodes than these");
    const look = await page.locator(".overview").innerText();
    assert.ok(/ (ended|alive)/.test(look) && !/\d{4,} /.test(look), `thousands are set apart: ${look}`);
    await page.keyboard.press("3");
    await page.locator(".pane-bar", { hasText: "1,000,000 tasks" }).waitFor({ timeout: 60_000 });
    assert.ok((await page.locator("table.tasks tbody tr").count()) < 200, "only rows in sight");
    assert.deepEqual(errors, []);
  });

  it("draws what a clock that jumps by hours says, and stays usable", async () => {
    await open();
    const w = new StreamWriter();
    const start = 20_000;
    w.hello("/app/jump.py", { startNs: start * 1e9, clock: { monotonicNs: start * 1e9, wallNs: 1.7e18 } });
    w.json(FrameType.loop, {
      loop: 1,
      kind: "_UnixSelectorEventLoop",
      thread: "MainThread",
      threadId: 1,
      t: 0,
      mode: "fast",
      modeReason: "",
      debug: false,
    });
    const code = w.code("/app/jump.py", "main");
    w.record("RUN", 0, 1, [start]);
    w.record("NEW", 7, 0, [start, 0, code, 0], ["jumper"]);
    // Forwards by three hours, back by five, and on as if nothing had been.
    for (const ns of [1e6, 3 * HOUR, 3 * HOUR + 1e6, -2 * HOUR, 2e6, 3e6]) {
      const at = start + ns / 1e9;
      w.record("ITER", 1, 0, [at]);
      w.record("STEP", 7, StepArg.chain, [at + 1e-4, 0, 1, w.place(code, 9)]);
      w.record("WAKE", 7, 1 | WakeArg.time, [at + 2e-4]);
    }
    await view.show(w.take(), "jump.py");
    assert.match(await text(".clock"), /^[\d.]+ s of 3 h 0 min$/);
    await visitAll();
    for (const key of ["w", "w", ",", "[", ".", "Home", "End", "0"]) await view.page.keyboard.press(key);
    await view.settled();
    assert.match(await text(".trust"), /1 task seen/);
  });

  it("gives every loop, thread and process a section", async () => {
    await open();
    const child = new Simulation("/app/child.py", 40, { pid: 4243, ppid: 4242 });
    function* body() {
      yield { on: "sleep" as const, seconds: 1, line: 3 };
    }
    child.spawn("child-task", "child", body(), 1);
    child.run(0.2);
    const whole = sleepers(0.3);
    whole.writer.loop = 2;
    whole.writer.json(FrameType.loop, {
      loop: 2,
      kind: "uvloop.Loop",
      thread: "worker",
      threadId: 2,
      t: 1e8,
      mode: "fast",
      modeReason: "",
      debug: false,
    });
    whole.writer.record("NEW", 9001, 0, [0.1, 0, whole.code("in_thread"), 0], ["thread-task"]);
    await view.init("many.py", "live");
    await view.feed(whole.writer.take());
    await view.feed(asProgram(child.writer.take(), 2));
    await view.page.getByRole("treeitem", { name: /child-task/ }).waitFor({ state: "attached" });
    const names = await sections();
    assert.equal(names.length, 3, names.join("; "));
    assert.ok(names.some((name) => /worker/.test(name) && /uvloop/.test(name)));
    assert.ok(names.some((name) => /4243/.test(name)));
    await view.page.keyboard.press("2");
    assert.equal(await view.page.locator(".loop-view .toggle").count(), 3);
    await visitAll();
  });

  it("takes what belongs to no loop for no loop", async () => {
    await open();
    const outside = new StreamWriter();
    outside.loop = 0;
    // A lock made while the program is being imported.
    outside.record("OBJECT", 77, 1, [0, 0], ["lock"]);
    const story = sleepers(0.3).writer.take();
    const whole = [outside.take(), story.subarray(16)];
    await view.show(Buffer.concat(whole));
    assert.deepEqual(await sections(), ["Event loop | UnixSelectorEventLoop"]);
    await view.page.keyboard.press("2");
    assert.match(await text(".loop-view .pane-bar"), /^UnixSelectorEventLoop is /);
  });

  it("puts the lanes beside the graph in a flat panel", async () => {
    await open({ width: 1200, height: 250 });
    await view.show(shop().finish());
    const upper = (await view.page.locator(".upper").boundingBox())!;
    const lower = (await view.page.locator(".lower").boundingBox())!;
    assert.ok(lower.x >= upper.x + upper.width - 1, "side by side");
    assert.ok(upper.height > 150 && lower.height > 150, `${upper.height} and ${lower.height} high`);
    await view.page.getByRole("separator", { name: "Width of the left part" }).focus();
    await view.page.keyboard.press("ArrowRight");
    await view.settled();
    assert.ok((await view.page.locator(".upper").boundingBox())!.width > upper.width);
    await view.page.keyboard.press("2");
    await view.post({ type: "reveal", task: null, object: null, time: 0.15 });
    await view.page.locator(".station.active", { hasText: "order-5" }).waitFor();
    assert.equal((await view.page.locator(".app").boundingBox())!.y, 0, "nothing is scrolled but the pane");
    await visitAll();
  });

  it("zooms by pinching a touch screen and by Ctrl with the wheel, in lanes and graph", async () => {
    await open({ touch: true });
    await view.show(shop().finish());
    const client = await view.page.context().newCDPSession(view.page);
    const pinch = async (selector: string) => {
      const box = (await view.page.locator(selector).boundingBox())!;
      const y = box.y + box.height / 2;
      const x = box.x + box.width / 2;
      const touch = (type: "touchStart" | "touchMove" | "touchEnd", apart: number[]) =>
        client.send("Input.dispatchTouchEvent", {
          type,
          touchPoints: apart.map((dx, id) => ({ x: x + dx, y, id })),
        });
      await touch("touchStart", [-20]);
      await touch("touchStart", [-20, 20]);
      for (let dx = 30; dx <= 120; dx += 15) await touch("touchMove", [-dx, dx]);
      await touch("touchEnd", []);
      await view.settled();
    };
    await pinch(".lanes-scroll");
    await view.page.getByText("zoomed to").waitFor();
    await pinch(".graph canvas");
    // What is kept is written with a delay.
    await view.page.waitForFunction(() => {
      const { viewState } = window as unknown as { viewState: { graph: { scale: number } | null } };
      return (viewState.graph?.scale ?? 0) > 1;
    });
    await view.page.keyboard.press("0");
    await view.page.getByText("zoomed to").waitFor({ state: "detached" });
    const lanes = (await view.page.locator(".lanes-scroll").boundingBox())!;
    await view.page.mouse.move(lanes.x + lanes.width / 2, lanes.y + 60);
    await view.page.keyboard.down("Control");
    await view.page.mouse.wheel(0, -300);
    await view.page.keyboard.up("Control");
    await view.page.getByText("zoomed to").waitFor();
  });

  for (const ratio of [1, 1.5, 2]) {
    it(`draws in whole device pixels, ${ratio} to a CSS pixel, also after the screen changed`, async () => {
      await open({ ratio });
      await view.show(shop().finish());
      const sharp = () =>
        view.page.evaluate(async () => {
          const canvases = [...document.querySelectorAll("canvas")];
          const entries = await new Promise<ResizeObserverEntry[]>((done) => {
            const observer = new ResizeObserver(done);
            for (const canvas of canvases) observer.observe(canvas, { box: "device-pixel-content-box" });
          });
          return entries.every(({ target, devicePixelContentBoxSize: [box] }) => {
            const { width, height } = target as HTMLCanvasElement;
            return width === box.inlineSize && height === box.blockSize;
          });
        });
      // Where parts begin between two pixels of the screen, what they are given is not what is rounded.
      for (const [width, height] of [
        [1280, 800],
        [1003, 701],
        [877, 653],
      ]) {
        await view.page.setViewportSize({ width, height });
        await view.settled();
        assert.ok(await sharp(), `${width} x ${height}`);
      }
      const client = await view.page.context().newCDPSession(view.page);
      // An editor zoomed to 200 %: half the CSS pixels, twice the ratio.
      await client.send("Emulation.setDeviceMetricsOverride", {
        width: 640,
        height: 400,
        deviceScaleFactor: ratio * 2,
        mobile: false,
      });
      await view.page.waitForFunction((wanted) => devicePixelRatio === wanted, ratio * 2);
      await view.settled();
      assert.ok(await sharp());
      await visitAll();
    });
  }

  it("plays by jerks where motion is unwelcome", async () => {
    await open({ reducedMotion: true });
    await view.show(sleepers().finish());
    await view.page.keyboard.press("Home");
    await view.settled();
    const shown = () => view.page.evaluate(() => document.querySelector(".clock b")!.textContent!);
    const before = await shown();
    await view.page.keyboard.press("Space");
    const after = await (
      await view.page.waitForFunction((old) => {
        const now = document.querySelector(".clock b")!.textContent;
        return now !== old && now;
      }, before)
    ).jsonValue();
    assert.ok(Number.parseFloat(String(after)) >= 0.9, `${before} to ${after}`);
    await view.page.keyboard.press("Space");
  });

  it("reads a program that died in the middle of an event up to its last whole one", async () => {
    await open();
    const whole = shop().writer.take();
    for (const share of [0.02, 0.37, 0.71, 0.999]) {
      await view.show(whole.subarray(0, Math.floor(whole.length * share)));
      await view.page.locator(".trust.doubt, .welcome").first().waitFor();
    }
    assert.match(await text(".trust"), /incomplete record/);
    await visitAll();
  });

  it("holds names of 10 kB, emoji and right-to-left text inside their places", async () => {
    await open();
    const sim = new Simulation(`/app/${"long".repeat(2500)}.py`);
    function* body() {
      yield { on: "sleep" as const, seconds: 1, line: 3 };
    }
    const names = ["x".repeat(10_000), "👩‍👩‍👧‍👦".repeat(900), "שלום עולם ".repeat(1000), "a\nb\tc", ""];
    names.forEach((name, i) => {
      sim.spawn(name, `${"coroutine".repeat(1000)}${i}`, body(), 1);
    });
    sim.run(0.5);
    await view.show(sim.writer.take());
    await view.post({ type: "reveal", task: 2, object: null, time: 0.2 });
    await visitAll();
    const side = await view.page
      .locator(".side")
      .evaluate((element) => element.scrollWidth - element.clientWidth);
    assert.ok(side <= 1, `the side panel scrolls sideways by ${side}`);
    const cut = await view.page
      .locator(".details p, .details h3, .details h4")
      .evaluateAll((all) => all.filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.className));
    assert.deepEqual(cut, [], "cut off at the edge of the panel");
    await view.page.keyboard.press("3");
    await view.page.getByRole("button", { name: "unnamed" }).waitFor();
  });

  it("derives nothing while nobody looks, and catches up at once", async () => {
    await open();
    const sim = shop({ until: 0.2 });
    await view.init("shop.py", "live");
    await view.feed(sim.writer.take());
    await view.page.locator(".clock", { hasText: "0.2" }).waitFor();
    const before = await text(".clock");
    // As text: tsx would name the function through a helper that the page has not.
    const look = (hidden: boolean) =>
      view.page.evaluate(`Object.defineProperty(document, "hidden", { configurable: true, value: ${hidden} });
        document.dispatchEvent(new Event("visibilitychange"));`);
    await look(true);
    sim.run(0.4);
    await view.feed(sim.writer.take());
    await view.settled();
    assert.equal(await text(".clock"), before);
    await look(false);
    await view.page.locator(".clock", { hasText: /^0\.(3[89]|4)/ }).waitFor();
  });

  it("asks its host to compare and to export", async () => {
    await open();
    await view.show(sleepers().finish());
    for (const [name, action] of [
      ["Export HTML Report…", "exportReport"],
      ["Compare with…", "compare"],
    ] as const) {
      const asked = view.next((m) => m.type === "action" && m.action === action);
      await view.page.getByRole("button", { name }).first().click();
      await asked;
    }
  });
});

/** The frames of a stream without its header, as the listener numbers those of another program. */
function asProgram(stream: Uint8Array, program: number): Uint8Array {
  const frames = stream.slice(16);
  const data = new DataView(frames.buffer);
  for (let at = 0; at < frames.length; at += 8 + data.getUint32(at, true)) {
    data.setUint16(at + 6, program, true);
  }
  return frames;
}
