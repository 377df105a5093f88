import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { chromeTrace, Trace } from "../../../src/trace";
import { crowd, server, shop, sleepers } from "../../view/synthetic/scenes";

/**
 * What chrome://tracing and Perfetto ask of a JSON trace ("Trace Event Format", Google, and Perfetto's importer): slices of
 * a track are nested or apart, both ends of a flow lie in a slice of their track, and every track has a name.
 */
interface TraceEvent {
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  name: string;
  dur?: number;
  cat?: string;
  id?: number | string;
  bp?: string;
  args?: Record<string, unknown>;
}

interface Slice {
  from: number;
  to: number;
}

const STREAMS = join(__dirname, "../../fixtures/streams");
/** Rounding of nanoseconds to microseconds with decimals. */
const SLACK = 2e-3;

function check(events: TraceEvent[]): string[] {
  const faults: string[] = [];
  const tracks = new Map<string, Slice[]>();
  const named = new Set<string>();
  const processes = new Set<number>();
  const flows = new Map<string, { s: TraceEvent[]; f: TraceEvent[] }>();
  for (const event of events) {
    const { ph, pid, tid, ts, name } = event;
    const say = (what: string) => faults.push(`${what}: ${JSON.stringify(event)}`);
    if (!Number.isInteger(pid) || !Number.isInteger(tid)) say("pid and tid are whole numbers");
    if (!Number.isFinite(ts) || ts < 0) say("ts is a number of microseconds");
    if (typeof name !== "string" || name === "") say("it has a name");
    if (ph === "M") {
      if (name === "process_name") processes.add(pid);
      else if (name === "thread_name") named.add(`${pid}/${tid}`);
      else if (name !== "thread_sort_index") say("a kind of metadata that is known");
      const value = name === "thread_sort_index" ? event.args?.sort_index : event.args?.name;
      if (typeof value !== (name === "thread_sort_index" ? "number" : "string"))
        say("metadata has its value");
    } else if (ph === "X") {
      if (!Number.isFinite(event.dur) || (event.dur ?? -1) < 0) say("a slice has a length");
      const list = tracks.get(`${pid}/${tid}`) ?? [];
      list.push({ from: ts, to: ts + (event.dur ?? 0) });
      tracks.set(`${pid}/${tid}`, list);
    } else if (ph === "s" || ph === "f") {
      if (event.id === undefined || !event.cat) say("a flow has an id and a category");
      if (ph === "f" && event.bp !== "e") say("an arrow ends in the slice around it");
      const key = `${event.cat}/${event.id}/${name}`;
      const flow = flows.get(key) ?? { s: [], f: [] };
      flow[ph].push(event);
      flows.set(key, flow);
    } else say("a phase that is documented");
  }
  for (const [track, slices] of tracks) {
    if (!named.has(track)) faults.push(`track ${track} has no name`);
    if (!processes.has(Number(track.split("/")[0]))) faults.push(`the process of ${track} has no name`);
    faults.push(...nesting(track, slices));
  }
  for (const [key, { s, f }] of flows) {
    if (s.length !== 1 || f.length !== 1) faults.push(`flow ${key} has ${s.length} starts, ${f.length} ends`);
    if (s[0] && f[0] && s[0].ts > f[0].ts + SLACK) faults.push(`flow ${key} goes back in time`);
    for (const { pid, tid, ts, ph } of [...s, ...f]) {
      const around = (tracks.get(`${pid}/${tid}`) ?? []).some(
        ({ from, to }) => from - SLACK / 2 <= ts && (ts < to || ts - from < SLACK),
      );
      if (!around) faults.push(`the ${ph} of flow ${key} at ${ts} is in no slice of ${pid}/${tid}`);
    }
  }
  return faults;
}

/** Without slack: a reader closes slices in the order of their ends, which it adds up as here. */
function nesting(track: string, slices: Slice[]): string[] {
  const faults: string[] = [];
  const open: Slice[] = [];
  for (const slice of [...slices].sort((a, b) => a.from - b.from || b.to - a.to)) {
    while (open.length > 0 && open[open.length - 1].to <= slice.from) open.pop();
    const outer = open[open.length - 1];
    if (outer && slice.to > outer.to) {
      faults.push(`on ${track}, ${slice.from} to ${slice.to} overlaps ${outer.from} to ${outer.to}`);
    }
    open.push(slice);
  }
  return faults;
}

function exported(bytes: Uint8Array): TraceEvent[] {
  const trace = new Trace({ inflate: (body, maxOutputLength) => inflateSync(body, { maxOutputLength }) });
  trace.feed(bytes);
  trace.finish();
  const json = JSON.parse([...chromeTrace(trace)].join(""));
  assert.deepEqual(Object.keys(json), ["displayTimeUnit", "traceEvents"]);
  return json.traceEvents;
}

describe("the Chrome trace, as Perfetto reads it", () => {
  const recorded = readdirSync(STREAMS).filter((name) => name.endsWith(".loopscope"));
  for (const name of recorded) {
    it(`of ${name} breaks no rule of the format`, () => {
      assert.deepEqual(check(exported(readFileSync(join(STREAMS, name)))).slice(0, 5), []);
    });
  }
  const scenes = {
    shop: () => shop(),
    server: () => server(0.5),
    crowd: () => crowd(300),
    sleepers: () => sleepers(1),
  };
  for (const [name, scene] of Object.entries(scenes)) {
    it(`of a simulated ${name} breaks no rule of the format`, () => {
      const events = exported(scene().writer.take());
      assert.deepEqual(check(events).slice(0, 5), []);
    });
  }

  it("is checked by something that sees faults", () => {
    const slice = { ph: "X", pid: 1, tid: 1, name: "a", ts: 0, dur: 10 };
    const faults = check([
      slice,
      { ...slice, ts: 5, dur: 10 },
      { ph: "s", pid: 1, tid: 1, ts: 99, name: "w", cat: "c", id: 1 },
      { ph: "B", pid: 1, tid: 1, ts: 0, name: "b" },
    ]);
    assert.equal(faults.length, 6, faults.join("\n"));
  });
});
