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
  let index = -1;
  for (let i = 0; i < rows.length && rows[i].top < scroll; i++) if (rows[i].kind === "loop") index = i;
  if (index < 0 || room - rows[index].height < LEAST_ROOM) return null;
  const next = rows.findIndex((row, i) => i > index && row.kind === "loop");
  const pushed = next < 0 ? 0 : rows[next].top - scroll - rows[index].height;
  return { index, y: Math.min(0, pushed) };
}
