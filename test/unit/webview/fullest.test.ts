import assert from "node:assert/strict";
import { Trace } from "../../../src/trace";
import { shortName } from "../../../webview/canvas/text";
import { windowFor } from "../../../webview/lanes/state";
import { fullest } from "../../../webview/model/fullest";
import { sleepers } from "../../view/synthetic/scenes";

describe("where to look", () => {
  it("is when most tasks were alive for longest", () => {
    const trace = new Trace();
    assert.equal(fullest(trace), 0);
    trace.feed(sleepers().finish());
    trace.finish();
    // The first of three sleepers is up after half a second.
    assert.ok(Math.abs(fullest(trace) - 0.25) < 0.01, String(fullest(trace)));
  });

  it("is the window, its next page, or one around an instant far away", () => {
    const window = { from: 1, to: 2 };
    assert.equal(windowFor(1.5, window), window);
    assert.deepEqual(windowFor(2.5, window), { from: 2.35, to: 3.35 });
    assert.deepEqual(windowFor(0.85, window), { from: 0, to: 1 });
    assert.deepEqual(windowFor(10, window), { from: 9.5, to: 10.5 });
  });

  it("is the last name of a path, where there is no room for all", () => {
    assert.equal(shortName("BaseEventLoop.shutdown_asyncgens  Task-5"), "shutdown_asyncgens  Task-5");
    assert.equal(shortName("handler.<locals>.inner"), "inner");
    assert.equal(shortName("Büro.öffnen"), "öffnen");
    for (const other of ["main", "127.0.0.1:5000", "client a.b", "GET /a.html", "<locals>", "x."])
      assert.equal(shortName(other), other);
  });
});
