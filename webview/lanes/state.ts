import { computed, signal } from "@preact/signals";
import { deadlock, only } from "../graph/state";
import { cursor, live, selection, tick, trace } from "../state/model";
import { Pace } from "../state/pace";
import { change, setting } from "../state/settings";
import { LaneCache } from "./lane";
import { LoopLane } from "./loopLane";
import { buildRows } from "./rows";

/** Groups of lanes that are open. */
export const opened = signal<ReadonlySet<string>>(new Set());
/** A range of time the user selected, seconds. */
export const range = signal<{ from: number; to: number } | null>(null);
/** Heights of a task's lane to choose from, CSS pixels. */
export const DENSITIES = [20, 12, 4, 1] as const;

/** Height there is for lanes, CSS pixels. */
export const laneRoom = signal(0);

const caches = new WeakMap<object, LaneCache>();
const loopLanes = new WeakMap<object, LoopLane>();

export function laneCache(): LaneCache {
  const key = trace.value;
  let cache = caches.get(key);
  if (!cache) {
    cache = new LaneCache(key);
    caches.set(key, cache);
  }
  return cache;
}

export function loopLane(row: number): LoopLane {
  const loop = trace.value.loops[row];
  let lane = loopLanes.get(loop);
  if (!lane) {
    lane = new LoopLane(trace.value, loop, trace.value.blockSeconds);
    loopLanes.set(loop, lane);
  }
  return lane.update();
}

/** A selected task gets a lane of its own. */
const apart = computed(() => {
  const set = new Set(deadlock.value.tasks);
  if (selection.value?.kind === "task") set.add(selection.value.task);
  return set as ReadonlySet<number>;
});

const pace = new Pace();

export const rows = computed(() => {
  pace.tick.value;
  const options = {
    expanded: opened.value,
    foldFrom: setting.fold.value ? 6 : Number.POSITIVE_INFINITY,
    only: only.value,
    height: setting.lane.value,
    apart: apart.value,
    room: laneRoom.value,
  };
  return pace.measure(() => buildRows(trace.value, options));
});

/** The window was put at the end of a running program: it moves on with it. */
const following = signal(false);

/** The window of time on screen, seconds. */
export const span = computed(() => {
  tick.value;
  const window = setting.window.value;
  const end = Math.max(1e-6, trace.value.endTime);
  if (window && following.value && live.value && cursor.value === null) {
    const length = window.to - window.from;
    return { from: end - length * 0.98, to: end + length * 0.02 };
  }
  if (window) return window;
  return { from: -end * 0.005, to: end * 1.015 };
});

/** The shortest window: a microsecond. */
const SHORTEST = 1e-6;

/** Shows a window; one that holds everything becomes "everything", which follows the end. */
export function setWindow(from: number, to: number): void {
  const end = Math.max(1e-6, trace.value.endTime);
  const length = Math.min(Math.max(to - from, SHORTEST), end * 1.1);
  let begin = from;
  following.value = to >= end;
  if (length > end * 1.02) {
    change({ window: null });
    return;
  }
  begin = Math.min(Math.max(begin, -length * 0.1), end * 1.02 - length * 0.5);
  change({ window: { from: begin, to: begin + length } });
}

/** Zooms around an instant. */
export function zoomWindow(factor: number, around: number): void {
  const { from, to } = span.value;
  setWindow(around - (around - from) * factor, around + (to - around) * factor);
}

/** Moves the window by a share of its length. */
export function panWindow(share: number): void {
  const { from, to } = span.value;
  const by = (to - from) * share;
  if (setting.window.value === null) return;
  setWindow(from + by, to + by);
}
