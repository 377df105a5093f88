import { open, trace } from "../state/model";
import { computeDensities, type Density } from "./density";
import type { LaneRow } from "./rows";

type Group = LaneRow & { kind: "group" };

/** While the trace grows, the next pass over its steps waits this many times longer than the last one took. */
const PAUSE = 12;

/** The densities of the groups on screen, computed in the background, some frames after they were wanted. */
export class Densities {
  private known = new Map<string, Density>();
  private job = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** The window and the groups that `known` is of, or will be when the job has ended. */
  private key = "";
  private version = -1;
  private ended = 0;
  /** What the last pass took, milliseconds. */
  private cost = 0;

  /** `changed` is called when more is known. */
  constructor(private readonly changed: () => void) {}

  get(group: string): Density | null {
    return this.known.get(group) ?? null;
  }

  want(groups: readonly Group[], from: number, to: number, buckets: number): void {
    const { version } = trace.peek();
    const key = [from, to, buckets, ...groups.map((row) => row.key)].join(",");
    if (groups.length === 0 || (key === this.key && version === this.version)) return;
    if (open.peek()) {
      // A running job is finished first: starting over with every event would never end.
      if (this.job) return;
      const wait = this.ended + this.cost * PAUSE - performance.now();
      if (wait > 0 && groups.every((row) => this.known.has(row.key))) {
        this.timer ??= setTimeout(() => {
          this.timer = undefined;
          this.changed();
        }, wait);
        return;
      }
    }
    this.stop();
    this.key = key;
    this.version = version;
    this.cost = 0;
    this.go(computeDensities(trace.peek(), groups, from, to, buckets));
  }

  private go(steps: Generator<void, Map<string, Density>>): void {
    const begin = performance.now();
    const next = steps.next();
    this.ended = performance.now();
    this.cost += this.ended - begin;
    if (!next.done) {
      this.job = requestAnimationFrame(() => {
        this.go(steps);
        if (this.job === 0) this.changed();
      });
      return;
    }
    this.job = 0;
    this.known = next.value;
  }

  stop(): void {
    if (this.job) cancelAnimationFrame(this.job);
    clearTimeout(this.timer);
    this.timer = undefined;
    this.job = 0;
  }
}
