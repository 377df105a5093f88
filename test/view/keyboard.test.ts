import assert from "node:assert/strict";
import type { Scene, ViewDriver } from "./driver";
import { shop, sleepers } from "./synthetic/scenes";
import { type Coroutine, Simulation } from "./synthetic/simulate";
import { useViews } from "./views";

let openView: ReturnType<typeof useViews>;
let view: ViewDriver;

async function open(scene: Scene = {}): Promise<void> {
  view = await openView(scene);
}

const press = async (...keys: string[]) => {
  for (const key of keys) await view.page.keyboard.press(key);
};

/** Everything that is drawn in the graph, to tell whether it changed. */
const picture = () =>
  view.page.evaluate(() => document.querySelector<HTMLCanvasElement>(".graph canvas")!.toDataURL());

describe("the view by keyboard alone", () => {
  openView = useViews();

  it("shows the keys, and lets go of them", async () => {
    await open();
    await view.show(sleepers().finish());
    await press("?");
    const help = view.page.getByRole("dialog");
    await help.waitFor();
    for (const words of ["next event", "next iteration", "play or pause", "a range of time"])
      assert.match(await help.innerText(), new RegExp(words));
    await press("Escape");
    await help.waitFor({ state: "hidden" });
    await press("3");
    await view.page.locator("table.tasks").waitFor();
  });

  it("reaches every control by Tab, with a focus that can be seen", async () => {
    await open();
    await view.init("shop.py", "live");
    await view.feed(shop().writer.take());
    await view.page.locator(".finding").first().waitFor();
    const seen = new Set<string>();
    for (let i = 0; i < 80; i++) {
      await press("Tab");
      const { name, ring } = await view.page.evaluate(() => {
        const active = document.activeElement as HTMLElement;
        if (active === document.body) return { name: "", ring: false };
        const ringed = active.classList.contains("tree") ? active.closest(".graph")! : active;
        const { outlineStyle, outlineWidth, backgroundColor } = getComputedStyle(ringed);
        return {
          name: active.getAttribute("aria-label") ?? active.getAttribute("title") ?? active.textContent ?? "",
          ring: (outlineStyle !== "none" && outlineWidth !== "0px") || backgroundColor !== "rgba(0, 0, 0, 0)",
        };
      });
      if (name === "" || seen.has(name)) continue;
      assert.ok(ring, `no focus ring on ${name}`);
      seen.add(name);
    }
    const wanted = [
      "Await graph",
      "Filter tasks",
      "Await graph: tasks by creator",
      "Width of the side panel",
    ];
    for (const name of [...wanted, "Play (Space)", "Height of the upper part", "0.01×", "what to do"])
      assert.ok(
        [...seen].some((label) => label.startsWith(name)),
        `${name} is not among ${[...seen].map((label) => label.slice(0, 30)).join(" | ")}`,
      );
  });

  it("resizes and hides the parts", async () => {
    await open();
    await view.show(sleepers().finish());
    const width = () => view.page.locator(".side").evaluate((side) => side.clientWidth);
    const before = await width();
    await view.page.getByRole("separator", { name: "Width of the side panel" }).focus();
    await press("ArrowLeft", "ArrowLeft");
    assert.equal(await width(), before + 48);
    await press("l");
    await view.page.locator(".lanes").waitFor({ state: "detached" });
    await press("p");
    await view.page.locator(".side").waitFor({ state: "detached" });
    await press("l", "p");
    await view.page.locator(".lanes").waitFor();
    await view.page.locator(".side").waitFor();
  });

  it("plays at each speed to the end and stops there", async () => {
    await open();
    await view.show(sleepers().finish());
    for (const speed of ["0.1", "1", "10"]) {
      await view.page.getByLabel("Speed").selectOption(speed);
      await press("Home");
      await view.page.locator(".clock b", { hasText: /^0(\.0+)? s$/ }).waitFor();
      await press("Space");
      await view.page.waitForFunction(
        () => !/^0(\.0+)? s$/.test(document.querySelector(".clock b")!.textContent!),
      );
      assert.equal(await view.page.getByRole("button", { name: "Pause (Space)" }).count(), 1);
      if (speed !== "10") await press("Space");
    }
    await view.page.locator(".now.at-end").waitFor();
    await view.page.getByRole("button", { name: "Play (Space)" }).waitFor();
  });

  it("lights up the evidence of a finding that has the focus", async () => {
    await open();
    await view.show(shop().finish());
    const finding = view.page.locator(".finding", { hasText: "Deadlock" }).locator(".what");
    await finding.waitFor();
    await view.settled();
    const before = await picture();
    await finding.focus();
    await view.settled();
    assert.notEqual(await picture(), before);
    await view.page.getByRole("tree").focus();
    await view.page.locator(".finding.whole").waitFor({ state: "detached" });
  });

  it("opens what was left out of a crowd, a hundred at a time", async () => {
    await open();
    const sim = new Simulation("/app/many.py");
    function* child(): Coroutine {
      yield { on: "sleep", seconds: 9, line: 2 };
    }
    function* main(): Coroutine {
      for (let i = 0; i < 900; i++) sim.spawn(`job-${i}`, `job${i}`, child(), 5);
      yield { on: "sleep", seconds: 9, line: 6 };
    }
    sim.spawn("Task-1", "main", main(), 9);
    sim.run(1);
    await view.init("many.py", "live");
    await view.feed(sim.writer.take());
    const items = view.page.getByRole("treeitem");
    const more = view.page.getByRole("treeitem", { name: /more tasks$/ });
    await more.waitFor({ state: "attached" });
    const before = await items.count();
    assert.ok(before <= 301, `${before} nodes`);
    await view.page.getByRole("tree").focus();
    await press("End", "Enter");
    await view.page.waitForFunction(
      (old) => document.querySelectorAll('[role="treeitem"]').length === old + 100,
      before,
    );
  });
});
