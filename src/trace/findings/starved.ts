import type { Finding } from "../../protocol/report";
import { createdAt } from "../describe/creation";
import { heldBy, longestAt, type Share } from "../describe/holders";
import { digits } from "../describe/text";
import { startedAt } from "../describe/times";
import { awaitPlace } from "../describe/waits";
import { noticed, overdueSince, resumed } from "../queries";
import { firstWhere } from "../store/columns";
import type { Loop } from "../store/loops";
import { StepFlag } from "../store/steps";
import { TaskFlag } from "../store/tasks";
import type { Trace } from "../trace";
import { finding, length, listed, times, where } from "./finding";
import { awaitedAt } from "./incidents";

/** A task that was ready and had to wait for its loop. `row`: the suspension it was ready after, -1 its start. */
interface Wait {
  task: number;
  row: number;
  from: number;
  to: number;
}

/** Waits with the same function to blame. */
interface Group {
  worst: Wait;
  /** The loop of that. */
  loop: Loop;
  shares: Share[];
  /** The part of the worst wait that recorded steps explain. */
  explained: number;
  waits: number;
  tasks: Set<number>;
}

const longer = (a: Wait, b: Wait) => b.to - b.from - (a.to - a.from);

/** `starved`: ready tasks that waited longer than the threshold, one finding a culprit, of which there may be one in each of many loops. */
export function starved(trace: Trace): Finding[] {
  const waits = new Map<number, Wait[]>();
  for (const wait of longWaits(trace)) {
    const loop = trace.tasks.loop.get(wait.task);
    const own = waits.get(loop);
    if (own) own.push(wait);
    else waits.set(loop, [wait]);
  }
  const groups = new Map<string, Group>();
  for (const [loop, own] of waits) grouped(trace, trace.loops[loop], own.sort(longer), groups);
  return [...groups.values()].map((group) => describe(trace, group));
}

function longWaits(trace: Trace): Wait[] {
  const { tasks, steps, blockSeconds } = trace;
  const waits: Wait[] = [];
  const add = (task: number, row: number, ready: number, to: number) => {
    // Before its loop ran, a task did not wait for anybody's step.
    if (!(to - ready > blockSeconds)) return;
    const told = row < 0 ? ready : noticed(trace, row) || ready;
    const from = Math.max(told, runningSince(trace, task, to));
    if (to - from > blockSeconds) waits.push({ task, row, from, to });
  };
  for (let task = 0; task < tasks.count; task++) {
    if (tasks.flags.get(task) & (TaskFlag.void | TaskFlag.adopted | TaskFlag.implied)) continue;
    const started = startedAt(trace, task);
    add(task, -1, tasks.created.get(task), Number.isNaN(started) ? waitsUntil(trace, task) : started);
  }
  for (let row = 0; row < steps.count; row++) {
    if (steps.task.get(row) < 0 || steps.flags.get(row) & StepFlag.last) continue;
    const woken = steps.ready.get(row);
    const ready = Number.isNaN(woken) ? overdueSince(trace, row) : woken;
    if (Number.isNaN(ready)) continue;
    const task = steps.task.get(row);
    const to = resumed(trace, row);
    add(task, row, ready, Number.isNaN(to) ? waitsUntil(trace, task) : to);
  }
  return waits;
}

/** A task that is ready still waits until now, but only for a step that is running now. */
function waitsUntil(trace: Trace, task: number): number {
  const open = trace.loopOf(task, -1)?.open;
  return open ? trace.endTime : Number.NaN;
}

/** When the task's loop last began to run before `t`. */
function runningSince(trace: Trace, task: number, t: number): number {
  const states = trace.loopOf(task, -1)?.states ?? [];
  for (let i = states.length - 1; i >= 0; i--) {
    if (states[i].state === 1 && states[i].t <= t) return states[i].t;
  }
  return Number.NEGATIVE_INFINITY;
}

/** Waits that were explained, in order of `from`. They overlap little: each has its middle outside the others. */
class Explained {
  private readonly list: { from: number; to: number; group: Group }[] = [];

  private after(t: number): number {
    return firstWhere(0, this.list.length, (i) => this.list[i].from > t);
  }

  add(wait: Wait, group: Group): void {
    this.list.splice(this.after(wait.from), 0, { from: wait.from, to: wait.to, group });
  }

  /** The group of a wait that was going on at `t`, if one is near. */
  at(t: number): Group | undefined {
    const after = this.after(t);
    for (let i = after - 1; i >= Math.max(0, after - NEARBY); i--) {
      if (this.list[i].to >= t) return this.list[i].group;
    }
    return undefined;
  }
}

/** How many waits that began before are looked at. */
const NEARBY = 8;

/**
 * Adds waits of a loop, the longest first, to `groups` by the function that held the loop most. A wait that lies within one already
 * explained has the same culprit, so the steps are walked about once however many tasks waited.
 */
function grouped(trace: Trace, loop: Loop, waits: Wait[], groups: Map<string, Group>): void {
  const explained = new Explained();
  for (const wait of waits) {
    let group = explained.at((wait.from + wait.to) / 2);
    if (!group) {
      const shares = heldBy(trace, loop, wait.from, wait.to);
      const key = `${loop.program} ${shares[0]?.name ?? ""}`;
      const sum = shares.reduce((total, share) => total + share.seconds, 0);
      const it = { worst: wait, loop, shares, explained: sum };
      group = groups.get(key) ?? { ...it, waits: 0, tasks: new Set() };
      if (longer(wait, group.worst) < 0) Object.assign(group, it);
      groups.set(key, group);
      explained.add(wait, group);
    }
    group.waits++;
    group.tasks.add(wait.task);
  }
}

/** A function that held the loop for a smaller part of a wait is not named. */
const NEGLIGIBLE = 0.02;

/** ", the longest at app.py:12": where that step was held up, or between which lines. */
function longest(trace: Trace, loop: Loop, share: Share): string {
  const lines = longestAt(trace, loop, share);
  return lines === "" ? "" : `${share.steps > 1 ? ", the longest" : ""} ${lines}`;
}

function describe(trace: Trace, group: Group): Finding {
  const { worst, loop, shares, tasks } = group;
  const waited = worst.to - worst.from;
  const blamed = group.explained > waited / 2;
  const weighty = shares.filter((share, i) => i === 0 || share.seconds > waited * NEGLIGIBLE);
  const named = weighty.slice(0, 3).map((share) => {
    const names = [...share.tasks].filter((task) => task >= 0).map((task) => trace.tasks.name(task));
    const who = names.length === 0 ? share.name : `${share.name} (${listed(names, 2)})`;
    const part = Math.round((share.seconds / waited) * 100);
    return `${who} ${length(share.seconds)} (${part} %) in ${digits(share.steps)} ${share.steps === 1 ? "step" : "steps"}${longest(trace, loop, share)}`;
  });
  const rest = weighty.length > 3 ? `, and ${digits(weighty.length - 3)} other functions` : "";
  const held = blamed
    ? `the loop was held by ${named.join(", ")}${rest}`
    : "no recorded step explains it: many callbacks too short to record, or the process did not get the processor";
  const others =
    tasks.size > 1 ? ` ${digits(tasks.size)} tasks waited like this, ${times(group.waits)} in all.` : "";
  const again = tasks.size === 1 && group.waits > 1 ? ` It did so ${times(group.waits)}.` : "";
  const at = worst.row < 0 ? createdAt(trace, worst.task) : awaitPlace(trace, worst.row);
  const ready = worst.row >= 0 ? awaitedAt(trace, worst.row) : at ? ` at ${where(at)}` : "";
  return finding(trace, "starved", {
    severity: blamed ? "warning" : "info",
    message:
      `${trace.tasks.name(worst.task)} was ready${ready} but waited ${length(waited)} for the event loop: ` +
      `${held}.${others}${again} Shorten those steps: move blocking work to a thread, or let go of the loop with await asyncio.sleep(0).`,
    at,
    stack: worst.row < 0 ? trace.tasks.creationStack.get(worst.task) : trace.steps.stack.get(worst.row),
    task: worst.task,
    tasks: [worst.task, ...[...tasks].filter((task) => task !== worst.task)],
    seconds: waited,
    from: worst.from,
  });
}
