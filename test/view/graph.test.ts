import assert from "node:assert/strict";
import type { Scene, ViewDriver } from "./driver";
import { shop } from "./synthetic/scenes";
import { type Coroutine, Simulation } from "./synthetic/simulate";
import { useViews } from "./views";

let openView: ReturnType<typeof useViews>;
let view: ViewDriver;

async function open(scene: Scene = {}): Promise<void> {
  view = await openView(scene);
}

const items = () => view.page.getByRole("treeitem").allTextContents();

/** Where the graph's pixels have one of these colours, as offsets. */
const coloured = (...colours: [number, number, number][]) =>
  view.page.evaluate((wanted) => {
    const canvas = document.querySelector<HTMLCanvasElement>(".graph canvas")!;
    const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
    const found: number[] = [];
    for (let i = 0; i < data.length; i += 4) {
      if (wanted.some(([r, g, b]) => data[i] === r && data[i + 1] === g && data[i + 2] === b)) found.push(i);
    }
    return found;
  }, colours);

/** What the tooltips say along a line of the graph, once each. */
async function tooltips(x: (width: number) => number): Promise<string[]> {
  const box = (await view.page.locator(".graph canvas").boundingBox())!;
  const found = new Set<string>();
  for (let y = 4; y < box.height; y += 12) {
    await view.page.mouse.move(box.x + x(box.width), box.y + y);
    found.add((await view.page.locator(".graph canvas").getAttribute("title")) ?? "");
  }
  return [...found];
}

describe("the await graph", () => {
  openView = useViews();

  for (const width of [1100, 1600]) {
    it(`moves nothing when tasks come, ${width} pixels wide`, async () => {
      await open({ width });
      const sim = new Simulation("/app/grows.py");
      const first = sim.lock("first");
      const second = sim.lock("second");
      function* holder(lock: typeof first, seconds: number): Coroutine {
        yield { on: "lock", lock, line: 1 };
        yield { on: "sleep", seconds, line: 2 };
      }
      function* deeper(levels: number): Coroutine {
        if (levels > 0) sim.spawn(`level-${levels}`, `level${levels}`, deeper(levels - 1), 5);
        yield { on: "lock", lock: second, line: 6 };
      }
      function* main(): Coroutine {
        sim.spawn("holds", "holder", holder(first, 9), 11);
        sim.spawn("waits", "waiter", holder(first, 9), 12);
        yield { on: "sleep", seconds: 0.1, line: 13 };
        sim.spawn("holds-too", "holder2", holder(second, 9), 14);
        for (let i = 0; i < 12; i++) sim.spawn(`more-${i}`, `more${i}`, deeper(2), 15);
        yield { on: "sleep", seconds: 9, line: 13 };
      }
      sim.spawn("Task-1", "main", main(), 20);
      sim.run(0.05);
      await view.init("grows.py", "live");
      await view.feed(sim.writer.take());
      await view.page.getByRole("treeitem", { name: /first/ }).last().waitFor({ state: "attached" });
      await view.settled();
      // The stripes of suspended tasks; the lock and what leads to it, in the editor's orange without its transparency.
      const orange: [number, number, number] = [0xea, 0x5d, 0];
      const seen = (await coloured(orange)).length;
      assert.ok(seen > 10, `${seen} pixels of the lock and what leads to it`);
      const legend = view.page.locator(".line.awaits").first();
      const stroke = await legend.evaluate((line) => getComputedStyle(line).stroke);
      assert.ok(stroke !== "none" && !/\/|rgba/.test(stroke), `${stroke} is opaque`);
      const colours: [number, number, number][] = [[0x37, 0x94, 0xff], orange];
      const before = await coloured(...colours);
      assert.ok(before.length > 200, `${before.length} pixels to watch`);
      sim.run(0.3);
      await view.feed(sim.writer.take());
      await view.page
        .getByRole("treeitem", { name: /more-?11/ })
        .first()
        .waitFor({ state: "attached" });
      await view.settled();
      const after = new Set(await coloured(...colours));
      const gone = before.filter((at) => !after.has(at)).length;
      assert.ok(gone < before.length * 0.02, `${gone} of ${before.length} pixels moved`);
    });
  }

  it("keeps what is waited for in sight in a panel of 1100 pixels", async () => {
    await open({ width: 1100, height: 750 });
    await view.init("shop.py", "live");
    await view.feed(shop().writer.take());
    await view.page.locator(".finding", { hasText: "Deadlock" }).waitFor();
    await view.settled();
    for (const x of [(width: number) => width - 20, (width: number) => width - 160]) {
      const seen = (await tooltips(x)).join("\n");
      assert.match(seen, /Lock 'ledger'\nheld by debit-17/);
      assert.match(seen, /Lock 'accounts'/);
      assert.match(seen, /Queue 'outbox'/);
    }
    assert.ok(await view.page.getByRole("button", { name: /ended: show/ }).isVisible());
    assert.ok((await items()).some((item) => item.startsWith("Lock 'ledger'")));
  });

  it("says that what blocks the loop is out of sight, and goes to it", async () => {
    await open({ width: 1100, height: 600 });
    await view.show(shop({ deadlock: false }).finish());
    await view.post({ type: "reveal", task: null, object: null, time: 0.16 });
    await view.page.getByTitle(/more below, one of them blocks the loop/).click();
    const seen = (await tooltips((width) => 18 + width * 0.6)).join("\n");
    assert.match(seen, /order-5\nBLOCKS THE LOOP/);
  });

  it("opens the menu of a node from the keyboard, and gives the focus back", async () => {
    await open();
    await view.init("shop.py", "live");
    await view.feed(shop().writer.take());
    await view.page.getByRole("treeitem", { name: /heartbeat/ }).waitFor({ state: "attached" });
    await view.page.getByRole("tree").focus();
    for (let i = 0; i < 5; i++) await view.page.keyboard.press("ArrowDown");
    await view.page.keyboard.press("Shift+F10");
    await view.page.getByRole("menu").waitFor();
    await view.page.keyboard.press("ArrowDown");
    await view.page.keyboard.press("Escape");
    await view.page.getByRole("menu").waitFor({ state: "detached" });
    await view.page.keyboard.press("Shift+F10");
    await view.page.getByRole("menuitem", { name: /Show only/ }).press("Enter");
    assert.match(await view.page.locator("#filter").inputValue(), /^coro:/);
  });
});
