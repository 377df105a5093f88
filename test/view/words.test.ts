import assert from "node:assert/strict";
import { StreamWriter } from "../unit/trace/writer";
import { sleepers } from "./synthetic/scenes";
import { type Coroutine, Simulation } from "./synthetic/simulate";
import { useViews } from "./views";

describe("what the view says in words", () => {
  const open = useViews();

  it("says where the time of a program went, and of each task of it, with the lines", async () => {
    const view = await open();
    await view.show(sleepers().finish(), "sleepers.py");
    const told = (where: string) => view.page.locator(`${where} .path li`).allInnerTexts();
    const program = await told(".overview");
    assert.deepEqual(
      program.map((row) => row.split("\n")[1]),
      ["asyncio.sleep(2)"],
    );
    assert.match(program[0], /^2\.00 s\n.*\nsleepers\.py:16 · 100 %$/);
    await view.post({ type: "reveal", task: 2, object: null, time: null });
    await view.page.locator(".details .path").waitFor();
    assert.match((await told(".details"))[0], /asyncio\.sleep\(0\.5\)\nsleepers\.py:6/);
    const opened = view.next((message) => message.type === "open" && message.at.line === 16);
    await view.page.locator(".overview .path .link").click();
    await opened;
  });

  it("says at which line of the task the function that waited was awaited", async () => {
    const view = await open();
    const w = new StreamWriter();
    const [fetch, main] = ["/app/app.py:4 fetch", "/app/app.py:7 main"];
    w.run(0, 1).new(1, 0, 0, main, "Task-1", []);
    for (let n = 0; n < 3; n++) {
      w.step(1, n, n + 0.01, 9, [main, fetch]).waits(1, "sleep", 0, 1);
      w.wake(1, n + 1, 1);
    }
    await view.show(w.done(1, 3, 3.01).bytes(), "app.py");
    const [row] = await view.page.locator(".overview .path li").allInnerTexts();
    assert.match(
      row.replace(/\s+/g, " "),
      /^2\.97 s asyncio\.sleep\(1\) app\.py:4, awaited at app\.py:7 · 99 %, 3 times, one after another$/,
    );
  });

  it("says it in a sentence where there is no room for a list", async () => {
    const view = await open({ width: 340 });
    await view.show(sleepers().finish(), "sleepers.py");
    const said = (await view.page.locator(".overview .path-line").innerText()).replace(/\s+/g, " ");
    assert.equal(said, "2.00 s of 2.00 s: asyncio.sleep(2) sleepers.py:16 100 %");
    assert.equal(await view.page.locator(".overview .path").count(), 0);
  });

  it("tells of two runs where the time of each went", async () => {
    const view = await open();
    await view.show(sleepers().finish(), "after");
    await view.post({ type: "compare", source: { kind: "file", title: "before", bytes: null } });
    await view.feed(sleepers().finish(), "b");
    await view.end("b");
    const columns = view.page.locator(".compare section:has(.path)");
    await columns.nth(1).waitFor();
    const told = (await columns.allInnerTexts()).map((text) => text.replace(/\s+/g, " "));
    const where = "2.00 s asyncio.sleep(2) sleepers.py:16 · 100 %";
    assert.deepEqual(told, [`Where the 2.00 s went before ${where}`, `Where the 2.00 s went after ${where}`]);
  });

  it("does not say that a program made no task where the file is no trace", async () => {
    for (const text of ["not a trace", "no trace at all, and longer than a header"]) {
      const view = await open();
      await view.init("notes.loopscope");
      await view.feed(new TextEncoder().encode(text));
      await view.end();
      await view.page.locator(".problem", { hasText: "not a Loopscope trace" }).waitFor();
      const told = await view.page.locator(".welcome").innerText();
      assert.match(told, /cannot be read/);
      assert.ok(!/without creating/.test(told), told);
      await view.close();
    }
  });

  it("cuts the name of a file, and never its line", async () => {
    const view = await open({ width: 300, state: { version: 1, view: "timeline" } });
    const sim = new Simulation(`/app/${"a_long_name_".repeat(4)}.py`);
    sim.spawn("worker", "work", work(), 1234);
    function* work(): Coroutine {
      yield { on: "sleep", seconds: 1, line: 4321 };
    }
    sim.run(0.5);
    await view.show(sim.writer.take());
    const links = view.page.locator(".story .link.place");
    await links.first().waitFor();
    const kept = await links.evaluateAll((all) =>
      all.map((link) => {
        const range = document.createRange();
        range.selectNodeContents(link.lastChild!);
        const line = range.getBoundingClientRect();
        const row = link.closest("li")!.getBoundingClientRect();
        const file = link.firstElementChild!;
        return line.right <= row.right && line.width > 4 && file.scrollWidth > file.clientWidth;
      }),
    );
    assert.ok(kept.length > 0 && kept.every(Boolean), JSON.stringify(kept));
  });
});
