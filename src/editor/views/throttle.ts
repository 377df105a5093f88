/** Of the time that passes, this part at most is spent in the action. */
const SHARE = 0.05;

/**
 * Calls `act` soon after `poke`, at most once in `ms`, and less often when it takes long: a large trace makes
 * the trees slower and not the editor. A burst ends with one last call.
 */
export class Throttle {
  private timer: NodeJS.Timeout | null = null;
  private notBefore = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly ms: number,
    private readonly act: () => void,
  ) {}

  poke(): void {
    if (this.timer !== null) return;
    this.timer = setTimeout(
      () => {
        this.timer = null;
        const started = performance.now();
        this.act();
        const ended = performance.now();
        this.notBefore = ended + Math.max(this.ms, (ended - started) / SHARE);
      },
      Math.max(0, this.notBefore - performance.now()),
    );
  }

  dispose(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}
