import assert from "node:assert/strict";
import { findPython, Run } from "../../src/session";
import { findings, Trace } from "../../src/trace";
import { Folder } from "../cli/cli";
import { python } from "../cli/pythons";
import { lockOrder } from "../cli/stuckPrograms";

const HANGS = lockOrder(
  ["beating = asyncio.create_task(beat())", "asyncio.get_running_loop().call_later(40, os._exit, 1)"],
  "None",
);

describe("a deadlock, while the program hangs", function () {
  this.timeout(60_000);
  const folder = new Folder();
  after(() => folder.remove());

  it("is found within a second of it, by the program's own clock", async () => {
    const trace = new Trace();
    let found: { from: number; at: number } | undefined;
    let running: Run | undefined;
    running = await Run.start({
      python: await findPython(python()),
      program: { target: folder.file("hangs.py", HANGS), module: false, args: [] },
      onProblem: (message) => assert.fail(message),
      onFrames(bytes) {
        trace.feed(bytes);
        if (found !== undefined) return;
        const [deadlock] = findings(trace).filter(({ rule }) => rule === "deadlock");
        if (deadlock === undefined) return;
        // The trace ends where the news that showed it ends.
        found = { from: deadlock.from!, at: trace.endTime };
        running?.child.kill("SIGKILL");
      },
    });
    const { signal } = await running.finished;
    assert.equal(signal, "SIGKILL");
    assert.ok(found !== undefined && found.at - found.from <= 1, JSON.stringify(found));
  });
});
