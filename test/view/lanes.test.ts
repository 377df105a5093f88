import assert from "node:assert/strict";
import type { ViewMessage } from "../../src/protocol/view";
import { StreamWriter } from "../unit/trace/writer";
import type { Scene, ViewDriver } from "./driver";
import { shop, sleepers } from "./synthetic/scenes";
import { useViews } from "./views";

/** Height of the ruler, width of the names, and room behind the end, of webview/lanes. */
const RULER = 26;
const LABELS = 190;
const BEHIND = 18;

let openView: ReturnType<typeof useViews>;
let view: ViewDriver;

async function open(scene: Scene = {}): Promise<void> {
  view = await openView(scene);
}

const text = async (selector: string) =>
  (await view.page.locator(selector).first().innerText()).replace(/\s+/g, " ");

/** A point of the lanes: an instant of a trace that is shown whole, and a height below the ruler. */
async function point(t: number, y: number, end: number): Promise<{ x: number; y: number }> {
  const box = (await view.page.locator(".lanes-body canvas").boundingBox())!;
  const plot = box.width - LABELS;
  const share = (t + end * 0.005) / (end * (1.005 + Math.max(0.015, BEHIND / plot)));
  return { x: box.x + LABELS + share * plot, y: box.y + RULER + y };
}

/** What is drawn above the lanes: another picture is another window of time. */
const ruler = () =>
  view.page.evaluate(
    ({ left, height }) => {
      const canvas = document.querySelector<HTMLCanvasElement>(".lanes-body canvas")!;
      const { data } = canvas.getContext("2d")!.getImageData(left, 0, canvas.width - left, height);
      return Array.from(data).join();
    },
    { left: LABELS, height: RULER },
  );

const travel = async (time: number) => {
  await view.post({ type: "reveal", task: null, object: null, time });
  await view.settled();
};

describe("the lanes", () => {
  openView = useViews();

  it("tells what happened in a range that the keyboard selects, waits from before it included", async () => {
    await open();
    await view.show(sleepers().finish());
    await travel(0.6);
    await view.page.keyboard.press("i");
    await travel(0.9);
    await view.page.keyboard.press("o");
    await view.page.locator(".side .range").waitFor();
    const told = await text(".side .range");
    assert.match(told, /Range of 300 ms/i);
    assert.match(told, /0 steps/);
    assert.match(told, /idle 100 %/);
    assert.match(told, /Longest suspensions .*Task-3 asyncio\.sleep\(1\) sleepers\.py:11 300 ms/);
    assert.doesNotMatch(told, /Task-2 asyncio/, "which had ended by then");
    await view.page.keyboard.press("z");
    await view.page.getByText("zoomed to 300 ms").waitFor();
    await view.page.keyboard.press("Escape");
    await view.page.locator(".side .range").waitFor({ state: "detached" });
  });

  it("begins with the loop, not with what the program imported before", async () => {
    const main = "/app/app.py:3 main";
    const late = new StreamWriter().loop(1, "_UnixSelectorEventLoop", "MainThread", 2).run(2, 1);
    late.new(1, 2, 0, main, "main", [main]).step(1, 2, 2.01, 9, [main]).waits(1, "sleep", 0, 0.99);
    late
      .wake(1, 3, 1)
      .raised(1, "ValueError", "no", [main])
      .done(1, 3, 3.01, 1)
      .run(3.01, 0)
      .end(1, null, 3.02);
    await open();
    await view.show(late.bytes());
    assert.equal((await text(".findings .none")).trim(), "Nothing found but the task that failed.");
    await view.page.keyboard.press("Home");
    await view.settled();
    assert.match(await text(".transport"), /2\.000 s of 3\.010 s/);
    // A click in the middle goes to the middle of the loop's time.
    const box = (await view.page.locator(".lanes-body canvas").boundingBox())!;
    await view.page.mouse.click(box.x + LABELS + (box.width - LABELS) / 2, box.y + RULER + 10);
    await view.settled();
    const shown = Number(/([\d.]+) s of/.exec(await text(".transport"))?.[1]);
    assert.ok(shown > 2.4 && shown < 2.6, String(shown));
  });

  it("remembers how high its lanes are", async () => {
    await open();
    await view.show(sleepers().finish());
    const { x, y } = await point(0.3, 44, 2);
    await view.page.mouse.click(x, y, { button: "right" });
    await view.page.getByRole("menuitemcheckbox", { name: "Tiny lanes" }).click();
    await view.page.waitForFunction(() => {
      const { viewState } = window as unknown as { viewState: { lane: unknown } | null };
      return viewState?.lane === 4;
    });
    const state = await view.state();
    await view.close();
    await open({ state });
    await view.show(sleepers().finish());
    await view.page.mouse.click(x, y, { button: "right" });
    assert.equal(
      await view.page.getByRole("menuitemcheckbox", { name: "Tiny lanes" }).getAttribute("aria-checked"),
      "true",
    );
  });

  it("ranks steps, delays and blocking of a range", async () => {
    await open();
    await view.show(shop().finish());
    await travel(0.05);
    await view.page.keyboard.press("i");
    await travel(0.25);
    await view.page.keyboard.press("o");
    const told = await text(".side .range");
    assert.match(told, /of that blocked 120 ms/);
    assert.match(told, /Longest steps order-5 120 ms/);
    assert.match(told, /Longest waits for the loop \S+ 1[12]\d ms/);
  });

  it("keeps the loop's lane on top while its tasks are scrolled", async () => {
    await open({ height: 560 });
    await view.show(shop().finish());
    const { x, y } = await point(0.12, 12, 0.62);
    const titles = async () => {
      await view.page.mouse.move(x, y - 2);
      await view.page.mouse.move(x, y);
      return text(".tooltip");
    };
    assert.match(await titles(), /^order-5 step of 120 ms.* blocks the loop shop\.py:31 in price_with_tax$/);
    await view.page.mouse.wheel(0, 160);
    await view.page.waitForFunction(() => document.querySelector(".lanes-scroll")!.scrollTop > 100);
    await view.settled();
    assert.match(await titles(), /^order-5 step of 120 ms/);
    const opening = view.next((m) => m.type === "open");
    await view.page.mouse.click(x, y);
    await opening;
    const opened = view.sent.find((m): m is ViewMessage & { type: "open" } => m.type === "open");
    assert.equal(opened?.at.line, 31, "the line that blocks");
    assert.match(await text(".details h3"), /order-5/);
  });

  it("stays where it was moved to while the program runs, until it is told to follow", async () => {
    await open();
    const sim = shop({ until: 0.2 });
    const later = async (until: number) => {
      const before = await view.page.evaluate(() => document.querySelector(".clock .dim")?.textContent ?? "");
      sim.run(until);
      await view.feed(sim.writer.take());
      await view.page.waitForFunction(
        (old) => (document.querySelector(".clock .dim")?.textContent ?? old) !== old,
        before,
      );
      await view.settled();
    };
    await view.init("shop.py", "live");
    await later(0.21);
    const live = view.page.getByRole("button", { name: "Live", exact: true });
    assert.equal(await live.getAttribute("aria-pressed"), "true", "all is shown");
    for (const key of ["w", "w", "w"]) await view.page.keyboard.press(key);
    await view.page.getByText("zoomed to").waitFor();
    assert.equal(await live.getAttribute("aria-pressed"), "true", "zoomed at the end");
    for (const key of ["a", "a", "a"]) await view.page.keyboard.press(key);
    await view.page.locator('.now.behind[aria-pressed="false"]').waitFor();
    await view.settled();
    const before = await ruler();
    await later(0.25);
    assert.equal(await ruler(), before, "held still");
    await live.click();
    await view.page.locator('.now.at-end[aria-pressed="true"]').waitFor();
    await view.settled();
    const there = await ruler();
    assert.notEqual(there, before, "the end is in sight");
    await later(0.3);
    assert.notEqual(await ruler(), there, "and follows");
    // An instant that is pressed stays under the pointer.
    const { x, y } = (await view.page.locator(".lanes-body canvas").boundingBox())!;
    await view.page.mouse.click(x + 500, y + 8);
    await view.page.locator(".now", { hasText: "Live" }).and(view.page.locator(".behind")).waitFor();
    await view.settled();
    const pressed = await ruler();
    await later(0.35);
    assert.equal(await ruler(), pressed);
  });

  it("goes where the cursor goes", async () => {
    await open();
    await view.show(shop().finish());
    await travel(0.05);
    for (const key of ["w", "w", "w", "w"]) await view.page.keyboard.press(key);
    await view.page.getByText("zoomed to").waitFor();
    await view.settled();
    const here = await ruler();
    await travel(0.5);
    const there = await ruler();
    assert.notEqual(there, here);
    await travel(0.52);
    await travel(0.5);
    assert.equal(await ruler(), there, "one in sight moves nothing");
    await view.page.keyboard.press("End");
    await view.settled();
    assert.notEqual(await ruler(), there);
    assert.equal(
      await view.page.getByRole("button", { name: "End", exact: true }).getAttribute("aria-pressed"),
      "true",
    );
  });

  it("shows a deadlock in red also when it is over", async () => {
    await open();
    await view.show(shop().finish());
    await view.page.locator(".finding", { hasText: "Deadlock" }).waitFor();
    await view.settled();
    const reds = () =>
      view.page.evaluate((left) => {
        const canvas = document.querySelector<HTMLCanvasElement>(".lanes-body canvas")!;
        // Below the loop's own lane, where blocking is red.
        const { data } = canvas.getContext("2d")!.getImageData(left, 70, canvas.width - left, 200);
        let red = 0;
        for (let i = 0; i < data.length; i += 4) if (data[i] > 110 && data[i + 1] < 80) red++;
        return red;
      }, LABELS);
    const found = await reds();
    assert.ok(found > 5000, `${found} red pixels`);
    await travel(0.05);
    assert.ok((await reds()) > 5000, "at any instant");
  });

  it("says who woke the selected task, each time", async () => {
    await open();
    await view.show(shop().finish());
    const mailer = 34 + 2 * 20 + 10;
    const { x, y } = await point(0.04, mailer, 0.62);
    await view.page.mouse.move(x, y);
    await view.page.locator(".tooltip", { hasText: "mailer-0" }).waitFor();
    const found = await text(".tooltip");
    assert.match(found, /suspended .* to .* waits for Queue 'outbox'\.get woken by order-\d shop\.py:91/);
    // Below its own lane only the arrows can change when it is selected.
    const below = () =>
      view.page.evaluate(
        (top) => {
          const canvas = document.querySelector<HTMLCanvasElement>(".lanes-body canvas")!;
          const { data } = canvas.getContext("2d")!.getImageData(190, top, canvas.width - 190, 60);
          return Array.from(data).join();
        },
        RULER + mailer + 12,
      );
    await view.page.mouse.move(x, y - 300);
    await view.settled();
    const before = await below();
    await view.post({ type: "reveal", task: 3, object: null, time: null });
    await view.page.locator(".details h3", { hasText: "mailer-0" }).waitFor();
    await view.settled();
    assert.notEqual(await below(), before);
  });
});
