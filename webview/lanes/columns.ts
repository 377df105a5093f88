import { State } from "../model/snapshot";
import type { Lane } from "./lane";

/** Red, green and blue (0 to 255) of what a column can show. */
export interface ColumnColours {
  background: readonly number[];
  running: readonly number[];
  ready: readonly number[];
  suspended: readonly number[];
}

/** A running slice, however short, shows at least this strongly: it must not vanish between two pixels. */
const LEAST_RUNNING = 0.45;

const sums = { running: 0, ready: 0 };

/**
 * Fills `out` (RGBA, little endian) with one pixel per column of the window [from, to): the exact shares of
 * running, ready and suspended time in that column, blended.
 */
export function paintColumns(
  lane: Lane,
  from: number,
  to: number,
  colours: ColumnColours,
  out: Uint32Array,
): void {
  const columns = out.length;
  const width = (to - from) / columns;
  const { start, state, count } = lane;
  const born = count > 0 ? start[0] : Number.POSITIVE_INFINITY;
  const died = count > 0 ? start[count] : Number.NEGATIVE_INFINITY;
  const plain = pack(colours.background, colours, 0, 0, 0);
  let slice = lane.at(from);
  lane.sums(slice, from, sums);
  let { running, ready } = sums;
  for (let column = 0; column < columns; column++) {
    const left = from + column * width;
    const right = left + width;
    if (right <= born || left >= died) {
      out[column] = plain;
      continue;
    }
    if (slice >= 0 && start[slice] <= left && start[slice + 1] >= right) {
      // One slice covers the whole column: the common case.
      const its = state[slice];
      if (its === State.running) {
        running += width;
        out[column] = pack(colours.background, colours, 1, 0, 0);
      } else if (its === State.suspended) out[column] = pack(colours.background, colours, 0, 0, 1);
      else {
        ready += width;
        out[column] = pack(colours.background, colours, 0, 1, 0);
      }
      continue;
    }
    slice = lane.gallop(slice, right);
    lane.sums(slice, right, sums);
    const ran = (sums.running - running) / width;
    const waited = (sums.ready - ready) / width;
    ({ running, ready } = sums);
    const lived = (Math.min(right, died) - Math.max(left, born)) / width;
    const shownRunning = ran > 0 ? Math.max(LEAST_RUNNING, ran) : 0;
    const shownReady = Math.min(1 - shownRunning, waited);
    const suspended = Math.max(0, Math.min(lived, 1) - shownRunning - shownReady);
    out[column] = pack(colours.background, colours, shownRunning, shownReady, suspended);
  }
}

function pack(base: readonly number[], c: ColumnColours, run: number, ready: number, wait: number): number {
  const rest = Math.max(0, 1 - run - ready - wait);
  const mix = (i: number) =>
    Math.min(255, base[i] * rest + c.running[i] * run + c.ready[i] * ready + c.suspended[i] * wait);
  return ((255 << 24) | (mix(2) << 16) | (mix(1) << 8) | mix(0)) >>> 0;
}
