import assert from "node:assert/strict";
import { overview } from "../../../src/cli/overview";
import { style } from "../../../src/cli/style";
import { textReport } from "../../../src/cli/text";
import { Trace, timeline } from "../../../src/trace";
import { StreamWriter } from "./writer";

/** A program whose task "starter" started another, and one that some other program of it started. */
function family(): Trace {
  const first = new StreamWriter(1).run(0, 1).new(7, 0.1, 0, "/app/app.py:1 main", "starter");
  const child = { pid: 42, ppid: 41, parent: { pid: 41, task: 7 }, argv: ["/app/child.py", "x"] };
  const second = new StreamWriter(2, child, false).run(1, 1).end(3);
  const third = new StreamWriter(3, { pid: 43, ppid: 42 }, false).run(2, 1);
  const trace = new Trace();
  for (const writer of [first, second, third]) trace.feed(writer.bytes());
  trace.finish();
  return trace;
}

describe("a child process says who started it", () => {
  it("in the timeline", () => {
    const started = [...timeline(family())].filter(({ event }) => event === "loop-started");
    assert.deepEqual(
      started.map(({ detail }) => detail),
      ["", "in process 42, started by starter (pid 41)", "in process 43, started by pid 42"],
    );
  });

  it("in the report", () => {
    const lines = [...textReport(overview(family()), style({ tty: false, colours: false, columns: 0 }))]
      .join("")
      .split("\n");
    const at = lines.indexOf("Processes") + 2;
    assert.match(lines[at], /^41 {20,}still running at the end {2}[\d.]+ +\/app\/app\.py$/);
    assert.match(lines[at + 1], /^42 {3}starter \(pid 41\) {2}exit code 3 +[\d.]+ +\/app\/child\.py x$/);
    assert.match(lines[at + 2], /^43 {3}pid 42 +still running at the end {2}[\d.]+ +\/app\/app\.py$/);
  });
});
