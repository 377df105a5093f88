import assert from "node:assert/strict";
import { style } from "../../../src/cli/style";

const LINE = "error   blocking-call  Task-1 (main) held the event loop for 402 ms at app.py:23";

describe("a line on a terminal", () => {
  it("is folded at its width, with what follows below the text, and colours take no room", () => {
    const paint = style({ tty: true, colours: true, columns: 44 });
    const folded = paint.fold(LINE.replace("error  ", paint.red("error  ")), 8).split("\n");
    assert.deepEqual(folded, [
      `${paint.red("error  ")} blocking-call  Task-1 (main) held`,
      "        the event loop for 402 ms at",
      "        app.py:23",
    ]);
  });

  it("keeps a word that is longer than the terminal is wide whole, to be copied", () => {
    const path = `/${"x".repeat(60)}.py:1`;
    const paint = style({ tty: true, colours: false, columns: 40 });
    assert.equal(paint.fold(`at ${path} in f`, 8), `at ${path}\n        in f`);
  });

  it("is one line where nobody looks, or where there is no room", () => {
    for (const terminal of [
      { tty: false, colours: false, columns: 44 },
      { tty: true, colours: false, columns: 20 },
    ]) {
      assert.equal(style(terminal).fold(LINE, 8), LINE);
    }
  });
});
