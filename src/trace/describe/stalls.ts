import { firstWhere } from "../store/columns";
import type { Loop, Stall } from "../store/loops";
import type { Collection, Program } from "../store/program";
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

/** A garbage collection kept the thread that notices such things waiting for this share of a step, or it is not held to be the cause. */
const SHARE = 0.25;

/**
 * Whether most of the time between two instants may have gone into a full garbage collection, in which no thread runs: there
 * was one in at least half of it, and not even the thread that takes samples got to run.
 */
export function collecting(program: Program, begin: number, end: number): boolean {
  const { collections } = program;
  const overlap = ({ since, t }: Collection) => Math.min(t, end) - Math.max(since, begin);
  const from = firstWhere(0, collections.length, (i) => collections[i].t > begin);
  for (let i = from; i < collections.length && collections[i].since < end; i++) {
    const half = overlap(collections[i]) >= (end - begin) / 2;
    if (half && collections[i].late >= (end - begin) * SHARE) return true;
  }
  return false;
}

/** Where a step was held up. */
export interface StallPlace {
  /** Place id of the innermost user frame; 0 when none is known. */
  place: number;
  /** The stack it was seen with most often, innermost frame last. */
  stack: number;
  /** How many of the samples were there. */
  samples: number;
  total: number;
}

/** The user line that most samples of a step were at; null without samples. */
export function stallPlace(trace: Trace, loop: Loop, begin: number): StallPlace | null {
  const samples = stallsOf(loop, begin);
  if (samples.length === 0) return null;
  const byPlace = new Map<number, number[]>();
  for (const { stack } of samples) {
    const user = placesInsideLoop(trace, stack).find((id) => trace.places.get(id).user) ?? 0;
    const seen = byPlace.get(user);
    if (seen) seen.push(stack);
    else byPlace.set(user, [stack]);
  }
  let [place, stacks]: [number, number[]] = [0, []];
  for (const [each, seen] of byPlace) if (seen.length > stacks.length) [place, stacks] = [each, seen];
  return { place, stack: mostFrequent(stacks), samples: stacks.length, total: samples.length };
}

/** The first of those that occur most often. */
function mostFrequent(values: number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((best, each) => (each[1] > best[1] ? each : best))[0];
}
