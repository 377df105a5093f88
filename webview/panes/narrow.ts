import { signal } from "@preact/signals";

/** The panel is too narrow for two columns. */
export const narrow = signal(false);
