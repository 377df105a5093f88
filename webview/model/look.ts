import type { FindingRule } from "../../src/protocol/report";
import type { IconName } from "../icons";
import type { Theme } from "../state/theme";
import { t } from "../util/l10n";
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

/** A state in the user's language; STATE_NAMES are what the filter and files know. */
export function stateName(state: number): string {
  switch (state) {
    case State.running:
      return t("running");
    case State.ready:
      return t("ready");
    case State.suspended:
      return t("suspended");
    case State.pending:
      return t("pending");
    case State.returned:
      return t("returned");
    case State.raised:
      return t("raised");
    case State.cancelled:
      return t("cancelled");
    default:
      return t("absent");
  }
}

/** The states of the legend, and what each means. */
export const stateWords = (): [state: number, words: string][] => [
  [State.running, t("its code is executing")],
  [State.ready, t("could run, waits for the loop")],
  [State.suspended, t("parked at an await")],
  [State.pending, t("created, not started yet")],
  [State.returned, t("ended normally")],
  [State.raised, t("ended with an exception")],
  [State.cancelled, t("ended by cancellation")],
];

/** A finding's heading: what went wrong, in two or three words. */
export function findingTitle(rule: FindingRule): string {
  switch (rule) {
    case "blocking-call":
      return t("Blocks the event loop");
    case "starved":
      return t("Kept waiting for the loop");
    case "deadlock":
      return t("Deadlock");
    case "never-awaited":
      return t("Never awaited");
    case "exception-never-retrieved":
      return t("Exception nobody saw");
    case "task-lost":
      return t("Task lost");
    case "unfinished-at-exit":
      return t("Unfinished at exit");
    case "cancellation-swallowed":
      return t("Cancellation swallowed");
    case "not-thread-safe":
      return t("Not thread-safe");
    case "sequential-awaits":
      return t("Could run together");
    default:
      return rule;
  }
}

/** What a finding says below its heading, which the message of a deadlock repeats for where it stands alone. */
export function belowTitle(message: string): string {
  return message.replace(/^Deadlock: /, "");
}

/** What woke or cancelled a task, where it was no task. */
export function causeName(kind: string): string {
  switch (kind) {
    case "timer":
      return t("a timer");
    case "io":
      return t("I/O");
    case "task":
      return t("a task");
    case "thread":
      return t("a thread");
    case "cancel":
      return t("a cancellation");
    case "callback":
      return t("a callback");
    case "timeout":
      return t("a timeout");
    case "taskgroup":
      return t("its task group");
    case "shutdown":
      return t("the end of the program");
    case "loop":
      return t("the loop");
    default:
      return t("nobody known");
  }
}

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
