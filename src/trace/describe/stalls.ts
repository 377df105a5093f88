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
  /** Other user lines that it was held up at for a good part of the time, the longest first. */
  also: number[];
}

/** A line at which a step was seen for this share of its time is one that held it up. */
const PART = 0.2;

/**
 * The user line that a step was at for most of the time, as far as its samples tell; null without samples. They are ever
 * further apart, so each stands for the time around it, the first also for what was before.
 */
export function stallPlace(trace: Trace, loop: Loop, begin: number, end?: number): StallPlace | null {
  const samples = stallsOf(loop, begin);
  const last = samples.at(-1);
  if (last === undefined) return null;
  const until = Math.max(end ?? last.t, last.t);
  const byLine = new Map<string, { place: number; seconds: number; stacks: number[] }>();
  samples.forEach(({ t, stack }, i) => {
    const from = i === 0 ? begin : (samples[i - 1].t + t) / 2;
    const to = i + 1 === samples.length ? until : (t + samples[i + 1].t) / 2;
    const place = placesInsideLoop(trace, stack).find((id) => trace.places.get(id).user) ?? 0;
    const { file, line } = trace.places.get(place);
    const key = `${file}:${line}`;
    const seen = byLine.get(key) ?? { place, seconds: 0, stacks: [] };
    byLine.set(key, seen);
    seen.seconds += to - from;
    seen.stacks.push(stack);
  });
  const [{ place, stacks }, ...others] = [...byLine.values()].sort((a, b) => b.seconds - a.seconds);
  return {
    place,
    stack: mostFrequent(stacks),
    samples: stacks.length,
    total: samples.length,
    also: others.filter(({ seconds }) => seconds >= (until - begin) * PART).map((each) => each.place),
  };
}

/** The first of those that occur most often. */
function mostFrequent(values: number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((best, each) => (each[1] > best[1] ? each : best))[0];
}
