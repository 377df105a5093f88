import assert from "node:assert/strict";
import { triedAgain, whatWasTriedAgain } from "../../scripts/lib/retried";
import { whatFailed } from "../../scripts/lib/whatFailed";

describe("a test that is tried again", () => {
  const line = triedAgain(
    "a suite fails once",
    new assert.AssertionError({ actual: 1, expected: 2, operator: "strictEqual" }),
  );

  it("is told with its error in one line, found again among all that a suite prints", () => {
    assert.deepEqual(whatWasTriedAgain(`  a suite\n      \u001b[33m${line}\u001b[39m\n    passes\n`), [
      "a suite fails once: Expected values to be strictly equal: 1 !== 2",
    ]);
    assert.deepEqual(whatWasTriedAgain("  12 passing\n  1 tried again, which may be a fault of ours\n"), []);
  });

  it("is not told as one that failed", () => {
    const output = `${line}\n\n  1) a suite\n       fails twice:\n     Error: no\n`;
    assert.doesNotMatch(whatFailed(output), /fails once/);
  });

  it("is told briefly, whatever was thrown", () => {
    assert.equal(triedAgain("t", "text\n  and more"), "TRIED AGAIN: t: text and more");
    assert.ok(triedAgain("t", new Error("x".repeat(10_000))).length < 400);
  });
});
