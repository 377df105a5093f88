import { firstWhere } from "../store/columns";
import type { Loop, Stall } from "../store/loops";
import type { Trace } from "../trace";
import { placesInsideLoop } from "./creation";

/** Samples belong to the step whose begin they name; the two clocks agree to this (seconds). */
const SAME_STEP = 1e-6;

/** The stack samples taken while a step that began at `begin` held its loop, in time order. */
export function stallsOf(loop: Loop, begin: number): Stall[] {
  const { stalls } = loop;
  const from = firstWhere(0, stalls.length, (i) => stalls[i].begin > begin - SAME_STEP);
  const found: Stall[] = [];
  for (let i = from; i < stalls.length && stalls[i].begin <= begin + SAME_STEP; i++) found.push(stalls[i]);
  return found;
}

/** Where a step was held up. */
export interface StallPlace {
  /** Place id of the innermost user frame; 0 when none is known. */
  place: number;
  /** Its stack, innermost frame last. */
  stack: number;
  /** How many of the samples were there. */
  samples: number;
  total: number;
}

/** The user line that most samples of a step were at; null without samples. */
export function stallPlace(trace: Trace, loop: Loop, begin: number): StallPlace | null {
  const samples = stallsOf(loop, begin);
  if (samples.length === 0) return null;
  const byPlace = new Map<number, { stack: number; samples: number }>();
  for (const { stack } of samples) {
    const user = placesInsideLoop(trace, stack).find((id) => trace.places.get(id).user) ?? 0;
    const seen = byPlace.get(user);
    if (seen) seen.samples++;
    else byPlace.set(user, { stack, samples: 1 });
  }
  let best: StallPlace = { place: 0, stack: samples[0].stack, samples: 0, total: samples.length };
  for (const [place, { stack, samples: count }] of byPlace) {
    if (count > best.samples) best = { place, stack, samples: count, total: samples.length };
  }
  return best;
}
