import { computed, signal } from "@preact/signals";

/** The panel is too narrow for two columns. */
export const narrow = signal(false);
/** And it is so low that the parts below one another leave each other no room: a laptop's editor beside another, above a terminal. */
export const low = signal(false);
/** It is wide and too flat for two rows: the lanes stand beside what is else above them. */
export const flat = signal(false);
/** What the tabs choose has little width, for either reason. */
export const slim = computed(() => narrow.value || flat.value);
