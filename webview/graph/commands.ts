import { signal } from "@preact/signals";

/** What a key asks of the graph; `id` tells two of the same apart. */
export const graphCommand = signal<{ name: "fit" | "in" | "out" | "down" | "right"; id: number } | null>(
  null,
);

/**
 * How many nodes lie below and to the right of what is in sight, and the key of the first that blocks the loop or is in a
 * deadlock among those below ("" for none).
 */
export const beyond = signal({ below: 0, right: 0, alarm: "" });
