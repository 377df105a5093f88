import { effect, type ReadonlySignal, signal } from "@preact/signals";
import { open, tick } from "./model";

/** What is dear is computed anew for at most this share of the time: one part in so many. */
const SHARE = 20;

/**
 * A slower `tick`, for what is dear to derive from a trace that grows: it ticks as often as what hangs on it can
 * be afforded, and always once more after the last growth. What else a computed reads still counts at once.
 */
export class Pace {
  private readonly slow = signal(0);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private cost = 0;
  private ended = 0;

  constructor() {
    effect(() => {
      tick.value;
      const pause = open.value ? this.ended + this.cost * SHARE - performance.now() : 0;
      // The last growth is not kept waiting.
      if (!open.value) {
        clearTimeout(this.timer);
        this.timer = undefined;
      }
      this.timer ??= setTimeout(
        () => {
          this.timer = undefined;
          this.slow.value++;
        },
        Math.max(0, pause),
      );
    });
  }

  get tick(): ReadonlySignal<number> {
    return this.slow;
  }

  /** Runs the dear thing, and takes its time. */
  measure<T>(action: () => T): T {
    const begin = performance.now();
    const result = action();
    this.ended = performance.now();
    this.cost = this.ended - begin;
    return result;
  }
}
