import { computed, signal } from "@preact/signals";

/** The panel is too narrow for two columns. */
export const narrow = signal(false);
/** It is wide and too flat for two rows: the lanes stand beside what is else above them. */
export const flat = signal(false);
/** What the tabs choose has little width, for either reason. */
export const slim = computed(() => narrow.value || flat.value);
