import assert from "node:assert/strict";
import { whatFailed } from "../../scripts/lib/whatFailed";

/** As mocha's spec reporter prints it. */
const MOCHA = `
  a suite
    \u001b[31m1) fails\u001b[39m
    \u001b[32m✔\u001b[39m passes

  1 passing (5ms)
  1 failing

  1) a suite
       fails:
      AssertionError [ERR_ASSERTION]: 1 == 2
      at Context.<anonymous> (x.test.ts:2:49)
`;

/** As Python's unittest prints it. */
const UNITTEST = `
test_a (__main__.A.test_a) ... FAIL
======================================================================
FAIL: test_a (__main__.A.test_a)
----------------------------------------------------------------------
Traceback (most recent call last):
AssertionError: 1 != 2

Ran 2 tests in 0.001s
FAILED (failures=1)
`;

describe("what failed in a check", () => {
  it("is each failure's name and error, said once and without the stack", () => {
    const said = whatFailed(MOCHA).split("\n");
    assert.deepEqual(said, ["  1) a suite", "       fails:", "      AssertionError [ERR_ASSERTION]: 1 == 2"]);
    assert.deepEqual(whatFailed(UNITTEST).split("\n").slice(0, 3), [
      "FAIL: test_a (__main__.A.test_a)",
      "Traceback (most recent call last):",
      "AssertionError: 1 != 2",
    ]);
  });

  it("is the last lines of what it does not know, and never many", () => {
    const lines = Array.from({ length: 1000 }, (_, index) => `line ${index}`);
    const said = whatFailed(lines.join("\n")).split("\n");
    assert.equal(said.at(-1), "line 999");
    assert.ok(said.length < 50);
  });
});
