import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Host } from "../host/host";

/** What fills the upper part of the screen. */
export const VIEWS = ["graph", "loop", "table", "timeline", "compare"] as const;
export type ViewName = (typeof VIEWS)[number];

/** Everything that survives a reload of the view. */
export interface Settings {
  version: 1;
  view: ViewName;
  /** Share of the height that the upper part takes, 0.15 to 0.85. */
  split: number;
  /** Width of the right side, CSS pixels. */
  side: number;
  /** Width of the lanes' names, CSS pixels. */
  labels: number;
  /** Height of a task's lane, CSS pixels. */
  lane: number;
  lanes: boolean;
  panel: boolean;
  fold: boolean;
  finished: boolean;
  /** Zoom of the graph: scale and translation; null fits the graph by itself. */
  graph: { scale: number; x: number; y: number } | null;
  /** Window of the lanes in seconds; null shows everything and follows. */
  window: { from: number; to: number } | null;
  filter: string;
  task: number | null;
}

export const DEFAULTS: Settings = {
  version: 1,
  view: "graph",
  split: 0.5,
  side: 320,
  labels: 190,
  lane: 20,
  lanes: true,
  panel: true,
  fold: true,
  finished: false,
  graph: null,
  window: null,
  filter: "",
  task: null,
};

export const settings = signal<Settings>(DEFAULTS);

/** Each setting by itself: who reads one is not bothered when another changes (panning changes `window` every frame). */
export const setting = Object.fromEntries(
  Object.keys(DEFAULTS).map((key) => [key, computed(() => settings.value[key as keyof Settings])]),
) as { readonly [K in keyof Settings]: ReadonlySignal<Settings[K]> };

export function change(part: Partial<Settings>): void {
  settings.value = { ...settings.value, ...part };
}

/** What an earlier run of the view kept; whatever does not fit is replaced by its default. */
export function restore(kept: unknown): Settings {
  if (typeof kept !== "object" || kept === null || (kept as Settings).version !== 1) return DEFAULTS;
  const old = kept as Record<string, unknown>;
  const result = { ...DEFAULTS } as Record<string, unknown>;
  for (const key of ["lanes", "panel", "fold", "finished"]) {
    if (typeof old[key] === "boolean") result[key] = old[key];
  }
  result.view = VIEWS.includes(old.view as ViewName) ? old.view : DEFAULTS.view;
  result.split = within(old.split, 0.15, 0.85, DEFAULTS.split);
  result.side = within(old.side, 160, 2000, DEFAULTS.side);
  result.lane = within(old.lane, 1, 40, DEFAULTS.lane);
  result.labels = within(old.labels, 60, 800, DEFAULTS.labels);
  result.graph = numbers(old.graph, ["scale", "x", "y"]);
  result.window = numbers(old.window, ["from", "to"]);
  if (typeof old.filter === "string") result.filter = old.filter;
  if (Number.isInteger(old.task)) result.task = old.task;
  return result as unknown as Settings;
}

function within(value: unknown, low: number, high: number, otherwise: number): number {
  return typeof value === "number" && Number.isFinite(value)
    ? Math.min(high, Math.max(low, value))
    : otherwise;
}

function numbers<K extends string>(value: unknown, keys: K[]): Record<K, number> | null {
  if (typeof value !== "object" || value === null) return null;
  const record = value as Record<string, unknown>;
  if (!keys.every((key) => typeof record[key] === "number" && Number.isFinite(record[key]))) return null;
  return Object.fromEntries(keys.map((key) => [key, record[key]])) as Record<K, number>;
}

/** Restores what was kept, and keeps every change from now on, at most every quarter of a second. */
export function keepSettings(host: Host): void {
  settings.value = restore(host.getState());
  let timer: ReturnType<typeof setTimeout> | undefined;
  settings.subscribe((value) => {
    clearTimeout(timer);
    timer = setTimeout(() => host.setState(value), 250);
  });
}
