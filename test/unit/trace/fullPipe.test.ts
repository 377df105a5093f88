import assert from "node:assert/strict";
import { FrameType } from "../../../src/protocol/stream";
import { findings, forget, type Trace } from "../../../src/trace";
import { StreamWriter } from "./writer";

const WAIT = [
  "/app/app.py:5 main",
  "lib:/usr/lib/python3.12/asyncio/subprocess.py:137 Process.wait",
  "lib:/usr/lib/python3.12/asyncio/base_subprocess.py:230 BaseSubprocessTransport._wait",
];
const CANCELLED = 16;

/** A task that waits from 0.2 s on for a child process, of which the runtime says that it cannot end. */
function waiting(): StreamWriter {
  const w = new StreamWriter().run(0, 1).new(1, 0, 0, "/app/app.py:1 main", "main");
  w.step(1, 0.1, 0.2, 9, WAIT).json(FrameType.stuck, { t: w.ns(1), tasks: [], pipes: [[1, 4711, "stderr"]] });
  return w;
}

const told = (trace: Trace) =>
  findings(trace)
    .filter(({ rule }) => rule === "deadlock")
    .map(({ severity, at, message, seconds }) => [severity, at?.line, message, Number(seconds?.toFixed(1))]);

const MESSAGE =
  "Deadlock: main waits for the end of process 4711 in Process.wait at app.py:5, and that for somebody to read its stderr: " +
  "the pipe is full, and only main could read it.";
const ADVICE =
  "Await communicate(), or read stderr while the process runs; or let it write elsewhere than into a PIPE.";

describe("a child process that waits for its parent to read", () => {
  it("is a deadlock while its end is waited for", () => {
    assert.deepEqual(told(waiting().trace()), [["error", 5, `${MESSAGE} ${ADVICE}`, 0.8]]);
  });

  it("is not missed in a record that tells of none", () => {
    const w = new StreamWriter().run(0, 1).json(FrameType.stuck, { t: 0, tasks: [] });
    assert.deepEqual(w.trace().notes, []);
  });

  it("was one that only a cancellation ended", () => {
    const trace = waiting()
      .wake(1, 2, 3 + CANCELLED)
      .done(1, 2, 2.1, 2)
      .trace();
    const message = `${MESSAGE} It ended only when the wait was cancelled. ${ADVICE}`;
    assert.deepEqual(told(trace), [["warning", 5, message, 1.8]]);
  });

  it("is none any more when the process has ended", () => {
    assert.deepEqual(told(waiting().wake(1, 2, 4).done(1, 2, 2.1).trace()), []);
  });

  it("is one still when the past is forgotten", () => {
    assert.equal(told(forget(waiting().trace(), 0.5)).length, 1);
  });
});
