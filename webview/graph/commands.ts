import { signal } from "@preact/signals";

/** What a key asks of the graph; `id` tells two of the same apart. */
export const graphCommand = signal<{ name: "fit" | "in" | "out"; id: number } | null>(null);
