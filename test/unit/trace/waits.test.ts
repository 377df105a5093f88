import assert from "node:assert/strict";
import { awaitPlace, waitOf } from "../../../src/trace";
import { StreamWriter } from "./writer";

const package_ = (path: string, line: number, name: string) =>
  `lib:/venv/lib/python3.12/site-packages/${path}.py:${line} ${name}`;
const SLEEP = "lib:/usr/lib/python3.12/asyncio/tasks.py:665 sleep";

/** What a task waits for, and where, with these frames, outermost first. */
function wait(frames: string[]): [kind: string, label: string, at: string | undefined] {
  const w = new StreamWriter().run(0, 1).new(1, 0, 0, frames[0], "t", ["/app/app.py:1 main"]);
  const trace = w.step(1, 0, 0.1, 9, frames).trace();
  const row = trace.tasks.firstStep.get(0);
  const { kind, label } = waitOf(trace, row);
  return [kind, label, awaitPlace(trace, row)?.function];
}

describe("what a task waits for", () => {
  it("is, of one without code of the user, what the innermost package calls", () => {
    const server = [
      package_("uvicorn/protocols/http/h11_impl", 400, "RequestResponseCycle.run_asgi"),
      package_("starlette/routing", 66, "wrapped_app"),
      package_("anyio/to_thread", 63, "run_sync"),
      package_("anyio/_backends/_asyncio", 2779, "AsyncIOBackend.run_sync_in_worker_thread"),
    ];
    assert.deepEqual(wait(server), ["thread", "anyio.run_sync", "run_sync_in_worker_thread"]);
  });

  it("is what a server calls itself, below its coroutine", () => {
    const loop = package_("uvicorn/server", 248, "Server.main_loop");
    assert.deepEqual(wait([package_("uvicorn/server", 70, "Server.serve"), loop, SLEEP]), [
      "sleep",
      "Server.main_loop",
      "main_loop",
    ]);
  });

  it("is what the user's line calls, whatever that goes on to call", () => {
    const frames = [
      "/app/app.py:5 main",
      package_("aiofiles/os", 3, "stat"),
      package_("anyio/to_thread", 63, "run_sync"),
    ];
    assert.deepEqual(wait(frames), ["thread", "aiofiles.stat", "main"]);
  });
});
