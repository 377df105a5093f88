/**
 * Draws the pictures of docs/images anew: `npm run screenshots [-- name…]`. Every scene is the built view in a headless
 * Chromium, on a trace that a simulated program wrote, so the pictures are the same on every machine with the same fonts.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openBrowser, type Scene, ViewDriver } from "../test/view/driver";
import { crowd, server, shop, sleepers } from "../test/view/synthetic/scenes";

const FOLDER = join(__dirname, "../docs/images");

interface Picture {
  scene: Scene;
  draw: (view: ViewDriver) => Promise<void>;
}

async function live(view: ViewDriver, bytes: Uint8Array, title: string): Promise<void> {
  await view.init(title, "live");
  await view.feed(bytes);
  await view.page.locator(".trust").waitFor();
}

const at = (view: ViewDriver, time: number, task: number | null = null) =>
  view.post({ type: "reveal", task, object: null, time });

/** The id of a task by its name, in the order of creation of the shop's tasks. */
const CREDIT_17 = 8;

const PICTURES: Record<string, Picture> = {
  empty: {
    scene: {},
    draw: (view) => view.welcome(),
  },
  learning: {
    scene: { theme: "light", state: { version: 1, view: "loop", split: 0.58 } },
    draw: async (view) => {
      await view.show(sleepers().finish(), "sleepers.py");
      await at(view, 0.62);
    },
  },
  server: {
    scene: { width: 1440, height: 900 },
    draw: (view) => live(view, server().writer.take(), "server.py"),
  },
  deadlock: {
    scene: { width: 1440, height: 900 },
    draw: async (view) => {
      await live(view, shop().writer.take(), "shop.py");
      await view.post({ type: "reveal", task: CREDIT_17, object: null, time: null });
    },
  },
  blocked: {
    scene: { state: { version: 1, split: 0.55 } },
    draw: async (view) => {
      await view.show(shop({ deadlock: false }).writer.take(), "shop.py");
      await at(view, 0.16);
    },
  },
  "ten-thousand": {
    scene: {},
    draw: async (view) => {
      await live(view, crowd().writer.take(), "crowd.py");
      await view.page.locator(".clock", { hasText: "0.5400" }).waitFor();
      await view.settled();
      await view.page.keyboard.press("t");
    },
  },
  "high-contrast": {
    scene: { theme: "hc" },
    draw: async (view) => {
      await live(view, shop().writer.take(), "shop.py");
      await view.post({ type: "reveal", task: CREDIT_17, object: null, time: null });
    },
  },
  "narrow-sidebar": {
    scene: { width: 340, height: 860, state: { version: 1, split: 0.6 } },
    draw: (view) => live(view, shop().writer.take(), "shop.py"),
  },
  comparison: {
    scene: { state: { version: 1, view: "compare", lanes: false, panel: false } },
    draw: async (view) => {
      await view.show(shop({ block: false, deadlock: false, until: 0.45 }).writer.take(), "shop-fixed");
      await view.post({ type: "compare", source: { kind: "file", title: "shop-before", bytes: null } });
      await view.feed(shop().writer.take(), "b");
      await view.end("b");
    },
  },
  "time-travel": {
    scene: { state: { version: 1, view: "timeline", split: 0.45, window: { from: 0.05, to: 0.26 } } },
    draw: async (view) => {
      await view.show(shop({ deadlock: false }).writer.take(), "shop.py");
      await at(view, 0.205, 4);
    },
  },
};

async function main(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const wanted = process.argv.slice(2);
  const browser = await openBrowser();
  for (const [name, { scene, draw }] of Object.entries(PICTURES)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const view = await ViewDriver.open(browser, scene);
    await draw(view);
    // Findings are looked for when the trace has been quiet for a moment.
    await view.page.waitForTimeout(1200);
    await view.settled();
    await view.page.screenshot({ path: join(FOLDER, `${name}.png`) });
    if (view.errors.length > 0) throw new Error(`${name}: ${view.errors.join("; ")}`);
    await view.close();
    console.log(name);
  }
  await browser.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
