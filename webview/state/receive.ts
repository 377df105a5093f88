import { batch } from "@preact/signals";
import {
  DEFAULT_HISTORY_MB,
  type HostMessage,
  type Slot,
  VIEW_PROTOCOL,
  type ViewConfig,
} from "../../src/protocol/view";
import { bounded, Trace } from "../../src/trace";
import type { Host } from "../host/host";
import { messages, t } from "../util/l10n";
import {
  actions,
  config,
  cursor,
  live,
  open,
  other,
  problem,
  progress,
  reset,
  select,
  source,
  sourceFindings,
  succeed,
  tick,
  trace,
} from "./model";
import { change } from "./settings";

/** The view re-reads the trace at most this often, milliseconds; less often when a refresh is dear. */
const REFRESH_MS = 50;
/** But it shows something new at least this often, milliseconds. */
const LONGEST_MS = { live: 1000, file: 4000 };
/** How many times longer than a refresh took the next one waits: what runs now is wanted soon, a file wants to be read. */
/** A host that sends this much at once has joined pages, because the view was slow to take them: then taking in goes first. */
const JOINED_BYTES = 500_000;
const PAUSE = { live: 2, file: 9 };

const MB = 1e6;
/** A file is meant to be read as a whole; only one that would end the view is not. */
const FILE_MB = 1500;

/** Takes the host's messages in. One place feeds the trace; everything else reads it. */
export class Receiver {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private lastRefresh = 0;
  private refreshCost = 0;
  private behind = false;

  constructor(private readonly host: Host) {}

  start(): void {
    this.host.listen((message) => this.receive(message));
    document.addEventListener("visibilitychange", () => this.refreshSoon());
    this.host.post({ type: "ready", protocol: VIEW_PROTOCOL });
  }

  private receive(message: HostMessage): void {
    try {
      this.handle(message);
    } catch (error) {
      // A host must hear of it, and must not wait for an acknowledgement for ever.
      problem.value = error instanceof Error ? error.message : String(error);
      const stack = error instanceof Error ? (error.stack ?? null) : null;
      this.host.post({ type: "error", message: problem.value, stack });
      if (message.type === "frames") this.host.post({ type: "ack", seq: message.seq, behindMs: 0 });
    }
  }

  private handle(message: HostMessage): void {
    switch (message.type) {
      case "init":
        if (message.protocol !== VIEW_PROTOCOL) {
          throw new Error(
            t("This view speaks protocol {own}, its host {other}: reload the window", {
              own: VIEW_PROTOCOL,
              other: message.protocol,
            }),
          );
        }
        this.configure(message.config);
        actions.value = message.actions;
        // What was zoomed to is an instant of the trace before.
        if (source.peek() !== null) change({ window: null });
        reset(message.source);
        break;
      case "compare":
        // Asked for just now, so it is what is to be seen.
        if (message.source) change({ view: "compare" });
        other.value = message.source
          ? {
              trace: new Trace({ blockMs: config.value.blockMs }),
              source: message.source,
              tick: 0,
              open: true,
            }
          : null;
        break;
      case "frames":
        this.feed(message.slot, message.seq, message.bytes);
        break;
      case "end":
        this.end(message.slot);
        break;
      case "findings":
        sourceFindings.value = { ...sourceFindings.value, [message.slot]: message.findings };
        break;
      case "config":
        this.configure(message.config);
        break;
      case "actions":
        actions.value = message.actions;
        break;
      case "reveal":
        batch(() => {
          if (message.task !== null) {
            const task = trace.value.tasks.rowOf(message.task - 1);
            if (task >= 0) select({ kind: "task", task });
          }
          if (message.object !== null) select({ kind: "object", object: message.object - 1 });
          if (message.time !== null) cursor.value = message.time;
        });
        break;
      case "error":
        problem.value = message.message;
        break;
    }
  }

  private configure(next: ViewConfig): void {
    config.value = next;
    messages.value = next.messages ?? {};
  }

  private feed(slot: Slot, seq: number, bytes: Uint8Array): void {
    const begin = performance.now();
    const target = slot === "b" ? other.value?.trace : trace.value;
    // A structured clone may have made it an ArrayBuffer.
    target?.feed(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes));
    if (target !== undefined) this.bound(slot, target);
    this.behind = bytes.byteLength > JOINED_BYTES;
    if (slot === "a") progress.value = { ...progress.value, read: progress.value.read + bytes.byteLength };
    this.refreshSoon();
    const behindMs = performance.now() - begin;
    // Not at once: the screen and the keyboard come first, also while 50 MB are being read.
    afterInput(() => this.host.post({ type: "ack", seq, behindMs }));
  }

  /** A long run forgets its oldest part before it takes more memory than it may. */
  private bound(slot: Slot, target: Trace): void {
    const { historyMb = DEFAULT_HISTORY_MB } = config.value;
    const next = bounded(target, (live.value ? historyMb : FILE_MB) * MB);
    if (next === target) return;
    if (slot === "a") succeed(next);
    else if (other.value) other.value = { ...other.value, trace: next };
  }

  private end(slot: Slot): void {
    if (slot === "b") {
      other.value?.trace.finish();
      if (other.value) other.value = { ...other.value, tick: other.value.tick + 1, open: false };
      return;
    }
    trace.value.finish();
    batch(() => {
      open.value = false;
      tick.value++;
    });
  }

  private refreshSoon(): void {
    // Nobody looks: bytes are taken in, and nothing is derived from them until somebody does.
    if (this.timer || document.hidden) return;
    const kind = live.peek() ? "live" : "file";
    const pause = this.refreshCost * PAUSE[this.behind ? "file" : kind];
    const wait = Math.min(LONGEST_MS[kind], Math.max(REFRESH_MS, pause));
    this.timer = setTimeout(() => this.refresh(), Math.max(0, this.lastRefresh + wait - performance.now()));
  }

  private refresh(): void {
    this.timer = undefined;
    // Callbacks of a frame run in the order they were asked for: this one before what the tick draws.
    let drawing = 0;
    requestAnimationFrame(() => {
      drawing = performance.now();
    });
    const begin = performance.now();
    tick.value++;
    if (other.value) other.value = { ...other.value, tick: other.value.tick + 1 };
    this.lastRefresh = performance.now();
    const computed = this.lastRefresh - begin;
    this.refreshCost = computed;
    // The canvases draw in the next frame, which counts.
    requestAnimationFrame(() => {
      this.refreshCost = computed + performance.now() - drawing;
    });
  }
}

const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()?.();

/** Runs `action` in a task of its own, without the four milliseconds that nested timers must wait. */
function afterInput(action: () => void): void {
  waiting.push(action);
  channel.port2.postMessage(null);
}
