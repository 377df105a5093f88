import type { Finding } from "./report";

/**
 * The messages between the host (the VS Code extension, `loopscope view`, or nothing at all in an HTML
 * report) and the view (`webview/`). One discriminated union per direction, told apart by `type`.
 *
 * A conversation: the view says `ready`; the host answers with one `init` holding all initial state, then
 * sends the raw bytes of the trace (docs/trace-format.md) as `frames` pages. Only one page is in flight: the
 * host sends the next one when the view has answered `ack` with its `seq`, so a slow or hidden view slows
 * the pages down and never piles them up (what waits is joined into the next page, up to
 * `MAX_PAGE_BYTES`). The view decodes, stores and queries the trace by itself, with `src/trace`.
 *
 * A host that wants to begin again (Rerun, a view that was reloaded) sends another `init`, after which
 * `seq` counts from 1. While the panel is hidden the host sends nothing; when it is shown again the
 * pages go on where the last `ack` left them.
 */
export const VIEW_PROTOCOL = 1;

/** The largest `frames` page, in bytes: ArrayBuffers cross at about 54 ms per MB. */
export const MAX_PAGE_BYTES = 1024 * 1024;

/** The pause between two live pages that a host should keep, in milliseconds. */
export const LIVE_PAGE_MS = 50;

/** Ten million events, about: half an hour of a busy server. */
export const DEFAULT_HISTORY_MB = 256;

/** 1-based line of a file named by its absolute path, in the traced program's machine. */
export interface SourceAt {
  file: string;
  line: number;
  /** Open beside the view and keep the focus in the view. */
  preserveFocus?: boolean;
}

/** What the trace is and where it comes from. */
export interface TraceSource {
  /** `live`: a program is running, the cursor follows the end. `file`: a recorded trace. */
  kind: "live" | "file";
  /** For the title, such as "shop.py" or "run-12.loopscope". */
  title: string;
  /** Length of the whole trace in bytes when it is known (a file), for the progress bar. */
  bytes: number | null;
}

/** Settings of the user that the view follows. */
export interface ViewConfig {
  /** Threshold of `blocking-call` and `starved`, in milliseconds. */
  blockMs: number;
  /** Folders cut off the front of a file name on screen (absolute, no trailing separator). */
  folders: string[];
  /** Base of the help pages of findings ("https://…/docs/"), or null when the host opens them itself by `help`. */
  helpBase: string | null;
  /** What a running trace may take of memory, in megabytes, before its oldest part is forgotten; by default DEFAULT_HISTORY_MB. */
  historyMb?: number;
  /** The view's texts in the user's language, by their English originals (l10n/); none or missing ones: English. */
  messages?: Readonly<Record<string, string>>;
}

/** What the host can do: the view shows a button only for these. */
export type HostAction = "stop" | "rerun" | "run" | "openTrace" | "compare" | "saveTrace" | "exportReport";

/** The slots of a comparison: `a` is the trace itself, `b` the one it is compared with. */
export type Slot = "a" | "b";

export type HostMessage =
  /** Everything the view needs to begin; forgets whatever it held in both slots. */
  | {
      type: "init";
      protocol: typeof VIEW_PROTOCOL;
      source: TraceSource | null;
      config: ViewConfig;
      actions: HostAction[];
    }
  /** A second trace to compare with comes in slot `b`; its pages follow. `null` ends the comparison. */
  | { type: "compare"; source: TraceSource | null }
  /** Bytes of the trace in stream order; cut anywhere. `seq` counts from 1 over both slots. */
  | { type: "frames"; seq: number; slot: Slot; bytes: Uint8Array }
  /** No more bytes will come for this slot: the program is gone or the file has been read. */
  | { type: "end"; slot: Slot }
  /** Findings that take the program's source, which the view has not. They replace those of their rules. */
  | { type: "findings"; slot: Slot; findings: Finding[] }
  | { type: "config"; config: ViewConfig }
  /** The actions that are possible now (Stop goes away when the program has ended). */
  | { type: "actions"; actions: HostAction[] }
  /**
   * Select and show a task (its `serial` + 1: rows differ once either side has forgotten something) or an object (a
   * click in the Tasks tree), or an instant in seconds.
   */
  | { type: "reveal"; task: number | null; object: number | null; time: number | null }
  /** Something went wrong on the host's side; shown as a banner, the trace stays. */
  | { type: "error"; message: string };

export type ViewMessage =
  | { type: "ready"; protocol: typeof VIEW_PROTOCOL }
  /** This page has been taken in. `behindMs`: how long the view took for it. */
  | { type: "ack"; seq: number; behindMs: number }
  | { type: "open"; at: SourceAt }
  /** The task selected in the view, so that the Tasks tree can follow; null: nothing selected. */
  | { type: "select"; task: number | null }
  | { type: "copy"; text: string; what: string }
  /** A file the user wants to keep, such as a CSV: the host asks where. */
  | { type: "save"; name: string; text: string }
  /** The help page of a finding (its `help`, relative to the documentation or a URL). */
  | { type: "help"; page: string }
  | { type: "action"; action: HostAction }
  /** The view could not do something (a damaged page, a bug): the host logs it. */
  | { type: "error"; message: string; stack: string | null };

/** True for an object that looks like a message of either direction: a `type` that is a string. */
export function isMessage(value: unknown): value is { type: string } {
  return (
    typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string"
  );
}
