import assert from "node:assert/strict";
import { overview } from "../../../src/cli/overview";
import { style } from "../../../src/cli/style";
import { textReport } from "../../../src/cli/text";
import { StreamWriter } from "../trace/writer";

const library = (line: number) => `lib:/venv/lib/python3.12/site-packages/starlette/routing.py:${line} app`;

/** The lines below the one that says where the loop was blocked. */
function framesTold(frames: string[]): string[] {
  const w = new StreamWriter().run(0, 1).new(1, 0, 0, frames[0], "request");
  for (let t = 0.02; t < 0.4; t += 0.02) w.stall(1, 0.01, t, [...frames].reverse());
  const text = [
    ...textReport(overview(w.done(1, 0.01, 0.41).trace()), style({ tty: false, colours: false, columns: 0 })),
  ];
  const lines = text.join("").split("\n");
  const first = lines.findIndex((line) => line.startsWith("        at ")) + 1;
  return lines.slice(first, lines.indexOf("", first)).map((line) => line.trim());
}

describe("a finding in the text report", () => {
  it("has the program's own frames, and the number of those of libraries", () => {
    const stack = [library(1), library(2), "/app/app.py:31 quote", "/app/pricing.py:7 remote"];
    assert.deepEqual(framesTold(stack), [
      "… 2 frames of starlette",
      "/app/app.py:31 in quote",
      "/app/pricing.py:7 in remote",
    ]);
  });

  it("has no frame below its line that is the same", () => {
    assert.deepEqual(framesTold(["/app/app.py:31 quote"]), []);
  });
});
