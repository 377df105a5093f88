import assert from "node:assert/strict";
import { ticksOf } from "../../../webview/lanes/ruler";
import { csvField } from "../../../webview/model/taskTable";
import { DEFAULTS, restore } from "../../../webview/state/settings";
import { type Filterable, parseFilter } from "../../../webview/util/filter";
import { count, displayName, duration, percent, shortPath, taskTitle } from "../../../webview/util/format";

describe("words and numbers of the view", () => {
  it("writes durations as a person reads them", () => {
    const cases: [number, string][] = [
      [0, "0 s"],
      [2.5e-7, "250 ns"],
      [3.5e-5, "35 µs"],
      [0.0012, "1.2 ms"],
      [0.118, "118 ms"],
      [0.99961, "1.00 s"],
      [2, "2.00 s"],
      [12.34, "12.3 s"],
      [59.999, "1 min 0 s"],
      [125, "2 min 5 s"],
      [7260, "2 h 1 min"],
      [Number.NaN, "–"],
    ];
    // What is rounded up to three digits, or to two.
    assert.deepEqual([0.0996, 99.6e-6, 0.00996].map(duration), ["100 ms", "100 µs", "10 ms"]);
    for (const [seconds, text] of cases) assert.equal(duration(seconds), text);
  });

  it("writes counts, shares and paths", () => {
    assert.equal(count(1234567), "1,234,567");
    assert.equal(percent(0.0004), "< 0.1 %");
    assert.equal(percent(0.123), "12 %");
    assert.equal(shortPath("/app/src/a.py", ["/app"]), "src/a.py");
    assert.equal(shortPath("/application/a.py", ["/app"]), "/application/a.py");
  });

  it("cuts names of any length and keeps control characters visible", () => {
    assert.equal(displayName("a\nb\u0000"), "a·b·");
    assert.equal(displayName("a\u202eb"), "a·b");
    assert.equal(displayName("x".repeat(10_000)).length, 201);
    const family = "👩‍👩‍👧‍👦";
    assert.equal(displayName(family.repeat(900), 80), `${family.repeat(7)}…`, "whole characters only");
    assert.deepEqual(taskTitle("", "fetch"), { title: "fetch", suffix: "" });
    assert.deepEqual(taskTitle("Task-7", "fetch"), { title: "fetch", suffix: "Task-7" });
    assert.deepEqual(taskTitle("order-7", "fetch"), { title: "order-7", suffix: "" });
  });

  it("marks a time axis at round distances", () => {
    assert.deepEqual(
      ticksOf(0, 2, 600).map((tick) => tick.label),
      ["0", "0.5 s", "1.0 s", "1.5 s", "2.0 s"],
    );
    assert.deepEqual(
      ticksOf(0, 0.002, 400).map((tick) => tick.label),
      ["0", "0.5 ms", "1.0 ms", "1.5 ms", "2.0 ms"],
    );
    assert.deepEqual(ticksOf(1, 1, 400), []);
  });

  it("quotes CSV and disarms formulas", () => {
    assert.equal(csvField('a "b", c'), '"a ""b"", c"');
    assert.equal(csvField("=HYPERLINK(1)"), "'=HYPERLINK(1)");
    assert.equal(csvField(1.5), "1.5");
  });

  it("filters by name, coroutine, state, place and what is waited on", () => {
    const item: Filterable = {
      name: "order-7",
      coroutine: "Shop.handle_order",
      state: "suspended",
      places: [{ file: "/app/shop.py", line: 84, function: "handle_order" }],
      waits: "lock Lock 'accounts'",
    };
    const yes = [
      "",
      "order",
      "ORDER coro:shop",
      "at:shop.py:84",
      "on:accounts state:susp",
      "-quote",
      '"order-7"',
    ];
    const no = ["quote", "-order", "at:shop.py:85", "state:running", "coro:fetch"];
    for (const text of yes) assert.ok(parseFilter(text).matches(item), text);
    for (const text of no) assert.ok(!parseFilter(text).matches(item), text);
    assert.ok(parseFilter("  ").empty);
  });

  it("restores what was kept and mends what does not fit", () => {
    assert.deepEqual(restore(undefined), DEFAULTS);
    assert.deepEqual(restore({ version: 2, view: "table" }), DEFAULTS);
    const kept = restore({
      version: 1,
      view: "table",
      split: 7,
      side: "wide",
      lanes: false,
      window: { from: 1, to: 2 },
    });
    assert.equal(kept.view, "table");
    assert.equal(kept.split, 0.85);
    assert.equal(kept.side, DEFAULTS.side);
    assert.equal(kept.lanes, false);
    assert.deepEqual(kept.window, { from: 1, to: 2 });
    assert.equal(restore({ version: 1, window: { from: "1" } }).window, null);
  });
});
