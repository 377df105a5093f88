import assert from "node:assert/strict";
import type { Scene, ViewDriver } from "./driver";
import { shop } from "./synthetic/scenes";
import { useViews } from "./views";

let openView: ReturnType<typeof useViews>;
let view: ViewDriver;

/** A running program in a panel of some size. */
async function running(scene: Scene): Promise<void> {
  view = await openView(scene);
  await view.init("shop.py", "live");
  await view.feed(shop().writer.take());
}

describe("a narrow or low panel", () => {
  openView = useViews();

  it("shows the station of the loop that matters in a narrow panel", async () => {
    await running({ width: 400, height: 760, state: { version: 1, view: "loop" } });
    for (const [time, title] of [
      [0.15, "order-5"],
      [0.4, "Wait for timers"],
    ] as const) {
      await view.post({ type: "reveal", task: null, object: null, time });
      await view.page.locator(".station.active", { hasText: title }).waitFor();
      await view.page.waitForFunction(() => {
        const pane = document.querySelector(".loop-view .scroll")!.getBoundingClientRect();
        const heading = document.querySelector(".station.active h2")!.getBoundingClientRect();
        return heading.top >= pane.top - 1 && heading.bottom <= pane.bottom + 1;
      });
    }
  });

  it("becomes an outline in a narrow panel", async () => {
    await running({ width: 340, height: 720 });
    await view.page.locator(".app.narrow").waitFor();
    await view.page.getByRole("treeitem").first().waitFor({ state: "attached" });
    const overflow = await view.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.equal(overflow, 0);
    // Narrower than the line above the graph in any font: its buttons go to a second one.
    await view.page.setViewportSize({ width: 230, height: 720 });
    await view.settled();
    const zoom = await view.page.locator(".legend .zoom button").last().boundingBox();
    assert.ok(zoom !== null && zoom.x + zoom.width <= 230, `ends at ${zoom && zoom.x + zoom.width}`);
  });

  it("leaves graph, lanes and findings room in the panel of a laptop's editor, and scrolls to what has none", async () => {
    await running({ width: 540, height: 500 });
    await view.page.locator(".finding").nth(1).waitFor();
    const height = async (selector: string) => (await view.page.locator(selector).boundingBox())?.height ?? 0;
    assert.ok((await height(".graph")) > 100, `${await height(".graph")}`);
    assert.ok((await height(".lanes-body")) > 80, `${await height(".lanes-body")}`);
    const deadlock = (await view.page.locator(".finding").first().boundingBox())!;
    const trust = (await view.page.locator(".trust").boundingBox())!;
    assert.ok(deadlock.y + deadlock.height <= trust.y, "a finding is in sight without scrolling");
    // However many there are, graph and lanes stay where they are.
    const lanes = await height(".lower");
    await view.page.evaluate(() => {
      const finding = document.querySelector(".finding")!;
      for (let i = 0; i < 30; i++) finding.parentElement!.append(finding.cloneNode(true));
    });
    assert.equal(await height(".lower"), lanes);
    await view.page.evaluate(() => {
      for (const each of [...document.querySelectorAll(".finding")].slice(-30)) each.remove();
    });
    // What is left out of it is there once it has the focus.
    const message = view.page.locator(".finding .message").first();
    assert.equal(await message.isVisible(), false);
    await view.page.locator(".finding .what").first().focus();
    await message.waitFor();
    // Lower than all that can be: nothing lies over anything else.
    await view.page.setViewportSize({ width: 540, height: 300 });
    await view.settled();
    assert.ok((await height(".graph")) > 80);
    await view.page.locator(".lanes").scrollIntoViewIfNeeded();
    await view.page.keyboard.press("5");
    await view.page.locator(".welcome").waitFor();
    const welcome = (await view.page.locator(".welcome").boundingBox())!;
    const lower = (await view.page.locator(".lower").boundingBox())!;
    assert.ok(welcome.y + welcome.height <= lower.y + 1, "what invites to compare ends above the lanes");
  });
});
