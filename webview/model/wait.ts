import type { Place } from "../../src/protocol/report";
import { awaitPlaceId, type Trace, type Wait, waitOf } from "../../src/trace";

/** What a suspension waits on, ready to be shown. */
export interface WaitInfo extends Wait {
  /** When its timer is due, seconds; NaN without one. */
  due: number;
  /** What it waits on is known, be it only by name; false where the chain was not recorded. */
  known: boolean;
}

const LIMIT = 50_000;
const known = new WeakMap<Trace, Map<number, WaitInfo>>();

/** What the suspension of a step's row waits on. Remembered: the same rows are asked for at every refresh. */
export function waitInfo(trace: Trace, row: number): WaitInfo {
  let rows = known.get(trace);
  if (!rows) {
    rows = new Map();
    known.set(trace, rows);
  }
  let info = rows.get(row);
  if (!info) {
    const wait = waitOf(trace, row);
    const known = wait.kind !== "other" || trace.steps.stack.get(row) > 0;
    info = { ...wait, known, due: trace.steps.end.get(row) + wait.delay };
    if (rows.size > LIMIT) rows.clear();
    // The members of a task group come and go while it is waited for.
    if (wait.kind !== "tasks") rows.set(row, info);
  }
  return info;
}

/** Where a task awaits, as everywhere; null when the chain was not recorded. */
export function parkedAt(trace: Trace, row: number): Place | null {
  const id = parkedPlace(trace, row);
  return id > 0 ? trace.places.get(id) : null;
}

/** The same as a place id, 0 when it is not known. */
export function parkedPlace(trace: Trace, row: number): number {
  return row < 0 ? 0 : awaitPlaceId(trace, row);
}
