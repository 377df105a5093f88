import type { IconName } from "../icons";
import type { Theme } from "../state/theme";
import { State } from "./snapshot";

/** How a state looks: never by colour alone, always with this glyph and, where there is room, the word. */
export const STATE_ICONS: readonly IconName[] = [
  "circle-large",
  "debug-start",
  "layers",
  "debug-pause",
  "circle-large",
  "check",
  "close",
  "circle-slash",
];

export function stateColour(theme: Theme, state: number): string {
  switch (state) {
    case State.running:
      return theme.running;
    case State.ready:
      return theme.ready;
    case State.suspended:
      return theme.suspended;
    case State.raised:
      return theme.error;
    case State.cancelled:
      return theme.cancelled;
    default:
      return theme.done;
  }
}

/** The words of the legend. */
export const STATE_WORDS: Record<number, string> = {
  [State.running]: "its code is executing",
  [State.ready]: "could run, waits for the loop",
  [State.suspended]: "parked at an await",
  [State.pending]: "created, not started yet",
  [State.returned]: "ended normally",
  [State.raised]: "ended with an exception",
  [State.cancelled]: "ended by cancellation",
};

/** A glyph for what a suspended task waits on. */
export function waitIcon(kind: string): IconName {
  switch (kind) {
    case "sleep":
      return "clockface";
    case "io":
      return "plug";
    case "thread":
      return "server-process";
    case "process":
      return "terminal";
    default:
      return "debug-pause";
  }
}

/** A glyph for a lock, a queue and so on. */
export function objectIcon(kind: string): IconName {
  switch (kind) {
    case "lock":
      return "lock";
    case "semaphore":
      return "key";
    case "event":
      return "bell";
    case "condition":
      return "symbol-event";
    case "barrier":
      return "law";
    case "queue":
      return "inbox";
    case "thread":
    case "executor":
      return "server-process";
    case "process":
      return "terminal";
    default:
      return "symbol-misc";
  }
}
