import { batch, computed, signal } from "@preact/signals";
import type { Finding } from "../../src/protocol/report";
import type { HostAction, Slot, TraceSource, ViewConfig } from "../../src/protocol/view";
import { Trace } from "../../src/trace";
import { takeSnapshot } from "../model/snapshot";

/** The trace, which only grows: `tick` tells when to look at it again. */
export const trace = signal(new Trace());
export const tick = signal(0);
export const source = signal<TraceSource | null>(null);
/** More bytes may come. */
export const open = signal(false);
/** Bytes taken in, and how many there are in all (null: not known). */
export const progress = signal({ read: 0, total: null as number | null });
export const config = signal<ViewConfig>({ blockMs: 50, folders: [], helpBase: null });
export const actions = signal<HostAction[]>([]);
export const problem = signal<string | null>(null);
/** Findings that took the source, from the host, by slot. */
export const sourceFindings = signal<Readonly<Record<Slot, readonly Finding[]>>>({ a: [], b: [] });
/** The trace compared with, if any. */
export const other = signal<{ trace: Trace; source: TraceSource; tick: number; open: boolean } | null>(null);

/** The instant looked at, seconds; null is the end, which is "live" while the program runs. */
export const cursor = signal<number | null>(null);

/** The instant shown. */
export const now = computed(() => {
  tick.value;
  return Math.min(cursor.value ?? Number.POSITIVE_INFINITY, trace.value.endTime);
});

/** The state of every task at the instant shown. */
export const snapshot = computed(() => {
  tick.value;
  return takeSnapshot(trace.value, cursor.value === null ? trace.value.endTime : now.value);
});

export const live = computed(() => open.value && source.value?.kind === "live");

/** What is selected: a task, an object, or the tasks of a node. */
export type Selection =
  | { kind: "task"; task: number }
  | { kind: "object"; object: number }
  | { kind: "group"; key: string; tasks: number[] };

export const selection = signal<Selection | null>(null);

/** The finding under the pointer or the focus: its evidence is highlighted everywhere. */
export const highlighted = signal<Finding | null>(null);

export const selectedTask = computed(() => (selection.value?.kind === "task" ? selection.value.task : -1));

export function select(next: Selection | null): void {
  selection.value = next;
}

/** The trace has forgotten its oldest part: its successor takes its place, in which tasks have other rows. */
export function succeed(next: Trace): void {
  const { tasks } = trace.value;
  const chosen = selection.value;
  const rowOf = (task: number) => next.tasks.rowOf(tasks.serial(task));
  batch(() => {
    trace.value = next;
    highlighted.value = null;
    const row = chosen?.kind === "task" ? rowOf(chosen.task) : -1;
    selection.value = row < 0 ? null : { kind: "task", task: row };
    tick.value++;
  });
}

/** The task that was selected before a reload of the view; the first trace takes it up. */
let restored: number | null = null;

export function restoreSelection(task: number | null): void {
  restored = task;
}

/** Forgets everything: another trace begins. */
export function reset(next: TraceSource | null): void {
  batch(() => {
    trace.value = new Trace({ blockMs: config.value.blockMs });
    source.value = next;
    open.value = next !== null;
    progress.value = { read: 0, total: next?.bytes ?? null };
    cursor.value = null;
    selection.value = restored === null ? null : { kind: "task", task: restored };
    restored = null;
    highlighted.value = null;
    problem.value = null;
    other.value = null;
    sourceFindings.value = { a: [], b: [] };
    tick.value++;
  });
}
