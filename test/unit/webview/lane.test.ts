import assert from "node:assert/strict";
import { FrameType } from "../../../src/protocol/stream";
import { Trace } from "../../../src/trace";
import { type ColumnColours, paintColumns } from "../../../webview/lanes/columns";
import { Lane } from "../../../webview/lanes/lane";
import { LoopLane } from "../../../webview/lanes/loopLane";
import { loopEnd } from "../../../webview/model/loops";
import { State, takeSnapshot } from "../../../webview/model/snapshot";
import { shop, sleepers } from "../../view/synthetic/scenes";

function read(bytes: Uint8Array): Trace {
  const trace = new Trace();
  trace.feed(bytes);
  trace.finish();
  return trace;
}

describe("lanes", () => {
  it("of a loop end when it was closed, however long the process goes on", () => {
    const sim = sleepers();
    const ran = sim.now / 1e9;
    sim.writer.record("RUN", 0, 2, [ran]);
    sim.writer.json(FrameType.now, [[1, sim.now + 2e9, 0, 0, 0]]);
    const trace = read(sim.writer.take());
    assert.ok(trace.endTime > ran + 1.9, "the process went on");
    assert.ok(Math.abs(loopEnd(trace, trace.loops[0]) - ran) < 0.01);
  });

  it("turn a task's steps into slices side by side", () => {
    const trace = read(sleepers().finish());
    const task = [0, 1, 2, 3].find((row) => trace.tasks.name(row) === "Task-2")!;
    const lane = new Lane(trace, task).update();
    const states = Array.from(lane.state.subarray(0, lane.count));
    assert.deepEqual(states, [State.pending, State.running, State.suspended, State.running]);
    assert.ok(Math.abs(lane.start[3] - 0.5) < 0.001);
    assert.equal(lane.start[4], trace.tasks.ended.get(task));
  });

  it("agree with the state of every task at any instant", () => {
    const trace = read(shop().writer.take());
    const lanes = Array.from({ length: trace.tasks.count }, (_, task) => new Lane(trace, task).update());
    let compared = 0;
    for (let i = 0; i < 500; i++) {
      const t = (i / 500) * trace.endTime;
      const { state } = takeSnapshot(trace, t);
      for (const lane of lanes) {
        const slice = lane.at(t);
        const alive = state[lane.task] !== State.absent && state[lane.task] < State.returned;
        if (!alive) continue;
        assert.equal(lane.state[slice], state[lane.task], `${trace.tasks.name(lane.task)} at ${t}`);
        compared++;
      }
    }
    assert.ok(compared > 5000);
  });

  it("grow with the trace to what they are when read at once", () => {
    const bytes = shop().writer.take();
    const whole = read(bytes);
    const growing = new Trace();
    const lanes = new Map<number, Lane>();
    for (let at = 0; at < bytes.length; at += 997) {
      growing.feed(bytes.subarray(at, at + 997));
      for (let task = 0; task < growing.tasks.count; task++) {
        if (!lanes.has(task)) lanes.set(task, new Lane(growing, task));
        lanes.get(task)!.update();
      }
    }
    growing.finish();
    const sums = { running: 0, ready: 0 };
    const expected = { running: 0, ready: 0 };
    for (const [task, lane] of lanes) {
      lane.update();
      const fresh = new Lane(whole, task).update();
      assert.deepEqual(lane.start.subarray(0, lane.count + 1), fresh.start.subarray(0, fresh.count + 1));
      assert.deepEqual(lane.state.subarray(0, lane.count), fresh.state.subarray(0, fresh.count));
      lane.sums(lane.count - 1, whole.endTime, sums);
      fresh.sums(fresh.count - 1, whole.endTime, expected);
      assert.ok(Math.abs(sums.running - expected.running) < 1e-9);
      assert.ok(Math.abs(sums.ready - expected.ready) < 1e-9);
    }
  });

  it("paint every column with the exact share of its time", () => {
    const trace = read(shop().writer.take());
    const colours: ColumnColours = {
      background: [0, 0, 0],
      running: [255, 0, 0],
      ready: [0, 255, 0],
      suspended: [0, 0, 255],
    };
    const busy = Array.from({ length: trace.tasks.count }, (_, task) => task);
    for (const task of busy) {
      const lane = new Lane(trace, task).update();
      const columns = new Uint32Array(37);
      paintColumns(lane, 0, trace.endTime, colours, columns);
      for (let column = 0; column < columns.length; column++) {
        const from = (column / columns.length) * trace.endTime;
        const to = ((column + 1) / columns.length) * trace.endTime;
        let running = 0;
        for (let i = 0; i < lane.count; i++) {
          if (lane.state[i] !== State.running) continue;
          running += Math.max(0, Math.min(to, lane.start[i + 1]) - Math.max(from, lane.start[i]));
        }
        const share = running / (to - from);
        const red = columns[column] & 255;
        if (share > 1e-9)
          assert.ok(red >= Math.floor(Math.max(0.45, share) * 255) - 2, `${red} for ${share}`);
        else assert.ok(red <= 1, `${red} where nothing ran`);
      }
    }
  });

  it("sum the loop's busy time and find its blocks", () => {
    const trace = read(shop().writer.take());
    const lane = new LoopLane(trace, trace.loops[0], trace.blockSeconds).update();
    let busy = 0;
    for (let row = 0; row < trace.steps.count; row++)
      busy += trace.steps.end.get(row) - trace.steps.begin.get(row);
    assert.ok(Math.abs(lane.busyBetween(0, trace.endTime + 1) - busy) < 1e-9);
    assert.ok(Math.abs(lane.busyBetween(0, 0.2) + lane.busyBetween(0.2, trace.endTime) - busy) < 1e-9);
    assert.equal(lane.blocks.length, 1);
  });
});
