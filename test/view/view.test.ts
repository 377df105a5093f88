import assert from "node:assert/strict";
import { FrameType } from "../../src/protocol/stream";
import type { ViewMessage } from "../../src/protocol/view";
import type { Scene, ViewDriver } from "./driver";
import { shop, sleepers } from "./synthetic/scenes";
import { Simulation } from "./synthetic/simulate";
import { StreamWriter } from "./synthetic/stream";
import { useViews } from "./views";

let openView: ReturnType<typeof useViews>;
let view: ViewDriver;

async function open(scene: Scene = {}): Promise<ViewDriver> {
  view = await openView(scene);
  return view;
}

const opened = () =>
  view.sent.filter((m): m is ViewMessage & { type: "open" } => m.type === "open").map((m) => m.at);

async function text(selector: string): Promise<string> {
  return (await view.page.locator(selector).first().innerText()).replace(/\s+/g, " ");
}

/** The graph as a screen reader has it. */
async function items(): Promise<string[]> {
  return view.page.locator('[role="treeitem"]').allTextContents();
}

describe("the view in a browser", () => {
  openView = useViews();

  it("says how to begin when there is nothing, and when there is nothing in the trace", async () => {
    await open();
    await view.welcome();
    await view.page.getByRole("button", { name: "Run with Trace" }).click();
    assert.ok(view.sent.some((m) => m.type === "action" && m.action === "run"));
    await view.show(new Simulation().finish());
    assert.match(await text(".welcome"), /No task in this trace.*ended without creating an asyncio task/);
    const broken = new StreamWriter();
    broken.hello("/app/broken.py", {});
    broken.json(FrameType.end, { exitCode: 1, signal: null, wallNs: 0 });
    await view.show(broken.take(), "broken.py");
    assert.match(
      await text(".welcome"),
      /broken\.py ended with exit code 1 before it created an asyncio task/,
    );
  });

  it("says of a recording that was cut off before the first task that it was", async () => {
    await open();
    const cut = new StreamWriter();
    cut.hello("/app/slow.py", {});
    await view.show(cut.take(), "slow.py");
    assert.match(
      await text(".welcome"),
      /The recording of slow\.py ends before the program created an asyncio/,
    );
  });

  it("shows every suspended task with the line it is parked at, as a tree", async () => {
    await open();
    await view.init("sleepers.py", "live");
    await view.feed(sleepers(0.3).writer.take());
    await view.page.getByText("LIVE", { exact: true }).waitFor();
    await view.page.getByRole("treeitem").first().waitFor({ state: "attached" });
    const tree = await items();
    assert.equal(tree.length, 4);
    assert.match(tree[0], /^main Task-1, suspended .*, sleepers\.py:22$/);
    assert.match(tree[1], /^task_one Task-2, suspended .*asyncio\.sleep\(0\.5\), sleepers\.py:6$/);
    assert.match(tree[3], /sleepers\.py:16$/);
  });

  it("opens the source from the keyboard and selects with the arrows", async () => {
    await open();
    await view.init("sleepers.py", "live");
    await view.feed(sleepers(0.3).writer.take());
    await view.page.getByRole("treeitem").first().waitFor({ state: "attached" });
    await view.page.getByRole("tree").focus();
    await view.page.keyboard.press("ArrowDown");
    await view.page.keyboard.press("ArrowDown");
    assert.match(await text(".details h3"), /Task-3/);
    const opening = view.next((m) => m.type === "open");
    await view.page.keyboard.press("Enter");
    await opening;
    assert.deepEqual(opened(), [{ file: "/app/sleepers.py", line: 11 }]);
  });

  it("opens the source by a click on a node's link", async () => {
    await open();
    await view.init("sleepers.py", "live");
    await view.feed(sleepers(0.3).writer.take());
    await view.page.getByRole("treeitem").first().waitFor({ state: "attached" });
    await view.settled();
    const box = (await view.page.locator(".graph canvas").boundingBox())!;
    const opening = view.next((m) => m.type === "open");
    // The first node is at the top left; its link is at the right of its second line.
    await view.page.mouse.click(box.x + 18 + 160, box.y + 18 + 31);
    await opening;
    assert.equal(opened()[0].line, 22);
  });

  it("names a deadlock, highlights its evidence and goes to it", async () => {
    await open();
    await view.init("shop.py", "live");
    await view.feed(shop().writer.take());
    const finding = view.page.locator(".finding", { hasText: "Deadlock" });
    await finding.waitFor();
    assert.match(await text(".finding .message"), /^2 tasks wait for one another in a circle/);
    assert.equal((await items()).filter((item) => item.includes("in a deadlock")).length, 4);
    await finding.locator(".what").click();
    assert.match(await text(".details h3"), /credit-17|debit-17/);
    assert.match(await text(".details"), /held by (credit|debit)-17/);
  });

  it("travels in time: graph, counts and clock show the instant", async () => {
    await open();
    await view.show(sleepers().finish());
    assert.match(await text(".counts"), /4 returned/);
    await view.post({ type: "reveal", task: null, object: null, time: 0.6 });
    await view.settled();
    assert.match(await text(".counts"), /3 suspended 1 returned/);
    assert.match(await text(".clock"), /0\.600 s/);
    await view.page.keyboard.press(".");
    await view.settled();
    assert.match(await text(".clock"), /1\.000 s/);
    await view.page.keyboard.press("[");
    await view.settled();
    assert.match(await text(".clock"), /0\.500 s/);
    await view.page.keyboard.press("End");
    await view.settled();
    assert.match(await text(".counts"), /4 returned/);
  });

  it("draws the event loop in step with the cursor", async () => {
    await open();
    await view.init("shop.py", "live");
    await view.feed(shop().writer.take());
    await view.page.keyboard.press("2");
    await view.post({ type: "reveal", task: null, object: null, time: 0.15 });
    await view.page.locator(".station.active", { hasText: "order-5" }).waitFor();
    assert.match(await text(".station.active"), /price_with_tax shop\.py:31/);
    assert.match(await text(".station:nth-of-type(2)"), /quote-7/);
    await view.post({ type: "reveal", task: null, object: null, time: 0.4 });
    await view.page.locator(".station.active", { hasText: "Wait for timers" }).waitFor();
    assert.match(await text(".station.active"), /Idle for/);
  });

  it("lists, sorts and copies every task", async () => {
    await open();
    await view.show(shop().finish());
    await view.page.keyboard.press("3");
    await view.page.getByRole("columnheader", { name: "Longest step" }).getByRole("button").click();
    assert.match(await text("table.tasks tbody tr:nth-child(2)"), /^order-5 handle_order/);
    await view.page.getByRole("button", { name: "Copy as CSV" }).click();
    await view.settled();
    const copied = view.sent.find((m) => m.type === "copy");
    assert.equal(copied?.type === "copy" && copied.text.trim().split("\n").length, 41);
    await view.page.getByRole("button", { name: "order-5", exact: true }).click({ button: "right" });
    await view.page.getByRole("menuitem", { name: "Zoom to its life" }).click();
    await view.page.getByText(/^zoomed to/).waitFor();
  });

  it("tells the story in sentences and filters it", async () => {
    await open();
    await view.show(sleepers().finish());
    await view.page.keyboard.press("4");
    const story = await text(".story");
    assert.match(story, /Task-2 was created in Task-1/);
    assert.match(story, /was suspended: asyncio\.sleep\(0\.5\)/);
    const events = async () => Number((await text(".pane-bar")).split(" ")[0]);
    const before = await events();
    await view.page.getByRole("button", { name: "suspended", exact: true }).click();
    assert.equal(await events(), before - 4);
  });

  it("compares two runs", async () => {
    await open();
    await view.show(shop({ block: false, deadlock: false, until: 0.4 }).finish(), "after");
    await view.post({ type: "compare", source: { kind: "file", title: "before", bytes: null } });
    await view.feed(shop().finish(), "b");
    await view.end("b");
    await view.page.keyboard.press("5");
    await view.page.locator(".tile").first().waitFor();
    assert.match(await text(".tiles"), /Wall time 620 ms → 400 ms/);
    assert.match(await text("section.fixed"), /Blocks the event loop/);
  });

  it("filters by what is typed and says when nothing matches", async () => {
    await open();
    await view.init("shop.py", "live");
    await view.feed(shop().writer.take());
    await view.page.getByRole("treeitem").first().waitFor({ state: "attached" });
    await view.page.keyboard.press("/");
    await view.page.keyboard.type("on:queue");
    await view.settled();
    assert.equal((await items()).filter((item) => item.startsWith("mailer")).length, 3);
    assert.ok(!(await items()).some((item) => item.startsWith("heartbeat")));
    await view.page.locator("#filter").fill("nonsense");
    await view.page.getByText("No task matches the filter.").waitFor();
    await view.page.getByRole("button", { name: "Clear the filter" }).last().click();
    assert.ok((await items()).length > 10);
  });

  it("keeps layout, filter and selection over a reload", async () => {
    await open();
    await view.show(sleepers().finish());
    await view.page.keyboard.press("3");
    await view.page.locator("#filter").fill("task_t");
    await view.page.locator("#filter").fill("task_two");
    await view.page.getByRole("button", { name: "Task-3" }).click();
    await view.page.waitForFunction(() => {
      const { viewState } = window as unknown as { viewState: { task: unknown } | null };
      return typeof viewState?.task === "number";
    });
    const state = await view.state();
    await view.close();
    await open({ state });
    await view.show(sleepers().finish());
    assert.equal(await view.page.locator("#filter").inputValue(), "task_two");
    assert.equal(await view.page.locator("table.tasks tbody th").count(), 1);
    assert.match(await text(".details h3"), /Task-3/);
  });

  it("re-reads the colours when the theme changes", async () => {
    await open();
    await view.show(sleepers().finish());
    const corner = () =>
      view.page.evaluate(() => {
        const canvas = document.querySelector<HTMLCanvasElement>(".graph canvas")!;
        return Array.from(
          canvas
            .getContext("2d")!
            .getImageData(2, canvas.height - 3, 1, 1)
            .data.slice(0, 3),
        );
      });
    assert.deepEqual(await corner(), [31, 31, 31]);
    await view.page.evaluate(() => {
      document.documentElement.style.setProperty("--vscode-editor-background", "#ffffff");
      document.body.className = "vscode-light";
    });
    await view.settled();
    assert.deepEqual(await corner(), [255, 255, 255]);
  });

  it("runs nothing that is in a trace", async () => {
    await open();
    const sim = new Simulation('/app/</script><script>alert("x")</script>.py');
    function* body() {
      yield { on: "sleep" as const, seconds: 1, line: 3 };
    }
    const names = [
      "</script><img src=x onerror=alert(1)>",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the point of the test
      "${alert(1)}",
      "<b>bold</b>",
      "עברית שלום",
      "👩‍👩‍👧‍👦 家族",
      "x".repeat(10_000),
      "a\u202eb",
    ];
    names.forEach((name, i) => {
      sim.spawn(name, `coro${i}`, body(), 1);
    });
    sim.run(0.5);
    await view.init("</script>");
    await view.feed(sim.writer.take());
    await view.page.getByRole("treeitem").first().waitFor({ state: "attached" });
    for (const key of ["1", "2", "3", "4"]) {
      await view.page.keyboard.press(key);
      await view.settled();
    }
    assert.equal(await view.page.locator("img, b > b, [onerror]").count(), 0);
    await view.page.keyboard.press("1");
    const tree = await items();
    assert.ok(tree.some((item) => item.startsWith("</script><img")));
    assert.ok(tree.some((item) => item.startsWith("עברית")));
  });

  it("answers a damaged page with an error, and goes on", async () => {
    await open();
    await view.init();
    const failed = view.next((m) => m.type === "error");
    await view.feed(new TextEncoder().encode("this is not a trace at all, is it?"));
    await failed;
    assert.match(await text(".problem"), /not a Loopscope trace/i);
    view.errors.length = 0;
    await view.show(sleepers().finish());
    assert.match(await text(".counts"), /4 returned/);
  });

  it("follows a running program when zoomed at its end", async () => {
    await open();
    const sim = shop({ until: 0.3 });
    await view.init("shop.py", "live");
    await view.feed(sim.writer.take());
    await view.page.getByRole("treeitem").first().waitFor({ state: "attached" });
    await view.page.keyboard.press("w");
    await view.page.getByText("zoomed to").waitFor();
    await view.settled();
    const ruler = () =>
      view.page.evaluate(() => {
        const canvas = document.querySelector<HTMLCanvasElement>(".lanes-body canvas")!;
        return Array.from(canvas.getContext("2d")!.getImageData(190, 0, canvas.width - 190, 26).data).join();
      });
    const before = await ruler();
    const clock = await view.page.locator(".clock").textContent();
    sim.run(0.5);
    await view.feed(sim.writer.take());
    await view.page.waitForFunction((old) => document.querySelector(".clock")?.textContent !== old, clock);
    await view.settled();
    assert.notEqual(await ruler(), before);
  });

  it("lists the newest events of a running program, until the list is scrolled up", async () => {
    await open({ state: { version: 1, view: "timeline" } });
    const sim = shop({ until: 0.1 });
    await view.init("shop.py", "live");
    const later = async (until: number) => {
      const count = await view.page.locator(".pane-bar .dim").or(view.page.locator(".welcome")).innerText();
      sim.run(until);
      await view.feed(sim.writer.take());
      await view.page.waitForFunction(
        (old) => (document.querySelector(".pane-bar .dim")?.textContent ?? old) !== old,
        count,
      );
    };
    const scrolled = () => view.page.evaluate(() => document.querySelector(".pane > .scroll")!.scrollTop);
    const atEnd = () =>
      view.page.waitForFunction(() => {
        const list = document.querySelector(".pane > .scroll")!;
        return list.scrollTop > 0 && list.scrollHeight - list.clientHeight - list.scrollTop < 2;
      });
    await later(0.2);
    await atEnd();
    await later(0.3);
    await atEnd();
    const follow = view.page.getByRole("button", { name: "follow", exact: true });
    assert.equal(await follow.getAttribute("aria-pressed"), "true");
    await view.page.locator(".pane > .scroll").hover();
    await view.page.mouse.wheel(0, -400);
    await view.page.locator('.toggle[aria-pressed="false"]', { hasText: "follow" }).waitFor();
    const top = await scrolled();
    await later(0.4);
    assert.equal(await scrolled(), top);
    await follow.click();
    await atEnd();
    await later(0.5);
    await atEnd();
  });

  it("leads from the end of a program to an instant that shows what it did", async () => {
    await open();
    await view.show(sleepers().finish());
    await view.page.getByRole("button", { name: "see them at work" }).click();
    await view.page.getByRole("treeitem", { name: /Task-2, suspended/ }).waitFor({ state: "attached" });
    assert.match(await text(".overview"), /4 tasks alive/);
  });

  it("shows loss in the trust line", async () => {
    await open();
    const sim = shop({ until: 0.1 });
    sim.stats({ dropped: 1200, tasksMissed: 3 });
    await view.init("shop.py", "live");
    await view.feed(sim.writer.take());
    await view.page.locator(".trust.doubt").waitFor();
    assert.match(await text(".trust"), /1,200 events dropped .* 3 missed/);
  });

  it("says what light detail does not know, and that nothing found then proves nothing", async () => {
    await open();
    const sim = new Simulation("/app/light.py", 40, { detail: "light", attached: true });
    sim.writer.record("NEW", 7, 0, [0, 0, sim.code("job"), 0], ["job-1"]);
    await view.init("light.py", "live");
    await view.feed(sim.writer.take());
    await view.page.locator(".findings", { hasText: "Nothing found in what was recorded" }).waitFor();
    sim.writer.record("STEP", 7, 0, [0.001, 0]);
    sim.writer.record("ITER", 1, 0, [0.2]);
    await view.feed(sim.writer.take());
    await view.page.locator(".trust", { hasText: "light detail: no waits, no lines" }).waitFor();
    assert.match(await text(".trust"), /attached: what was before is not known/);
    await view.page
      .getByRole("treeitem", { name: /job-1, suspended .*, await, line not recorded/ })
      .waitFor({ state: "attached" });
    await view.post({ type: "reveal", task: 1, object: null, time: null });
    await view.page.locator(".details", { hasText: "Waits for something that was not recorded" }).waitFor();
  });

  it("has names for all controls and no positive tab order", async () => {
    await open();
    await view.init("shop.py", "live");
    await view.feed(shop().writer.take());
    await view.page.locator(".finding").first().waitFor();
    for (const key of ["1", "2", "3", "4", "5"]) {
      await view.page.keyboard.press(key);
      await view.settled();
      const nameless = await view.page.evaluate(() =>
        [...document.querySelectorAll("button, input, select, [role=separator]")]
          .filter((e) => !(e.textContent?.trim() || e.getAttribute("aria-label") || e.closest("label")))
          .map((e) => e.outerHTML.slice(0, 80)),
      );
      assert.deepEqual(nameless, []);
      assert.equal(await view.page.locator('[tabindex]:not([tabindex="0"]):not([tabindex="-1"])').count(), 0);
    }
  });
});
