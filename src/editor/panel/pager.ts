import { type HostMessage, LIVE_PAGE_MS, MAX_PAGE_BYTES, type Slot } from "../../protocol/view";
import type { ByteSource } from "./bytes";

/** What the pager needs of the outside; a test gives its own clock. */
export interface PagerHost {
  post(message: HostMessage): void;
  /** Calls back after `ms`; the handle is for `clear`. */
  later(call: () => void, ms: number): unknown;
  clear(handle: unknown): void;
  /** A source could not be read. */
  failed(error: unknown): void;
}

interface Lane {
  slot: Slot;
  source: ByteSource;
  sent: number;
  taken: number;
  ended: boolean;
  subscription: { dispose(): void };
}

/**
 * Sends traces to one view in pages: at most MAX_PAGE_BYTES each, one in flight, at most one in
 * LIVE_PAGE_MS while a program runs. What waits stays where it lies (a file), so a slow or hidden view costs nothing.
 */
export class Pager {
  private lanes: Lane[] = [];
  private seq = 0;
  private inFlight = false;
  private visible = true;
  private timer: unknown = null;
  private lastSent = Number.NEGATIVE_INFINITY;
  /** Counts restarts: what an earlier round still has under way is dropped. */
  private round = 0;

  constructor(
    private readonly host: PagerHost,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Begins again from the first byte: the view has been told `init`. */
  restart(sources: { slot: Slot; source: ByteSource }[]): void {
    this.dispose();
    this.seq = 0;
    this.inFlight = false;
    for (const { slot, source } of sources) this.add(slot, source);
  }

  /** Another trace beside those that are there already. */
  add(slot: Slot, source: ByteSource): void {
    this.remove(slot);
    const subscription = source.onDidChange(() => this.pump());
    this.lanes.push({ slot, source, sent: 0, taken: 0, ended: false, subscription });
    this.pump();
  }

  remove(slot: Slot): void {
    for (const lane of this.lanes.filter((lane) => lane.slot === slot)) lane.subscription.dispose();
    this.lanes = this.lanes.filter((lane) => lane.slot !== slot);
  }

  /** The view has taken in page `seq`. */
  ack(seq: number): void {
    if (seq !== this.seq) return; // of a round that has been given up
    this.inFlight = false;
    for (const lane of this.lanes) lane.taken = lane.sent;
    this.pump();
  }

  /** How many bytes of a trace the view has taken in. */
  taken(slot: Slot): number {
    return this.lanes.find((lane) => lane.slot === slot)?.taken ?? 0;
  }

  /** Nothing is sent to a view nobody sees; shown again it goes on where it was. */
  setVisible(visible: boolean): void {
    this.visible = visible;
    this.pump();
  }

  dispose(): void {
    this.round++;
    if (this.timer !== null) this.host.clear(this.timer);
    this.timer = null;
    for (const lane of this.lanes) lane.subscription.dispose();
    this.lanes = [];
  }

  private pump(): void {
    if (!this.visible || this.inFlight || this.timer !== null) return;
    for (const lane of this.lanes) {
      if (!lane.ended && lane.source.ended && lane.sent === lane.source.size) {
        lane.ended = true;
        this.host.post({ type: "end", slot: lane.slot });
      }
    }
    const lane = this.lanes.find((lane) => lane.sent < lane.source.size);
    if (lane === undefined) return;
    const wait = this.lastSent + LIVE_PAGE_MS - this.now();
    // Only a page that is not full waits for more: a whole file goes as fast as it is acknowledged.
    if (wait > 0 && lane.source.size - lane.sent < MAX_PAGE_BYTES && !lane.source.ended) {
      this.timer = this.host.later(() => {
        this.timer = null;
        this.pump();
      }, wait);
      return;
    }
    void this.send(lane);
  }

  private async send(lane: Lane): Promise<void> {
    const round = this.round;
    this.inFlight = true;
    try {
      const bytes = await lane.source.read(lane.sent, Math.min(MAX_PAGE_BYTES, lane.source.size - lane.sent));
      if (round !== this.round || !this.lanes.includes(lane)) {
        if (round === this.round) this.release();
        return;
      }
      lane.sent += bytes.length;
      this.lastSent = this.now();
      this.host.post({ type: "frames", seq: ++this.seq, slot: lane.slot, bytes });
    } catch (error) {
      if (round !== this.round) return;
      this.remove(lane.slot);
      this.host.failed(error);
      this.release();
    }
  }

  private release(): void {
    this.inFlight = false;
    this.pump();
  }
}
