import assert from "node:assert/strict";
import { sourceLine } from "../../../src/trace/findings/finding";

const line = (text: string) =>
  sourceLine({ source: () => text }, { file: "/app/app.py", line: 1, function: "main", user: true });

describe("a line of code in a message", () => {
  it("is told without the comment behind it", () => {
    assert.equal(line("    time.sleep(0.08)  # what a busy disk feels like"), "time.sleep(0.08)");
    assert.equal(line("get(url) #later"), "get(url)");
  });

  it("keeps what only looks like a comment", () => {
    assert.equal(line('fetch("/a #b")'), 'fetch("/a #b")');
    assert.equal(line("go('x # y')  # isn't cut then"), "go('x # y')  # isn't cut then");
  });

  it("is cut when it is long", () => {
    assert.equal(line(`f(${"x".repeat(200)})`), `f(${"x".repeat(78)}…`);
  });
});
