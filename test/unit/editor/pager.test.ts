import assert from "node:assert/strict";

import { Pager } from "../../../src/editor/panel/pager";
import { type HostMessage, LIVE_PAGE_MS, MAX_PAGE_BYTES } from "../../../src/protocol/view";
import { MemoryBytes } from "./memoryBytes";

/** A host with a clock of its own; `settled` lets the reads under way end. */
function world() {
  const sent: HostMessage[] = [];
  const failures: unknown[] = [];
  const timers = new Map<object, { call: () => void; at: number }>();
  let now = 0;
  const pager = new Pager(
    {
      post: (message) => sent.push(message),
      later: (call, ms) => {
        const handle = {};
        timers.set(handle, { call, at: now + ms });
        return handle;
      },
      clear: (handle) => timers.delete(handle as object),
      failed: (error) => failures.push(error),
    },
    () => now,
  );
  return {
    pager,
    sent,
    failures,
    timers,
    settled: () => new Promise<void>((resolve) => setImmediate(resolve)),
    pass: (ms: number) => {
      now += ms;
      for (const [handle, timer] of [...timers]) {
        if (timer.at > now) continue;
        timers.delete(handle);
        timer.call();
      }
    },
    text: () =>
      sent
        .map((message) =>
          message.type === "frames"
            ? `frames ${message.seq} ${message.slot} ${message.bytes.length}`
            : message.type === "end"
              ? `end ${message.slot}`
              : message.type,
        )
        .join(", "),
  };
}

describe("the pager", () => {
  it("cuts a trace into pages, one in flight, and says when it ends", async () => {
    const w = world();
    w.pager.restart([{ slot: "a", source: new MemoryBytes(new Uint8Array(MAX_PAGE_BYTES + 5)) }]);
    await w.settled();
    assert.equal(w.text(), `frames 1 a ${MAX_PAGE_BYTES}`);
    w.pager.ack(1);
    await w.settled();
    assert.equal(w.pager.taken("a"), MAX_PAGE_BYTES);
    w.pager.ack(2);
    assert.equal(w.pager.taken("a"), MAX_PAGE_BYTES + 5);
    assert.equal(w.text(), `frames 1 a ${MAX_PAGE_BYTES}, frames 2 a 5, end a`);
  });

  it("joins what comes while a page is in flight, and paces a live program", async () => {
    const w = world();
    const live = new MemoryBytes(new Uint8Array(1), false);
    w.pager.restart([{ slot: "a", source: live }]);
    await w.settled();
    live.append(new Uint8Array(2));
    live.append(new Uint8Array(3));
    w.pager.ack(1);
    await w.settled();
    assert.equal(w.text(), "frames 1 a 1");
    w.pass(LIVE_PAGE_MS);
    await w.settled();
    assert.equal(w.text(), "frames 1 a 1, frames 2 a 5");
  });

  it("sends nothing to a hidden view and goes on where it was", async () => {
    const w = world();
    const live = new MemoryBytes(new Uint8Array(1), false);
    w.pager.restart([{ slot: "a", source: live }]);
    await w.settled();
    w.pager.setVisible(false);
    w.pager.ack(1);
    live.append(new Uint8Array(9));
    w.pass(1000);
    await w.settled();
    assert.equal(w.text(), "frames 1 a 1");
    w.pager.setVisible(true);
    await w.settled();
    assert.equal(w.text(), "frames 1 a 1, frames 2 a 9");
  });

  it("begins again from the first byte, and ignores what the earlier round had under way", async () => {
    const w = world();
    w.pager.restart([{ slot: "a", source: new MemoryBytes(new Uint8Array(7)) }]);
    w.pager.restart([{ slot: "a", source: new MemoryBytes(new Uint8Array(8)) }]);
    await w.settled();
    w.pager.ack(1);
    assert.equal(w.text(), "frames 1 a 8, end a");
    w.pager.ack(99);
    assert.equal(w.text(), "frames 1 a 8, end a");
  });

  it("sends a second trace in its own slot, counting on", async () => {
    const w = world();
    w.pager.restart([{ slot: "a", source: new MemoryBytes(new Uint8Array(2)) }]);
    w.pager.add("b", new MemoryBytes(new Uint8Array(3)));
    await w.settled();
    w.pager.ack(1);
    await w.settled();
    w.pager.ack(2);
    assert.equal(w.text(), "frames 1 a 2, end a, frames 2 b 3, end b");
  });

  it("reports a source that cannot be read and carries on with the other", async () => {
    const w = world();
    const broken = new MemoryBytes(new Uint8Array(4));
    broken.read = () => Promise.reject(new Error("the file is gone"));
    w.pager.restart([
      { slot: "a", source: broken },
      { slot: "b", source: new MemoryBytes(new Uint8Array(3)) },
    ]);
    await w.settled();
    await w.settled();
    assert.match(String(w.failures), /the file is gone/);
    assert.equal(w.text(), "frames 1 b 3");
  });

  it("leaves no timer behind", async () => {
    const w = world();
    const live = new MemoryBytes(new Uint8Array(1), false);
    w.pager.restart([{ slot: "a", source: live }]);
    await w.settled();
    w.pager.ack(1);
    live.append(new Uint8Array(1));
    assert.equal(w.timers.size, 1);
    w.pager.dispose();
    assert.equal(w.timers.size, 0);
  });
});
