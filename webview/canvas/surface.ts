/** Space of a canvas, in CSS pixels; `ratio` CSS pixels to device pixels. */
export interface Size {
  width: number;
  height: number;
  ratio: number;
}

/**
 * A canvas that follows its element's size and the screen's pixel ratio, and draws at most once a frame and
 * only when asked: `invalidate` from anywhere, any number of times. Hidden canvases do not draw.
 */
export class Surface {
  readonly context: CanvasRenderingContext2D;
  size: Size = { width: 0, height: 0, ratio: 1 };
  /** Milliseconds the last drawing took; the benchmark and the adaptive refresh read it. */
  lastDrawMs = 0;
  private frame = 0;
  private readonly observer: ResizeObserver;
  private readonly onVisible = () => this.invalidate();

  constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly draw: (context: CanvasRenderingContext2D, size: Size) => void,
  ) {
    this.context = canvas.getContext("2d", { alpha: false })!;
    this.observer = new ResizeObserver((entries) => this.resize(entries[0]));
    // Also when the window moves to a screen of another pixel ratio, where no CSS size changes.
    this.observer.observe(canvas, { box: "device-pixel-content-box" });
    document.addEventListener("visibilitychange", this.onVisible);
  }

  invalidate(): void {
    if (this.frame || document.hidden) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  }

  /** Draws now, without waiting for the next frame (a resized canvas is blank until it is drawn). */
  paint(): void {
    const { width, height, ratio } = this.size;
    if (width < 1 || height < 1) return;
    const begin = performance.now();
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.draw(this.context, this.size);
    this.lastDrawMs = performance.now() - begin;
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.observer.disconnect();
    document.removeEventListener("visibilitychange", this.onVisible);
  }

  private resize(entry: ResizeObserverEntry): void {
    const ratio = window.devicePixelRatio || 1;
    const { width, height } = entry.contentRect;
    // As many device pixels as the browser gives it, where it begins between two of them as well: one more or less, and
    // at 1.25 and 1.5 the whole picture is stretched, and its text blurred.
    const [{ inlineSize, blockSize }] = entry.devicePixelContentBoxSize;
    this.canvas.width = Math.max(1, inlineSize);
    this.canvas.height = Math.max(1, blockSize);
    this.size = { width, height, ratio };
    this.paint();
  }
}
