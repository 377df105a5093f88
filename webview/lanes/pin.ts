import type { LaneRow } from "./rows";

/** A loop's lane that is held at the top, below the ruler. */
export interface PinnedRow {
  index: number;
  /** Its top edge, CSS pixels below the ruler: negative while the next loop's lane pushes it out. */
  y: number;
}

/** Tasks that must fit below it, or nothing is held: in a flat panel the tasks need the room. */
const LEAST_ROOM = 100;

/**
 * The lane of the loop whose tasks are in sight: it stays on top when they are scrolled, since what a task did is
 * understood beside what the loop did. Null when it is in its own place.
 */
export function pinnedLoop(rows: readonly LaneRow[], scroll: number, room: number): PinnedRow | null {
  if (scroll <= 0) return null;
  const loops = loopRows(rows);
  let at = -1;
  while (at + 1 < loops.length && rows[loops[at + 1]].top < scroll) at++;
  if (at < 0) return null;
  const { height } = rows[loops[at]];
  if (room - height < LEAST_ROOM) return null;
  const next = loops[at + 1];
  return { index: loops[at], y: next === undefined ? 0 : Math.min(0, rows[next].top - scroll - height) };
}

const known = new WeakMap<readonly LaneRow[], number[]>();

/** Indices of the loops' lanes: looked for once, since there may be a hundred thousand lanes. */
function loopRows(rows: readonly LaneRow[]): number[] {
  let found = known.get(rows);
  if (!found) {
    found = [];
    for (let i = 0; i < rows.length; i++) if (rows[i].kind === "loop") found.push(i);
    known.set(rows, found);
  }
  return found;
}
